// A throw in a task ends that task and no other.

import { JoinError, join, pollFn, sleep, spawn, yieldNow } from "tokiwa";
import { expect, test } from "vitest";
import { paused, settles } from "../support/tasks.js";

function* throwing(ms: number) {
  if (ms > 0) yield* sleep(ms);
  throw new Error(`after ${ms}`);
}

function* counts(log: number[], steps: number) {
  for (let step = 0; step < steps; step++) {
    yield* sleep(1);
    log.push(step);
  }
}

function messageOf(error: JoinError | undefined): string | undefined {
  return (error?.cause as Error | undefined)?.message;
}

function* outcome(handle: Iterable<never>) {
  try {
    yield* handle;
  } catch (error) {
    return error as JoinError;
  }
  return undefined;
}

test.each([0, 1])("at poll %i: the others go on", (ms) => {
  const log: number[] = [];
  const error = paused().blockOn(function* () {
    const bad = spawn(throwing, ms);
    yield* spawn(counts, log, 5);
    return yield* outcome(bad as never);
  });
  expect(error?.isPanic).toBe(true);
  expect(log).toEqual([0, 1, 2, 3, 4]);
});

test("of a future's poll, of an async function and of a plain function", async () => {
  const errors = await settles(
    paused().run(function* () {
      const bad = [
        spawn(
          pollFn(() => {
            throw new Error("poll");
          }),
        ),
        spawn(async () => {
          throw new Error("async");
        }),
        spawn((() => {
          throw new Error("plain");
        }) as never),
      ];
      const errors: (JoinError | undefined)[] = [];
      for (const handle of bad) errors.push(yield* outcome(handle as never));
      return errors;
    }),
  );
  expect(errors.map((error) => messageOf(error))).toEqual(["poll", "async", "plain"]);
});

test("of many tasks at once, each with its own error", () => {
  const messages = paused().blockOn(function* () {
    const handles = Array.from({ length: 100 }, (_, index) => spawn(throwing, index));
    const errors = yield* join(...handles.map((handle) => outcome(handle as never)));
    return errors.map((error) => messageOf(error));
  });
  expect(messages).toEqual(Array.from({ length: 100 }, (_, index) => `after ${index}`));
});

test("runs the task's finally and using on the way out", () => {
  const log: string[] = [];
  function* body() {
    using _held = { [Symbol.dispose]: () => void log.push("using") };
    try {
      yield* yieldNow();
      throw new Error("panic");
    } finally {
      log.push("finally");
    }
  }
  paused().blockOn(function* () {
    yield* outcome(spawn(body) as never);
  });
  expect(log).toEqual(["finally", "using"]);
});

test("the runtime can be used again afterwards", () => {
  const rt = paused();
  for (let round = 0; round < 3; round++) {
    const error = rt.blockOn(function* () {
      return yield* outcome(spawn(throwing, 1) as never);
    });
    expect(error).toBeInstanceOf(JoinError);
  }
});
