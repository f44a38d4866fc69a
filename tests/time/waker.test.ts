// Whom a timer wakes: the task that polled it last, or a waker of the user's own.

import { borrow, join, Pending, pollFn, type Sleep, sleep, spawn, Waker, yieldNow } from "tokiwa";
import { Instant } from "tokiwa/time";
import { afterEach, describe, expect, test, vi } from "vitest";
import { now, pausedRuntime, runPaused, timers } from "../support/time.js";
import { Polled, waiting } from "../sync/polled.js";

/** Polls `nap` once as the current task and then waits for ever; counts its polls. */
function pollOnce(nap: Sleep, count: () => void) {
  return pollFn((cx) => {
    count();
    nap.poll(cx);
    return Pending;
  });
}

describe("tasks", () => {
  test("a timer that moved to another task wakes the new one, and the old one no more", () => {
    runPaused(function* () {
      const nap = sleep(10);
      let polls = 0;
      const old = spawn(
        pollOnce(nap, () => {
          polls += 1;
        }),
      );
      yield* yieldNow();
      const owner = spawn(function* () {
        yield* borrow(nap);
        return now();
      });
      expect(yield* owner).toBe(10);
      yield* yieldNow();
      expect(polls).toBe(1);
      old.abort();
    });
  });

  test("it wakes the new one though the old one has ended", () => {
    runPaused(function* () {
      const nap = sleep(10);
      const old = spawn(pollOnce(nap, () => {}));
      yield* yieldNow();
      const owner = spawn(borrow(nap));
      yield* yieldNow();
      old.abort();
      yield* yieldNow();
      expect(timers()).toBe(1);
      yield* owner;
      expect(now()).toBe(10);
    });
  });

  test("a timer whose task has ended wakes nobody, nor who has its slot now", () => {
    runPaused(function* () {
      const nap = sleep(10);
      const old = spawn(pollOnce(nap, () => {}));
      yield* yieldNow();
      old.abort();
      yield* yieldNow();
      let polls = 0;
      const stranger = spawn(
        pollFn(() => {
          polls += 1;
          return Pending;
        }),
      );
      yield* sleep(20);
      expect(polls).toBe(1);
      expect(nap.isElapsed()).toBe(true);
      stranger.abort();
    });
  });
});

test("sleeps inside of a large join each end at their own moment", () => {
  runPaused(function* () {
    const ended: number[] = [];
    function* sleeper(ms: number) {
      yield* sleep(ms);
      ended.push(ms);
      return now();
    }
    const delays = Array.from({ length: 100 }, (_, index) => 1 + ((index * 37) % 100));
    const moments = yield* join(...delays.map((ms) => sleeper(ms)));
    expect(moments).toEqual(delays);
    expect(ended).toEqual([...delays].sort((a, b) => a - b));
    expect(timers()).toBe(0);
  });
});

describe("wakers of one's own", () => {
  test("are called when it fires, once", () => {
    runPaused(function* () {
      const nap = waiting(sleep(10));
      yield* sleep(9);
      expect(nap.wakes).toBe(0);
      yield* sleep(1);
      expect(nap.wakes).toBe(1);
      yield* sleep(50);
      expect(nap.wakes).toBe(1);
      expect(nap.isPending()).toBe(false);
      expect(timers()).toBe(0);
    });
  });

  test("keep the virtual clock going when nothing else has a timer", () => {
    runPaused(function* () {
      const nap = sleep(1234);
      let fired = false;
      yield* pollFn((cx) => {
        if (fired) return undefined;
        const waker = Waker.from(() => {
          fired = true;
          cx.waker.wake();
        });
        nap.poll({ waker });
        return Pending;
      });
      expect(now()).toBe(1234);
    });
  });

  test("the one of the last poll counts", () => {
    runPaused(function* () {
      const nap = sleep(10);
      const calls: string[] = [];
      for (const name of ["first", "second", "third"])
        nap.poll({ waker: Waker.from(() => calls.push(name)) });
      expect(timers()).toBe(1);
      yield* sleep(20);
      expect(calls).toEqual(["third"]);
    });
  });

  test("a timer may go from one to a task and back", () => {
    runPaused(function* () {
      const nap = sleep(10);
      const first = waiting(nap);
      let polls = 0;
      const task = spawn(
        pollOnce(nap, () => {
          polls += 1;
        }),
      );
      yield* yieldNow();
      const last = waiting(nap);
      yield* sleep(20);
      expect([first.wakes, polls, last.wakes]).toEqual([0, 1, 1]);
      task.abort();
    });
  });

  test("one that a task has taken over is not called at the shutdown", () => {
    const runtime = pausedRuntime();
    const first = runtime.blockOn(function* () {
      const nap = sleep(10);
      const first = waiting(nap);
      spawn(borrow(nap));
      yield* yieldNow();
      return first;
    });
    runtime.shutdownBackground();
    expect(first.wakes).toBe(0);
  });

  test("are called in the order of deadline and registration", () => {
    runPaused(function* () {
      const calls: number[] = [];
      const naps = [30, 10, 20, 10, 30].map((ms, index) => {
        const nap = sleep(ms);
        nap.poll({ waker: Waker.from(() => calls.push(index)) });
        return nap;
      });
      yield* sleep(100);
      expect(calls).toEqual([1, 3, 2, 0, 4]);
      expect(naps.every((nap) => nap.isElapsed())).toBe(true);
    });
  });

  test("drop_from_wake: a waker may drop sleeps that fire with it", () => {
    runPaused(function* () {
      const naps: Sleep[] = [];
      let calls = 0;
      for (let index = 0; index < 10; index++) {
        const nap = sleep(10);
        naps.push(nap);
        const waker = Waker.from(() => {
          calls += 1;
          for (const other of naps) other[Symbol.dispose]();
        });
        nap.poll({ waker });
      }
      yield* sleep(20);
      expect(calls).toBe(1);
      expect(timers()).toBe(0);
    });
  });

  test("a waker may make new timers", () => {
    runPaused(function* () {
      const seen: number[] = [];
      const start = Instant.now();
      const again = (left: number): void => {
        const nap = sleep(5);
        const waker = Waker.from(() => {
          seen.push(Instant.now().durationSince(start));
          if (left > 1) again(left - 1);
        });
        nap.poll({ waker });
      };
      again(3);
      yield* sleep(100);
      expect(seen).toEqual([5, 10, 15]);
    });
  });

  describe("that throw", () => {
    afterEach(() => {
      vi.restoreAllMocks();
    });

    test("do not keep the others from being called, and leave the runtime running", () => {
      vi.spyOn(process.stderr, "write").mockReturnValue(true);
      runPaused(function* () {
        const bad = sleep(10);
        bad.poll({
          waker: Waker.from(() => {
            throw new Error("a waker that throws");
          }),
        });
        const good = waiting(sleep(10));
        const later = waiting(sleep(15));
        yield* sleep(20);
        expect([good.isWoken, later.isWoken]).toEqual([true, true]);
        expect(new Polled(bad).isPending()).toBe(false);
        expect(now()).toBe(20);
      });
    });
  });
});
