// tokiwaTest in Vitest itself: every form of a test, as users write it.

import { sleep, spawn, yieldNow } from "tokiwa";
import { Handle } from "tokiwa/runtime";
import { test as directTest, tokiwaTest } from "tokiwa/testing";
import { Instant } from "tokiwa/time";
import { afterAll, test as base, describe, expect } from "vitest";
import { thrown } from "../support/tasks.js";

const test = tokiwaTest(base);
const ran: string[] = [];

test("a coroutine, on a clock that stands", function* () {
  expect(Instant.now().valueOf()).toBe(0);
  yield* sleep({ hours: 1 });
  expect(Instant.now().valueOf()).toBe(3_600_000);
  expect(Handle.current().flavor).toBe("current_thread");
  ran.push("coroutine");
});

test("each has a runtime of its own", function* () {
  expect(Instant.now().valueOf()).toBe(0);
  expect(
    yield* spawn(function* () {
      yield* yieldNow();
      return Handle.current().metrics().spawnedTasksCount();
    }),
  ).toBe(2);
  ran.push("own");
});

test("an async function, which gets a signal", async (_context: unknown, {
  signal,
}: { signal: AbortSignal }) => {
  await sleep({ hours: 1 });
  expect(Instant.now().valueOf()).toBe(3_600_000);
  expect(signal.aborted).toBe(false);
  ran.push("async");
});

test("a plain function", () => {
  expect(Handle.current().flavor).toBe("current_thread");
  ran.push("plain");
});

test("gets the runner's context", function* (context) {
  expect(context.task.name).toBe("gets the runner's context");
  ran.push("context");
});

test("options", { startPaused: false, seed: 7, retry: 0 }, function* () {
  expect(Instant.now().valueOf()).toBeGreaterThan(0);
  ran.push("options");
});

test("a time limit after the body", function* () {
  ran.push("limit");
}, 120_000);

test.each([
  [1, "a"],
  [2, "b"],
] as const)("each %s %s", function* (n, letter) {
  yield* sleep(n);
  ran.push(`each ${n} ${letter}`);
});

test.each([5, 6])("each of plain values %s", function* (n) {
  ran.push(`plain ${n}`);
});

test.each`
  a    | b
  ${1} | ${2}
`("a table: $a $b", function* ({ a, b }) {
  ran.push(`table ${a} ${b}`);
});

test.skipIf(true)("skipIf", function* () {
  ran.push("skipped");
});

test.runIf(true)("runIf", function* () {
  ran.push("runIf");
});

test.fails("fails", function* () {
  yield* sleep(1);
  expect(1).toBe(2);
});

test.concurrent("concurrent 1", function* () {
  yield* sleep(1_000);
  ran.push("concurrent");
});

test.todo("todo");

// With fixtures Vitest reads the parameters of a test from its text.
const extended = tokiwaTest(
  base.extend<{ port: number }>({
    // biome-ignore lint/correctness/noEmptyPattern: Vitest wants a pattern there.
    port: async ({}, use) => use(5),
  }),
);

extended("fixtures", function* ({ port }: { port: number }) {
  yield* sleep(1);
  expect(port).toBe(5);
  ran.push("fixtures");
});

const seeds: number[] = [];

test("with many seeds", { seeds: 5 }, function* () {
  seeds.push(Handle.current().randomBelow(1_000_000));
});

describe("defaults", () => {
  const test = tokiwaTest(base, { startPaused: false, seed: 3 });
  const drawn: number[] = [];
  for (const name of ["first", "second"])
    test(name, function* () {
      expect(Instant.now().valueOf()).toBeGreaterThan(0);
      drawn.push(Handle.current().randomBelow(1_000_000));
    });
  test("a test's own go first", { startPaused: true, seed: 4 }, function* () {
    expect(Instant.now().valueOf()).toBe(0);
    const other = Handle.current().randomBelow(1_000_000);
    expect(drawn[0]).toBe(drawn[1]);
    expect(other).not.toBe(drawn[0]);
  });
});

base("the direct test says what to do in Vitest without globals", () => {
  expect(thrown(() => directTest("x", function* () {})).message).toContain("tokiwaTest(base)");
});

afterAll(() => {
  expect(new Set(seeds).size).toBe(5);
  expect(ran.sort()).toEqual(
    [
      "async",
      "concurrent",
      "context",
      "coroutine",
      "each 1 a",
      "each 2 b",
      "fixtures",
      "limit",
      "options",
      "own",
      "plain",
      "plain 5",
      "plain 6",
      "runIf",
      "table 1 2",
    ].sort(),
  );
});
