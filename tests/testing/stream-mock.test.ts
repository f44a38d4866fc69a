// streamMock: a stream by a script.

import { spawn, yieldNow } from "tokiwa";
import { InvalidArgumentError } from "tokiwa/runtime";
import {
  assertPending,
  assertReady,
  assertRejects,
  assertThrows,
  MockError,
  streamMock,
  task,
} from "tokiwa/testing";
import { advance } from "tokiwa/time";
import { expect, test } from "vitest";
import { thrown } from "../support/tasks.js";
import { now, runPaused, timers } from "../support/time.js";

test("gives its items, then the end", () => {
  using stream = task(streamMock<number>().next(1).next(2).build());
  assertReady(stream.pollNext(), 1);
  assertReady(stream.pollNext(), 2);
  assertReady(stream.pollNext(), undefined);
  assertReady(stream.pollNext(), undefined);
});

test("pauses where the script says, on the runtime's clock", () => {
  runPaused(function* () {
    using stream = streamMock<number>().next(1).wait(300).next(2).wait(10).build();
    const times: unknown[] = [];
    for (let item = yield* stream.next(); item !== undefined; item = yield* stream.next())
      times.push([item, now()]);
    expect(times).toEqual([
      [1, 0],
      [2, 300],
    ]);
    expect(now()).toBe(310);
  });
});

test("wakes at the end of a pause and not before", () => {
  runPaused(function* () {
    using stream = task(streamMock<string>().wait(100).next("late").build());
    assertPending(stream.pollNext());
    yield* advance(99);
    expect(stream.isWoken()).toBe(false);
    yield* advance(1);
    expect(stream.isWoken()).toBe(true);
    assertReady(stream.pollNext(), "late");
  });
});

test("throws the errors of the script", () => {
  runPaused(function* () {
    const error = new Error("bad");
    using stream = streamMock<number>().next(1).error(error).build();
    expect(yield* stream.next()).toBe(1);
    expect(yield* assertRejects(stream.next())).toBe(error);
  });
});

test("what is left fails at the dispose, once; a pause does not", () => {
  const stream = streamMock<number>("numbers").next(1).wait(5).next(2).build();
  const error = thrown(() => stream[Symbol.dispose]());
  expect(error).toBeInstanceOf(MockError);
  expect(error.message).toContain(
    "numbers: its script was not used up: 2 items or errors are left",
  );
  stream[Symbol.dispose]();
  streamMock<number>().wait(5).build()[Symbol.dispose]();
});

test("what the dispose has said is said again, unless the test expected it", () => {
  const stream = streamMock<number>().next(1).build();
  try {
    stream[Symbol.dispose]();
  } catch {}
  expect(thrown(() => stream.assertDone()).message).toContain("an item or error is left");
  assertThrows(() => stream.assertDone(), MockError);
  stream.assertDone();
  const other = streamMock<number>().next(1).build();
  assertThrows(() => other.assertDone(), MockError);
  other[Symbol.dispose]();
});

test("a dispose in a pause gives the timer back", () => {
  runPaused(function* () {
    const stream = streamMock<number>().wait(5).build();
    const waiting = spawn(stream.next());
    yield* yieldNow();
    expect(timers()).toBe(1);
    stream[Symbol.dispose]();
    expect(timers()).toBe(0);
    waiting.abort();
  });
});

test("a combinator that does not use it up is found out", () => {
  runPaused(function* () {
    const taken = streamMock<number>().next(1).next(2).build().take(1);
    expect(yield* taken.next()).toBe(1);
    expect(thrown(() => taken[Symbol.dispose]())).toBeInstanceOf(MockError);
  });
});

test("undefined is no item", () => {
  expect(thrown(() => streamMock<undefined>().next(undefined))).toBeInstanceOf(
    InvalidArgumentError,
  );
});
