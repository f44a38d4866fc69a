// tokiwa, from the built package by its name.

import * as sync from "./sync.mjs";
import * as tasks from "./tasks.mjs";
import * as timers from "./timers.mjs";

export const versions = { node: process.versions.node };
export const rows = { ...tasks.rows, ...sync.rows, ...timers.rows };
