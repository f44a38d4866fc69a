// The models of shared primitives (models/), searched.

import { SHARED_BROADCAST_MODELS } from "./models/shared-broadcast.js";
import { SHARED_CELL_MODELS } from "./models/shared-cells.js";
import { SHARED_CHANNEL_MODELS } from "./models/shared-channel.js";
import { SHARED_NOTIFY_MODELS } from "./models/shared-notify.js";
import { SHARED_ONCE_MODELS } from "./models/shared-once.js";
import { SHARED_PART_MODELS } from "./models/shared-parts.js";
import { SHARED_PERMIT_MODELS } from "./models/shared-permits.js";
import { SHARED_SIGNAL_MODELS } from "./models/shared-signals.js";
import { SHARED_TRAVEL_MODELS } from "./models/shared-travel.js";
import { describeModels } from "./suite.js";

describeModels("shared", [
  ...SHARED_PERMIT_MODELS,
  ...SHARED_PART_MODELS,
  ...SHARED_ONCE_MODELS,
  ...SHARED_CHANNEL_MODELS,
  ...SHARED_NOTIFY_MODELS,
  ...SHARED_SIGNAL_MODELS,
  ...SHARED_CELL_MODELS,
  ...SHARED_BROADCAST_MODELS,
  ...SHARED_TRAVEL_MODELS,
]);
