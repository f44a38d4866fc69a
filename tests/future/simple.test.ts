// ready, pending, pollFn and borrow, polled by hand.

import { borrow, NotAFutureError, Pending, pending, pollFn, ready, type Waker } from "tokiwa";
import { expect, test } from "vitest";
import { CountingWaker, Probe, paused, pollOnce, thrown } from "../support/tasks.js";

test("ready gives its value at the first poll", () => {
  expect(pollOnce(ready(1))).toBe(1);
  expect(pollOnce(ready(undefined))).toBe(undefined);
});

test("pending never completes and wakes nobody", () => {
  const never = pending<number>();
  const waker = new CountingWaker();
  for (let round = 0; round < 3; round++) expect(pollOnce(never, waker)).toBe(Pending);
  expect(waker.wakes).toBe(0);
});

test("pollFn passes on the context of each poll, until it gives a value", () => {
  const seen: Waker[] = [];
  let open = false;
  const custom = pollFn((cx) => {
    seen.push(cx.waker);
    return open ? "value" : Pending;
  });
  const [first, second] = [new CountingWaker(), new CountingWaker()];
  expect(pollOnce(custom, first)).toBe(Pending);
  open = true;
  expect(pollOnce(custom, second)).toBe("value");
  expect(seen).toEqual([first, second]);
});

test("pollFn throws what its function throws", () => {
  const error = new Error("no");
  expect(
    thrown(() =>
      pollOnce(
        pollFn(() => {
          throw error;
        }),
      ),
    ),
  ).toBe(error);
});

test("pollFn refuses what is no function", () => {
  expect(() => pollFn(5 as never)).toThrow(NotAFutureError);
});

test("borrow polls the future, and dropping the borrow leaves the future as it was", () => {
  const probe = new Probe<number>();
  const reference = borrow(probe);
  expect(pollOnce(reference)).toBe(Pending);
  reference[Symbol.dispose]();
  reference[Symbol.dispose]();
  expect(probe.drops).toBe(0);
  probe.complete(3);
  expect(pollOnce(borrow(probe))).toBe(3);
});

test("borrow refuses what is no future", () => {
  const error = thrown(() => borrow(Promise.resolve(1) as never));
  expect(error).toBeInstanceOf(NotAFutureError);
});

test("each of them works with yield*", () => {
  const values = paused().blockOn(function* () {
    const probe = ready("borrowed");
    return [yield* ready(1), yield* pollFn(() => 2), yield* borrow(probe)];
  });
  expect(values).toEqual([1, 2, "borrowed"]);
});
