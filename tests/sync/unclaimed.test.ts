// Guards and permits that were acquired, and that nobody will ever get: they are released at once, as a value is dropped in Rust.

import {
  type Coroutine,
  type IntoFuture,
  join,
  pending,
  ready,
  select,
  sleep,
  spawn,
  timeout,
  tryJoin,
} from "tokiwa";
import { Mutex, RwLock, Semaphore } from "tokiwa/sync";
import { JoinMap, JoinSet } from "tokiwa/task";
import { describe, expect, test } from "vitest";
import { BadDispose, Probe, pollOnce, thrown } from "../support/tasks.js";
import { runPaused } from "../support/time.js";
import { waiting } from "./polled.js";

function* failing(ms = 1): Coroutine<never> {
  yield* sleep(ms);
  throw new Error("failed");
}

/** What a coroutine threw, if it did. */
function* caught(body: IntoFuture<unknown>) {
  try {
    yield* body;
  } catch (error) {
    return error as Error;
  }
  return undefined;
}

describe.each([
  ["few branches", 2],
  ["many branches", 40],
])("join of %s", (_, count) => {
  const rest = () => Array.from({ length: count - 1 }, () => pending());

  test("dropped: what was acquired is released", () => {
    const mutex = new Mutex(0);
    const whole = waiting(join(mutex.lock(), ...rest()));
    expect(mutex.isLocked()).toBe(true);
    whole.drop();
    expect(mutex.isLocked()).toBe(false);
    whole.drop();
  });
});

describe("join", () => {
  test("of two locks under a timeout: neither stays locked", () => {
    runPaused(function* () {
      const [first, second] = [new Mutex(0), new Mutex(0)];
      const held = second.tryLock();
      const error = yield* caught(timeout(10, join(first.lock(), second.lock())));
      expect(error?.name).toBe("ElapsedError");
      held.release();
      expect([first.isLocked(), second.isLocked()]).toEqual([false, false]);
    });
  });

  test("of which a branch throws: the error comes when all have ended, and what was acquired is released", () => {
    runPaused(function* () {
      const semaphore = new Semaphore(3);
      const error = yield* caught(join(semaphore.acquire(2), failing()));
      expect(error?.message).toBe("failed");
      expect(semaphore.availablePermits()).toBe(3);
    });
  });

  test("in a task that is aborted", () => {
    runPaused(function* () {
      const semaphore = new Semaphore(1);
      const handle = spawn(function* () {
        yield* join(semaphore.acquire(), pending());
      });
      yield* sleep(1);
      expect(semaphore.availablePermits()).toBe(0);
      handle.abort();
      yield* sleep(1);
      expect(semaphore.availablePermits()).toBe(1);
    });
  });

  test("inside of a join, and of a select: what they gave goes with them", () => {
    const [a, b, c] = [new Mutex(0), new Mutex(0), new Mutex(0)];
    const whole = waiting(
      join(join(a.lock(), b.lock()), select({ c: c.lock(), never: pending() }), pending()),
    );
    whole.drop();
    expect([a, b, c].map((mutex) => mutex.isLocked())).toEqual([false, false, false]);
  });

  test("who waits for what is released goes on", () => {
    const lock = new RwLock(0);
    const whole = waiting(join(lock.read(), pending()));
    const writing = waiting(lock.write());
    whole.drop();
    expect(writing.isWoken).toBe(true);
    expect(writing.isPending()).toBe(false);
  });

  test("that has given its values leaves them alone", () => {
    const mutex = new Mutex(0);
    const whole = join(mutex.lock(), ready(1));
    pollOnce(whole);
    whole[Symbol.dispose]();
    expect(mutex.isLocked()).toBe(true);
  });

  test("leaves alone what is disposable and is not a guard", () => {
    let drops = 0;
    const connection = {
      [Symbol.dispose]: () => {
        drops += 1;
      },
    };
    waiting(join(ready(connection), pending())).drop();
    expect(drops).toBe(0);
  });

  test("of which a clean-up throws: everything is released all the same", () => {
    const mutex = new Mutex(0);
    const whole = waiting(join(new BadDispose(new Error("bad")), mutex.lock()));
    expect(thrown(() => whole.drop()).message).toBe("bad");
    expect(mutex.isLocked()).toBe(false);
  });
});

test("join of shared ones: they are released too", () => {
  const mutex = Mutex.shared(0);
  const semaphore = Semaphore.shared(3);
  const whole = waiting(join(mutex.lock(), semaphore.acquire(2), pending()));
  expect([mutex.isLocked(), semaphore.availablePermits()]).toEqual([true, 1]);
  whole.drop();
  expect([mutex.isLocked(), semaphore.availablePermits()]).toEqual([false, 3]);
});

describe("tryJoin", () => {
  test("of which a branch throws: what was acquired is released before the error is thrown", () => {
    const mutex = new Mutex(0);
    const probe = new Probe();
    const whole = waiting(tryJoin(mutex.lock(), probe));
    probe.fail(new Error("failed"));
    expect(thrown(() => whole.poll()).message).toBe("failed");
    expect(mutex.isLocked()).toBe(false);
  });

  test("dropped", () => {
    const mutex = new Mutex(0);
    waiting(tryJoin(mutex.lock(), pending())).drop();
    expect(mutex.isLocked()).toBe(false);
  });
});

test("select: a loser whose clean-up throws takes no guard of the winner along", () => {
  const mutex = new Mutex(0);
  const race = select(
    { lock: mutex.lock(), bad: new BadDispose(new Error("bad")) },
    { biased: true },
  );
  expect(thrown(() => pollOnce(race)).message).toBe("bad");
  expect(mutex.isLocked()).toBe(false);
});

describe("a JoinSet whose tasks have given guards that nobody took", () => {
  function* permitOf(semaphore: Semaphore) {
    return yield* semaphore.acquire();
  }

  test.each(["dispose", "detachAll", "shutdown"] as const)("%s", (way) => {
    runPaused(function* () {
      const semaphore = new Semaphore(2);
      const set = new JoinSet<unknown>();
      set.spawn(permitOf, semaphore);
      set.spawn(permitOf, semaphore);
      yield* sleep(1);
      expect(semaphore.availablePermits()).toBe(0);
      if (way === "dispose") set[Symbol.dispose]();
      else if (way === "detachAll") set.detachAll();
      else yield* set.shutdown();
      expect(semaphore.availablePermits()).toBe(2);
    });
  });

  test("taken by a joinAll that is dropped, or that fails", () => {
    runPaused(function* () {
      const semaphore = new Semaphore(2);
      const dropped = new JoinSet<unknown>();
      dropped.spawn(permitOf, semaphore);
      dropped.spawn(pending());
      const whole = dropped.joinAll();
      expect(yield* caught(timeout(5, whole))).toHaveProperty("name", "ElapsedError");
      expect(semaphore.availablePermits()).toBe(2);

      const failed = new JoinSet<unknown>();
      failed.spawn(permitOf, semaphore);
      failed.spawn(failing, 5);
      expect(yield* caught(failed.joinAll())).toHaveProperty("message", "failed");
      expect(semaphore.availablePermits()).toBe(2);
    });
  });

  test("in a JoinMap whose key is used again", () => {
    runPaused(function* () {
      const semaphore = new Semaphore(1);
      const map = new JoinMap<string, unknown>();
      map.spawn("key", permitOf, semaphore);
      yield* sleep(1);
      map.spawn("key", pending());
      expect(semaphore.availablePermits()).toBe(1);
    });
  });

  test("taken they stay with who took them", () => {
    runPaused(function* () {
      const semaphore = new Semaphore(1);
      const set = new JoinSet<unknown>();
      set.spawn(permitOf, semaphore);
      yield* set.joinNext();
      set[Symbol.dispose]();
      expect(semaphore.availablePermits()).toBe(0);
    });
  });
});
