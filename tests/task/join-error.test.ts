// JoinError: whether a task panicked or was cancelled, which one it was, and why.

import { JoinError, pending, sleep, spawn, TokiwaError } from "tokiwa";
import { type TaskOptions, taskBuilder } from "tokiwa/task";
import { expect, test } from "vitest";
import { BadDispose, paused } from "../support/tasks.js";

function* throwing(value: unknown) {
  yield* sleep(1);
  throw value;
}

function panic(value: unknown, options: TaskOptions = {}): JoinError {
  return paused().blockOn(function* () {
    try {
      yield* taskBuilder(options).spawn(throwing, value);
    } catch (error) {
      return error;
    }
    return undefined;
  }) as JoinError;
}

function cancelled(options: TaskOptions = {}): JoinError {
  return paused().blockOn(function* () {
    const handle = taskBuilder(options).spawn(pending());
    handle.abort();
    try {
      yield* handle;
    } catch (error) {
      return error;
    }
    return undefined;
  }) as JoinError;
}

test("of a panic", () => {
  const cause = new Error("the reason");
  const error = panic(cause);
  expect(error).toBeInstanceOf(JoinError);
  expect(error).toBeInstanceOf(TokiwaError);
  expect(error.name).toBe("JoinError");
  expect([error.isPanic, error.isCancelled]).toEqual([true, false]);
  expect(error.cause).toBe(cause);
  expect(error.id).toBe(2);
  expect(error.message).toContain("task 2 panicked with message");
  expect(error.message).toContain("the reason");
});

test("of a cancellation", () => {
  const error = cancelled();
  expect(error).toBeInstanceOf(JoinError);
  expect([error.isPanic, error.isCancelled]).toEqual([false, true]);
  expect(error.cause).toBe(undefined);
  expect(error.id).toBe(2);
  expect(error.message).toBe("task 2 was cancelled");
});

test("names the task", () => {
  expect(panic(new Error("x"), { name: "resize" }).message).toContain("resize");
  expect(cancelled({ name: "resize" }).message).toContain("resize");
});

test.each([
  ["a string", "text"],
  ["a number", 5],
  ["null", null],
  ["undefined", undefined],
  ["false", false],
  ["a symbol", Symbol("s")],
  ["an object without text", Object.create(null)],
])("keeps %s that was thrown", (_, value) => {
  const error = panic(value);
  expect(error).toBeInstanceOf(JoinError);
  expect([error.isPanic, error.isCancelled]).toEqual([true, false]);
  expect("cause" in error).toBe(true);
  expect(error.cause).toBe(value);
});

test("keeps the stack of what was thrown", () => {
  const { cause } = panic(new RangeError("deep"));
  expect(cause).toBeInstanceOf(RangeError);
  expect((cause as Error).stack).toContain("join-error.test");
});

test("a JoinError that a task lets through is the cause of its own", () => {
  const error = paused().blockOn(function* () {
    const outer = spawn(function* () {
      yield* spawn(throwing, new Error("innermost"));
    });
    try {
      yield* outer;
    } catch (error) {
      return error as JoinError;
    }
    return undefined;
  });
  expect(error?.id).toBe(2);
  const inner = error?.cause as JoinError;
  expect(inner).toBeInstanceOf(JoinError);
  expect(inner.id).toBe(3);
  expect((inner.cause as Error).message).toBe("innermost");
});

test("a dispose that throws while its task is cancelled makes it a panic", () => {
  const cause = new Error("bad dispose");
  const error = paused().blockOn(function* () {
    const handle = spawn(new BadDispose(cause));
    yield* sleep(1);
    handle.abort();
    try {
      yield* handle;
    } catch (error) {
      return error as JoinError;
    }
    return undefined;
  });
  expect(error?.isPanic).toBe(true);
  expect(error?.cause).toBe(cause);
});
