// tokiwa, from the built package by its name.

import * as cancel from "./cancel.mjs";
import * as channels from "./channels.mjs";
import * as echo from "./echo.mjs";
import * as locks from "./locks.mjs";
import * as million from "./million.mjs";
import * as size from "./size.mjs";
import * as start from "./start.mjs";
import * as sync from "./sync.mjs";
import * as tasks from "./tasks.mjs";
import * as threadChannels from "./thread-channels.mjs";
import * as threadLocks from "./thread-locks.mjs";
import * as shapes from "./thread-shapes.mjs";
import * as threads from "./threads.mjs";
import * as timers from "./timers.mjs";

export const versions = { node: process.versions.node };
export const rows = {
  ...cancel.rows,
  ...channels.rows,
  ...echo.rows,
  ...locks.rows,
  ...million.rows,
  ...size.rows,
  ...start.rows,
  ...sync.rows,
  ...tasks.rows,
  ...timers.rows,
  ...shapes.rows,
  ...threadChannels.rows,
  ...threadLocks.rows,
  ...threads.rows,
};
