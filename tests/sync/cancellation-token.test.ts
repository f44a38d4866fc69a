// CancellationToken: the tree, who waits, guards, and runUntilCancelled. Mirrors tokio-util's sync_cancellation_token.rs.

import {
  NotAFutureError,
  Pending,
  PolledAfterCompletionError,
  pollFn,
  ready,
  select,
  sleep,
  spawn,
  Waker,
} from "tokiwa";
import { CancellationToken } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { Probe } from "../support/tasks.js";
import { now, runPaused } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

describe("one token", () => {
  test("cancel_token", () => {
    const token = new CancellationToken();
    expect(token.isCancelled()).toBe(false);
    const first = waiting(token.cancelled());
    const second = new Polled(token.cancelled());
    token.cancel();
    expect([first.wakes, second.wakes]).toEqual([1, 0]);
    expect(token.isCancelled()).toBe(true);
    expect([first.poll(), second.poll()]).toEqual([undefined, undefined]);
  });

  test("cancelling again does nothing", () => {
    const token = new CancellationToken();
    const cancelled = waiting(token.cancelled());
    token.cancel();
    token.cancel();
    expect(cancelled.wakes).toBe(1);
  });

  test("cancel_token_owned_drop_test: one that was dropped is not woken", () => {
    const token = new CancellationToken();
    const dropped = waiting(token.cancelled());
    const kept = waiting(token.cancelled());
    dropped.drop();
    dropped.drop();
    token.cancelled()[Symbol.dispose]();
    token.cancel();
    expect([dropped.isWoken, kept.isWoken]).toEqual([false, true]);
  });

  test("the waker of the last poll counts; polled after completion it throws", () => {
    const token = new CancellationToken();
    const future = token.cancelled();
    const first = waiting(future);
    const second = waiting(future);
    token.cancel();
    expect([first.isWoken, second.isWoken]).toEqual([false, true]);
    expect(second.poll()).toBe(undefined);
    expect(() => second.poll()).toThrow(PolledAfterCompletionError);
  });

  test("ends a task in the middle of its work", () => {
    runPaused(function* () {
      const token = new CancellationToken();
      const task = spawn(function* () {
        for (let step = 0; ; step++) {
          const winner = yield* select({ stop: token.cancelled(), step: sleep(10) });
          if (winner.branch === "stop") return step;
        }
      });
      yield* sleep(35);
      token.cancel();
      expect(yield* task).toBe(3);
      expect(now()).toBe(35);
    });
  });

  test("the budget: a task that waits for a cancelled token again and again gives way", () => {
    runPaused(function* () {
      const token = new CancellationToken();
      token.cancel();
      let rounds = 0;
      const greedy = spawn(function* () {
        for (; rounds < 500; rounds++) yield* token.cancelled();
      });
      const other = spawn(function* () {
        return rounds;
      });
      expect(yield* other).toBe(128);
      yield* greedy;
    });
  });

  test("says what is waited for", () => {
    const token = new CancellationToken();
    expect(token.cancelled().waitsFor()).toBe("CancellationToken.cancelled()");
    expect(token.runUntilCancelled(token.cancelled()).waitsFor()).toBe(
      "CancellationToken.cancelled(), or CancellationToken.cancelled()",
    );
  });
});

describe("parents and children", () => {
  test("cancel_child_token_through_parent", () => {
    const token = new CancellationToken();
    const child = token.childToken();
    expect(child.isCancelled()).toBe(false);
    const waiters = [waiting(child.cancelled()), waiting(token.cancelled())];
    token.cancel();
    expect([token.isCancelled(), child.isCancelled()]).toEqual([true, true]);
    for (const waiter of waiters) {
      expect(waiter.wakes).toBe(1);
      expect(waiter.poll()).toBe(undefined);
    }
  });

  test("cancel_grandchild_token_through_parent_if_child_was_dropped", () => {
    const token = new CancellationToken();
    const middle = token.childToken();
    const grandchild = middle.childToken();
    middle[Symbol.dispose]();
    expect(grandchild.isCancelled()).toBe(false);
    const waiters = [waiting(grandchild.cancelled()), waiting(token.cancelled())];
    token.cancel();
    expect(grandchild.isCancelled()).toBe(true);
    for (const waiter of waiters) expect(waiter.poll()).toBe(undefined);
  });

  test("the same, disposed while the grandchild is waited for", () => {
    const token = new CancellationToken();
    const middle = token.childToken();
    const grandchild = middle.childToken();
    const waiter = waiting(grandchild.cancelled());
    const own = waiting(middle.cancelled());
    middle[Symbol.dispose]();
    token.cancel();
    expect([waiter.isWoken, own.isWoken]).toEqual([true, false]);
    expect([grandchild.isCancelled(), middle.isCancelled()]).toEqual([true, false]);
  });

  test("cancel_child_token_without_parent", () => {
    const token = new CancellationToken();
    const child = token.childToken();
    const childWaiter = waiting(child.cancelled());
    const parentWaiter = waiting(token.cancelled());
    child.cancel();
    expect([token.isCancelled(), child.isCancelled()]).toEqual([false, true]);
    expect([childWaiter.wakes, parentWaiter.wakes]).toEqual([1, 0]);
    const second = token.childToken();
    const secondWaiter = waiting(second.cancelled());
    token.cancel();
    expect([secondWaiter.wakes, parentWaiter.wakes, childWaiter.wakes]).toEqual([1, 1, 1]);
  });

  test("create_child_token_after_parent_was_cancelled", () => {
    const token = new CancellationToken();
    token.cancel();
    const child = token.childToken();
    const grandchild = child.childToken();
    expect([child.isCancelled(), grandchild.isCancelled()]).toEqual([true, true]);
    expect([readyNow(child.cancelled()), readyNow(token.cancelled())]).toEqual([
      undefined,
      undefined,
    ]);
    child.cancel();
    child[Symbol.dispose]();
    expect(child.isCancelled()).toBe(true);
  });

  test.each([true, false])("drop_multiple_child_tokens, first child first: %s", (firstFirst) => {
    const token = new CancellationToken();
    const children = [1, 2, 3].map(() => token.childToken());
    const waiters = children.map((child) => waiting(child.cancelled()));
    for (const child of firstFirst ? children : children.reverse()) {
      child[Symbol.dispose]();
      child[Symbol.dispose]();
      expect(token.isCancelled()).toBe(false);
    }
    token.cancel();
    expect(waiters.map((waiter) => waiter.isWoken)).toEqual([false, false, false]);
  });

  test("cancel_only_all_descendants", () => {
    const parent = new CancellationToken();
    const token = parent.childToken();
    const sibling = parent.childToken();
    const child1 = token.childToken();
    const child2 = token.childToken();
    const grandchild1 = child1.childToken();
    const grandchild2 = child1.childToken();
    const greatGrandchild = grandchild1.childToken();
    const below = [token, child1, child2, grandchild1, grandchild2, greatGrandchild];
    const above = [parent, sibling];
    const waiters = below.map((each) => waiting(each.cancelled()));
    const others = above.map((each) => waiting(each.cancelled()));
    token.cancel();
    expect(below.map((each) => each.isCancelled())).toEqual(below.map(() => true));
    expect(above.map((each) => each.isCancelled())).toEqual([false, false]);
    expect(waiters.map((waiter) => waiter.wakes)).toEqual(below.map(() => 1));
    expect(others.map((waiter) => waiter.wakes)).toEqual([0, 0]);
    for (const waiter of waiters) expect(waiter.poll()).toBe(undefined);
    parent.cancel();
    expect(others.map((waiter) => waiter.wakes)).toEqual([1, 1]);
  });

  test("a token that was disposed is on its own: by itself it can be cancelled, with its children", () => {
    const root = new CancellationToken();
    const token = root.childToken();
    const child = token.childToken();
    const waiters = [waiting(token.cancelled()), waiting(child.cancelled())];
    token[Symbol.dispose]();
    token.cancel();
    expect([root.isCancelled(), token.isCancelled(), child.isCancelled()]).toEqual([
      false,
      true,
      true,
    ]);
    expect(waiters.map((waiter) => waiter.isWoken)).toEqual([true, true]);
  });

  test("disposed after it was cancelled with its parent it stays cancelled", () => {
    const root = new CancellationToken();
    const token = root.childToken();
    root.cancel();
    token[Symbol.dispose]();
    expect(token.isCancelled()).toBe(true);
  });

  test("a tree ten thousand deep", () => {
    const root = new CancellationToken();
    const tokens = [root];
    for (let depth = 0; depth < 10_000; depth++)
      tokens.push((tokens.at(-1) as CancellationToken).childToken());
    const deepest = tokens.at(-1) as CancellationToken;
    const waiter = waiting(deepest.cancelled());
    root.cancel();
    expect(waiter.isWoken).toBe(true);
    expect(deepest.isCancelled()).toBe(true);
  });
});

describe("all are cancelled before anybody hears of it", () => {
  function family(): CancellationToken[] {
    const root = new CancellationToken();
    const child = root.childToken();
    return [root, child, child.childToken(), root.childToken()];
  }

  test("wakers", () => {
    const tokens = family();
    const seen: boolean[] = [];
    for (const token of tokens)
      token.cancelled().poll({
        waker: Waker.from(() => {
          seen.push(...tokens.map((each) => each.isCancelled()));
        }),
      });
    tokens[0]?.cancel();
    expect(seen).toEqual(Array.from({ length: 16 }, () => true));
  });

  test("abort listeners, and the signals that they ask tokens for", () => {
    const tokens = family();
    const seen: boolean[] = [];
    for (const token of tokens)
      token.signal.addEventListener("abort", () => {
        seen.push(...tokens.map((each) => each.isCancelled() && each.signal.aborted));
      });
    tokens[0]?.cancel();
    expect(seen).toEqual(Array.from({ length: 16 }, () => true));
  });

  test("a waker that cancels others, drops them, and makes children", () => {
    const root = new CancellationToken();
    const children = [root.childToken(), root.childToken(), root.childToken()];
    const waiters: Polled<void>[] = [];
    const born: CancellationToken[] = [];
    children[0]?.cancelled().poll({
      waker: Waker.from(() => {
        children[1]?.cancel();
        children[2]?.[Symbol.dispose]();
        waiters[1]?.drop();
        born.push(root.childToken());
        root.cancel();
      }),
    });
    for (const child of children) waiters.push(waiting(child.cancelled()));
    root.cancel();
    expect(waiters.map((waiter) => waiter.wakes)).toEqual([1, 0, 1]);
    expect(born[0]?.isCancelled()).toBe(true);
    expect(children.every((child) => child.isCancelled())).toBe(true);
  });
});

describe("DropGuard", () => {
  test("cancels at the end of its scope", () => {
    const token = new CancellationToken();
    {
      using _guard = token.dropGuard();
      expect(token.isCancelled()).toBe(false);
    }
    expect(token.isCancelled()).toBe(true);
  });

  test("disarmed it gives the token back and does nothing", () => {
    const token = new CancellationToken();
    {
      using guard = token.dropGuard();
      expect(guard.disarm()).toBe(token);
    }
    expect(token.isCancelled()).toBe(false);
  });
});

describe("runUntilCancelled", () => {
  test("gives the result of a future that ends", () => {
    const token = new CancellationToken();
    expect(readyNow(token.runUntilCancelled(ready(5)))).toBe(5);
    const probe = new Probe<number>();
    const run = waiting(token.runUntilCancelled(probe));
    probe.complete(6);
    expect(run.poll()).toBe(6);
    token.cancel();
    expect(run.isWoken).toBe(false);
    expect(() => run.poll()).toThrow(PolledAfterCompletionError);
  });

  test("cancelled: undefined, and the future is dropped", () => {
    const token = new CancellationToken();
    const probe = new Probe<number>();
    const run = waiting(token.runUntilCancelled(probe));
    token.cancel();
    expect(run.isWoken).toBe(true);
    expect(run.poll()).toBe(undefined);
    expect(probe.drops).toBe(1);
    run.drop();
    expect(probe.drops).toBe(1);
  });

  test("of a token that is cancelled already the future is not polled", () => {
    const token = new CancellationToken();
    token.cancel();
    const probe = new Probe<number>();
    probe.complete(1);
    expect(readyNow(token.runUntilCancelled(probe))).toBe(undefined);
    expect([probe.polls, probe.drops]).toEqual([0, 1]);
  });

  test("when both are there the future goes first", () => {
    const token = new CancellationToken();
    const probe = new Probe<number>();
    const run = waiting(token.runUntilCancelled(probe));
    token.cancel();
    probe.complete(7);
    expect(run.poll()).toBe(7);
  });

  test("a future that cancels the token in its poll is dropped there", () => {
    const token = new CancellationToken();
    const run = new Polled(
      token.runUntilCancelled(
        pollFn<number>(() => {
          token.cancel();
          return Pending;
        }),
      ),
    );
    expect(run.poll()).toBe(undefined);
  });

  test("what the future throws comes out", () => {
    const token = new CancellationToken();
    const probe = new Probe<number>();
    const run = waiting(token.runUntilCancelled(probe));
    probe.fail(new Error("inner failed"));
    expect(() => run.poll()).toThrow("inner failed");
    expect(() => run.poll()).toThrow(PolledAfterCompletionError);
  });

  test("dropped it drops the future, and waits no more", () => {
    const token = new CancellationToken();
    const probe = new Probe<number>();
    const run = waiting(token.runUntilCancelled(probe));
    run.drop();
    expect(probe.drops).toBe(1);
    token.cancel();
    expect(run.isWoken).toBe(false);
  });

  test("takes coroutines, and runs their clean-up", () => {
    runPaused(function* () {
      const token = new CancellationToken();
      let cleaned = false;
      spawn(function* () {
        yield* sleep(20);
        token.cancel();
      });
      function* work() {
        try {
          yield* sleep(1000);
          return 1;
        } finally {
          cleaned = true;
        }
      }
      expect(yield* token.runUntilCancelled(work())).toBe(undefined);
      expect([cleaned, now()]).toEqual([true, 20]);
    });
  });

  test("refuses what is no future, at the call", () => {
    const token = new CancellationToken();
    expect(() => token.runUntilCancelled(5 as never)).toThrow(NotAFutureError);
  });
});

test("a hundred thousand who wait, and leave in any order", () => {
  const count = 100_000;
  const root = new CancellationToken();
  let wakes = 0;
  const cx = { waker: Waker.from(() => (wakes += 1)) };
  const futures = Array.from({ length: count }, (_, index) =>
    (index % 2 === 0 ? root : root.childToken()).cancelled(),
  );
  for (const cancelled of futures) cancelled.poll(cx);
  for (let index = 0; index < count; index += 3) futures[index]?.[Symbol.dispose]();
  for (let index = count - 1; index > 0; index -= 5) futures[index]?.[Symbol.dispose]();
  const left = futures.filter((_, index) => index % 3 !== 0 && (count - 1 - index) % 5 !== 0);
  root.cancel();
  expect(wakes).toBe(left.length);
});
