// The models in which a thread dies or is ended (models/), searched.

import { DEATH_MODELS } from "./models/death.js";
import { DISMISSAL_MODELS } from "./models/dismissal.js";
import { SHARED_DEATH_MODELS } from "./models/shared-death.js";
import { describeModels } from "./suite.js";

describeModels("deaths", [...DEATH_MODELS, ...DISMISSAL_MODELS, ...SHARED_DEATH_MODELS]);
