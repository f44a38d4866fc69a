// tinypool, as its docs use it: a file for the function, default settings but for the number of threads.

import Tinypool from "tinypool";
import { poolRows, versionOf } from "./rows.mjs";

/** The constructor starts the threads, and takes them to be ready from the start. */
function open(workers, task) {
  const pool = new Tinypool({
    filename: new URL(`./tasks/${task}.mjs`, import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
  });
  return { call: (argument) => pool.run(argument), close: () => pool.destroy() };
}

export const versions = versionOf("tinypool");
export const rows = poolRows(open);
