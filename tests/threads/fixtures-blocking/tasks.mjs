// Sendable functions for the tests of the blocking pool, blockInPlace, metrics and hooks. Every thread of the process sees the same
// words, by which tests and tasks wait for each other: `gate` is an index; words[gate] opens it, words[gate + 1] counts arrivals.

import {
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
  threadId,
} from "node:worker_threads";
import { sendable, sleep, spawn, yieldNow } from "tokiwa";
import { Handle } from "tokiwa/runtime";
import { Notify } from "tokiwa/sync";
import { blockInPlace, spawnBlocking, transfer } from "tokiwa/task";

const KEY = "tokiwa/tests/threads/blocking";

function sharedWords() {
  const known = getEnvironmentData(KEY);
  if (known !== undefined) return new Int32Array(known);
  const memory = new SharedArrayBuffer(64 * 1024);
  setEnvironmentData(KEY, memory);
  return new Int32Array(memory);
}

export const words = sharedWords();
const url = import.meta.url;
const LIMIT_MS = 60_000;

export function arrive(gate) {
  Atomics.add(words, gate + 1, 1);
}

/** Blocks this thread until the gate is open. */
export function holdHere(gate) {
  arrive(gate);
  while (Atomics.load(words, gate) === 0)
    if (Atomics.wait(words, gate, 0, LIMIT_MS) === "timed-out")
      throw new Error(`gate ${gate} was never opened`);
}

/** Blocks this thread until so many have arrived. */
export function awaitArrivals(gate, count) {
  const end = Date.now() + LIMIT_MS;
  for (
    let seen = Atomics.load(words, gate + 1);
    seen < count;
    seen = Atomics.load(words, gate + 1)
  ) {
    if (Date.now() > end) throw new Error(`only ${seen} of ${count} arrived at gate ${gate}`);
    Atomics.wait(words, gate + 1, seen, 5);
  }
}

export function spin(ms) {
  for (const end = performance.now() + ms; performance.now() < end; );
}

// ── Plain, async, coroutine ──────────────────────────────────────────────────────────────────────────────────────────

export const add = sendable(url, "add", (a, b) => a + b);
export const addPromise = sendable(url, "addPromise", (a, b) => Promise.resolve(a + b));
export const addAsync = sendable(url, "addAsync", async (a, b, { signal }) => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return signal.aborted ? -1 : a + b;
});
export const addSteps = sendable(url, "addSteps", function* (a, b) {
  yield* sleep(1);
  yield* yieldNow();
  return a + b;
});
export const echo = sendable(url, "echo", (value) => value);
export const where = sendable(url, "where", () => (isMainThread ? 0 : threadId));
export const whereSteps = sendable(url, "whereSteps", function* () {
  const before = threadId;
  yield* sleep(1);
  return [before, threadId];
});

export const hold = sendable(url, "hold", (gate) => {
  holdHere(gate);
  return threadId;
});
export const touch = sendable(url, "touch", (gate) => {
  arrive(gate);
  return threadId;
});
export const touchSteps = sendable(url, "touchSteps", function* (gate) {
  arrive(gate);
  return threadId;
});
/** At its second look at the clock after it has slept for so long, this thread waits at the gate. */
export const stopsAfterSleep = sendable(url, "stopsAfterSleep", (gate, sleepMs) => {
  const now = performance.now.bind(performance);
  let before = now();
  let hasSlept = false;
  performance.now = () => {
    if (hasSlept) {
      performance.now = now;
      holdHere(gate);
      return now();
    }
    const time = now();
    hasSlept = time - before >= sleepMs;
    before = time;
    return time;
  };
});
/** Waits as a coroutine, so that its thread is free. */
export const lingers = sendable(url, "lingers", function* (gate) {
  arrive(gate);
  while (Atomics.load(words, gate) === 0) yield* sleep(1);
  return threadId;
});
export const lingersAsync = sendable(url, "lingersAsync", async (gate, { signal }) => {
  arrive(gate);
  while (Atomics.load(words, gate) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  return signal.aborted ? "aborted" : "went on";
});

// ── What goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────────

class FixtureError extends Error {
  name = "FixtureError";
}

function failure(message) {
  const error = new FixtureError(message, { cause: new RangeError("deeper") });
  error.code = "E_FIXTURE";
  return error;
}

export const fails = sendable(url, "fails", (message) => {
  throw failure(message);
});
export const failsAsync = sendable(url, "failsAsync", async (message) => {
  await null;
  throw failure(message);
});
export const failsSteps = sendable(url, "failsSteps", function* (message) {
  yield* sleep(1);
  throw failure(message);
});
export const throwsText = sendable(url, "throwsText", (text) => {
  throw text;
});
export const givesFunction = sendable(url, "givesFunction", () => ({ inner: [() => {}] }));
/** Sendable by name, but not exported. */
export const notExported = { fn: sendable(url, "nowhere", () => 1) };

// ── By port ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export const sumOf = sendable(url, "sumOf", (buffer) =>
  new Uint8Array(buffer).reduce((sum, byte) => sum + byte, 0),
);
export const bytesOf = sendable(url, "bytesOf", (count, value) => {
  const bytes = new Uint8Array(count).fill(value);
  return transfer(bytes.buffer, [bytes.buffer]);
});
/** Adds one to a word of memory that the caller sees too. */
export const bump = sendable(url, "bump", (shared) => Atomics.add(shared, 0, 1));

// ── What tasks do inside ─────────────────────────────────────────────────────────────────────────────────────────────

export const blockingFromTask = sendable(url, "blockingFromTask", function* (a, b) {
  const thread = yield* spawnBlocking(where);
  const sum = yield* spawnBlocking(add, a, b);
  return [threadId, thread, sum];
});
export const blockingFromAsync = sendable(url, "blockingFromAsync", async (a, b) => {
  const thread = await spawnBlocking(where);
  return [threadId, thread, await spawnBlocking(add, a, b)];
});
export const blockingFromBlocking = sendable(url, "blockingFromBlocking", function* (depth) {
  return depth === 0 ? 0 : 1 + (yield* spawnBlocking(blockingFromBlocking, depth - 1));
});
/** A plain function of the blocking pool may block on the runtime that it belongs to. */
export const blockOnInBlocking = sendable(url, "blockOnInBlocking", (a, b) =>
  Handle.current().blockOn(function* () {
    return yield* spawn(addSteps, a, b);
  }),
);

export const inPlace = sendable(url, "inPlace", function* (a, b) {
  return blockInPlace(() => a + b);
});
export const inPlaceFails = sendable(url, "inPlaceFails", function* (message) {
  try {
    blockInPlace(() => {
      throw failure(message);
    });
  } catch (error) {
    return `caught ${error.name} ${error.code}: ${error.message}`;
  }
});
export const inPlacePanics = sendable(url, "inPlacePanics", function* (message) {
  blockInPlace(() => {
    throw failure(message);
  });
});
export const inPlaceHold = sendable(url, "inPlaceHold", function* (gate) {
  blockInPlace(() => holdHere(gate));
  return threadId;
});
/** Holds until its thread is ended, in two calls, one inside of the other. */
export const inPlaceForEver = sendable(url, "inPlaceForEver", function* (gate) {
  blockInPlace(() => blockInPlace(() => holdHere(gate)));
});
export const inPlaceNested = sendable(url, "inPlaceNested", function* (gate) {
  return blockInPlace(() => {
    const inner = blockInPlace(() => {
      holdHere(gate);
      return 1;
    });
    return inner + 1;
  });
});
/** Puts `count` tasks into this worker's own queue, and blocks in place until all of them have run. */
export const inPlaceAwaitsOthers = sendable(url, "inPlaceAwaitsOthers", function* (gate, count) {
  const handles = [];
  for (let i = 0; i < count; i++) handles.push(spawn(touch, gate));
  blockInPlace(() => awaitArrivals(gate, count));
  const threads = [];
  for (const handle of handles) threads.push(yield* handle);
  return { here: threadId, threads };
});
export const inPlaceThenSleep = sendable(url, "inPlaceThenSleep", function* (rounds) {
  for (let round = 0; round < rounds; round++) {
    blockInPlace(() => spin(0.2));
    yield* sleep(1);
  }
  return rounds;
});
export const inPlaceAsync = sendable(url, "inPlaceAsync", async (a, b) => {
  await null;
  return blockInPlace(() => a + b);
});
export const inPlaceBlockOn = sendable(url, "inPlaceBlockOn", function* (a, b) {
  return blockInPlace(() =>
    Handle.current().blockOn(function* () {
      return yield* spawn(addSteps, a, b);
    }),
  );
});

/** Spawns `count` tasks here, each busy for `ms`, and waits for them; how many ran on which thread. */
export const fanOut = sendable(url, "fanOut", function* (count, ms) {
  const handles = [];
  for (let i = 0; i < count; i++) handles.push(spawn(busy, ms));
  const shares = {};
  for (const handle of handles) {
    const thread = yield* handle;
    shares[thread] = (shares[thread] ?? 0) + 1;
  }
  return shares;
});
export const busy = sendable(url, "busy", (ms) => {
  if (ms > 0) spin(ms);
  return threadId;
});
/** Polled `count + 1` times. */
export const yields = sendable(url, "yields", function* (count) {
  for (let i = 0; i < count; i++) yield* yieldNow();
  return count;
});
export const naps = sendable(url, "naps", function* (ms) {
  yield* sleep(ms);
  return ms;
});
/** How deep this thread's stack goes. */
export const depth = sendable(url, "depth", () => {
  let levels = 0;
  const descend = () => {
    levels += 1;
    descend();
  };
  try {
    descend();
  } catch {}
  return levels;
});
export const processTitle = sendable(url, "processTitle", () => process.title);

/** Blocks this worker until `count` of its kind are there. */
export const meet = sendable(url, "meet", (gate, count) => {
  arrive(gate);
  awaitArrivals(gate, count);
  return threadId;
});
export const meetInPlace = sendable(url, "meetInPlace", function* (gate, count) {
  return blockInPlace(() => {
    arrive(gate);
    awaitArrivals(gate, count);
    return threadId;
  });
});
/** Has a task of its own waiting on its worker, which is woken while that blocks. */
export const inPlaceWithLocal = sendable(url, "inPlaceWithLocal", function* () {
  const log = [];
  const notify = new Notify();
  const local = spawn(function* () {
    log.push("local began");
    yield* notify.notified();
    log.push("local ended");
  });
  yield* yieldNow();
  blockInPlace(() => {
    notify.notifyOne();
    spin(5);
  });
  log.push("in place ended");
  yield* local;
  return log;
});

// ── What was set up before ───────────────────────────────────────────────────────────────────────────────────────────

/** What a module that is preloaded, an entry or a hook has left on this thread. */
export const marks = sendable(url, "marks", () => globalThis.tokiwaMarks ?? []);

export function mark(text) {
  globalThis.tokiwaMarks ??= [];
  globalThis.tokiwaMarks.push(text);
}

// ── Hooks ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const STARTED = 1000;
export const STOPPED = 1001;
export const PARKED = 1002;
export const UNPARKED = 1003;
export const SPAWNED = 1004;
export const TERMINATED = 1005;

export const onStart = sendable(url, "onStart", (thread) => {
  Atomics.add(words, STARTED, 1);
  mark(`started ${thread} on ${isMainThread ? "main" : "its own"}`);
});
export const onStop = sendable(url, "onStop", () => {
  if (!isMainThread) Atomics.add(words, STOPPED, 1);
});
export const onPark = sendable(url, "onPark", () => {
  if (!isMainThread) Atomics.add(words, PARKED, 1);
});
export const onUnpark = sendable(url, "onUnpark", () => {
  if (!isMainThread) Atomics.add(words, UNPARKED, 1);
});
export const onSpawn = sendable(url, "onSpawn", () => {
  if (!isMainThread) Atomics.add(words, SPAWNED, 1);
});
export const onTerminate = sendable(url, "onTerminate", () => {
  if (!isMainThread) Atomics.add(words, TERMINATED, 1);
});
export const badHook = sendable(url, "badHook", () => {
  if (!isMainThread) throw new Error("a bad hook");
});
/** Spawns and awaits `count` local tasks. */
export const locals = sendable(url, "locals", function* (count) {
  const handles = [];
  for (let i = 0; i < count; i++)
    handles.push(
      spawn(function* () {
        yield* yieldNow();
        return i;
      }),
    );
  let sum = 0;
  for (const handle of handles) sum += yield* handle;
  return sum;
});

/** Spawns `count` tasks here, then blocks this worker until `go` opens. */
export const spawnsAndHolds = sendable(url, "spawnsAndHolds", function* (spawned, go, count) {
  const handles = [];
  for (let i = 0; i < count; i++) handles.push(spawn(busy, 0));
  arrive(spawned);
  while (Atomics.load(words, go) === 0)
    if (Atomics.wait(words, go, 0, LIMIT_MS) === "timed-out") throw new Error("never opened");
  let ended = 0;
  for (const handle of handles) {
    yield* handle;
    ended += 1;
  }
  return ended;
});
/** Spawns `count` tasks here, and blocks this worker until others have run them all. */
export const spawnsAndMeets = sendable(url, "spawnsAndMeets", function* (gate, count) {
  const handles = [];
  for (let i = 0; i < count; i++) handles.push(spawn(touch, gate));
  awaitArrivals(gate, count);
  const threads = [];
  for (const handle of handles) threads.push(yield* handle);
  return { here: threadId, threads };
});
