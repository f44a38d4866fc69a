// Tasks that end their worker, or never end.

import { sendable } from "tokiwa";
import { thisWorker } from "./this-worker.js";

/** Ends the thread it runs on: `process.exit` in a worker ends that worker. */
export const exitHere = sendable(import.meta.url, "exitHere", (code: number): number =>
  process.exit(code),
);

/** Says in shared memory where it runs (number + 1), and never ends. */
export const spinForEver = sendable(import.meta.url, "spinForEver", (place: Int32Array): number => {
  Atomics.store(place, 0, thisWorker() + 1);
  for (;;);
});
