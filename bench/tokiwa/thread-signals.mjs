// Cells of memory that this thread and the workers share, for the shapes of Tokio's benches in which tasks count down and the
// thread outside blocks until the last is done. Workers get them as Node's environment data, apart from the runtime.

import { getEnvironmentData, isMainThread, setEnvironmentData } from "node:worker_threads";

const KEY = "tokiwa-bench-signals";
const GIVE_UP_MS = 60_000;
const LEFT = 0;
const DONE = 1;
const BUSY = 2;
const WOKEN = 3;

if (isMainThread) setEnvironmentData(KEY, new SharedArrayBuffer(16));
const cells = new Int32Array(getEnvironmentData(KEY));

/** How many tasks will finish. */
export function expectTasks(count) {
  Atomics.store(cells, DONE, 0);
  Atomics.store(cells, LEFT, count);
}

export function finishOne() {
  if (Atomics.sub(cells, LEFT, 1) !== 1) return;
  Atomics.store(cells, DONE, 1);
  Atomics.notify(cells, DONE);
}

/** Blocks this thread until the last task has finished. */
export function waitForTasks() {
  if (Atomics.wait(cells, DONE, 0, GIVE_UP_MS) === "timed-out")
    throw new Error(`${Atomics.load(cells, LEFT)} tasks have not finished`);
}

/** One is done with a message, and the thread that sent it need not be woken but by the last: whether it was that one. */
export function isLast() {
  return Atomics.sub(cells, LEFT, 1) === 1;
}

/** How many tasks have not finished. */
export function tasksLeft() {
  return Atomics.load(cells, LEFT);
}

export function countWake() {
  Atomics.add(cells, WOKEN, 1);
}

/** How many wakes were counted since the last call with `reset`. */
export function wakesCounted(reset = false) {
  return reset ? Atomics.exchange(cells, WOKEN, 0) : Atomics.load(cells, WOKEN);
}

export function setBusy(busy) {
  Atomics.store(cells, BUSY, Number(busy));
}

export function isBusy() {
  return Atomics.load(cells, BUSY) === 1;
}
