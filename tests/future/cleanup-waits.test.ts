// Clean-up that tries to wait while its coroutine is being cancelled.

import {
  AwaitWhileDroppingError,
  future,
  JoinError,
  join,
  pending,
  ready,
  select,
  sleep,
  spawn,
  yieldNow,
} from "tokiwa";
import { expect, test } from "vitest";
import { currentPoll, paused, pollOnce, rejection, thrown } from "../support/tasks.js";

function* waitsInFinally(log: unknown[]) {
  try {
    yield* pending();
  } finally {
    try {
      yield* sleep(1);
      log.push("waited");
    } catch (error) {
      log.push(error);
    }
    log.push("cleaned up");
  }
}

function* failsInFinally() {
  try {
    yield* pending();
  } finally {
    yield* sleep(1);
  }
}

test("a finally that waits gets an AwaitWhileDroppingError at its yield*, and can go on cleaning up", () => {
  const log: unknown[] = [];
  paused().blockOn(function* () {
    const task = spawn(waitsInFinally, log);
    yield* yieldNow();
    task.abort();
    yield* yieldNow();
    yield* yieldNow();
  });
  expect(log[0]).toBeInstanceOf(AwaitWhileDroppingError);
  expect((log[0] as Error).message).toContain("must not wait");
  expect(log[1]).toBe("cleaned up");
});

test("the task that was aborted counts as cancelled when it caught the error", async () => {
  const error = await rejection(
    paused().run(function* () {
      const task = spawn(waitsInFinally, []);
      yield* yieldNow();
      task.abort();
      yield* task;
    }),
  );
  expect(error).toBeInstanceOf(JoinError);
  expect((error as JoinError).isCancelled).toBe(true);
});

test("uncaught it is the task's panic, and the scheduler goes on", () => {
  const [error, after] = paused().blockOn(function* () {
    const task = spawn(failsInFinally);
    yield* yieldNow();
    task.abort();
    let caught: unknown;
    try {
      yield* task;
    } catch (error) {
      caught = error;
    }
    yield* sleep(5);
    return [caught as JoinError, yield* spawn(ready("alive"))] as const;
  });
  expect(error.isPanic).toBe(true);
  expect(error.cause).toBeInstanceOf(AwaitWhileDroppingError);
  expect(after).toBe("alive");
});

test("clean-up that tried to sleep leaves no timer behind", () => {
  const rt = paused();
  rt.blockOn(function* () {
    const task = spawn(waitsInFinally, []);
    yield* yieldNow();
    task.abort();
    yield* yieldNow();
    yield* yieldNow();
  });
  expect(rt.metrics().numTimers()).toBe(0);
});

test("a future that is ready can be used in a finally", () => {
  const log: unknown[] = [];
  function* body() {
    try {
      yield* pending();
    } finally {
      log.push(yield* ready("ready"));
    }
  }
  paused().blockOn(function* () {
    const task = spawn(body);
    yield* yieldNow();
    task.abort();
    yield* yieldNow();
  });
  expect(log).toEqual(["ready"]);
});

test("what the error advises works: a task spawned for the clean-up may wait", () => {
  const log: string[] = [];
  function* cleanUp() {
    yield* sleep(10);
    log.push("cleaned up");
  }
  function* body() {
    try {
      yield* pending();
    } finally {
      spawn(cleanUp);
    }
  }
  paused().blockOn(function* () {
    const task = spawn(body);
    yield* yieldNow();
    task.abort();
    yield* sleep(100);
  });
  expect(log).toEqual(["cleaned up"]);
});

test("dropping by hand inside of a poll throws the same error", () => {
  const error = paused().blockOn(function* () {
    const coroutine = future(failsInFinally);
    const { waker } = yield* currentPoll();
    pollOnce(coroutine, waker);
    const error = thrown(() => coroutine[Symbol.dispose]());
    yield* sleep(5);
    return error;
  });
  expect(error).toBeInstanceOf(AwaitWhileDroppingError);
});

test("dropping by hand outside of every poll throws the same error", () => {
  using _entered = paused().enter();
  const coroutine = future(failsInFinally);
  pollOnce(coroutine);
  expect(thrown(() => coroutine[Symbol.dispose]())).toBeInstanceOf(AwaitWhileDroppingError);
});

test.each([
  ["yieldNow", () => yieldNow()],
  ["join", () => join(pending(), pending())],
  ["select", () => select({ a: pending() })],
  ["a coroutine", () => future(failsInFinally)],
  ["a JoinHandle", () => spawn(pending())],
])("waiting for %s in a finally is refused as well", (_, make) => {
  const caught: unknown[] = [];
  function* body() {
    try {
      yield* pending();
    } finally {
      try {
        yield* make() as ReturnType<typeof yieldNow>;
        caught.push("waited");
      } catch (error) {
        caught.push(error);
      }
    }
  }
  paused().blockOn(function* () {
    const task = spawn(body);
    yield* yieldNow();
    task.abort();
    yield* yieldNow();
  });
  expect(caught).toHaveLength(1);
  expect(caught[0]).toBeInstanceOf(AwaitWhileDroppingError);
});

test("clean-up that insists on waiting is left behind, and the scheduler goes on", () => {
  let attempts = 0;
  function* stubborn() {
    try {
      yield* pending();
    } finally {
      while (attempts < 5_000) {
        attempts += 1;
        try {
          yield* sleep(1);
        } catch {}
      }
    }
  }
  const [error, after] = paused().blockOn(function* () {
    const task = spawn(stubborn);
    yield* yieldNow();
    task.abort();
    let caught: unknown;
    try {
      yield* task;
    } catch (error) {
      caught = error;
    }
    return [caught as JoinError, yield* spawn(ready("alive"))] as const;
  });
  expect(error.cause).toBeInstanceOf(AwaitWhileDroppingError);
  expect(attempts).toBeLessThan(100);
  expect(after).toBe("alive");
});
