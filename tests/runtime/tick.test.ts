// tick: one bounded turn, for a loop of one's own.

import { fromPromise, pending, sleep, spawn, yieldNow } from "tokiwa";
import { NestedRuntimeError } from "tokiwa/runtime";
import { oneshot } from "tokiwa/sync";
import { advance } from "tokiwa/time";
import { expect, test } from "vitest";
import { loopTurns, paused, real, settles, thrown } from "../support/tasks.js";
import { pause } from "../support/time.js";

test("on an empty runtime it has nothing to report", () => {
  expect(paused().tick()).toEqual({ ready: false, nextTimerMs: undefined, polls: 0 });
});

test("polls at most 61 tasks, and says whether more are ready", () => {
  const rt = paused();
  for (let task = 0; task < 150; task++) rt.spawn(function* () {});
  const reports = [rt.tick(), rt.tick(), rt.tick(), rt.tick()];
  expect(reports.map((report) => report.polls)).toEqual([61, 61, 28, 0]);
  expect(reports.map((report) => report.ready)).toEqual([true, true, false, false]);
});

test.each([1, 2, 10, 1_000])("polls at most eventInterval(%i) tasks", (interval) => {
  const rt = paused((builder) => builder.eventInterval(interval));
  for (let task = 0; task < 150; task++) rt.spawn(function* () {});
  expect(rt.tick().polls).toBe(Math.min(interval, 150));
});

test("is bounded although a task yields or wakes itself for ever", () => {
  const rt = paused();
  rt.spawn(function* () {
    for (;;) yield* yieldNow();
  });
  for (let turn = 0; turn < 10; turn++) {
    const report = rt.tick();
    expect(report.ready).toBe(true);
    expect(report.polls).toBeGreaterThan(0);
    expect(report.polls).toBeLessThanOrEqual(61);
  }
});

test("says how long until the next timer, and does not move a paused clock", () => {
  const rt = paused();
  rt.spawn(pause, 80);
  rt.spawn(function* () {
    yield* sleep(50);
  });
  for (let turn = 0; turn < 3; turn++) {
    const report = rt.tick();
    expect([report.ready, report.nextTimerMs]).toEqual([false, 50]);
  }
});

test("fires the timers that are due", () => {
  const rt = paused();
  const handle = rt.spawn(function* () {
    yield* sleep(50);
    return "fired";
  });
  rt.tick();
  rt.spawn(advance(50));
  for (let turn = 0; turn < 5 && !handle.isFinished(); turn++) rt.tick();
  expect(handle.isFinished()).toBe(true);
  expect(rt.tick().nextTimerMs).toBe(undefined);
});

test("embeds the runtime in a loop of one's own", async () => {
  const rt = real();
  const log: string[] = [];
  const handle = rt.spawn(function* () {
    for (let step = 0; step < 3; step++) {
      yield* sleep(1);
      log.push(`step ${step}`);
    }
    log.push(yield* fromPromise(() => Promise.resolve("promise")));
    return "done";
  });
  for (let turn = 0; turn < 1_000 && !handle.isFinished(); turn++) {
    const { ready, nextTimerMs } = rt.tick();
    if (!ready) await new Promise((resolve) => setTimeout(resolve, nextTimerMs ?? 0));
  }
  expect(log).toEqual(["step 0", "step 1", "step 2", "promise"]);
  expect(await settles(handle)).toBe("done");
});

test("runs async functions, one await a turn of the event loop", async () => {
  const rt = paused();
  const handle = rt.spawn(async () => {
    await Promise.resolve();
    await yieldNow();
    return "async";
  });
  for (let turn = 0; turn < 20 && !handle.isFinished(); turn++) {
    rt.tick();
    await loopTurns(1);
  }
  expect(handle.isFinished()).toBe(true);
});

test("drops the tasks that were aborted", () => {
  const rt = paused();
  const handle = rt.spawn(pending());
  rt.tick();
  handle.abort();
  expect(rt.tick().ready).toBe(false);
  expect(handle.isFinished()).toBe(true);
});

test("inside a task it is refused", () => {
  const rt = paused();
  const error = rt.blockOn(function* () {
    yield* yieldNow();
    return thrown(() => rt.tick());
  });
  expect(error).toBeInstanceOf(NestedRuntimeError);
  expect(error.message).toContain("Cannot start a runtime from within a runtime");
});

test("goes together with run: whoever has the turn polls what is ready", async () => {
  const rt = paused();
  const [tx, rx] = oneshot.channel<string>();
  const running = rt.run(rx);
  await loopTurns();
  rt.spawn(function* () {
    tx.send("sent in a tick");
  });
  rt.tick();
  expect(await settles(running)).toBe("sent in a tick");
});

test("a promise made inside a tick is served by the event loop from then on", async () => {
  const rt = real();
  let value: Promise<string> | undefined;
  rt.spawn(function* () {
    const child = spawn(function* () {
      yield* sleep(1);
      return "child";
    });
    value = child.then((text) => text);
  });
  rt.tick();
  expect(await settles(value as Promise<string>)).toBe("child");
});

test("is counted by the metrics like any other turn", () => {
  const rt = paused();
  for (let task = 0; task < 5; task++) rt.spawn(function* () {});
  rt.tick();
  expect(rt.metrics().workerPollCount()).toBe(5);
});
