// What the soak's workers run. Every function gives a value that its caller can check.

import { JoinError, pending, select, sendable, sleep, spawn, timeout, yieldNow } from "tokiwa";
import { mpsc, Notify, oneshot } from "tokiwa/sync";
import { blockInPlace, spawnBlocking } from "tokiwa/task";

const url = import.meta.url;
const cell = new Int32Array(new SharedArrayBuffer(4));

export const double = sendable(url, "double", (number) => 2 * number);

export const naps = sendable(url, "naps", function* (ms) {
  yield* sleep(ms);
  return ms;
});

export const yields = sendable(url, "yields", function* (count) {
  for (let step = 0; step < count; step++) yield* yieldNow();
  return count;
});

export const reverses = sendable(url, "reverses", (bytes) => bytes.reverse());

export const makes = sendable(url, "makes", (length) => new Uint8Array(length).fill(length & 255));

export const describes = sendable(url, "describes", (value) => JSON.stringify(value));

export const asyncNaps = sendable(url, "asyncNaps", async (ms, { signal }) => {
  await new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  return ms;
});

/** A channel between two tasks of this thread. */
export const chats = sendable(url, "chats", function* (count) {
  const [tx, rx] = mpsc.channel(4);
  const talker = spawn(function* () {
    for (let number = 1; number <= count; number++) yield* tx.send(number);
    tx[Symbol.dispose]();
  });
  let sum = 0;
  for (;;) {
    const number = yield* rx.recv();
    if (number === undefined) break;
    sum += number;
  }
  yield* talker;
  return sum;
});

export const notifies = sendable(url, "notifies", function* (count) {
  const notify = new Notify();
  const [tx, rx] = oneshot.channel();
  spawn(function* () {
    for (let step = 0; step < count; step++) yield* notify.notified();
    tx.send(count);
  });
  for (let step = 0; step < count; step++) {
    notify.notifyOne();
    yield* yieldNow();
    yield* yieldNow();
  }
  return yield* rx;
});

/** A tree of tasks on all threads; lost branches count as nothing. */
export const tree = sendable(url, "tree", function* (depth, width) {
  if (depth === 0) return 1;
  const children = [];
  for (let child = 0; child < width; child++) children.push(spawn(tree, depth - 1, width));
  let leaves = 0;
  for (const child of children) {
    try {
      leaves += yield* child;
    } catch (error) {
      if (!(error instanceof JoinError) || !error.isWorkerLost) throw error;
    }
  }
  return leaves;
});

/** Children that nobody waits for. */
export const scatters = sendable(url, "scatters", (count) => {
  for (let child = 0; child < count; child++) spawn(child % 2 === 0 ? naps : double, child);
  return count;
});

/** Children that are aborted at some time of their lives. */
export const aborts = sendable(url, "aborts", function* (count) {
  const handles = [];
  for (let child = 0; child < count; child++) handles.push(spawn(naps, child));
  yield* sleep(count / 3);
  for (const handle of handles) handle.abort();
  let settled = 0;
  for (const handle of handles) {
    try {
      yield* handle;
    } catch (error) {
      if (!(error instanceof JoinError) || error.isPanic) throw error;
    }
    settled += 1;
  }
  return settled;
});

export const races = sendable(url, "races", function* (ms) {
  const winner = yield* select({ short: sleep(ms), long: sleep(ms + 1_000_000), never: pending() });
  try {
    yield* timeout(1, pending());
  } catch {}
  return winner.branch;
});

export const asksPool = sendable(url, "asksPool", function* (number) {
  return yield* spawnBlocking(double, number);
});

export const inPlace = sendable(url, "inPlace", (ms) =>
  blockInPlace(() => {
    Atomics.wait(cell, 0, 0, ms);
    return ms;
  }),
);

/** Blocks its thread. */
export const blocks = sendable(url, "blocks", (ms) => {
  Atomics.wait(cell, 0, 0, ms);
  return ms;
});

/** Computes without pause. */
export const computes = sendable(url, "computes", (ms) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  return ms;
});

export const throws = sendable(url, "throws", function* (number) {
  yield* yieldNow();
  throw new RangeError(`meant ${number}`);
});

export const endless = sendable(url, "endless", function* () {
  yield* pending();
});

export const exits = sendable(url, "exits", (code) => {
  process.exit(code);
});

export const exitsLater = sendable(url, "exitsLater", function* (ms) {
  const children = [];
  for (let child = 0; child < 20; child++) children.push(spawn(naps, child));
  yield* sleep(ms);
  process.exit(1);
});

export const throwsInTimer = sendable(url, "throwsInTimer", function* () {
  setTimeout(() => {
    throw new Error("meant: thrown in a timer");
  }, 1);
  yield* pending();
});

export const rejectsUnhandled = sendable(url, "rejectsUnhandled", function* () {
  void Promise.reject(new Error("meant: nobody handles this"));
  yield* pending();
});
