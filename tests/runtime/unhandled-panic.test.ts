// unhandledPanic("shutdownRuntime"): the first panic of a spawned task ends the whole runtime.

import { future, pending, ready, sleep, spawn, yieldNow } from "tokiwa";
import { ShutdownError, UnhandledPanicError } from "tokiwa/runtime";
import { expect, test } from "vitest";
import { paused, rejection, settles, stderrOf, thrown } from "../support/tasks.js";

/** More than one turn of the driver drops. */
const TASKS = 200;
const CAUSE = new Error("the panic");

function strict() {
  return paused((builder) => builder.unhandledPanic("shutdownRuntime"));
}

function* throwing(ms: number) {
  yield* sleep(ms);
  throw CAUSE;
}

function* guarded(log: string[]) {
  try {
    yield* pending();
  } finally {
    log.push("dropped");
  }
}

function* program(log: string[]) {
  spawn(guarded, log);
  spawn(throwing, 5);
  for (let task = 1; task < TASKS; task++) spawn(guarded, log);
  try {
    yield* sleep(1_000);
  } finally {
    log.push("main dropped");
  }
  return "value";
}

test("run rejects in Tokio's words, with the panic as cause, and everything is dropped", async () => {
  const rt = strict();
  const log: string[] = [];
  await stderrOf(async () => {
    const error = await settles(rejection(rt.run(program, log)));
    expect(error).toBeInstanceOf(UnhandledPanicError);
    expect(error.message).toBe(
      "a spawned task panicked and the runtime is configured to shut down on unhandled panic",
    );
    expect(error.cause).toBe(CAUSE);
    await rt.shutdown();
  });
  expect(log.filter((line) => line === "dropped")).toHaveLength(TASKS);
  expect(log).toContain("main dropped");
  expect(rt.metrics().numAliveTasks()).toBe(0);
});

test("blockOn throws the same", async () => {
  const rt = strict();
  const log: string[] = [];
  await stderrOf(async () => {
    const error = thrown(() => rt.blockOn(program, log));
    expect(error).toBeInstanceOf(UnhandledPanicError);
    expect(error.cause).toBe(CAUSE);
    await rt.shutdown();
  });
  expect(log.filter((line) => line === "dropped")).toHaveLength(TASKS);
  expect(log).toContain("main dropped");
});

test("afterwards the runtime is shut down", async () => {
  const rt = strict();
  await stderrOf(() => rejection(rt.run(program, [])));
  expect(thrown(() => rt.spawn(ready(1)))).toBeInstanceOf(ShutdownError);
  expect(await rejection(rt.run(ready(1)))).toBeInstanceOf(ShutdownError);
});

test("other handles that are awaited from outside settle", async () => {
  const rt = strict();
  await stderrOf(async () => {
    const other = rejection(rt.spawn(pending()));
    await settles(rejection(rt.run(program, [])));
    expect(await settles(other)).toBeInstanceOf(Error);
  });
});

test("a panic of the main future is its own error", async () => {
  const rt = strict();
  expect(await settles(rejection(rt.run(throwing, 1)))).toBe(CAUSE);
  expect(await settles(rt.run(ready("open")))).toBe("open");
  expect(thrown(() => rt.blockOn(throwing, 1))).toBe(CAUSE);
  expect(rt.blockOn(ready("still open"))).toBe("still open");
});

test("an await that throws is no spawned task", async () => {
  const rt = strict();
  const caught = await settles(
    rt.run(async () => {
      try {
        await future(throwing, 1);
      } catch (error) {
        return error;
      }
      return undefined;
    }),
  );
  expect(caught).toBe(CAUSE);
  expect(rt.blockOn(ready("open"))).toBe("open");
});

test("a cancelled task is no panic", async () => {
  const rt = strict();
  const value = await rt.run(function* () {
    const handle = spawn(pending());
    yield* yieldNow();
    handle.abort();
    yield* sleep(1);
    return "went on";
  });
  expect(value).toBe("went on");
});

test('with "ignore", and unless set, a panic ends only its task', async () => {
  for (const rt of [paused(), paused((builder) => builder.unhandledPanic("ignore"))]) {
    await stderrOf(async () => {
      expect(await settles(rt.run(program, []))).toBe("value");
      await rt.shutdown();
    });
  }
});
