// Notify: one permit stored, who waits woken in order, all woken at once. Mirrors Tokio's sync_notify.rs.

import { PolledAfterCompletionError, select, sleep, spawn, yieldNow } from "tokiwa";
import { type Notified, Notify } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { now, runPaused } from "../support/time.js";
import { Polled, waiting } from "./polled.js";

function line(notify: Notify, count: number): Polled<void>[] {
  return Array.from({ length: count }, () => waiting(notify.notified()));
}

function woken(waiters: readonly Polled<void>[]): boolean[] {
  return waiters.map((waiter) => waiter.isWoken);
}

describe("notifyOne", () => {
  test("notify_notified_one: a permit is stored for who comes next", () => {
    const notify = new Notify();
    notify.notifyOne();
    expect(new Polled(notify.notified()).isPending()).toBe(false);
    expect(new Polled(notify.notified()).isPending()).toBe(true);
  });

  test("notify_multi_notified_one: no more than one", () => {
    const notify = new Notify();
    for (let count = 0; count < 5; count++) notify.notifyOne();
    expect(new Polled(notify.notified()).isPending()).toBe(false);
    expect(new Polled(notify.notified()).isPending()).toBe(true);
  });

  test("notified_one_notify: wakes who waits, and stores nothing", () => {
    const notify = new Notify();
    const waiter = waiting(notify.notified());
    notify.notifyOne();
    expect(waiter.wakes).toBe(1);
    expect(waiter.isPending()).toBe(false);
    expect(new Polled(notify.notified()).isPending()).toBe(true);
  });

  test("notified_multi_notify: the one who waits longest, one a call", () => {
    const notify = new Notify();
    const waiters = line(notify, 3);
    notify.notifyOne();
    expect(woken(waiters)).toEqual([true, false, false]);
    expect(waiters[0]?.isPending()).toBe(false);
    notify.notifyOne();
    expect(woken(waiters)).toEqual([false, true, false]);
    notify.notifyOne();
    expect(woken(waiters)).toEqual([false, true, true]);
    notify.notifyOne();
    for (const waiter of waiters.slice(1)) expect(waiter.isPending()).toBe(false);
    expect(new Polled(notify.notified()).isPending()).toBe(false);
  });

  test("the line is by first poll, not by making", () => {
    const notify = new Notify();
    const early = notify.notified();
    const late = notify.notified();
    const second = waiting(late);
    const first = waiting(early);
    notify.notifyOne();
    expect(woken([second, first])).toEqual([true, false]);
  });

  test("a permit goes to who polls first, though others were made before", () => {
    const notify = new Notify();
    const early = notify.notified();
    notify.notifyOne();
    expect(new Polled(notify.notified()).isPending()).toBe(false);
    expect(new Polled(early).isPending()).toBe(true);
  });
});

describe("notifyLast", () => {
  test("notify_last: wakes the one who came last", () => {
    const notify = new Notify();
    const waiters = line(notify, 3);
    notify.notifyLast();
    expect(woken(waiters)).toEqual([false, false, true]);
    notify.notifyLast();
    expect(woken(waiters)).toEqual([false, true, true]);
    notify.notifyOne();
    expect(woken(waiters)).toEqual([true, true, true]);
  });

  test("with nobody waiting it stores a permit, the same one", () => {
    const notify = new Notify();
    notify.notifyLast();
    notify.notifyOne();
    expect(new Polled(notify.notified()).isPending()).toBe(false);
    expect(new Polled(notify.notified()).isPending()).toBe(true);
  });
});

describe("notifyWaiters", () => {
  test("wakes all who wait, and stores nothing", () => {
    const notify = new Notify();
    const waiters = line(notify, 4);
    notify.notifyWaiters();
    expect(woken(waiters)).toEqual([true, true, true, true]);
    for (const waiter of waiters) expect(waiter.isPending()).toBe(false);
    expect(new Polled(notify.notified()).isPending()).toBe(true);
  });

  test("reaches what was made before the call, polled or not", () => {
    const notify = new Notify();
    const before = [notify.notified(), notify.notified()];
    notify.notifyWaiters();
    const after = notify.notified();
    for (const notified of before) expect(new Polled(notified).isPending()).toBe(false);
    expect(new Polled(after).isPending()).toBe(true);
  });

  test("with nobody there is lost", () => {
    const notify = new Notify();
    notify.notifyWaiters();
    expect(new Polled(notify.notified()).isPending()).toBe(true);
  });

  test("several times: one that was covered by the first is over", () => {
    const notify = new Notify();
    const first = notify.notified();
    notify.notifyWaiters();
    const second = notify.notified();
    notify.notifyWaiters();
    const third = notify.notified();
    expect([first, second, third].map((each) => new Polled(each).isPending())).toEqual([
      false,
      false,
      true,
    ]);
  });

  test("leaves a stored permit as it is", () => {
    const notify = new Notify();
    notify.notifyOne();
    notify.notifyWaiters();
    expect(new Polled(notify.notified()).isPending()).toBe(false);
    expect(new Polled(notify.notified()).isPending()).toBe(true);
  });

  test("after notifyOne: who was chosen and who was not are both over", () => {
    const notify = new Notify();
    const waiters = line(notify, 2);
    notify.notifyOne();
    notify.notifyWaiters();
    expect(woken(waiters)).toEqual([true, true]);
    for (const waiter of waiters) expect(waiter.isPending()).toBe(false);
    expect(new Polled(notify.notified()).isPending()).toBe(true);
  });
});

describe("enable", () => {
  test("test_notify_one_not_enabled: one that was neither polled nor enabled is not in the line", () => {
    const notify = new Notify();
    const first = notify.notified();
    const second = waiting(notify.notified());
    notify.notifyOne();
    expect(second.isWoken).toBe(true);
    expect(new Polled(first).isPending()).toBe(true);
  });

  test("test_notify_one_after_enable: one that is enabled stands in the line", () => {
    const notify = new Notify();
    const first = notify.notified();
    expect(first.enable()).toBe(false);
    const second = waiting(notify.notified());
    notify.notifyOne();
    expect(second.isWoken).toBe(false);
    expect(new Polled(first).isPending()).toBe(false);
  });

  test("test_poll_after_enable: the poll brings the waker and keeps the place", () => {
    const notify = new Notify();
    const first = notify.notified();
    first.enable();
    const second = waiting(notify.notified());
    const polled = waiting(first);
    notify.notifyOne();
    expect([polled.isWoken, second.isWoken]).toEqual([true, false]);
  });

  test("test_enable_after_consumed_permit: with a permit there it is notified, and has taken it", () => {
    const notify = new Notify();
    notify.notifyOne();
    const first = notify.notified();
    expect(first.enable()).toBe(true);
    expect(new Polled(notify.notified()).isPending()).toBe(true);
    expect(new Polled(first).isPending()).toBe(false);
  });

  test("twice changes nothing, and tells of a notification that came since", () => {
    const notify = new Notify();
    const notified = notify.notified();
    expect([notified.enable(), notified.enable()]).toEqual([false, false]);
    notify.notifyOne();
    expect(notified.enable()).toBe(true);
    expect(new Polled(notified).isPending()).toBe(false);
  });

  test("tells of a notifyWaiters that covered it", () => {
    const notify = new Notify();
    const notified = notify.notified();
    notify.notifyWaiters();
    expect(notified.enable()).toBe(true);
  });
});

describe("polling", () => {
  test("test_waker_update: the waker of the last poll counts", () => {
    const notify = new Notify();
    const notified = notify.notified();
    const first = waiting(notified);
    const second = waiting(notified);
    notify.notifyOne();
    expect(woken([first, second])).toEqual([false, true]);
  });

  test("after completion throws", () => {
    const notify = new Notify();
    notify.notifyOne();
    const notified = new Polled(notify.notified());
    notified.poll();
    expect(() => notified.poll()).toThrow(PolledAfterCompletionError);
  });

  test("spends budget: a task that finds every permit there starves nobody", () => {
    runPaused(function* () {
      const notify = new Notify();
      let rounds = 0;
      let seen = -1;
      const greedy = spawn(function* () {
        for (; rounds < 1000; rounds++) {
          notify.notifyOne();
          yield* notify.notified();
        }
      });
      const other = spawn(function* () {
        seen = rounds;
      });
      yield* other;
      expect(seen).toBe(128);
      yield* greedy;
    });
  });
});

describe("tasks", () => {
  test("wait in a line", () => {
    runPaused(function* () {
      const notify = new Notify();
      const order: number[] = [];
      for (let id = 0; id < 5; id++)
        spawn(function* () {
          yield* notify.notified();
          order.push(id);
        });
      yield* yieldNow();
      for (let count = 0; count < 3; count++) notify.notifyOne();
      yield* yieldNow();
      expect(order).toEqual([0, 1, 2]);
      notify.notifyWaiters();
      yield* yieldNow();
      expect(order).toEqual([0, 1, 2, 3, 4]);
    });
  });

  test("the loop of the documentation: made before the check, so that no wake is missed", () => {
    runPaused(function* () {
      const notify = new Notify();
      let isReady = false;
      const waiter = spawn(function* () {
        for (;;) {
          const notified: Notified = notify.notified();
          if (isReady) return now();
          yield* sleep(5);
          yield* notified;
        }
      });
      yield* sleep(1);
      isReady = true;
      notify.notifyWaiters();
      expect(yield* waiter).toBe(5);
    });
  });

  test("a lost select takes no permit with it", () => {
    runPaused(function* () {
      const notify = new Notify();
      const winner = yield* select({ notified: notify.notified(), late: sleep(5) });
      expect(winner.branch).toBe("late");
      notify.notifyOne();
      yield* notify.notified();
      expect(now()).toBe(5);
    });
  });
});
