// Notify: the cases of Tokio's sync_notify.rs, under their names, and what its loom models are about.

import { Pending, sleep, spawn, yieldNow } from "tokiwa";
import { expect } from "vitest";
import { failing, Polled, readyNow, upTo, waiting } from "./hand.js";
import * as partners from "./partners.mjs";
import { conformance } from "./worlds.js";

conformance((test) => {
  test("notify_notified_one", function* (form) {
    const notify = form.notify();
    const notified = notify.notified();
    notify.notifyOne();
    expect(readyNow(notified)).toBe(undefined);
  });

  test("notify_multi_notified_one", function* (form) {
    const notify = form.notify();
    const first = waiting(notify.notified());
    const second = waiting(notify.notified());
    notify.notifyOne();
    expect(first.poll()).toBe(undefined);
    expect(second.isPending()).toBe(true);
    second.drop();
  });

  test("notify_multi_notified_last", function* (form) {
    const notify = form.notify();
    const first = waiting(notify.notified());
    const second = waiting(notify.notified());
    notify.notifyLast();
    expect(first.isPending()).toBe(true);
    expect(second.poll()).toBe(undefined);
    first.drop();
  });

  test("notified_one_notify", function* (form) {
    const notify = form.notify();
    const notified = waiting(notify.notified());
    notify.notifyOne();
    yield* form.settle();
    expect(notified.isWoken).toBe(true);
    expect(notified.poll()).toBe(undefined);
  });

  test("notified_multi_notify", function* (form) {
    const notify = form.notify();
    const first = waiting(notify.notified());
    const second = waiting(notify.notified());
    notify.notifyOne();
    yield* form.settle();
    expect([first.isWoken, second.isWoken]).toEqual([true, false]);
    expect(first.poll()).toBe(undefined);
    expect(second.isPending()).toBe(true);
    second.drop();
  });

  test("notify_notified_multi", function* (form) {
    const notify = form.notify();
    notify.notifyOne();
    const first = notify.notified();
    const second = notify.notified();
    expect(readyNow(first)).toBe(undefined);
    const waits = waiting(second);
    notify.notifyOne();
    yield* form.settle();
    expect(waits.isWoken).toBe(true);
    expect(waits.poll()).toBe(undefined);
  });

  test("a second permit is not stored", function* (form) {
    const notify = form.notify();
    notify.notifyOne();
    notify.notifyOne();
    notify.notifyLast();
    expect(readyNow(notify.notified())).toBe(undefined);
    waiting(notify.notified()).drop();
  });

  test("notified_drop_notified_notify", function* (form) {
    const notify = form.notify();
    waiting(notify.notified()).drop();
    const second = waiting(notify.notified());
    notify.notifyOne();
    yield* form.settle();
    expect(second.isWoken).toBe(true);
    expect(second.poll()).toBe(undefined);
  });

  test("notified_multi_notify_drop_one", function* (form) {
    const notify = form.notify();
    const first = waiting(notify.notified());
    const second = waiting(notify.notified());
    notify.notifyOne();
    yield* form.settle();
    expect([first.isWoken, second.isWoken]).toEqual([true, false]);
    first.drop();
    yield* form.settle();
    expect(second.isWoken).toBe(true);
    expect(second.poll()).toBe(undefined);
  });

  test("notified_multi_notify_one_drop", function* (form) {
    const notify = form.notify();
    const [first, second, third] = [0, 1, 2].map(() => waiting(notify.notified())) as [
      Polled<void>,
      Polled<void>,
      Polled<void>,
    ];
    notify.notifyOne();
    first.drop();
    expect(second.poll()).toBe(undefined);
    expect(third.isPending()).toBe(true);
    third.drop();
  });

  test("notified_multi_notify_last_drop", function* (form) {
    const notify = form.notify();
    const [first, second, third] = [0, 1, 2].map(() => waiting(notify.notified())) as [
      Polled<void>,
      Polled<void>,
      Polled<void>,
    ];
    notify.notifyLast();
    third.drop();
    expect(second.poll()).toBe(undefined);
    expect(first.isPending()).toBe(true);
    first.drop();
  });

  test("notify_drop: chosen and dropped with nobody else, the permit is stored", function* (form) {
    const notify = form.notify();
    const first = waiting(notify.notified());
    notify.notifyOne();
    first.drop();
    expect(readyNow(notify.notified())).toBe(undefined);
  });

  test("woken by notifyWaiters and dropped: nothing to pass on", function* (form) {
    const notify = form.notify();
    const first = waiting(notify.notified());
    notify.notifyWaiters();
    const second = waiting(notify.notified());
    first.drop();
    yield* form.settle();
    expect(second.isWoken).toBe(false);
    second.drop();
  });

  test("notify_one_after_dropped_all", function* (form) {
    const notify = form.notify();
    const first = waiting(notify.notified());
    notify.notifyWaiters();
    notify.notifyOne();
    first.drop();
    expect(readyNow(notify.notified())).toBe(undefined);
  });

  test("test_notify_one_not_enabled", function* (form) {
    const notify = form.notify();
    const notified = notify.notified();
    notify.notifyOne();
    expect(readyNow(notified)).toBe(undefined);
  });

  test("test_notify_one_after_enable", function* (form) {
    const notify = form.notify();
    const notified = notify.notified();
    expect(notified.enable()).toBe(false);
    notify.notifyOne();
    expect(readyNow(notified)).toBe(undefined);
    expect(notified.enable()).toBe(true);
  });

  test("test_poll_after_enable", function* (form) {
    const notify = form.notify();
    const notified = notify.notified();
    expect(notified.enable()).toBe(false);
    const polled = waiting(notified);
    notify.notifyOne();
    yield* form.settle();
    expect(polled.isWoken).toBe(true);
    polled.poll();
  });

  test("test_enable_after_poll", function* (form) {
    const notify = form.notify();
    const polled = waiting(notify.notified());
    expect((polled.future as ReturnType<typeof notify.notified>).enable()).toBe(false);
    polled.drop();
  });

  test("test_enable_consumes_permit", function* (form) {
    const notify = form.notify();
    notify.notifyOne();
    const first = notify.notified();
    expect(first.enable()).toBe(true);
    const second = notify.notified();
    expect(second.enable()).toBe(false);
    expect(readyNow(first)).toBe(undefined);
    new Polled(second).drop();
  });

  test("enabled and dropped: what it had goes on", function* (form) {
    const notify = form.notify();
    const first = notify.notified();
    const second = notify.notified();
    first.enable();
    second.enable();
    notify.notifyOne();
    new Polled(first).drop();
    expect(readyNow(second)).toBe(undefined);
  });

  test("test_waker_update", function* (form) {
    const notify = form.notify();
    const notified = notify.notified();
    const before = waiting(notified);
    const after = waiting(notified);
    notify.notifyOne();
    yield* form.settle();
    expect([before.isWoken, after.isWoken]).toEqual([false, true]);
    after.poll();
  });

  test("unpolled_future_completed_by_notify_waiters_preserves_notify_one_permit", function* (form) {
    const notify = form.notify();
    const first = notify.notified();
    notify.notifyWaiters();
    notify.notifyOne();
    expect(readyNow(first)).toBe(undefined);
    expect(readyNow(notify.notified())).toBe(undefined);
  });

  test("notify_waiters: all who were made before, polled or not, and nobody after", function* (form) {
    const notify = form.notify();
    const polled = [0, 1, 2].map(() => waiting(notify.notified()));
    const unpolled = [0, 1].map(() => notify.notified());
    notify.notifyWaiters();
    const later = notify.notified();
    yield* form.settle();
    expect(polled.map((notified) => notified.isWoken)).toEqual([true, true, true]);
    for (const notified of polled) expect(notified.poll()).toBe(undefined);
    for (const notified of unpolled) expect(readyNow(notified)).toBe(undefined);
    waiting(later).drop();
  });

  test("notify_waiters_poll_consistency: who is woken finds all others notified", function* (form) {
    const notify = form.notify();
    const line = upTo(40).map(() => waiting(notify.notified()));
    const found: unknown[] = [];
    (line[0] as Polled<void>).onWake = () => {
      for (const other of line.slice(1)) found.push(other.poll());
    };
    notify.notifyWaiters();
    yield* form.settle();
    expect(found).toEqual(upTo(39).map(() => undefined));
  });

  test("notify_waiters stores nothing", function* (form) {
    const notify = form.notify();
    notify.notifyWaiters();
    waiting(notify.notified()).drop();
  });

  test("notify_waiters takes no permit away", function* (form) {
    const notify = form.notify();
    notify.notifyOne();
    notify.notifyWaiters();
    expect(readyNow(notify.notified())).toBe(undefined);
  });

  test("waiters_is_atomic: a waiter made between two broadcasts hears of the second alone", function* (form) {
    const notify = form.notify();
    const first = notify.notified();
    notify.notifyWaiters();
    const second = waiting(notify.notified());
    expect(readyNow(first)).toBe(undefined);
    expect(second.isPending()).toBe(true);
    notify.notifyWaiters();
    expect(second.poll()).toBe(undefined);
  });

  test("notify_one serves in the order of first polls", function* (form) {
    const notify = form.notify();
    const all = [0, 1, 2, 3].map(() => notify.notified());
    const order = [2, 0, 3, 1].map((index) => waiting(all[index] as (typeof all)[number]));
    for (const next of order) {
      notify.notifyOne();
      yield* form.settle();
      expect(order.filter((notified) => notified.isWoken)).toEqual([next]);
      expect(next.poll()).toBe(undefined);
    }
  });

  test("polled after completion", function* (form) {
    const notify = form.notify();
    const notified = notify.notified();
    notify.notifyOne();
    readyNow(notified);
    expect(failing(notified)).toMatchObject({ name: "PolledAfterCompletionError" });
  });

  test("waiters_sequential_notified_await: two tasks take turns", function* (form) {
    const [there, back] = [form.notify(), form.notify()];
    const log: string[] = [];
    const partner = spawn(function* () {
      for (let round = 0; round < 20; round++) {
        yield* there.notified();
        log.push(`there ${round}`);
        back.notifyOne();
      }
    });
    for (let round = 0; round < 20; round++) {
      there.notifyOne();
      yield* back.notified();
      log.push(`back ${round}`);
    }
    yield* partner;
    expect(log).toEqual(
      Array.from({ length: 20 }, (_, round) => [`there ${round}`, `back ${round}`]).flat(),
    );
  });

  test("an aborted task passes its notification on", function* (form) {
    const notify = form.notify();
    const doomed = spawn(function* () {
      yield* notify.notified();
      return "notified";
    });
    yield* yieldNow();
    const kept = spawn(function* () {
      yield* notify.notified();
      return "notified";
    });
    yield* yieldNow();
    notify.notifyOne();
    doomed.abort();
    const outcome = yield* spawn(function* () {
      try {
        return yield* doomed;
      } catch {
        return "cancelled";
      }
    });
    // Whether the abort came in time or not, nothing is lost: one of the two had it.
    if (outcome === "notified") notify.notifyOne();
    expect(yield* kept).toBe("notified");
  });

  test(
    "is cooperative",
    function* (form) {
      const notify = form.notify();
      const all = Array.from({ length: 200 }, () => notify.notified());
      notify.notifyWaiters();
      yield* yieldNow();
      const seen = all.filter((notified) => new Polled(notified).poll() !== Pending);
      expect(seen.length).toBe(128);
      yield* yieldNow();
      for (const notified of all.slice(128)) yield* notified;
    },
    { budgeted: true },
  );

  // ── With a partner that may run on another thread ──────────────────────────────────────────────────────────────────────

  for (const how of ["notifyOne", "notifyLast", "notifyWaiters"] as const)
    test.partnered(`${how} from another thread`, function* (form) {
      const notify = form.notify();
      const notified = notify.notified();
      const partner = spawn(partners.notifies, notify, how);
      yield* notified;
      yield* partner;
    });

  test.partnered("notify_waiters wakes partners", function* (form) {
    const [notify, ready] = [form.notify(), form.notify()];
    const tasks = [0, 1, 2].map(() => spawn(partners.isNotified, notify, ready));
    // Each of them tells that it stands in the line; what is told at once is stored as one.
    for (const task of tasks) {
      while (!task.isFinished()) {
        notify.notifyWaiters();
        yield* sleep(1);
      }
      expect(yield* task).toBe("notified");
    }
  });

  test.partnered("a thousand turns with another thread", function* (form) {
    const [there, back] = [form.notify(), form.notify()];
    const partner = spawn(partners.takesTurns, there, back, 1_000);
    for (let round = 0; round < 1_000; round++) {
      there.notifyOne();
      yield* back.notified();
    }
    yield* partner;
  });

  test.absent(
    "notify_in_drop_after_wake",
    "wakers have no destructors; see tests/sync/reentrancy.test.ts",
  );
  test.absent("sync_notify_owned.rs", "every Notified is owned");
});
