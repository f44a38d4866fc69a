// taskBuilder({ signal }): an AbortSignal from outside aborts the task.

import { getEventListeners } from "node:events";
import { type JoinError, pending, ready, sleep } from "tokiwa";
import { taskBuilder } from "tokiwa/task";
import { expect, test } from "vitest";
import { loopTurns, Probe, paused, rejection, settles } from "../support/tasks.js";

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

test("a signal that fires later aborts the task", () => {
  const probe = new Probe();
  const controller = new AbortController();
  const error = paused().blockOn(function* () {
    const handle = taskBuilder({ signal: controller.signal }).spawn(probe);
    yield* sleep(10);
    controller.abort();
    try {
      yield* handle;
    } catch (error) {
      return error as JoinError;
    }
    return undefined;
  });
  expect(error?.isCancelled).toBe(true);
  expect([probe.polls, probe.drops]).toEqual([1, 1]);
});

test("a signal that fired already makes a task that is never polled", () => {
  const probe = new Probe();
  const error = paused().blockOn(function* () {
    const handle = taskBuilder({ signal: AbortSignal.abort() }).spawn(probe);
    try {
      yield* handle;
    } catch (error) {
      return error as JoinError;
    }
    return undefined;
  });
  expect(error?.isCancelled).toBe(true);
  expect([probe.polls, probe.drops]).toEqual([0, 1]);
});

test("a signal that fires from the event loop wakes a runtime that sleeps", async () => {
  const rt = paused();
  const controller = new AbortController();
  using entered = rt.enter();
  const handle = taskBuilder({ signal: controller.signal }).spawn(pending());
  entered[Symbol.dispose]();
  const waiting = rejection(handle);
  await loopTurns();
  controller.abort();
  expect(((await settles(waiting)) as JoinError).isCancelled).toBe(true);
});

test.each([
  ["gives its value", () => ready(1)],
  ["throws", () => new Probe()],
])("the listener is gone when the task %s", async (_, make) => {
  const rt = paused();
  const { signal } = new AbortController();
  const future = make();
  if (future instanceof Probe) future.fail(new Error("failed"));
  using entered = rt.enter();
  const handle = taskBuilder({ signal }).spawn(future as ReturnType<typeof ready>);
  entered[Symbol.dispose]();
  expect(listeners(signal)).toBe(1);
  await handle.then(undefined, () => {});
  expect(listeners(signal)).toBe(0);
});

test("the listener is gone when the task was aborted by its handle, or by the signal", async () => {
  const rt = paused();
  const controller = new AbortController();
  const { signal } = controller;
  using entered = rt.enter();
  const builder = taskBuilder({ signal });
  const handles = [builder.spawn(pending()), builder.spawn(pending())];
  entered[Symbol.dispose]();
  expect(listeners(signal)).toBe(2);
  handles[0]?.abort();
  await rejection(handles[0] as (typeof handles)[0] & object);
  expect(listeners(signal)).toBe(1);
  controller.abort();
  await rejection(handles[1] as (typeof handles)[0] & object);
  expect(listeners(signal)).toBe(0);
});

test("one signal ends many tasks", () => {
  const controller = new AbortController();
  const probes = Array.from({ length: 50 }, () => new Probe());
  paused().blockOn(function* () {
    const builder = taskBuilder({ signal: controller.signal });
    for (const probe of probes) builder.spawn(probe);
    yield* sleep(1);
    controller.abort();
    yield* sleep(1);
  });
  expect(probes.map((probe) => probe.drops)).toEqual(new Array(50).fill(1));
});

test("an async task's own signal fires when the outer one does", async () => {
  const rt = paused();
  const controller = new AbortController();
  let inner: AbortSignal | undefined;
  using entered = rt.enter();
  const handle = taskBuilder({ signal: controller.signal }).spawn(async ({ signal }) => {
    inner = signal;
    await new Promise(() => {});
  });
  entered[Symbol.dispose]();
  const waiting = rejection(handle);
  await loopTurns();
  controller.abort();
  await settles(waiting);
  expect(inner?.aborted).toBe(true);
});
