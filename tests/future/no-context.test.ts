// `yield*` where nobody polls, and combinators given what cannot be waited for.

import {
  future,
  NoContextError,
  NoRuntimeError,
  NotAFutureError,
  ready,
  sleep,
  spawn,
  timeout,
} from "tokiwa";
import { unconstrained, withSignal } from "tokiwa/task";
import { expect, test } from "vitest";
import { paused, pollOnce, thrown } from "../support/tasks.js";

function* iterates() {
  return yield* ready(1);
}

test("iterating a future by hand outside of a task says what to write instead", () => {
  const error = thrown(() => iterates().next());
  expect(error).toBeInstanceOf(NoContextError);
  expect(error.message).toContain("yield*");
  expect(error.message).toContain("await");
  expect(error.message).toContain("spawn");
});

test("spreading a future outside of a task throws the same", () => {
  expect(() => [...(sleep(1) as unknown as Iterable<unknown>)]).toThrow(NoContextError);
});

test("spawn outside of every runtime says how to get one", () => {
  const error = thrown(() => spawn(iterates));
  expect(error).toBeInstanceOf(NoRuntimeError);
  expect(error.message).toContain("spawn");
  expect(error.message).toContain("main(");
});

test("a sleep polled by hand outside of every runtime needs one", () => {
  expect(() => pollOnce(sleep(10))).toThrow(NoRuntimeError);
});

test.each([
  ["timeout", (value: never) => timeout(5, value)],
  ["withSignal", (value: never) => withSignal(new AbortController().signal, value)],
  ["unconstrained", (value: never) => unconstrained(value)],
])("%s refuses what is no future, at the call", (name, call) => {
  using _entered = paused().enter();
  for (const value of [undefined, null, 5, "text", {}, Promise.resolve(1), iterates]) {
    const error = thrown(() => call(value as never));
    expect(error).toBeInstanceOf(NotAFutureError);
    expect(error.message).toContain(name);
    expect((error as NotAFutureError).given).toBe(value);
  }
});

test("future() refuses what is no function", () => {
  for (const value of [undefined, null, 5, iterates(), ready(1)])
    expect(() => future(value as never)).toThrow(NotAFutureError);
});

test("a future inside a task needs nothing: the coroutine that polls passes its context down", () => {
  expect(paused().blockOn(iterates)).toBe(1);
  expect(pollOnce(future(iterates))).toBe(1);
});
