// `yield` of something that is not a future: the error stands at the very yield and says what to write instead.

import { type Coroutine, future, JoinError, NotAFutureError, ready, sleep, spawn } from "tokiwa";
import { expect, test } from "vitest";
import { paused, pollOnce, rejection, thrown } from "../support/tasks.js";

function* stray(value: unknown): Coroutine<Error | undefined> {
  try {
    yield value as never;
  } catch (error) {
    yield* sleep(1);
    return error as Error;
  }
  return undefined;
}

function caught(value: unknown): NotAFutureError {
  return paused().blockOn(stray, value) as NotAFutureError;
}

test("yield promise says to write fromPromise", () => {
  const error = caught(Promise.resolve(1));
  expect(error).toBeInstanceOf(NotAFutureError);
  expect(error.message).toContain("yield* fromPromise(");
});

test("yield thenable says to write fromPromise", () => {
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
  expect(caught({ then() {} }).message).toContain("yield* fromPromise(");
});

test("yield future without the star says to write the star", () => {
  const error = caught(sleep(5));
  expect(error).toBeInstanceOf(NotAFutureError);
  expect(error.message).toContain("yield* future");
  expect(error.message).toContain("star");
  expect(error.message).toContain("Sleep");
});

test("yield coroutine without the star says to write the star", () => {
  const error = caught(stray(1));
  expect(error).toBeInstanceOf(NotAFutureError);
  expect(error.message).toContain("yield*");
});

test("yield of nothing says to write yieldNow", () => {
  const error = caught(undefined);
  expect(error).toBeInstanceOf(NotAFutureError);
  expect(error.message).toContain("yield* yieldNow()");
});

test.each([5, "text", null, true, 5n, Symbol("s"), [1], () => {}, {}])(
  "yield %s names what was yielded and says to write a future",
  (value) => {
    const error = caught(value);
    expect(error).toBeInstanceOf(NotAFutureError);
    expect(error.message).toContain("yield* future");
    expect(error.given).toBe(value);
  },
);

test("the message shows the value that was yielded", () => {
  expect(caught(5).message).toContain("yielded 5");
  expect(caught("text").message).toContain('"text"');
});

test("the coroutine catches the error and goes on waiting", () => {
  expect(caught(1)).toBeInstanceOf(NotAFutureError);
});

test("the stack of the error leads to the coroutine that made the mistake", () => {
  expect(caught(1).stack).toContain("stray");
});

test("uncaught it is the panic of the task", async () => {
  function* careless() {
    yield 5 as never;
  }
  const error = await rejection(paused().spawn(careless));
  expect(error).toBeInstanceOf(JoinError);
  expect(error.cause).toBeInstanceOf(NotAFutureError);
});

test("several mistakes in a row are several errors", () => {
  function* careless(): Coroutine<number> {
    let errors = 0;
    for (const value of [1, undefined, "x"]) {
      try {
        yield value as never;
      } catch {
        errors += 1;
      }
    }
    return errors;
  }
  expect(paused().blockOn(careless)).toBe(3);
});

test("a coroutine polled by hand gets the error too", () => {
  function* careless() {
    yield 5 as never;
  }
  expect(thrown(() => pollOnce(future(careless)))).toBeInstanceOf(NotAFutureError);
});

test("a stray yield in a nested coroutine is thrown at the nested yield", () => {
  function* nested(): Coroutine<string> {
    try {
      yield 5 as never;
    } catch {
      return "caught inside";
    }
    return "not thrown";
  }
  const result = paused().blockOn(function* () {
    try {
      return yield* nested();
    } catch {
      return "caught outside";
    }
  });
  expect(result).toBe("caught inside");
});

test("a value that is ready goes on without a suspension, so no mistake is seen in it", () => {
  const value = paused().blockOn(function* () {
    return yield* spawn(ready(1));
  });
  expect(value).toBe(1);
});
