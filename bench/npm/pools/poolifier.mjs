// poolifier's pool of a fixed size, as its docs use it, with its default settings.

import { fileURLToPath } from "node:url";
import { FixedThreadPool } from "poolifier";
import { poolRows, versionOf } from "./rows.mjs";

function open(workers, task) {
  const file = fileURLToPath(new URL(`./tasks/poolifier-${task}.mjs`, import.meta.url));
  const pool = new FixedThreadPool(workers, file, {
    errorHandler: (error) => console.error(error),
  });
  return { call: (argument) => pool.execute(argument), close: () => pool.destroy() };
}

export const versions = versionOf("poolifier");
const { start_mt, ...others } = poolRows(open);
export const rows = others;
