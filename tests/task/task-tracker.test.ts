// TaskTracker: waits for the last of many. (After tokio-util's task_tracker.)

import { future, pending, sleep, spawn, timeout, yieldNow } from "tokiwa";
import { TaskTracker as FromSync } from "tokiwa/sync";
import { TaskTracker } from "tokiwa/task";
import { describe, expect, test } from "vitest";
import {
  CountingWaker,
  Probe,
  paused,
  pollOnce,
  real,
  settles,
  thrown,
  untilCollected,
} from "../support/tasks.js";

const PENDING = "symbol";

function* after<T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
}

/** Whether a wait that is polled now completes. */
function isDone(
  wait: { poll(cx: { waker: CountingWaker }): unknown },
  waker = new CountingWaker(),
) {
  return typeof wait.poll({ waker }) !== PENDING;
}

test("tokiwa/sync and tokiwa/task have the same one", () => {
  expect(FromSync).toBe(TaskTracker);
});

describe("wait", () => {
  test("an empty tracker that is open is not done", () => {
    expect(isDone(new TaskTracker().wait())).toBe(false);
  });

  test("an empty tracker that is closed is", () => {
    const tracker = new TaskTracker();
    tracker.close();
    expect(isDone(tracker.wait())).toBe(true);
  });

  test("close wakes who waits for an empty tracker", () => {
    const tracker = new TaskTracker();
    const [wait, waker] = [tracker.wait(), new CountingWaker()];
    expect(isDone(wait, waker)).toBe(false);
    tracker.close();
    expect(waker.wakes).toBe(1);
    expect(isDone(wait)).toBe(true);
    expect(thrown(() => isDone(wait)).name).toBe("PolledAfterCompletionError");
  });

  test("the last token wakes who waits for a closed tracker, the others do not", () => {
    const tracker = new TaskTracker();
    const tokens = [tracker.token(), tracker.token(), tracker.token()];
    tracker.close();
    const [wait, waker] = [tracker.wait(), new CountingWaker()];
    expect(isDone(wait, waker)).toBe(false);
    tokens[0]?.[Symbol.dispose]();
    tokens[1]?.[Symbol.dispose]();
    expect([waker.wakes, tracker.len()]).toEqual([0, 1]);
    tokens[2]?.[Symbol.dispose]();
    expect([waker.wakes, tracker.isEmpty()]).toEqual([1, true]);
    expect(isDone(wait)).toBe(true);
  });

  test("the last token of an open tracker wakes nobody", () => {
    const tracker = new TaskTracker();
    const token = tracker.token();
    const [wait, waker] = [tracker.wait(), new CountingWaker()];
    isDone(wait, waker);
    token[Symbol.dispose]();
    expect([waker.wakes, isDone(wait)]).toEqual([0, false]);
  });

  test("a brief moment of being closed and empty is not missed, though it was reopened", () => {
    const tracker = new TaskTracker();
    const wait = tracker.wait();
    tracker.close();
    tracker.reopen();
    expect(isDone(wait)).toBe(true);
    // Not so for who waits since after it.
    expect(isDone(tracker.wait())).toBe(false);
  });

  test("nor one that was polled before", () => {
    const tracker = new TaskTracker();
    const token = tracker.token();
    const [wait, waker] = [tracker.wait(), new CountingWaker()];
    expect(isDone(wait, waker)).toBe(false);
    tracker.close();
    token[Symbol.dispose]();
    tracker.reopen();
    const another = tracker.token();
    expect(waker.wakes).toBe(1);
    expect(isDone(wait)).toBe(true);
    another[Symbol.dispose]();
  });

  test("a moment of being closed, but not empty, is none", () => {
    const tracker = new TaskTracker();
    const token = tracker.token();
    const wait = tracker.wait();
    tracker.close();
    tracker.reopen();
    token[Symbol.dispose]();
    expect(isDone(wait)).toBe(false);
  });

  test("a wait that was dropped is woken no more", () => {
    const tracker = new TaskTracker();
    const [wait, waker] = [tracker.wait(), new CountingWaker()];
    isDone(wait, waker);
    wait[Symbol.dispose]();
    tracker.close();
    expect(waker.wakes).toBe(0);
  });

  test("several wait", () => {
    paused().blockOn(function* () {
      const tracker = new TaskTracker();
      const waiters = [1, 2, 3].map(() => spawn(tracker.wait()));
      tracker.spawn(after, 10, 1);
      yield* sleep(1);
      tracker.close();
      expect(waiters.map((waiter) => waiter.isFinished())).toEqual([false, false, false]);
      for (const waiter of waiters) yield* timeout(100, waiter);
    });
  });
});

test("close and reopen say whether they changed anything", () => {
  const tracker = new TaskTracker();
  expect([tracker.reopen(), tracker.close(), tracker.close(), tracker.isClosed()]).toEqual([
    false,
    true,
    false,
    true,
  ]);
  expect([tracker.reopen(), tracker.reopen(), tracker.isClosed()]).toEqual([true, false, false]);
});

test("a token is counted until it is disposed, once; a clone by itself", () => {
  const tracker = new TaskTracker();
  const token = tracker.token();
  const clone = token.clone();
  expect(tracker.len()).toBe(2);
  token[Symbol.dispose]();
  token[Symbol.dispose]();
  expect(tracker.len()).toBe(1);
  clone[Symbol.dispose]();
  expect(tracker.isEmpty()).toBe(true);
});

describe("trackFuture", () => {
  test("counts from the call, until completion", () => {
    const tracker = new TaskTracker();
    const probe = new Probe<number>();
    const tracked = tracker.trackFuture(probe);
    expect(tracker.len()).toBe(1);
    pollOnce(tracked);
    expect(tracker.len()).toBe(1);
    probe.complete(7);
    expect(pollOnce(tracked)).toBe(7);
    expect(tracker.len()).toBe(0);
    tracked[Symbol.dispose]();
    expect(tracker.len()).toBe(0);
    expect(thrown(() => pollOnce(tracked)).name).toBe("PolledAfterCompletionError");
  });

  test("until it throws", () => {
    const tracker = new TaskTracker();
    const probe = new Probe();
    probe.fail(new Error("failed"));
    const tracked = tracker.trackFuture(probe);
    expect(thrown(() => pollOnce(tracked)).message).toBe("failed");
    expect(tracker.len()).toBe(0);
  });

  test("until it is dropped, its clean-up included", () => {
    const tracker = new TaskTracker();
    const seen: number[] = [];
    const tracked = tracker.trackFuture(
      future(function* () {
        try {
          yield* pending();
        } finally {
          seen.push(tracker.len());
        }
      }),
    );
    pollOnce(tracked);
    tracked[Symbol.dispose]();
    tracked[Symbol.dispose]();
    expect([seen, tracker.len()]).toEqual([[1], 0]);
  });

  test("one that is never polled is counted until it is dropped", () => {
    const tracker = new TaskTracker();
    const tracked = tracker.trackFuture(pending());
    expect(tracker.len()).toBe(1);
    tracked[Symbol.dispose]();
    expect(tracker.len()).toBe(0);
  });
});

describe("spawn", () => {
  test("counts a task until it has ended, and gives its handle", () => {
    paused().blockOn(function* () {
      const tracker = new TaskTracker();
      const handle = tracker.spawn(after, 10, "value");
      tracker.close();
      expect(tracker.len()).toBe(1);
      const done = spawn(tracker.wait());
      expect(yield* handle).toBe("value");
      expect(tracker.len()).toBe(0);
      yield* timeout(1, done);
    });
  });

  test("counts one that panics or is aborted no longer than that", () => {
    paused().blockOn(function* () {
      const tracker = new TaskTracker();
      const bad = tracker.spawn(function* () {
        yield* sleep(1);
        throw new Error("failed");
      });
      const aborted = tracker.spawn(pending());
      yield* sleep(5);
      expect(tracker.len()).toBe(1);
      aborted.abort();
      yield* yieldNow();
      yield* yieldNow();
      expect(tracker.len()).toBe(0);
      expect(() => pollOnce(bad)).toThrow();
    });
  });

  test("a closed tracker takes tasks too", () => {
    paused().blockOn(function* () {
      const tracker = new TaskTracker();
      tracker.close();
      tracker.spawn(after, 5, 1);
      expect(isDone(tracker.wait())).toBe(false);
      yield* timeout(100, tracker.wait());
    });
  });

  test("one that is refused is not counted", () => {
    const tracker = new TaskTracker();
    expect(thrown(() => tracker.spawn(after, 1, 1)).message).toContain("TaskTracker.spawn");
    expect(tracker.len()).toBe(0);
  });

  test("spawnOn counts a task of another runtime", () => {
    const tracker = new TaskTracker();
    const rt = paused();
    const handle = tracker.spawnOn(rt.handle(), after, 1, "value");
    expect(tracker.len()).toBe(1);
    expect(rt.blockOn(handle)).toBe("value");
    expect(tracker.len()).toBe(0);
  });

  test("an async function that is aborted is counted until it has come to its end", async () => {
    const rt = real();
    const log: string[] = [];
    await rt.run(async () => {
      const tracker = new TaskTracker();
      let letGo = (): void => {};
      const gate = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const handle = tracker.spawn(async () => {
        await gate;
        log.push("end of the function");
      });
      tracker.close();
      await yieldNow();
      handle.abort();
      await yieldNow();
      await yieldNow();
      // Its handle says so already.
      expect(handle.isFinished()).toBe(true);
      expect(tracker.len()).toBe(1);
      letGo();
      await settles(tracker.wait());
      log.push("wait");
    });
    expect(log).toEqual(["end of the function", "wait"]);
    await rt.shutdown();
  });

  test("an async function that is aborted before it begins is not counted for ever", async () => {
    const rt = real();
    await rt.run(async () => {
      const tracker = new TaskTracker();
      const handle = tracker.spawn(async () => {});
      handle.abort();
      tracker.close();
      await settles(tracker.wait());
    });
    await rt.shutdown();
  });

  test("keeps no values", async () => {
    const rt = paused();
    const tracker = new TaskTracker();
    const weak: WeakRef<object>[] = [];
    rt.blockOn(function* () {
      for (let task = 0; task < 10; task++)
        tracker.spawn(function* () {
          const value = {};
          weak.push(new WeakRef(value));
          return value;
        });
      yield* sleep(1);
    });
    expect(weak).toHaveLength(10);
    await untilCollected("the values", () => weak.every((value) => value.deref() === undefined));
    expect(tracker.isEmpty()).toBe(true);
  });
});

test("a graceful shutdown of a server: close, tell them, wait", () => {
  const served = paused().blockOn(function* () {
    const tracker = new TaskTracker();
    let served = 0;
    for (let connection = 0; connection < 100; connection++)
      tracker.spawn(function* () {
        yield* sleep(connection % 13);
        served += 1;
      });
    tracker.close();
    yield* tracker.wait();
    return served;
  });
  expect(served).toBe(100);
});

test("the budget: waits that are done at once leave others their turn", () => {
  paused().blockOn(function* () {
    const tracker = new TaskTracker();
    tracker.close();
    let turns = 0;
    const other = spawn(function* () {
      for (;;) {
        turns += 1;
        yield* yieldNow();
      }
    });
    for (let wait = 0; wait < 1_000; wait++) yield* tracker.wait();
    other.abort();
    expect(turns).toBeGreaterThanOrEqual(7);
  });
});
