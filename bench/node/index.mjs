// Node by hand: callbacks, without promises.

import * as echo from "./echo.mjs";
import * as idle from "./idle.mjs";
import * as threads from "./threads.mjs";
import * as timers from "./timers.mjs";

export const versions = {};
export const rows = { ...echo.rows, ...idle.rows, ...threads.rows, ...timers.rows };
