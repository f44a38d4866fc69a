// Runtime.metrics() of multi_thread: every counter moves when it should, and not otherwise.

import { sleep, spawn } from "tokiwa";
import { Handle, type Runtime } from "tokiwa/runtime";
import { spawnBlocking } from "tokiwa/task";
import { expect, test } from "vitest";
import { PATIENCE_MS as LIMIT_MS } from "../support/patience.js";
import { settles } from "../support/tasks.js";
import { arrived, multi, newGate, openGate, until, within } from "./fixtures-blocking/support.js";
import * as tasks from "./fixtures-blocking/tasks.mjs";

type Counter = (worker: number) => number;

function total(rt: Runtime, counter: Counter): number {
  let sum = 0;
  for (let worker = 0; worker < rt.metrics().numWorkers(); worker++) sum += counter(worker);
  return sum;
}

test("numWorkers, and the same through a handle and inside of tasks", async () => {
  const rt = multi((builder) => builder.workerThreads(3));
  expect(rt.metrics().numWorkers()).toBe(3);
  expect(rt.handle().metrics().numWorkers()).toBe(3);
  const inside = rt.run(function* () {
    return Handle.current().metrics().numWorkers();
  });
  expect(await settles(inside, LIMIT_MS)).toBe(3);
});

test("alive tasks: local ones, those on workers, blocking calls; none when all have ended", async () => {
  const rt = multi();
  const metrics = rt.metrics();
  const gate = newGate();
  expect(metrics.numAliveTasks()).toBe(0);
  const local = rt.spawn(function* () {
    yield* sleep(60_000);
  });
  const held = [rt.spawn(tasks.lingers, gate), rt.spawn(tasks.lingersAsync, gate)];
  const blocked = within(rt, () => spawnBlocking(tasks.hold, gate));
  await arrived(gate, 3);
  expect(metrics.numAliveTasks()).toBe(4);
  openGate(gate);
  await settles(Promise.all([...held, blocked]), LIMIT_MS);
  local.abort();
  await until("no task is left", () => metrics.numAliveTasks() === 0);
});

test("spawned tasks are counted wherever they are spawned", async () => {
  const rt = multi();
  const metrics = rt.metrics();
  const before = metrics.spawnedTasksCount();
  await settles(Promise.all(Array.from({ length: 10 }, () => rt.spawn(tasks.add, 1, 1))), LIMIT_MS);
  expect(metrics.spawnedTasksCount()).toBe(before + 10);
  await settles(rt.spawn(tasks.locals, 20), LIMIT_MS);
  expect(metrics.spawnedTasksCount()).toBeGreaterThanOrEqual(before + 31);
});

test("polls: at least one a task, and more for those that yield", async () => {
  const rt = multi();
  const metrics = rt.metrics();
  const polls: Counter = (worker) => metrics.workerPollCount(worker);
  await settles(rt.spawn(tasks.yields, 500), LIMIT_MS);
  expect(total(rt, polls)).toBeGreaterThanOrEqual(501);
  const before = total(rt, polls);
  await settles(
    Promise.all(Array.from({ length: 100 }, () => rt.spawn(tasks.add, 1, 1))),
    LIMIT_MS,
  );
  expect(total(rt, polls)).toBeGreaterThanOrEqual(before + 100);
});

test("started tasks: each on exactly one worker", async () => {
  const rt = multi();
  const metrics = rt.metrics();
  const started: Counter = (worker) => metrics.workerStartedTasksCount(worker);
  expect(total(rt, started)).toBe(0);
  const handles = Array.from({ length: 300 }, () => rt.spawn(tasks.busy, 0));
  await settles(Promise.all(handles), LIMIT_MS);
  expect(total(rt, started)).toBe(300);
  await settles(rt.spawn(tasks.locals, 50), LIMIT_MS);
  expect(total(rt, started)).toBe(301);
});

test("the global queue: what waits while every worker is busy", async () => {
  const rt = multi();
  const metrics = rt.metrics();
  const gate = newGate();
  const held = [rt.spawn(tasks.hold, gate), rt.spawn(tasks.hold, gate)];
  await arrived(gate, 2);
  expect(metrics.globalQueueDepth()).toBe(0);
  const waiting = Array.from({ length: 40 }, () => rt.spawn(tasks.add, 1, 1));
  const inQueues = () =>
    metrics.globalQueueDepth() + total(rt, (worker) => metrics.workerLocalQueueDepth(worker));
  expect(inQueues()).toBe(40);
  expect(metrics.globalQueueDepth()).toBe(40);
  openGate(gate);
  await settles(Promise.all([...held, ...waiting]), LIMIT_MS);
  expect(inQueues()).toBe(0);
});

test("a worker's own queue: what a task has spawned there; its sum goes back to 0", async () => {
  const rt = multi((builder) => builder.workerThreads(1).disableLifoSlot());
  const metrics = rt.metrics();
  const spawned = newGate();
  const go = newGate();
  const handle = rt.spawn(tasks.spawnsAndHolds, spawned, go, 30);
  await arrived(spawned, 1);
  expect(metrics.workerLocalQueueDepth(0)).toBe(30);
  expect(metrics.globalQueueDepth()).toBe(0);
  openGate(go);
  expect(await settles(handle, LIMIT_MS)).toBe(30);
  expect(metrics.workerLocalQueueDepth(0)).toBe(0);
});

test("overflow: a queue of 256 gives half of itself to the global one", async () => {
  const rt = multi((builder) => builder.workerThreads(1).disableLifoSlot());
  const metrics = rt.metrics();
  const spawned = newGate();
  const go = newGate();
  expect(metrics.workerOverflowCount(0)).toBe(0);
  const handle = rt.spawn(tasks.spawnsAndHolds, spawned, go, 600);
  await arrived(spawned, 1);
  expect(metrics.workerOverflowCount(0)).toBeGreaterThanOrEqual(2);
  expect(metrics.workerLocalQueueDepth(0)).toBeLessThanOrEqual(256);
  expect(metrics.globalQueueDepth()).toBeGreaterThanOrEqual(256);
  expect(metrics.workerLocalQueueDepth(0) + metrics.globalQueueDepth()).toBe(600);
  openGate(go);
  expect(await settles(handle, LIMIT_MS)).toBe(600);
});

test("the last that was spawned is in the lifo slot, which does not count as the queue", async () => {
  const rt = multi((builder) => builder.workerThreads(1));
  const spawned = newGate();
  const go = newGate();
  const handle = rt.spawn(tasks.spawnsAndHolds, spawned, go, 30);
  await arrived(spawned, 1);
  expect(rt.metrics().workerLocalQueueDepth(0)).toBe(29);
  openGate(go);
  expect(await settles(handle, LIMIT_MS)).toBe(30);
});

test("no overflow below 256", async () => {
  const rt = multi((builder) => builder.workerThreads(1));
  const spawned = newGate();
  const go = newGate();
  openGate(go);
  await settles(rt.spawn(tasks.spawnsAndHolds, spawned, go, 200), LIMIT_MS);
  expect(rt.metrics().workerOverflowCount(0)).toBe(0);
});

test("steals: another worker takes from the queue of one that is busy", async () => {
  // What is in the lifo slot is not stolen, as in Tokio.
  const rt = multi((builder) => builder.disableLifoSlot());
  const metrics = rt.metrics();
  // The other worker is held until all of them stand in the queue: it could take them one by one as they come.
  const gate = newGate();
  const held = rt.spawn(tasks.hold, gate);
  await arrived(gate, 1);
  const others = newGate();
  const spawning = rt.spawn(tasks.spawnsAndMeets, others, 50);
  const queued = () => total(rt, (worker) => metrics.workerLocalQueueDepth(worker));
  await until("all are in its queue", () => queued() === 50);
  openGate(gate);
  await settles(held);
  const { here, threads } = await settles(spawning);
  expect(threads).toHaveLength(50);
  expect(threads.every((thread) => thread !== here)).toBe(true);
  const stolen = total(rt, (worker) => metrics.workerStealCount(worker));
  const operations = total(rt, (worker) => metrics.workerStealOperations(worker));
  expect(operations).toBeGreaterThanOrEqual(1);
  expect(stolen).toBeGreaterThanOrEqual(operations);
  // Half of the queue at a time: far fewer thefts than tasks.
  expect(operations).toBeLessThan(50);
});

test("one worker never steals", async () => {
  const rt = multi((builder) => builder.workerThreads(1));
  await settles(rt.spawn(tasks.fanOut, 300, 0), LIMIT_MS);
  expect(rt.metrics().workerStealCount(0)).toBe(0);
  expect(rt.metrics().workerStealOperations(0)).toBe(0);
});

test("parks and unparks: a worker that has nothing to do sleeps, and is woken for the next task", async () => {
  const rt = multi((builder) => builder.workerThreads(1));
  const metrics = rt.metrics();
  await settles(rt.spawn(tasks.add, 1, 1), LIMIT_MS);
  const isParked = () => metrics.workerParkUnparkCount(0) % 2 === 1;
  await until("it sleeps", () => metrics.workerParkCount(0) > 0 && isParked());
  for (let round = 0; round < 5; round++) {
    const before = metrics.workerParkCount(0);
    await settles(rt.spawn(tasks.add, 1, 1), LIMIT_MS);
    await until("it sleeps again", () => metrics.workerParkCount(0) > before && isParked());
  }
  expect(metrics.workerNoopCount(0)).toBeLessThanOrEqual(metrics.workerParkCount(0));
});

test("idle workers stay asleep: no polls, no parks", async () => {
  const rt = multi();
  const metrics = rt.metrics();
  await settles(rt.spawn(tasks.add, 1, 1), LIMIT_MS);
  const asleep = () => [0, 1].every((worker) => metrics.workerParkUnparkCount(worker) % 2 === 1);
  const counts = () =>
    [0, 1].map((worker) => [metrics.workerPollCount(worker), metrics.workerParkCount(worker)]);
  // One that was woken last looks around before it sleeps for good, and may be late to do so; one that kept waking would never
  // be still for so long.
  const deadline = performance.now() + LIMIT_MS;
  for (let isStill = false; !isStill; ) {
    if (performance.now() > deadline) throw new Error(`they do not stay asleep: ${counts()}`);
    await until("both sleep", asleep);
    const before = `${counts()}`;
    await new Promise((resolve) => setTimeout(resolve, 300));
    isStill = asleep() && `${counts()}` === before;
  }
});

test("remote schedules: what a worker puts into the global queue", async () => {
  const rt = multi((builder) => builder.workerThreads(1));
  const gate = newGate();
  // blockInPlace gives what stands in the worker's queue to everybody.
  await settles(rt.spawn(tasks.inPlaceAwaitsOthers, gate, 20), LIMIT_MS);
  expect(rt.metrics().workerRemoteScheduleCount(0)).toBeGreaterThanOrEqual(20);
});

test("delivered: results that come to a worker from other threads", async () => {
  const rt = multi();
  const metrics = rt.metrics();
  expect(total(rt, (worker) => metrics.workerDeliveredCount(worker))).toBe(0);
  await settles(rt.spawn(tasks.blockingFromTask, 1, 2), LIMIT_MS);
  // Both of its calls were on threads of the pool.
  expect(total(rt, (worker) => metrics.workerDeliveredCount(worker))).toBe(2);
});

test("timers: those of this thread and those on workers", async () => {
  const rt = multi();
  const metrics = rt.metrics();
  expect(metrics.numTimers()).toBe(0);
  const own = rt.spawn(function* () {
    yield* sleep(60_000);
  });
  const theirs = Array.from({ length: 5 }, () => rt.spawn(tasks.naps, 60_000));
  await until("six timers", () => metrics.numTimers() === 6);
  for (const handle of [own, ...theirs]) handle.abort();
  await settles(Promise.allSettled([own, ...theirs]), LIMIT_MS);
  await until("no timers", () => metrics.numTimers() === 0);
});

test("memory is there, and does not grow with what has ended", async () => {
  const rt = multi();
  const metrics = rt.metrics();
  const round = async () => {
    const handles = Array.from({ length: 1000 }, (_, i) => rt.spawn(tasks.add, i, 1));
    await settles(Promise.all(handles), LIMIT_MS);
  };
  await round();
  await round();
  const before = metrics.memoryBytes();
  expect(before).toBeGreaterThan(64 * 1024);
  for (let i = 0; i < 8; i++) await round();
  expect(metrics.memoryBytes()).toBe(before);
});

test("lost workers: those that have died", async () => {
  const rt = multi((builder) => builder.workerThreads(1));
  const metrics = rt.metrics();
  await settles(rt.spawn(tasks.add, 1, 1), LIMIT_MS);
  expect(metrics.lostWorkersCount()).toBe(0);
  expect(rt.terminateWorker(0)).toBe(true);
  await until("it is counted", () => metrics.lostWorkersCount() === 1);
  expect(await settles(rt.spawn(tasks.add, 1, 1), LIMIT_MS)).toBe(2);
});

test("under blockOn they are readable as ever", () => {
  const rt = multi();
  const [workers, spawned] = rt.blockOn(function* () {
    yield* spawn(tasks.add, 1, 1);
    const metrics = Handle.current().metrics();
    return [metrics.numWorkers(), metrics.spawnedTasksCount()];
  });
  expect(workers).toBe(2);
  expect(spawned).toBeGreaterThanOrEqual(1);
});

test("after the shutdown they can still be read", async () => {
  const rt = multi();
  const metrics = rt.metrics();
  await settles(rt.spawn(tasks.add, 1, 1), LIMIT_MS);
  await settles(rt.shutdown(), LIMIT_MS);
  expect(metrics.numWorkers()).toBe(2);
  expect(metrics.numAliveTasks()).toBe(0);
  expect(metrics.numBlockingThreads()).toBe(0);
  expect(total(rt, (worker) => metrics.workerStartedTasksCount(worker))).toBe(1);
});

test("a worker that does not exist", () => {
  const rt = multi();
  for (const worker of [7, 100_000, -1, 1.5, Number.NaN])
    expect(rt.metrics().workerStealCount(worker)).toBe(0);
});
