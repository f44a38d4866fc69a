// Which worker this code runs on. A thread start hook that is sendable runs on the thread itself, and can leave it something.

import { sendable } from "tokiwa";

let number = -1;

/** For `Builder.onThreadStart`. */
export const rememberWorker = sendable(import.meta.url, "rememberWorker", (worker: number) => {
  number = worker;
});

/** The number of the worker that this is called on; -1 on any other thread. */
export function thisWorker(): number {
  return number;
}
