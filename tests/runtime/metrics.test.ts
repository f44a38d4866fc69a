// RuntimeMetrics: counters that only grow, and numbers of what there is now.

import { join, pending, sleep, spawn, yieldNow } from "tokiwa";
import { TcpListener } from "tokiwa/net";
import { expect, test } from "vitest";
import { paused, real, settles } from "../support/tasks.js";

test("a new runtime has one worker, nothing else, and less than 8 MiB", () => {
  const metrics = paused().metrics();
  expect(metrics.numWorkers()).toBe(1);
  expect([
    metrics.numAliveTasks(),
    metrics.spawnedTasksCount(),
    metrics.globalQueueDepth(),
    metrics.workerPollCount(),
    metrics.workerParkCount(),
    metrics.numTimers(),
    metrics.ioHandles(),
  ]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect(metrics.memoryBytes()).toBeGreaterThan(0);
  expect(metrics.memoryBytes()).toBeLessThan(8 * 1024 * 1024);
});

test("counts the tasks alive, ever spawned, and in the queue", () => {
  const rt = paused();
  const metrics = rt.metrics();
  for (let task = 0; task < 5; task++) rt.spawn(pending());
  expect([
    metrics.numAliveTasks(),
    metrics.spawnedTasksCount(),
    metrics.globalQueueDepth(),
  ]).toEqual([5, 5, 5]);
  rt.tick();
  expect([
    metrics.numAliveTasks(),
    metrics.spawnedTasksCount(),
    metrics.globalQueueDepth(),
  ]).toEqual([5, 5, 0]);
  rt.shutdownBackground();
  expect([
    metrics.numAliveTasks(),
    metrics.spawnedTasksCount(),
    metrics.globalQueueDepth(),
  ]).toEqual([0, 5, 0]);
});

test("counts every poll", () => {
  const rt = paused();
  rt.spawn(function* () {
    for (let round = 0; round < 9; round++) yield* yieldNow();
  });
  for (let turn = 0; turn < 20; turn++) rt.tick();
  expect(rt.metrics().workerPollCount()).toBe(10);
});

test("counts the times the thread found nothing to do", () => {
  const rt = paused();
  rt.blockOn(function* () {
    for (let round = 0; round < 5; round++) yield* sleep(10);
  });
  expect(rt.metrics().workerParkCount()).toBe(5);
});

test("counts the timers that are set: fired and cancelled ones are not", () => {
  const rt = paused();
  const metrics = rt.metrics();
  rt.blockOn(function* () {
    const long = spawn(sleep(1_000));
    const short = [spawn(sleep(10)), spawn(sleep(10))];
    yield* yieldNow();
    expect(metrics.numTimers()).toBe(3);
    yield* join(...short);
    expect(metrics.numTimers()).toBe(1);
    long.abort();
    yield* yieldNow();
    expect(metrics.numTimers()).toBe(0);
  });
  expect.assertions(3);
});

test("counts the sockets that are open", async () => {
  const rt = real();
  const listener = await settles(rt.run(TcpListener.bind("127.0.0.1:0")));
  expect(rt.metrics().ioHandles()).toBe(1);
  listener[Symbol.dispose]();
  expect(rt.metrics().ioHandles()).toBe(0);
});

test("memory grows with the load", () => {
  const rt = paused();
  const before = rt.metrics().memoryBytes();
  for (let task = 0; task < 50_000; task++) rt.spawn(pending());
  expect(rt.metrics().memoryBytes()).toBeGreaterThan(before);
});

test("is a live view, the same from a handle", () => {
  const rt = paused();
  const [metrics, other] = [rt.metrics(), rt.handle().metrics()];
  rt.spawn(pending());
  expect([metrics.numAliveTasks(), other.numAliveTasks()]).toEqual([1, 1]);
});
