// Tokio's nested_rt and create_rt_in_block_on: a thread that polls tasks cannot be blocked.

import { ready, sleep, spawn, Waker, yieldNow } from "tokiwa";
import { NestedRuntimeError, type Runtime } from "tokiwa/runtime";
import { expect, test } from "vitest";
import { paused, pollOnce, settles, thrown } from "../support/tasks.js";
import { pause } from "../support/time.js";

const WORDS =
  "Cannot start a runtime from within a runtime. This happens because a function (like `blockOn`) attempted to " +
  "block the current thread while the thread is being used to drive asynchronous tasks.";

function attempt(rt: Runtime): unknown {
  try {
    rt.blockOn(ready("blocked"));
  } catch (error) {
    return error;
  }
  return undefined;
}

function* nested(rt: Runtime) {
  yield* yieldNow();
  const error = thrown(() => rt.blockOn(sleep(1)));
  yield* sleep(1);
  return error;
}

test("nested_rt: blockOn inside a task is refused in Tokio's words", () => {
  const rt = paused();
  const error = rt.blockOn(nested, rt);
  expect(error).toBeInstanceOf(NestedRuntimeError);
  expect(error.message).toBe(WORDS);
});

test("of another runtime as well, under blockOn and under run", async () => {
  const [outer, inner] = [paused(), paused()];
  expect(outer.blockOn(nested, inner)).toBeInstanceOf(NestedRuntimeError);
  expect(await settles(outer.run(nested, inner))).toBeInstanceOf(NestedRuntimeError);
});

test("in a spawned task, and its runtime goes on", () => {
  const rt = paused();
  const [error, after] = rt.blockOn(function* () {
    const error = yield* spawn(nested, rt);
    yield* sleep(5);
    return [error, "after"] as const;
  });
  expect(error).toBeInstanceOf(NestedRuntimeError);
  expect(after).toBe("after");
});

test("entering another runtime inside the task does not get around it", () => {
  const [outer, entered] = [paused(), paused()];
  const errors = outer.blockOn(function* () {
    yield* yieldNow();
    const errors: unknown[] = [];
    for (const target of [paused(), entered, outer]) {
      using _entered = entered.enter();
      try {
        errors.push(target.blockOn(sleep(1)));
      } catch (error) {
        errors.push(error);
      }
    }
    yield* sleep(1);
    return errors;
  });
  for (const error of errors) expect(error).toBeInstanceOf(NestedRuntimeError);
});

test("inside an async function, before its first await and after it", async () => {
  const [outer, inner] = [paused(), paused()];
  const errors = await settles(
    outer.run(async () => {
      const errors = [attempt(inner), attempt(outer)];
      await sleep(1);
      return [...errors, attempt(inner), attempt(outer)];
    }),
  );
  expect(errors.map((error) => (error as Error)?.constructor)).toEqual(
    new Array(4).fill(NestedRuntimeError),
  );
});

test("inside a finally of a task that is dropped", () => {
  const rt = paused();
  const errors: unknown[] = [];
  rt.blockOn(function* () {
    const handle = spawn(function* () {
      try {
        yield* sleep(1_000);
      } finally {
        errors.push(thrown(() => rt.blockOn(sleep(1))));
      }
    });
    yield* yieldNow();
    handle.abort();
    yield* yieldNow();
  });
  expect(errors).toHaveLength(1);
  expect(errors[0]).toBeInstanceOf(NestedRuntimeError);
});

test("inside a waker that the driver calls", () => {
  const rt = paused();
  const errors: unknown[] = [];
  {
    using _entered = rt.enter();
    pollOnce(
      sleep(5),
      Waker.from(() => void errors.push(attempt(rt), attempt(paused()))),
    );
  }
  rt.blockOn(pause, 10);
  expect(errors.map((error) => (error as Error)?.constructor)).toEqual([
    NestedRuntimeError,
    NestedRuntimeError,
  ]);
});

test("a callback that an async task left behind is not inside of it once it has ended", async () => {
  const [ended, rt] = [paused(), paused()];
  let outcome: unknown = "not called";
  const called = new Promise<void>((resolve) => {
    void ended.run(async () => {
      setTimeout(() => {
        outcome = attempt(rt);
        resolve();
      }, 1);
    });
  });
  await settles(called);
  expect(outcome).toBe(undefined);
});

test("a blockOn that was refused has spawned nothing and polled nothing", () => {
  const [outer, inner] = [paused(), paused()];
  outer.blockOn(nested, inner);
  expect(inner.metrics().numAliveTasks()).toBe(0);
  expect(inner.metrics().spawnedTasksCount()).toBe(0);
});

test("create_rt_in_block_on: a runtime can be made inside a task, and used afterwards", () => {
  const inner = paused().blockOn(function* () {
    yield* yieldNow();
    return paused();
  });
  expect(
    inner.blockOn(function* () {
      yield* sleep(1);
      return "inner";
    }),
  ).toBe("inner");
});

test("run inside an async task is no blocking: it works, also of another runtime", async () => {
  const [outer, inner] = [paused(), paused()];
  const value = await settles(
    outer.run(async () => {
      const value = await inner.run(function* () {
        yield* sleep(10);
        return "inner";
      });
      await sleep(1);
      return value;
    }),
  );
  expect(value).toBe("inner");
});

test("blockOn works again once the task is over, in the same turn of the event loop", () => {
  const rt = paused();
  rt.blockOn(nested, rt);
  expect(rt.blockOn(pause, 1)).toBe(undefined);
});
