// The worker of workerpool: functions by their names.

import workerpool from "workerpool";
import { burn, increment, invert, price } from "../../../harness/work.mjs";

workerpool.worker({ burn, increment, invert, price });
