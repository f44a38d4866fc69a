// The models of scheduler, tasks, timers and threads (models/), searched; those in which a thread dies are in models-deaths.test.ts.

import { BLOCKING_MODELS } from "./models/blocking.js";
import { END_MODELS } from "./models/ends.js";
import { LIST_MODELS } from "./models/lists.js";
import { PARK_MODELS } from "./models/park.js";
import { RING_MODELS } from "./models/ring.js";
import { SLAB_MODELS } from "./models/slab.js";
import { SUBSTITUTE_MODELS } from "./models/substitutes.js";
import { TASK_MODELS } from "./models/tasks.js";
import { TIMER_MODELS } from "./models/timers.js";
import { describeModels } from "./suite.js";

describeModels("threads", [
  ...RING_MODELS,
  ...LIST_MODELS,
  ...PARK_MODELS,
  ...TASK_MODELS,
  ...SLAB_MODELS,
  ...TIMER_MODELS,
  ...END_MODELS,
  ...BLOCKING_MODELS,
  ...SUBSTITUTE_MODELS,
]);
