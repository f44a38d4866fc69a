// F1: a future does nothing until it is polled.

import {
  fromPromise,
  future,
  join,
  pollFn,
  ready,
  select,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from "tokiwa";
import { expect, test } from "vitest";
import { Probe, paused, pollOnce } from "../support/tasks.js";

function* record(log: string[], line: string) {
  log.push(line);
  try {
    yield* yieldNow();
  } finally {
    log.push(`${line} ended`);
  }
  return line;
}

test("future() runs nothing of its coroutine before the first poll", () => {
  const log: string[] = [];
  const lazy = future(record, log, "ran");
  expect(log).toEqual([]);
  pollOnce(lazy);
  expect(log).toEqual(["ran"]);
});

test("calling a coroutine function runs nothing, even when the coroutine goes into a combinator", () => {
  const log: string[] = [];
  const joined = join(record(log, "a"), record(log, "b"));
  expect(log).toEqual([]);
  pollOnce(joined);
  expect(log).toEqual(["a", "b"]);
});

test("future() calls an async function at the first poll and not again", () => {
  let calls = 0;
  const lazy = future(async () => {
    calls += 1;
  });
  expect(calls).toBe(0);
  pollOnce(lazy);
  pollOnce(lazy);
  expect(calls).toBe(1);
  lazy[Symbol.dispose]();
});

test("fromPromise calls its function at the first poll and not again", () => {
  let calls = 0;
  const lazy = fromPromise(() => {
    calls += 1;
    return new Promise<void>(() => {});
  });
  expect(calls).toBe(0);
  pollOnce(lazy);
  pollOnce(lazy);
  expect(calls).toBe(1);
  lazy[Symbol.dispose]();
});

test("pollFn calls its function only when it is polled", () => {
  let calls = 0;
  const lazy = pollFn(() => ++calls);
  expect(calls).toBe(0);
  expect(pollOnce(lazy)).toBe(1);
});

test("a sleep registers no timer before its first poll", () => {
  const rt = paused();
  using _entered = rt.enter();
  const nap = sleep(100);
  expect(rt.metrics().numTimers()).toBe(0);
  pollOnce(nap);
  expect(rt.metrics().numTimers()).toBe(1);
  nap[Symbol.dispose]();
  expect(rt.metrics().numTimers()).toBe(0);
});

test("join, select and timeout poll nothing when they are made", () => {
  const rt = paused();
  using _entered = rt.enter();
  const probe = new Probe();
  join(probe);
  select({ probe });
  timeout(5, probe);
  expect(probe.polls).toBe(0);
  expect(rt.metrics().numTimers()).toBe(0);
});

test("a spawned task runs when the runtime is driven, not when it is spawned", () => {
  const rt = paused();
  const log: string[] = [];
  const handle = rt.spawn(record, log, "task");
  expect(log).toEqual([]);
  rt.blockOn(handle);
  expect(log).toEqual(["task", "task ended"]);
});

test("an async function is called when the runtime is driven, not when it is spawned", async () => {
  const rt = paused();
  const log: string[] = [];
  const handle = rt.spawn(async () => {
    log.push("async");
  });
  expect(log).toEqual([]);
  await handle;
  expect(log).toEqual(["async"]);
});

test("dropping a coroutine that was never polled runs nothing of it, not even its finally", () => {
  const log: string[] = [];
  function* body() {
    try {
      log.push("body");
      yield* ready(1);
    } finally {
      log.push("finally");
    }
  }
  future(body)[Symbol.dispose]();
  expect(log).toEqual([]);
});

test("spawn inside a task does not run the child before the parent gives way", () => {
  const rt = paused();
  const log: string[] = [];
  rt.blockOn(function* () {
    const child = spawn(record, log, "child");
    log.push("parent");
    yield* child;
  });
  expect(log).toEqual(["parent", "child", "child ended"]);
});
