// abort of coroutine and future tasks: when it takes effect and what runs then.

import { type JoinError, type JoinHandle, pending, ready, sleep, spawn, yieldNow } from "tokiwa";
import { expect, test } from "vitest";
import { Probe, paused, rejection } from "../support/tasks.js";

function* logged(log: string[], wait: number) {
  log.push("started");
  try {
    yield* sleep(wait);
    log.push("went on");
  } finally {
    log.push("finally");
  }
  return "value";
}

function* outcome<T>(handle: JoinHandle<T>) {
  try {
    return { value: yield* handle };
  } catch (error) {
    return { error: error as JoinError };
  }
}

test("before its first poll: it is never polled, and nothing of it runs", () => {
  const log: string[] = [];
  const result = paused().blockOn(function* () {
    const handle = spawn(logged, log, 10);
    handle.abort();
    return yield* outcome(handle);
  });
  expect(result.error?.isCancelled).toBe(true);
  expect(log).toEqual([]);
});

test("a future aborted before its first poll is dropped and never polled", () => {
  const probe = new Probe();
  paused().blockOn(function* () {
    const handle = spawn(probe);
    handle.abort();
    yield* outcome(handle);
  });
  expect([probe.polls, probe.drops]).toEqual([0, 1]);
});

test("while it waits: it is dropped without another poll, and its finally runs", () => {
  const log: string[] = [];
  const result = paused().blockOn(function* () {
    const handle = spawn(logged, log, 1_000);
    yield* sleep(10);
    handle.abort();
    return yield* outcome(handle);
  });
  expect(result.error?.isCancelled).toBe(true);
  expect(log).toEqual(["started", "finally"]);
});

test("a future that waits is dropped without another poll", () => {
  const probe = new Probe();
  paused().blockOn(function* () {
    const handle = spawn(probe);
    yield* sleep(1);
    handle.abort();
    yield* outcome(handle);
  });
  expect([probe.polls, probe.drops]).toEqual([1, 1]);
});

test("a task that was woken and then aborted is not polled either", () => {
  const probe = new Probe<number>();
  const result = paused().blockOn(function* () {
    const handle = spawn(probe);
    yield* sleep(1);
    probe.complete(1);
    handle.abort();
    return yield* outcome(handle);
  });
  expect(result.error?.isCancelled).toBe(true);
  expect([probe.polls, probe.drops]).toEqual([1, 1]);
});

test("takes effect at the task's next turn, not inside the call", () => {
  const log: string[] = [];
  paused().blockOn(function* () {
    const handle = spawn(logged, log, 1_000);
    yield* yieldNow();
    handle.abort();
    expect(handle.isFinished()).toBe(false);
    log.push("after abort");
    yield* yieldNow();
    expect(handle.isFinished()).toBe(true);
  });
  expect(log).toEqual(["started", "after abort", "finally"]);
});

test("gives back the timer of the task at once, not when it would have fired", () => {
  const rt = paused();
  rt.blockOn(function* () {
    const handle = spawn(sleep(1_000_000));
    yield* yieldNow();
    expect(rt.metrics().numTimers()).toBe(1);
    handle.abort();
    yield* yieldNow();
    expect(rt.metrics().numTimers()).toBe(0);
  });
  expect.assertions(2);
});

test("of itself while it runs: it ends where it next waits", () => {
  const log: string[] = [];
  const rt = paused();
  const handle: JoinHandle<string> = rt.spawn(function* () {
    handle.abort();
    log.push("still running");
    log.push(yield* ready("ready needs no wait"));
    try {
      yield* sleep(1);
      log.push("waited");
    } finally {
      log.push("finally");
    }
    return "value";
  });
  const result = rt.blockOn(outcome, handle);
  expect("error" in result && result.error?.isCancelled).toBe(true);
  expect(log).toEqual(["still running", "ready needs no wait", "finally"]);
});

test("of itself, when it does not wait any more: it gives its value", () => {
  const rt = paused();
  const handle: JoinHandle<string> = rt.spawn(function* () {
    handle.abort();
    return "value";
  });
  expect(rt.blockOn(outcome, handle)).toEqual({ value: "value" });
});

test("of itself, where it next yields", () => {
  const rt = paused();
  const log: string[] = [];
  const handle: JoinHandle<void> = rt.spawn(function* () {
    handle.abort();
    yield* yieldNow();
    log.push("went on");
  });
  expect(rt.blockOn(outcome, handle)).toHaveProperty("error");
  expect(log).toEqual([]);
});

test("after the end it does nothing: the value stays", () => {
  const result = paused().blockOn(function* () {
    const handle = spawn(ready(5));
    yield* sleep(1);
    handle.abort();
    handle.abort();
    yield* sleep(1);
    return yield* outcome(handle);
  });
  expect(result).toEqual({ value: 5 });
});

test("after a panic it does nothing: the panic stays", () => {
  const result = paused().blockOn(function* () {
    const handle = spawn(function* () {
      throw new Error("panic");
    });
    yield* sleep(1);
    handle.abort();
    return yield* outcome(handle);
  });
  expect("error" in result && result.error?.isPanic).toBe(true);
});

test("aborting twice is like aborting once", () => {
  const log: string[] = [];
  paused().blockOn(function* () {
    const handle = spawn(logged, log, 1_000);
    yield* yieldNow();
    handle.abort();
    handle.abort();
    yield* yieldNow();
    handle.abort();
    yield* outcome(handle);
  });
  expect(log).toEqual(["started", "finally"]);
});

test("while it has yielded", () => {
  const log: string[] = [];
  function* yields() {
    try {
      for (;;) yield* yieldNow();
    } finally {
      log.push("finally");
    }
  }
  const result = paused().blockOn(function* () {
    const handle = spawn(yields);
    yield* yieldNow();
    yield* yieldNow();
    handle.abort();
    return yield* outcome(handle);
  });
  expect(result.error?.isCancelled).toBe(true);
  expect(log).toEqual(["finally"]);
});

test("a task that catches everything cannot hold off its end", () => {
  const log: string[] = [];
  function* stubborn() {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        yield* pending();
      } catch {
        log.push("caught");
      } finally {
        log.push("finally");
      }
    }
  }
  const result = paused().blockOn(function* () {
    const handle = spawn(stubborn);
    yield* yieldNow();
    handle.abort();
    return yield* outcome(handle);
  });
  expect(result.error?.isCancelled).toBe(true);
  expect(log).toEqual(["finally"]);
});

test("wakes everybody who waits for the task", () => {
  const results = paused().blockOn(function* () {
    const handle = spawn(pending());
    const waiters = [spawn(outcome, handle), spawn(outcome, handle)];
    yield* sleep(1);
    handle.abort();
    const seen: unknown[] = [];
    for (const waiter of waiters) seen.push(yield* waiter);
    return seen as { error: JoinError }[];
  });
  expect(results.map((result) => result.error.isCancelled)).toEqual([true, true]);
});

test("from outside of every turn", async () => {
  const rt = paused();
  const handle = rt.spawn(pending());
  const waiting = rejection(handle);
  await new Promise((resolve) => setImmediate(resolve));
  handle.abort();
  expect((await waiting) as JoinError).toMatchObject({ isCancelled: true });
});

test("a parent that is aborted leaves its children running", () => {
  const log: string[] = [];
  paused().blockOn(function* () {
    const parent = spawn(function* () {
      yield* spawn(logged, log, 10);
    });
    yield* sleep(1);
    parent.abort();
    yield* sleep(100);
  });
  expect(log).toEqual(["started", "went on", "finally"]);
});

test("one task aborts many, each is dropped once", () => {
  const probes = Array.from({ length: 500 }, () => new Probe());
  const rt = paused();
  rt.blockOn(function* () {
    const handles = probes.map((probe) => spawn(probe));
    yield* yieldNow();
    for (const handle of handles) handle.abort();
    yield* sleep(1);
  });
  expect(probes.every((probe) => probe.polls === 1 && probe.drops === 1)).toBe(true);
  expect(rt.metrics().numAliveTasks()).toBe(0);
});
