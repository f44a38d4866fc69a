// Semaphore and its permits. Mirrors Tokio's sync_semaphore.rs and the unit tests of its batch semaphore, under their names.

import { Pending, PolledAfterCompletionError, spawn, yieldNow } from "tokiwa";
import {
  AcquireError,
  CapacityError,
  ForeignPermitError,
  ReleasedGuardError,
  Semaphore,
  type SemaphorePermit,
  TryAcquireError,
  trackGuardSites,
} from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

const MAX = Semaphore.MAX_PERMITS;

function refusal(semaphore: Semaphore, count?: number): TryAcquireError {
  const error = thrownBy(() => semaphore.tryAcquire(count));
  expect(error).toBeInstanceOf(TryAcquireError);
  return error as TryAcquireError;
}

describe("permits", () => {
  test("no_permits: a semaphore may have none", () => {
    expect(new Semaphore(0).availablePermits()).toBe(0);
  });

  test("try_acquire", () => {
    const semaphore = new Semaphore(1);
    const permit = semaphore.tryAcquire();
    expect(refusal(semaphore)).toMatchObject({ isNoPermits: true, isClosed: false });
    permit.release();
    semaphore.tryAcquire().release();
    expect(semaphore.availablePermits()).toBe(1);
  });

  test("try_acquire_many", () => {
    const semaphore = new Semaphore(42);
    const permits = semaphore.tryAcquire(42);
    expect(permits.numPermits()).toBe(42);
    refusal(semaphore);
    permits.release();
    const most = semaphore.tryAcquire(32);
    expect(refusal(semaphore, 11).isNoPermits).toBe(true);
    const rest = semaphore.tryAcquire(10);
    most.release();
    rest.release();
    expect(semaphore.availablePermits()).toBe(42);
  });

  test("acquire waits until a permit comes back", () => {
    const semaphore = new Semaphore(1);
    const first = semaphore.tryAcquire();
    const second = waiting(semaphore.acquire());
    first.release();
    expect(second.isWoken).toBe(true);
    expect(second.isPending()).toBe(false);
  });

  test("acquire_many takes all of them at once", () => {
    const semaphore = new Semaphore(42);
    const first = semaphore.tryAcquire(32);
    const second = waiting(semaphore.acquire(16));
    first.release();
    expect((second.poll() as SemaphorePermit).numPermits()).toBe(16);
    expect(semaphore.availablePermits()).toBe(26);
  });

  test("add_permits serves who waits", () => {
    const semaphore = new Semaphore(0);
    const acquire = waiting(semaphore.acquire());
    semaphore.addPermits(1);
    expect(acquire.isWoken).toBe(true);
    (acquire.poll() as SemaphorePermit).release();
    expect(semaphore.availablePermits()).toBe(1);
  });

  test("forget: the permits of one that is forgotten do not come back", () => {
    const semaphore = new Semaphore(1);
    const permit = semaphore.tryAcquire();
    permit.forget();
    permit.release();
    expect(semaphore.availablePermits()).toBe(0);
    refusal(semaphore);
  });

  test("merge: the permits of both come back with one", () => {
    const semaphore = new Semaphore(3);
    const first = semaphore.tryAcquire();
    const second = semaphore.tryAcquire(2);
    first.merge(second);
    expect(first.numPermits()).toBe(3);
    second.release();
    expect(semaphore.availablePermits()).toBe(0);
    first.release();
    expect(semaphore.availablePermits()).toBe(3);
  });

  test("merge_unrelated_permits is refused, and both stay as they were", () => {
    const [one, other] = [new Semaphore(3), new Semaphore(3)];
    const [first, second] = [one.tryAcquire(1), other.tryAcquire(2)];
    expect(() => first.merge(second)).toThrow(ForeignPermitError);
    expect([first.numPermits(), second.numPermits()]).toEqual([1, 2]);
  });

  test("merged with itself it is what it was", () => {
    const semaphore = new Semaphore(3);
    const permit = semaphore.tryAcquire(2);
    permit.merge(permit);
    expect(permit.numPermits()).toBe(2);
    permit.release();
    expect(semaphore.availablePermits()).toBe(3);
  });

  test("split: each part comes back for itself", () => {
    const semaphore = new Semaphore(5);
    const permit = semaphore.tryAcquire(4);
    const part = permit.split(3) as SemaphorePermit;
    expect([permit.numPermits(), part.numPermits()]).toEqual([1, 3]);
    part.release();
    expect(semaphore.availablePermits()).toBe(4);
    permit.release();
    expect(semaphore.availablePermits()).toBe(5);
  });

  test("split takes no more than there is, and may take all", () => {
    const semaphore = new Semaphore(2);
    const permit = semaphore.tryAcquire(2);
    expect(permit.split(3)).toBe(undefined);
    expect(permit.numPermits()).toBe(2);
    const all = permit.split(2) as SemaphorePermit;
    expect([permit.numPermits(), all.numPermits()]).toEqual([0, 2]);
    permit.release();
    expect(semaphore.availablePermits()).toBe(0);
    all.release();
    expect(semaphore.availablePermits()).toBe(2);
  });

  test("a permit that was released refuses everything but another release", () => {
    const semaphore = new Semaphore(2);
    const permit = semaphore.tryAcquire();
    const other = semaphore.tryAcquire();
    permit.release();
    permit.release();
    permit[Symbol.dispose]();
    expect(semaphore.availablePermits()).toBe(1);
    for (const use of [
      () => permit.numPermits(),
      () => permit.forget(),
      () => permit.split(1),
      () => permit.merge(other),
      () => other.merge(permit),
    ])
      expect(use).toThrow(ReleasedGuardError);
    expect(other.numPermits()).toBe(1);
  });

  test("what is released late belongs to nobody else meanwhile", () => {
    const semaphore = new Semaphore(1);
    const stale = semaphore.tryAcquire();
    stale.release();
    const fresh = semaphore.tryAcquire();
    stale.release();
    expect(fresh.numPermits()).toBe(1);
    refusal(semaphore);
  });
});

describe("counts", () => {
  test("add_max_amount_permits", () => {
    const semaphore = new Semaphore(0);
    semaphore.addPermits(MAX);
    expect(semaphore.availablePermits()).toBe(MAX);
    expect(readyNow(semaphore.acquire(MAX)).numPermits()).toBe(MAX);
  });

  test.each([
    ["add_more_than_max_amount_permits1", 1, MAX],
    ["add_more_than_max_amount_permits2", MAX, 1],
  ])("%s is refused, and nothing was added", (_, first, more) => {
    const semaphore = new Semaphore(first);
    expect(() => semaphore.addPermits(more)).toThrow(CapacityError);
    expect(semaphore.availablePermits()).toBe(first);
  });

  test("panic_when_exceeds_maxpermits; no_panic_at_maxpermits", () => {
    expect(() => new Semaphore(MAX + 1)).toThrow(CapacityError);
    expect(new Semaphore(MAX).availablePermits()).toBe(MAX);
    expect(MAX).toBe(2 ** 29 - 1);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "2" as unknown as number])(
    "%s is no count",
    (count) => {
      const semaphore = new Semaphore(5);
      for (const use of [
        () => new Semaphore(count),
        () => semaphore.acquire(count),
        () => semaphore.tryAcquire(count),
        () => semaphore.addPermits(count),
        () => semaphore.forgetPermits(count),
        () => semaphore.tryAcquire(1).split(count),
      ])
        expect(use).toThrow(CapacityError);
    },
  );

  test("none at all can always be had, past the line too", () => {
    const semaphore = new Semaphore(0);
    const first = waiting(semaphore.acquire(1));
    expect(readyNow(semaphore.acquire(0)).numPermits()).toBe(0);
    semaphore.tryAcquire(0).release();
    expect(first.isWoken).toBe(false);
  });

  test("forget_permits_basic", () => {
    const semaphore = new Semaphore(10);
    expect(semaphore.forgetPermits(4)).toBe(4);
    expect(semaphore.availablePermits()).toBe(6);
    expect(semaphore.forgetPermits(10)).toBe(6);
    expect(semaphore.availablePermits()).toBe(0);
    expect(semaphore.forgetPermits(1)).toBe(0);
  });

  test("update_permits_many_times", () => {
    const semaphore = new Semaphore(5);
    const acquire = waiting(semaphore.acquire(7));
    semaphore.addPermits(5);
    expect(acquire.isPending()).toBe(false);
    expect(semaphore.forgetPermits(3)).toBe(3);
    expect(semaphore.availablePermits()).toBe(0);
    semaphore.addPermits(2);
    expect(semaphore.availablePermits()).toBe(2);
  });
});

describe("the line", () => {
  test("poll_acquire_many_unavailable: a large request at the head holds back a small one", () => {
    const semaphore = new Semaphore(5);
    const held = semaphore.tryAcquire(1);
    const large = waiting(semaphore.acquire(5));
    const small = waiting(semaphore.acquire(1));
    expect(refusal(semaphore).isNoPermits).toBe(true);
    held.release();
    expect([large.isWoken, small.isWoken]).toEqual([true, false]);
    (large.poll() as SemaphorePermit).release();
    expect(small.isWoken).toBe(true);
  });

  test("the head is filled piece by piece", () => {
    const semaphore = new Semaphore(0);
    const first = waiting(semaphore.acquire(3));
    const second = waiting(semaphore.acquire(2));
    semaphore.addPermits(2);
    expect([first.isWoken, semaphore.availablePermits()]).toEqual([false, 0]);
    expect(first.isPending()).toBe(true);
    semaphore.addPermits(2);
    expect([first.isWoken, second.isWoken]).toEqual([true, false]);
    semaphore.addPermits(1);
    expect(second.isWoken).toBe(true);
    expect(semaphore.availablePermits()).toBe(0);
  });

  test("what comes free goes to who waits, not to who comes", () => {
    const semaphore = new Semaphore(1);
    const held = semaphore.tryAcquire();
    const first = waiting(semaphore.acquire());
    held.release();
    refusal(semaphore);
    const late = waiting(semaphore.acquire());
    (first.poll() as SemaphorePermit).release();
    expect(late.isWoken).toBe(true);
  });

  test("one that was never polled is not in line", () => {
    const semaphore = new Semaphore(0);
    const unpolled = semaphore.acquire();
    const second = waiting(semaphore.acquire());
    semaphore.addPermits(1);
    expect(second.isWoken).toBe(true);
    unpolled[Symbol.dispose]();
  });

  test("the last waker counts", () => {
    const semaphore = new Semaphore(0);
    const future = semaphore.acquire();
    const [first, second] = [waiting(future), waiting(future)];
    semaphore.addPermits(1);
    expect([first.wakes, second.wakes]).toEqual([0, 1]);
  });

  test("who waits is woken in order", () => {
    const semaphore = new Semaphore(0);
    const order: number[] = [];
    runPaused(function* () {
      function* taker(index: number) {
        const permit = yield* semaphore.acquire();
        order.push(index);
        permit.forget();
      }
      for (let index = 0; index < 10; index++) spawn(taker, index);
      yield* yieldNow();
      semaphore.addPermits(10);
      yield* yieldNow();
    });
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe("cancellation", () => {
  test("cancel_acquire_releases_permits: a half-filled waiter gives its share back", () => {
    const semaphore = new Semaphore(10);
    const held = semaphore.tryAcquire(4);
    const acquire = waiting(semaphore.acquire(8));
    expect(semaphore.availablePermits()).toBe(0);
    acquire.drop();
    acquire.drop();
    expect(semaphore.availablePermits()).toBe(6);
    held.release();
    expect(semaphore.availablePermits()).toBe(10);
  });

  test("the share of one that goes away goes to the next", () => {
    const semaphore = new Semaphore(3);
    const large = waiting(semaphore.acquire(5));
    const small = [1, 2, 1].map((count) => waiting(semaphore.acquire(count)));
    large.drop();
    expect(small.map((each) => each.isWoken)).toEqual([true, true, false]);
  });

  test("one that was granted and goes away unpolled passes all on", () => {
    const semaphore = new Semaphore(0);
    const first = waiting(semaphore.acquire(2));
    const second = waiting(semaphore.acquire(2));
    semaphore.addPermits(2);
    expect([first.isWoken, second.isWoken]).toEqual([true, false]);
    first.drop();
    first.drop();
    expect(second.isWoken).toBe(true);
    expect(second.isPending()).toBe(false);
    expect(semaphore.availablePermits()).toBe(0);
  });

  test("from the middle of the line; the others keep their places", () => {
    const semaphore = new Semaphore(0);
    const line = [1, 1, 1, 1].map(() => waiting(semaphore.acquire()));
    line[1]?.drop();
    semaphore.addPermits(2);
    expect(line.map((each) => each.isWoken)).toEqual([true, false, true, false]);
  });

  test("release_permits_at_drop: a permit in a task that is aborted comes back", () => {
    const semaphore = new Semaphore(1);
    runPaused(function* () {
      const holder = spawn(function* () {
        using _permit = yield* semaphore.acquire();
        for (;;) yield* yieldNow();
      });
      yield* yieldNow();
      expect(semaphore.availablePermits()).toBe(0);
      const next = spawn(semaphore.acquire());
      yield* yieldNow();
      holder.abort();
      expect((yield* next).numPermits()).toBe(1);
    });
  });

  test("after completion: a dispose changes nothing, a poll throws", () => {
    const semaphore = new Semaphore(1);
    const acquire = semaphore.acquire();
    const permit = readyNow(acquire);
    acquire[Symbol.dispose]();
    expect([permit.numPermits(), semaphore.availablePermits()]).toEqual([1, 0]);
    expect(() => readyNow(acquire)).toThrow(PolledAfterCompletionError);
    const dropped = semaphore.acquire();
    dropped[Symbol.dispose]();
    expect(() => readyNow(dropped)).toThrow(PolledAfterCompletionError);
  });

  test("100,000 waiters leave from the middle, each at the same cost", () => {
    const semaphore = new Semaphore(0);
    const line = Array.from({ length: 100_000 }, () => waiting(semaphore.acquire()));
    // From the middle on: a line that is searched from either end takes minutes.
    const half = line.length / 2;
    for (const each of line.slice(half)) each.drop();
    for (const each of line.slice(1, half)) each.drop();
    semaphore.addPermits(2);
    expect(line[0]?.isWoken).toBe(true);
    expect(semaphore.availablePermits()).toBe(1);
  });
});

describe("close", () => {
  test("close_semaphore_prevents_acquire", () => {
    const semaphore = new Semaphore(5);
    expect(semaphore.isClosed()).toBe(false);
    semaphore.close();
    semaphore.close();
    expect(semaphore.isClosed()).toBe(true);
    expect(semaphore.availablePermits()).toBe(5);
    expect(() => readyNow(semaphore.acquire())).toThrow(AcquireError);
    expect(refusal(semaphore)).toMatchObject({ isClosed: true, isNoPermits: false });
  });

  test("close_semaphore_notifies_permit1: who waits is woken and fails", () => {
    const semaphore = new Semaphore(0);
    const acquire = waiting(semaphore.acquire());
    semaphore.close();
    expect(acquire.isWoken).toBe(true);
    expect(() => acquire.poll()).toThrow(AcquireError);
    expect(() => acquire.poll()).toThrow(PolledAfterCompletionError);
  });

  test("close_semaphore_notifies_permit2: all are, and what is out comes back", () => {
    const semaphore = new Semaphore(2);
    const held = [semaphore.tryAcquire(), semaphore.tryAcquire()];
    const line = [waiting(semaphore.acquire()), waiting(semaphore.acquire())];
    semaphore.close();
    for (const each of line) {
      expect(each.isWoken).toBe(true);
      expect(() => each.poll()).toThrow(AcquireError);
    }
    for (const permit of held) permit.release();
    expect(semaphore.availablePermits()).toBe(2);
    expect(() => readyNow(semaphore.acquire())).toThrow(AcquireError);
  });

  test("a half-filled waiter and one that was granted give their shares back", () => {
    const semaphore = new Semaphore(0);
    const granted = waiting(semaphore.acquire(2));
    const partly = waiting(semaphore.acquire(3));
    semaphore.addPermits(4);
    semaphore.close();
    expect(() => granted.poll()).toThrow(AcquireError);
    expect(() => partly.poll()).toThrow(AcquireError);
    partly.drop();
    granted.drop();
    expect(semaphore.availablePermits()).toBe(4);
  });

  test("forget_permits and add_permits after close do not open it again (tokio#8021)", () => {
    const semaphore = new Semaphore(3);
    semaphore.close();
    expect(semaphore.forgetPermits(2)).toBe(2);
    expect(semaphore.forgetPermits(2)).toBe(1);
    semaphore.addPermits(4);
    expect(semaphore.isClosed()).toBe(true);
    expect(semaphore.availablePermits()).toBe(4);
    expect(refusal(semaphore).isClosed).toBe(true);
    expect(() => readyNow(semaphore.acquire())).toThrow(AcquireError);
  });
});

describe("re-entrancy: wakers that poll at once", () => {
  test("a waker that asks for more is behind those who wait", () => {
    const semaphore = new Semaphore(0);
    const first = semaphore.acquire();
    const seen: string[] = [];
    const waker = new Polled(first);
    waker.isPending();
    // The first waker of the pair takes its permit, and asks again, inside of addPermits.
    const outcome: Polled<SemaphorePermit>[] = [];
    const reentrant = new Polled(semaphore.acquire());
    reentrant.onWake = () => {
      (reentrant.poll() as SemaphorePermit).forget();
      seen.push("taken");
      const again = new Polled(semaphore.acquire());
      seen.push(again.isPending() ? "waits" : "barged in");
      outcome.push(again);
    };
    reentrant.isPending();
    const last = waiting(semaphore.acquire());
    semaphore.addPermits(3);
    expect(seen).toEqual(["taken", "waits"]);
    expect([waker.isWoken, last.isWoken]).toEqual([true, true]);
    semaphore.addPermits(1);
    expect(outcome[0]?.isWoken).toBe(true);
  });

  test("a waker that drops one which was granted in the same breath", () => {
    const semaphore = new Semaphore(0);
    const [first, second, third] = [1, 2, 3].map(() => new Polled(semaphore.acquire())) as [
      Polled<SemaphorePermit>,
      Polled<SemaphorePermit>,
      Polled<SemaphorePermit>,
    ];
    first.onWake = () => second.drop();
    for (const each of [first, second, third]) each.isPending();
    semaphore.addPermits(2);
    expect(third.isWoken).toBe(true);
    expect(first.poll()).not.toBe(Pending);
    expect(third.poll()).not.toBe(Pending);
    expect(semaphore.availablePermits()).toBe(0);
  });

  test("a waker that closes, inside of a release and of a close", () => {
    const semaphore = new Semaphore(0);
    const line = [1, 2, 3].map(() => new Polled(semaphore.acquire()));
    for (const each of line) {
      each.onWake = () => semaphore.close();
      each.isPending();
    }
    semaphore.addPermits(1);
    for (const each of line) {
      expect(each.wakes).toBe(1);
      expect(() => each.poll()).toThrow(AcquireError);
    }
    expect(semaphore.availablePermits()).toBe(1);
  });
});

describe("budget and reports", () => {
  test("a task that always finds a permit lets the others run", () => {
    const semaphore = new Semaphore(1);
    let rounds = 0;
    runPaused(function* () {
      const busy = spawn(function* () {
        for (;;) {
          const permit = yield* semaphore.acquire();
          permit.release();
          rounds += 1;
        }
      });
      yield* yieldNow();
      busy.abort();
    });
    expect(rounds).toBe(128);
  });

  test("so does one that always finds it closed", () => {
    const semaphore = new Semaphore(1);
    semaphore.close();
    let rounds = 0;
    runPaused(function* () {
      const busy = spawn(function* () {
        for (;;) {
          try {
            yield* semaphore.acquire();
          } catch {
            rounds += 1;
          }
        }
      });
      yield* yieldNow();
      busy.abort();
    });
    expect(rounds).toBe(128);
  });

  test("who waits can say for what, and who has it", () => {
    const semaphore = new Semaphore(2);
    expect(waiting(semaphore.acquire(3)).future.waitsFor()).toBe(
      "Semaphore.acquire(3), which nobody holds",
    );
    const other = new Semaphore(2);
    trackGuardSites(true);
    runPaused(function* () {
      spawn(function* holder() {
        yield* other.acquire(2);
        for (;;) yield* yieldNow();
      });
      yield* yieldNow();
    });
    trackGuardSites(false);
    const text = waiting(other.acquire()).future.waitsFor();
    expect(text).toMatch(
      /^Semaphore\.acquire\(1\), held by task \d+ at .*semaphore\.test\.ts:\d+:\d+/,
    );
  });
});

test("a permit knows its semaphore, until it is released", () => {
  const semaphore = new Semaphore(2);
  const permit = semaphore.tryAcquire();
  expect(permit.semaphore).toBe(semaphore);
  permit.release();
  expect(() => permit.semaphore).toThrow(ReleasedGuardError);
});

test("a wait says how many permits each holder has", () => {
  const semaphore = new Semaphore(3);
  const held = [semaphore.tryAcquire(2), semaphore.tryAcquire()];
  const text = waiting(semaphore.acquire(3)).future.waitsFor();
  expect(text).toMatch(
    /^Semaphore\.acquire\(3\), held by somebody( at .*)? with 2 permits, somebody( at .*)? with 1 permit$/,
  );
  expect(held).toHaveLength(2);
});
