// Async functions and promises, without a library.

import * as locks from "./locks.mjs";
import * as million from "./million.mjs";
import * as sync from "./sync.mjs";
import * as tasks from "./tasks.mjs";
import * as timers from "./timers.mjs";

export const versions = {};
export const rows = { ...locks.rows, ...million.rows, ...sync.rows, ...tasks.rows, ...timers.rows };
