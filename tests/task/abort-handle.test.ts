// AbortHandle: can end a task and see whether it has ended, and nothing else.

import { AbortHandle, type JoinError, pending, sleep, spawn } from "tokiwa";
import { expect, test } from "vitest";
import { paused } from "../support/tasks.js";

test("has the id of its task", () => {
  paused().blockOn(function* () {
    const handle = spawn(pending());
    const aborter = handle.abortHandle();
    expect(aborter).toBeInstanceOf(AbortHandle);
    expect(aborter.id).toBe(handle.id);
  });
  expect.assertions(2);
});

test("aborts the task, and sees that it has ended", () => {
  const error = paused().blockOn(function* () {
    const handle = spawn(pending());
    const aborter = handle.abortHandle();
    yield* sleep(1);
    expect(aborter.isFinished()).toBe(false);
    aborter.abort();
    aborter.abort();
    yield* sleep(1);
    expect(aborter.isFinished()).toBe(true);
    try {
      yield* handle;
    } catch (error) {
      return error as JoinError;
    }
    return undefined;
  });
  expect(error?.isCancelled).toBe(true);
});

test("works when the JoinHandle has been let go", () => {
  const log: string[] = [];
  paused().blockOn(function* () {
    const handle = spawn(function* () {
      try {
        yield* pending();
      } finally {
        log.push("dropped");
      }
    });
    const aborter = handle.abortHandle();
    handle[Symbol.dispose]();
    yield* sleep(1);
    aborter.abort();
    yield* sleep(1);
  });
  expect(log).toEqual(["dropped"]);
});

test("several of one task are alike, and one of an old task does not end a new one", () => {
  const value = paused().blockOn(function* () {
    const old = spawn(pending());
    const aborters = [old.abortHandle(), old.abortHandle()];
    old.abort();
    yield* sleep(1);
    const next = Array.from({ length: 10 }, () => spawn(sleep(5)));
    for (const aborter of aborters) aborter.abort();
    for (const handle of next) yield* handle;
    return "all went on";
  });
  expect(value).toBe("all went on");
});

test("is not a future: it cannot be waited for", () => {
  const aborter = paused().spawn(pending()).abortHandle();
  expect("then" in aborter).toBe(false);
  expect(Symbol.iterator in aborter).toBe(false);
});
