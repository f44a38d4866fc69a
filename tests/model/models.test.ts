// Every model of the core (models/), searched.

import { BLOCKING_MODELS } from "./models/blocking.js";
import { DEATH_MODELS } from "./models/death.js";
import { DISMISSAL_MODELS } from "./models/dismissal.js";
import { END_MODELS } from "./models/ends.js";
import { LIST_MODELS } from "./models/lists.js";
import { PARK_MODELS } from "./models/park.js";
import { RING_MODELS } from "./models/ring.js";
import { SHARED_BROADCAST_MODELS } from "./models/shared-broadcast.js";
import { SHARED_CELL_MODELS } from "./models/shared-cells.js";
import { SHARED_CHANNEL_MODELS } from "./models/shared-channel.js";
import { SHARED_DEATH_MODELS } from "./models/shared-death.js";
import { SHARED_NOTIFY_MODELS } from "./models/shared-notify.js";
import { SHARED_ONCE_MODELS } from "./models/shared-once.js";
import { SHARED_PART_MODELS } from "./models/shared-parts.js";
import { SHARED_PERMIT_MODELS } from "./models/shared-permits.js";
import { SHARED_SIGNAL_MODELS } from "./models/shared-signals.js";
import { SHARED_TRAVEL_MODELS } from "./models/shared-travel.js";
import { SLAB_MODELS } from "./models/slab.js";
import { SUBSTITUTE_MODELS } from "./models/substitutes.js";
import { TASK_MODELS } from "./models/tasks.js";
import { TIMER_MODELS } from "./models/timers.js";
import { describeModels } from "./suite.js";

describeModels([
  ...RING_MODELS,
  ...LIST_MODELS,
  ...PARK_MODELS,
  ...TASK_MODELS,
  ...SLAB_MODELS,
  ...TIMER_MODELS,
  ...END_MODELS,
  ...BLOCKING_MODELS,
  ...SUBSTITUTE_MODELS,
  ...DEATH_MODELS,
  ...DISMISSAL_MODELS,
  ...SHARED_PERMIT_MODELS,
  ...SHARED_PART_MODELS,
  ...SHARED_ONCE_MODELS,
  ...SHARED_CHANNEL_MODELS,
  ...SHARED_NOTIFY_MODELS,
  ...SHARED_SIGNAL_MODELS,
  ...SHARED_CELL_MODELS,
  ...SHARED_BROADCAST_MODELS,
  ...SHARED_TRAVEL_MODELS,
  ...SHARED_DEATH_MODELS,
]);
