// A soak: random work of all sorts on one runtime for a given time, with workers killed in the middle of it.
//
//   node tests/stress/soak.mjs [seconds = 8] [seed = 1] [workers = 2] [kills per second = 4]
//   SOAK_KINDS=tree,chats SOAK_KILLS=exits: only these, to narrow a failure down
//
// Checked all the time: every handle settles within LIMIT_MS, with the right value, or with an error that somebody meant. A
// thread of its own watches that the main thread is not stuck. Between rounds everything must come to rest: no task, no timer.
// In the end: the core's memory has not grown in the second half, nor has the process beyond bounds. Ends with code 0 and a line
// that begins with "ok", or with code 1 and a line that begins with "failed".

import { Worker } from "node:worker_threads";
import { ElapsedError, JoinError, sleep, spawn, timeout, yieldNow } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { mpsc } from "tokiwa/sync";
import { spawnBlocking } from "tokiwa/task";
import * as tasks from "./soak-tasks.mjs";

const [seconds = 8, seed = 1, workers = 2, killsPerSecond = 4] = process.argv.slice(2).map(Number);
const LIMIT_MS = Number(process.env.SOAK_LIMIT_MS ?? 60_000);
const MOST_OPEN = 200;
const ROUNDS = Math.max(4, Math.min(40, Math.round(seconds / 2)));

/** xorshift32: the same choices for the same seed, though threads decide the order of their effects. */
let state = (seed * 2654435761) >>> 0 || 1;
function random(bound) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  state >>>= 0;
  return state % bound;
}

function chance(probability) {
  return random(1_000_000) < probability * 1_000_000;
}

function fail(what) {
  console.log(`failed: ${what}`);
  if (rt !== undefined) {
    console.log(describeRuntime());
    const open_ = [...open.values()].sort((a, b) => a.since - b.since).slice(0, 10);
    for (const { name, since } of open_) console.log(`  open: ${name}, for ${elapsed(since)} ms`);
  }
  process.exit(1);
}

function elapsed(since) {
  return Math.round(performance.now() - since);
}

// ── A watchdog that sees a main thread that is stuck ─────────────────────────────────────────────────────────────────

const beats = new Int32Array(new SharedArrayBuffer(4));
const watchdog = new Worker(
  `const { workerData } = require("node:worker_threads");
   let last = -1;
   setInterval(() => {
     const now = Atomics.load(workerData, 0);
     if (now === last) {
       require("node:fs").writeSync(1, "failed: the main thread is stuck\\n");
       process.kill(process.pid, "SIGKILL");
     }
     last = now;
   }, ${LIMIT_MS + 10_000});`,
  { eval: true, workerData: beats },
);
watchdog.unref();

// ── The runtime and what is open on it ───────────────────────────────────────────────────────────────────────────────

let lostThreads = 0;
let rt = Builder.newMultiThread()
  .workerThreads(workers)
  .maxBlockingThreads(4)
  .threadKeepAlive(300)
  .enableAll()
  .preload(new URL("./soak-tasks.mjs", import.meta.url).href)
  .onWorkerLost(() => {
    lostThreads += 1;
  })
  .build();
// What the runtime says of each death.
process.stderr.write = () => true;

const open = new Map();
const totals = { value: 0, cancelled: 0, lost: 0, panic: 0 };
let serial = 0;
/** Of the round under way: what took longest from spawn to end. */
let slowest = { ms: 0, name: "", kind: "" };

function describeRuntime() {
  const metrics = rt.metrics();
  const counts = Array.from({ length: workers }, (_, worker) => metrics.workerPollCount(worker));
  return (
    `  tasks ${metrics.numAliveTasks()}, timers ${metrics.numTimers()}, injector ${metrics.globalQueueDepth()}, ` +
    `blocking ${metrics.numBlockingThreads()} (${metrics.blockingQueueDepth()} wait), lost ${metrics.lostWorkersCount()}, ` +
    `polls ${counts}, dump ${JSON.stringify(rt.dump().slice(0, 8))}`
  );
}

/** Watches a handle or promise until it settles, and checks how. */
function watch(name, handle, isRight, { mayAbort = false, mayPanic } = {}) {
  const id = serial++;
  open.set(id, { name, since: performance.now() });
  const settled = (kind) => {
    const ms = elapsed(open.get(id).since);
    if (ms > slowest.ms) slowest = { ms, name, kind };
    open.delete(id);
    totals[kind] += 1;
  };
  const wrong = (what) => fail(`${name} gave ${what}`);
  handle.then(
    (value) => {
      if (!isRight(value)) wrong(JSON.stringify(value)?.slice(0, 100));
      settled("value");
    },
    (error) => {
      if (!(error instanceof JoinError)) wrong(error.stack);
      else if (error.isWorkerLost) settled("lost");
      else if (error.isCancelled && mayAbort) settled("cancelled");
      else if (error.isPanic && mayPanic?.(error.cause)) settled("panic");
      else wrong(`${error.stack}\n${error.cause?.stack}`);
    },
  );
}

const is = (expected) => (value) => value === expected;
/** A task of a task was on a thread that died: that is told as the cause. */
const lostInside = (cause) => cause?.name === "JoinError" && cause.isWorkerLost;

const KINDS = {
  double: (n) => [rt.spawn(tasks.double, n), is(2 * n)],
  naps: (n) => [rt.spawn(tasks.naps, n % 30), is(n % 30)],
  yields: (n) => [rt.spawn(tasks.yields, n % 200), is(n % 200)],
  reverses: (n) => {
    const length = (n % 50_000) + 1;
    const bytes = new Uint8Array(length).fill(7);
    bytes[0] = 1;
    return [
      rt.spawn(tasks.reverses, bytes),
      (value) => value.length === length && value.at(-1) === 1,
    ];
  },
  parcel: (n) => {
    const length = 1_100_000 + n;
    return [rt.spawn(tasks.makes, length), (value) => value.length === length];
  },
  sharedParcel: (n) => {
    const value = { words: new SharedArrayBuffer(8), n };
    return [rt.spawn(tasks.describes, value), is(JSON.stringify({ words: {}, n }))];
  },
  describes: (n) => {
    const value = { n, list: [1, "two", null, { three: n }], text: "x".repeat(n % 300) };
    return [rt.spawn(tasks.describes, value), is(JSON.stringify(value))];
  },
  asyncNaps: (n) => [rt.spawn(tasks.asyncNaps, n % 20), is(n % 20)],
  chats: (n) => [rt.spawn(tasks.chats, n % 100), is(((n % 100) * ((n % 100) + 1)) / 2)],
  notifies: (n) => [rt.spawn(tasks.notifies, n % 50), is(n % 50)],
  tree: () => [rt.spawn(tasks.tree, 4, 3), (value) => value >= 0 && value <= 81],
  scatters: (n) => [rt.spawn(tasks.scatters, n % 50), is(n % 50)],
  aborts: (n) => [rt.spawn(tasks.aborts, n % 20), is(n % 20)],
  races: (n) => [rt.spawn(tasks.races, n % 10), is("short")],
  asksPool: (n) => [rt.spawn(tasks.asksPool, n), is(2 * n), { mayPanic: lostInside }],
  inPlace: (n) => [rt.spawn(tasks.inPlace, n % 5), is(n % 5)],
  computes: (n) => [rt.spawn(tasks.computes, n % 5), is(n % 5)],
  throws: (n) => [
    rt.spawn(tasks.throws, n),
    () => false,
    { mayPanic: (cause) => cause instanceof RangeError && cause.message === `meant ${n}` },
  ],
  blocking: (n) => [onPool(tasks.blocks, n % 8), is(n % 8)],
  blockingNap: (n) => [onPool(tasks.naps, n % 8), is(n % 8)],
  blockingBytes: (n) => [onPool(tasks.makes, n), (value) => value.length === n],
  local: (n) => [rt.spawn(localTask, n), is(2 * n), { mayPanic: lostInside }],
  localChannel: (n) => [rt.spawn(localChannel, n % 40), is(n % 40)],
  aborted: (n) => {
    const handle = rt.spawn(n % 2 === 0 ? tasks.naps : tasks.asyncNaps, n % 25);
    setTimeout(() => handle.abort(), n % 20);
    return [handle, is(n % 25), { mayAbort: true }];
  },
  abortedAtOnce: () => {
    const handle = rt.spawn(tasks.endless);
    handle.abort();
    return [handle, () => false, { mayAbort: true }];
  },
  abortedCall: (n) => {
    const handle = onPool(tasks.blocks, n % 5);
    handle.abort();
    return [handle, is(n % 5), { mayAbort: true }];
  },
};
const NAMES = chosen(KINDS, process.env.SOAK_KINDS);

const KILLS = {
  exits: (n) => watch("exits", rt.spawn(tasks.exits, n % 3), () => false),
  exitsLater: (n) => watch("exitsLater", rt.spawn(tasks.exitsLater, n % 10), () => false),
  throwsInTimer: () => watch("throwsInTimer", rt.spawn(tasks.throwsInTimer), () => false),
  rejectsUnhandled: () => watch("rejectsUnhandled", rt.spawn(tasks.rejectsUnhandled), () => false),
  poolExits: (n) => watch("poolExits", onPool(tasks.exits, n % 3), () => false),
  terminate: (n) => rt.terminateWorker(n % (2 * workers + 6)),
};
const KILL_NAMES = chosen(KILLS, process.env.SOAK_KILLS);

/** All of them, or those that the environment names. */
function chosen(all, names) {
  return names === undefined ? Object.keys(all) : names.split(",");
}

function onPool(fn, ...args) {
  const entered = rt.enter();
  try {
    return spawnBlocking(fn, ...args);
  } finally {
    entered[Symbol.dispose]();
  }
}

function* localTask(n) {
  yield* sleep(n % 4);
  return yield* spawn(tasks.double, n);
}

function* localChannel(count) {
  const [tx, rx] = mpsc.channel(3);
  spawn(function* () {
    for (let number = 0; number < count; number++) {
      yield* tx.send(number);
      yield* yieldNow();
    }
    tx[Symbol.dispose]();
  });
  let received = 0;
  while ((yield* rx.recv()) !== undefined) received += 1;
  return received;
}

/** Blocks this thread on work of the workers. */
function blockOnce(n) {
  const value = rt.blockOn(function* () {
    try {
      return yield* timeout(LIMIT_MS, spawn(tasks.double, n));
    } catch (error) {
      if (error instanceof JoinError && error.isWorkerLost) return 2 * n;
      if (error instanceof ElapsedError) fail("blockOn waited in vain for a task on a worker");
      throw error;
    }
  });
  if (value !== 2 * n) fail(`blockOn gave ${value}`);
}

/** A runtime that lives for a moment and is shut down in the middle of its work. */
async function briefRuntime(n) {
  const brief = Builder.newMultiThread().workerThreads(1).enableAll().build();
  const settled = [];
  for (let task = 0; task < 5; task++) settled.push(brief.spawn(tasks.naps, task * (n % 7)));
  settled.push(brief.spawn(tasks.endless));
  if (n % 2 === 0) await new Promise((resolve) => setTimeout(resolve, n % 60));
  if (n % 3 === 0) brief.terminateWorker(0);
  const { stuck } = await brief.shutdown();
  await Promise.allSettled(settled);
  if (stuck.length > 0) fail(`a brief runtime left ${JSON.stringify(stuck)}`);
  return "ended";
}

function step() {
  const kind = NAMES[random(NAMES.length)];
  const [handle, isRight, options] = KINDS[kind](random(1_000));
  watch(kind, handle, isRight, options);
}

let kills = 0;
function kill() {
  kills += 1;
  KILLS[KILL_NAMES[random(KILL_NAMES.length)]](random(1_000));
}

// ── The course ───────────────────────────────────────────────────────────────────────────────────────────────────────

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function look() {
  Atomics.add(beats, 0, 1);
  const now = performance.now();
  for (const { name, since } of open.values())
    if (now - since > LIMIT_MS) fail(`${name} has not settled for ${LIMIT_MS} ms`);
}

async function until(what, condition) {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > LIMIT_MS) fail(`${what}: not within ${LIMIT_MS} ms`);
    look();
    await pause(2);
  }
}

async function round(ms) {
  const end = performance.now() + ms;
  let last = performance.now();
  while (performance.now() < end) {
    const burst = random(60);
    for (let n = 0; n < burst && open.size < MOST_OPEN; n++) step();
    const now = performance.now();
    if (chance(Math.min(1, (killsPerSecond * (now - last)) / 1_000))) kill();
    last = now;
    if (chance(0.02)) blockOnce(random(1_000));
    if (chance(0.004)) watch("briefRuntime", briefRuntime(random(1_000)), is("ended"));
    await pause(random(8));
    look();
  }
  await until("every handle settles", () => open.size === 0);
  const metrics = rt.metrics();
  await until(
    "no task and no timer is left",
    () => metrics.numAliveTasks() === 0 && metrics.numTimers() === 0,
  );
}

async function course() {
  const readings = [];
  const start = performance.now();
  for (let number = 1; number <= ROUNDS; number++) {
    await round((seconds * 1_000) / ROUNDS);
    globalThis.gc?.();
    const reading = { core: rt.metrics().memoryBytes(), rss: process.memoryUsage.rss() };
    readings.push(reading);
    const { ms, name, kind } = slowest;
    slowest = { ms: 0, name: "", kind: "" };
    const settled = Object.entries(totals).map(([kind, count]) => `${kind} ${count}`);
    console.log(
      `${Math.round(elapsed(start) / 1_000)} s, round ${number} of ${ROUNDS}: ${settled.join(", ")}; threads lost ${lostThreads}, ` +
        `core ${(reading.core / 1024).toFixed(0)} KiB, rss ${(reading.rss / 2 ** 20).toFixed(0)} MiB, ` +
        `slowest ${ms} ms (${name}, ${kind})`,
    );
  }
  return readings;
}

function most(readings, field) {
  return Math.max(...readings.map((reading) => reading[field]));
}

/**
 * What a half may take more than the one before it although nothing is lost: every thread keeps as much as it needed at most, and when
 * that is depends on the choices. Little beside what a long soak would lose, and a short one is still warming up in its first half.
 */
const WARM_UP = { core: 2 ** 22, rss: 2 ** 26 };

function checkMemory(readings) {
  const [first, second] = [
    readings.slice(0, readings.length / 2),
    readings.slice(readings.length / 2),
  ];
  const [coreBefore, coreAfter] = [most(first, "core"), most(second, "core")];
  if (coreAfter > 1.1 * coreBefore + WARM_UP.core)
    fail(`the core's memory grew from ${coreBefore} to ${coreAfter} bytes`);
  const [rssBefore, rssAfter] = [most(first, "rss"), most(second, "rss")];
  if (rssAfter > 1.5 * rssBefore + WARM_UP.rss)
    fail(`the process grew from ${rssBefore} to ${rssAfter} bytes`);
}

process.on("uncaughtException", (error) => fail(`uncaught: ${error.stack}`));
process.on("unhandledRejection", (error) => fail(`unhandled: ${error?.stack}`));
console.log(
  `soak: ${seconds} s, seed ${seed}, ${workers} workers, ${killsPerSecond} kills a second`,
);
checkMemory(await course());
const { stuck } = await rt.shutdownTimeout(LIMIT_MS);
if (stuck.length > 0) fail(`left after the shutdown: ${JSON.stringify(stuck)}`);
if (lostThreads === 0 && killsPerSecond > 0) fail("no thread was ever lost");
rt = undefined;
console.log(`ok: ${serial} handles, ${kills} kills, ${lostThreads} threads lost`);
