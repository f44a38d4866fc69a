// select: the first one wins. Its branches, its conditions, its errors.

import {
  NotAFutureError,
  Pending,
  pending,
  ready,
  SelectError,
  select,
  sleep,
  timeout,
} from "tokiwa";
import { mpsc } from "tokiwa/sync";
import { expect, test } from "vitest";
import { CountingWaker, Probe, paused, pollOnce, thrown } from "../support/tasks.js";

function* after<T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
}

test("gives the name and the value of the branch that is first", () => {
  const winner = paused().blockOn(function* () {
    return yield* select({ slow: after(20, 1), fast: after(10, "x") });
  });
  expect(winner).toEqual({ branch: "fast", value: "x" });
});

test("waits until a branch is woken", () => {
  const [a, b] = [new Probe<number>(), new Probe<number>()];
  const race = select({ a, b });
  const waker = new CountingWaker();
  expect(pollOnce(race, waker)).toBe(Pending);
  expect([a.polls, b.polls]).toEqual([1, 1]);
  b.complete(2);
  expect(waker.wakes).toBe(1);
  expect(pollOnce(race, waker)).toEqual({ branch: "b", value: 2 });
});

test("a value that is undefined wins like any other", () => {
  expect(pollOnce(select({ a: ready(undefined) }))).toEqual({ branch: "a", value: undefined });
});

test("a branch that throws wins, and its error is thrown", () => {
  const failing = new Probe();
  const other = new Probe();
  failing.fail(new Error("no"));
  expect(() => pollOnce(select({ failing, other }))).toThrow("no");
  expect(other.drops).toBe(1);
});

test("branches that are undefined or false are disabled", () => {
  const off = new Probe();
  const enabled = Math.random() > 2;
  const winner = pollOnce(
    select({ a: undefined, b: false, c: enabled && off, d: ready("d") }, { biased: true }),
  );
  expect(winner).toEqual({ branch: "d", value: "d" });
  expect(off.polls).toBe(0);
});

test("with every branch disabled the poll throws and says what to do", () => {
  const error = thrown(() => pollOnce(select({ a: undefined, b: false })));
  expect(error).toBeInstanceOf(SelectError);
  expect(error.message).toContain("all branches are disabled");
  expect(error.message).toContain("a, b");
  expect(error.message).toContain("otherwise");
});

test("with no branch at all the poll throws as well", () => {
  expect(() => pollOnce(select({}))).toThrow(SelectError);
});

test("otherwise gives the value when every branch is disabled", () => {
  const winner = pollOnce(select({ a: undefined, b: false }, { otherwise: () => "none" }));
  expect(winner).toEqual({ branch: "otherwise", value: "none" });
});

test("otherwise is not called while a branch is enabled", () => {
  let calls = 0;
  const race = select({ a: pending(), b: undefined }, { otherwise: () => calls++ });
  expect(pollOnce(race)).toBe(Pending);
  expect(calls).toBe(0);
});

test("refuses what is no future at the call, and names the branch", () => {
  const error = thrown(() => select({ good: ready(1), data: Promise.resolve(1) as never }));
  expect(error).toBeInstanceOf(NotAFutureError);
  expect(error.message).toContain("data");
  expect(error.message).toContain("fromPromise");
  expect(thrown(() => select({ data: null as never })).message).toContain("null");
});

test("takes coroutines that were called and not run", () => {
  const winner = paused().blockOn(function* () {
    return yield* select({ a: after(1, "coroutine"), b: pending() });
  });
  expect(winner.value).toBe("coroutine");
});

test("a loop of selects receives everything until the deadline", () => {
  const seen = paused().blockOn(function* () {
    const [tx, rx] = mpsc.unbounded<number>();
    for (let value = 0; value < 10; value++) tx.send(value);
    const seen: number[] = [];
    for (;;) {
      const winner = yield* select({ data: rx.recv(), idle: sleep(5) }, { biased: true });
      if (winner.branch === "idle") return seen;
      seen.push(winner.value as number);
    }
  });
  expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("selects nest", () => {
  const winner = paused().blockOn(function* () {
    return yield* select({
      outer: select({ a: after(5, "a"), b: after(3, "b") }),
      late: timeout(10, pending()),
    });
  });
  expect(winner).toEqual({ branch: "outer", value: { branch: "b", value: "b" } });
});

test("more than sixty-four branches are no problem", () => {
  const branches = Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => [`b${index}`, after(1000 - index, index)]),
  );
  const winner = paused().blockOn(function* () {
    return yield* select(branches);
  });
  expect(winner).toEqual({ branch: "b199", value: 199 });
});
