// A Notified that goes away: out of the line, and a wake that it had not seen goes to the next. Mirrors Tokio's
// sync_notify.rs.

import { spawn, Waker, yieldNow } from "tokiwa";
import { type Notified, Notify } from "tokiwa/sync";
import { describe, expect, test, vi } from "vitest";
import { runPaused } from "../support/time.js";
import { Polled, waiting } from "./polled.js";

test("notified_multi_notify_drop_one: one that was chosen by notifyOne passes it to the next", () => {
  const notify = new Notify();
  const first = waiting(notify.notified());
  const second = waiting(notify.notified());
  notify.notifyOne();
  expect([first.isWoken, second.isWoken]).toEqual([true, false]);
  first.drop();
  expect(second.isWoken).toBe(true);
  expect(second.isPending()).toBe(false);
});

test("notify_last, dropped: passes it to the one who came last", () => {
  const notify = new Notify();
  const waiters = [1, 2, 3].map(() => waiting(notify.notified()));
  notify.notifyLast();
  waiters[2]?.drop();
  expect(waiters.map((waiter) => waiter.isWoken)).toEqual([false, true, true]);
});

test("with nobody left it becomes the stored permit", () => {
  const notify = new Notify();
  const only = waiting(notify.notified());
  notify.notifyOne();
  only.drop();
  expect(new Polled(notify.notified()).isPending()).toBe(false);
  expect(new Polled(notify.notified()).isPending()).toBe(true);
});

test("notify_in_drop_after_wake: dropped after it was seen, nothing is passed on", () => {
  const notify = new Notify();
  const first = waiting(notify.notified());
  const second = waiting(notify.notified());
  notify.notifyOne();
  expect(first.isPending()).toBe(false);
  first.drop();
  expect(second.isWoken).toBe(false);
  expect(new Polled(notify.notified()).isPending()).toBe(true);
});

test("woken by notifyWaiters, dropped: nothing to pass on", () => {
  const notify = new Notify();
  const first = waiting(notify.notified());
  const second = waiting(notify.notified());
  notify.notifyWaiters();
  first.drop();
  expect(second.isPending()).toBe(false);
  expect(new Polled(notify.notified()).isPending()).toBe(true);
});

test("covered by notifyWaiters, never polled, dropped: nothing to pass on", () => {
  const notify = new Notify();
  const unpolled = notify.notified();
  notify.notifyWaiters();
  unpolled[Symbol.dispose]();
  expect(new Polled(notify.notified()).isPending()).toBe(true);
});

test("one that was never polled takes no place and no permit with it", () => {
  const notify = new Notify();
  const unpolled = notify.notified();
  notify.notifyOne();
  unpolled[Symbol.dispose]();
  expect(new Polled(notify.notified()).isPending()).toBe(false);
});

test("one that was enabled, has taken the permit and is dropped gives it back", () => {
  const notify = new Notify();
  notify.notifyOne();
  const enabled: Notified = notify.notified();
  expect(enabled.enable()).toBe(true);
  enabled[Symbol.dispose]();
  expect(new Polled(notify.notified()).isPending()).toBe(false);
});

test("one that only waits leaves the line, the others keep their places", () => {
  const notify = new Notify();
  const waiters = [1, 2, 3, 4].map(() => waiting(notify.notified()));
  waiters[0]?.drop();
  waiters[2]?.drop();
  notify.notifyOne();
  notify.notifyOne();
  expect(waiters.map((waiter) => waiter.isWoken)).toEqual([false, true, false, true]);
  notify.notifyOne();
  expect(new Polled(notify.notified()).isPending()).toBe(false);
});

test("dropping twice passes on once", () => {
  const notify = new Notify();
  const waiters = [1, 2, 3].map(() => waiting(notify.notified()));
  notify.notifyOne();
  waiters[0]?.drop();
  waiters[0]?.drop();
  expect(waiters.map((waiter) => waiter.isWoken)).toEqual([true, true, false]);
});

test("a whole line that is dropped one by one passes the wake through it", () => {
  const notify = new Notify();
  const waiters = Array.from({ length: 10 }, () => waiting(notify.notified()));
  notify.notifyOne();
  for (const waiter of waiters.slice(0, 9)) waiter.drop();
  expect(waiters[9]?.isWoken).toBe(true);
});

test("an aborted task that was chosen passes it on", () => {
  runPaused(function* () {
    const notify = new Notify();
    const first = spawn(notify.notified());
    const second = spawn(notify.notified());
    yield* yieldNow();
    notify.notifyOne();
    first.abort();
    yield* second;
    expect(second.isFinished()).toBe(true);
  });
});

describe("re-entrancy: a waker that uses the Notify", () => {
  function wakerThat(action: () => void): Waker {
    return Waker.from(action);
  }

  test("notifyOne from a waker reaches the next", () => {
    const notify = new Notify();
    notify.notified().poll({ waker: wakerThat(() => notify.notifyOne()) });
    const second = waiting(notify.notified());
    notify.notifyOne();
    expect(second.isWoken).toBe(true);
  });

  test("one that joins again during notifyWaiters is not woken twice", () => {
    const notify = new Notify();
    let wakes = 0;
    const again = (): void => {
      wakes += 1;
      if (wakes > 100) throw new Error("woken again and again");
      notify.notified().poll({ waker: wakerThat(again) });
    };
    notify.notified().poll({ waker: wakerThat(again) });
    notify.notified().poll({ waker: wakerThat(again) });
    notify.notifyWaiters();
    expect(wakes).toBe(2);
    notify.notifyWaiters();
    expect(wakes).toBe(4);
  });

  test("dropping others from a waker during notifyWaiters", () => {
    const notify = new Notify();
    const others: Polled<void>[] = [];
    notify.notified().poll({
      waker: wakerThat(() => {
        for (const other of others) other.drop();
      }),
    });
    for (let count = 0; count < 3; count++) others.push(waiting(notify.notified()));
    notify.notifyWaiters();
    // They were woken by a call that stores nothing: nothing is left over.
    expect(new Polled(notify.notified()).isPending()).toBe(true);
  });

  test("notifyWaiters from a waker wakes the rest once", () => {
    const notify = new Notify();
    notify.notified().poll({ waker: wakerThat(() => notify.notifyWaiters()) });
    const others = [1, 2].map(() => waiting(notify.notified()));
    notify.notifyWaiters();
    for (const other of others) expect(other.isPending()).toBe(false);
  });

  test("notify_waiters_handles_panicking_waker: one that throws takes the wake from nobody", () => {
    const notify = new Notify();
    notify.notified().poll({
      waker: wakerThat(() => {
        throw new Error("waker panicked");
      }),
    });
    const others = Array.from({ length: 32 }, () => waiting(notify.notified()));
    // Whether the error comes out or is reported is open.
    const report = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      notify.notifyWaiters();
    } catch {}
    report.mockRestore();
    for (const other of others) expect(other.isPending()).toBe(false);
  });
});
