// Effect, as its own docs use it.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as channels from "./channels.mjs";
import * as locks from "./locks.mjs";
import * as size from "./size.mjs";
import * as sync from "./sync.mjs";
import * as tasks from "./tasks.mjs";
import * as timers from "./timers.mjs";

const manifest = new URL("../node_modules/effect/package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(fileURLToPath(manifest), "utf8"));

export const versions = { effect: version };
export const rows = {
  ...channels.rows,
  ...locks.rows,
  ...size.rows,
  ...sync.rows,
  ...tasks.rows,
  ...timers.rows,
};
