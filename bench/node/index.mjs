// Node by hand: callbacks, without promises.

import * as channels from "./channels.mjs";
import * as echo from "./echo.mjs";
import * as idle from "./idle.mjs";
import * as threads from "./threads.mjs";
import * as timers from "./timers.mjs";

export const versions = {};
export const rows = {
  ...channels.rows,
  ...echo.rows,
  ...idle.rows,
  ...threads.rows,
  ...timers.rows,
};
