// spawn in its four forms, and what it refuses.

import {
  fromPromise,
  future,
  JoinHandle,
  NotAFutureError,
  ready,
  sleep,
  spawn,
  yieldNow,
} from "tokiwa";
import { Handle } from "tokiwa/runtime";
import { expect, test } from "vitest";
import { Probe, paused, runScript, thrown } from "../support/tasks.js";
import { pause } from "../support/time.js";

function* add(a: number, b: number) {
  yield* yieldNow();
  return a + b;
}

test("a coroutine function and its arguments", () => {
  const value = paused().blockOn(function* () {
    return yield* spawn(add, 1, 2);
  });
  expect(value).toBe(3);
});

test("a closure", () => {
  const log: string[] = [];
  paused().blockOn(function* () {
    yield* spawn(function* () {
      yield* sleep(1);
      log.push("closure");
    });
  });
  expect(log).toEqual(["closure"]);
});

test("an async function gets { signal }", async () => {
  const value = await paused().run(function* () {
    return yield* spawn(async ({ signal }) => {
      await sleep(1);
      return [signal instanceof AbortSignal, signal.aborted];
    });
  });
  expect(value).toEqual([true, false]);
});

test("an async function gets { signal } after its own arguments", async () => {
  async function work(a: number, b: string, { signal }: { signal: AbortSignal }) {
    await Promise.resolve();
    return [a, b, signal.aborted];
  }
  const value = await paused().run(function* () {
    return yield* spawn(work, 1, "b");
  });
  expect(value).toEqual([1, "b", false]);
});

test("a future, and a coroutine that was called and has not run", () => {
  const values = paused().blockOn(function* () {
    return [yield* spawn(ready(1)), yield* spawn(future(add, 1, 1)), yield* spawn(add(1, 2))];
  });
  expect(values).toEqual([1, 2, 3]);
});

test("a function that returns what a coroutine function gave means that coroutine", async () => {
  const value = await paused().run(function* () {
    return yield* spawn((() => add(2, 3)) as never) as JoinHandle<number>;
  });
  expect(value).toBe(5);
});

test("a plain function: what it returns is the value", async () => {
  const value = await paused().run(function* () {
    return yield* spawn((() => 5) as never) as JoinHandle<number>;
  });
  expect(value).toBe(5);
});

test("a bound coroutine function", () => {
  function* offset(this: { by: number }, value: number) {
    yield* yieldNow();
    return value + this.by;
  }
  expect(paused().blockOn(offset.bind({ by: 10 }), 5)).toBe(15);
});

test("a method of a class keeps its this when it is spawned as a coroutine that was called", () => {
  class Counter {
    private readonly start = 40;
    *count(by: number) {
      yield* yieldNow();
      return this.start + by;
    }
  }
  const value = paused().blockOn(function* () {
    return yield* spawn(new Counter().count(2));
  });
  expect(value).toBe(42);
});

test("gives a JoinHandle; the task is ready and has not been polled", () => {
  const rt = paused();
  const probe = new Probe();
  const handle = rt.spawn(probe);
  expect(handle).toBeInstanceOf(JoinHandle);
  expect(handle.isFinished()).toBe(false);
  expect(probe.polls).toBe(0);
  expect(rt.metrics().numAliveTasks()).toBe(1);
});

test("tasks are polled for the first time in the order in which they were spawned", () => {
  const log: number[] = [];
  function* note(index: number) {
    log.push(index);
  }
  const rt = paused();
  for (let index = 0; index < 200; index++) rt.spawn(note, index);
  rt.blockOn(pause, 1);
  expect(log).toEqual(Array.from({ length: 200 }, (_, index) => index));
});

test("spawn means the runtime whose task calls it", () => {
  const [first, second] = [paused((b) => b.name("first")), paused((b) => b.name("second"))];
  function* where() {
    return Handle.current().name;
  }
  function* program() {
    return yield* spawn(where);
  }
  expect([first.blockOn(program), second.blockOn(program)]).toEqual(["first", "second"]);
});

test.each([undefined, null, 5, "text", {}, []])("refuses %s", (value) => {
  const rt = paused();
  const error = thrown(() => rt.spawn(value as never));
  expect(error).toBeInstanceOf(NotAFutureError);
  expect(error.message).toContain("spawn");
  expect(rt.metrics().numAliveTasks()).toBe(0);
});

test("refuses a promise, and says to write fromPromise", () => {
  const error = thrown(() => paused().spawn(Promise.resolve(1) as never));
  expect(error).toBeInstanceOf(NotAFutureError);
  expect(error.message).toContain("spawn(fromPromise(");
});

test("fromPromise is what the message says: it works", async () => {
  expect(await paused().spawn(fromPromise(() => Promise.resolve(1)))).toBe(1);
});

test("an async generator function is an error, not a loop without end", async ({ task }) => {
  const result = await runScript(
    task.file.projectName ?? "",
    `import { Builder } from "tokiwa/runtime";
     const rt = Builder.newCurrentThread().enableAll().build();
     const handle = rt.spawn(async function* () { yield 1; });
     try { console.log("value", await handle); } catch (error) { console.log(error.name, error.cause?.name); }`,
    3_000,
  );
  expect(result.hung).toBe(false);
  expect(result.stdout).toContain("JoinError NotAFutureError");
});
