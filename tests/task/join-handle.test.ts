// JoinHandle: the value of a task, for whoever asks and as often as they ask.

import { join, pending, sleep, spawn, timeout } from "tokiwa";
import { Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import {
  CountingWaker,
  paused,
  pollOnce,
  rejection,
  settles,
  untilCollected,
} from "../support/tasks.js";

function* after<T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
}

function* failsAfter(ms: number) {
  yield* sleep(ms);
  throw new Error("failed");
}

test("gives the value at the end of the task", () => {
  const value = paused().blockOn(function* () {
    return yield* spawn(after, 10, "value");
  });
  expect(value).toBe("value");
});

test("gives it when the task has ended long ago", () => {
  const value = paused().blockOn(function* () {
    const handle = spawn(after, 1, "value");
    yield* sleep(1_000);
    expect(handle.isFinished()).toBe(true);
    return yield* handle;
  });
  expect(value).toBe("value");
});

test("gives it to one who waits twice", () => {
  const values = paused().blockOn(function* () {
    const handle = spawn(after, 5, "value");
    return [yield* handle, yield* handle];
  });
  expect(values).toEqual(["value", "value"]);
});

test("gives it to several tasks that wait at once", () => {
  function* waits(handle: { [Symbol.iterator](): Iterator<never, string, void> }) {
    return yield* handle;
  }
  const values = paused().blockOn(function* () {
    const handle = spawn(after, 5, "value");
    const waiters = Array.from({ length: 5 }, () => spawn(waits as never, handle));
    return yield* join(...waiters);
  });
  expect(values).toEqual(new Array(5).fill("value"));
});

test("gives the same error to all who wait, each with the same cause", async () => {
  const rt = paused();
  const handle = rt.spawn(failsAfter, 5);
  const errors = await Promise.all([rejection(handle), rejection(handle), rejection(handle)]);
  expect(new Set(errors.map((error) => error.cause)).size).toBe(1);
  expect(errors[0]?.cause).toMatchObject({ message: "failed" });
});

test("a waiter that is aborted does not take the wake of another with it", () => {
  const value = paused().blockOn(function* () {
    const handle = spawn(after, 50, "value");
    const first = spawn(function* () {
      return yield* handle;
    });
    const second = spawn(function* () {
      return yield* handle;
    });
    yield* sleep(1);
    first.abort();
    return yield* timeout(1_000, second);
  });
  expect(value).toBe("value");
});

test("a timeout that gives up on a handle does not take the wake of its neighbour with it", () => {
  const [values, elapsed] = paused().blockOn(function* () {
    const start = Instant.now();
    const handle = spawn(after, 50, "value");
    function* impatient() {
      try {
        return yield* timeout(5, handle);
      } catch {
        return "gave up";
      }
    }
    return [yield* timeout(1_000, join(impatient(), handle)), start.elapsed()] as const;
  });
  expect(values).toEqual(["gave up", "value"]);
  expect(elapsed).toBe(50);
});

test("isFinished tells whether the task has ended, in whatever way", () => {
  paused().blockOn(function* () {
    const [value, error, aborted, alive] = [
      spawn(after, 5, 1),
      spawn(failsAfter, 5),
      spawn(after, 100, 1),
      spawn(after, 100, 1),
    ];
    expect([value, error, aborted].map((handle) => handle.isFinished())).toEqual([
      false,
      false,
      false,
    ]);
    aborted.abort();
    yield* sleep(10);
    expect([value, error, aborted].map((handle) => handle.isFinished())).toEqual([
      true,
      true,
      true,
    ]);
    expect(alive.isFinished()).toBe(false);
    yield* join(value);
    try {
      yield* error;
    } catch {}
  });
  expect.assertions(3);
});

test("letting go of a handle detaches: the task goes on to its end", () => {
  const log: string[] = [];
  paused().blockOn(function* () {
    {
      using _detached = spawn(function* () {
        yield* sleep(10);
        log.push("went on");
      });
    }
    yield* sleep(20);
  });
  expect(log).toEqual(["went on"]);
});

test.each([
  ["tasks that have ended", true],
  ["wakers of their own executors", false],
])(
  "a handle that lives long keeps nothing of the many who once waited for it: %s",
  async (_, own) => {
    const rt = paused();
    const handle = rt.spawn(pending());
    const refs: WeakRef<object>[] = [];
    function* waitsAWhile(held: object) {
      try {
        yield* timeout(1, handle);
      } catch {}
      return held;
    }
    for (let round = 0; round < 1_000; round++) {
      const held = own ? {} : new CountingWaker();
      refs.push(new WeakRef(held));
      if (own) rt.spawn(waitsAWhile, held);
      else {
        pollOnce(handle, held as CountingWaker);
        handle[Symbol.dispose]();
      }
    }
    // A sleep that is made outside of the runtime counts by the host's clock, and on a busy machine is over before they are.
    rt.blockOn(function* () {
      yield* sleep(10);
    });
    const alive = (): number => refs.filter((ref) => ref.deref() !== undefined).length;
    await untilCollected("all but a few of those who waited", () => alive() < 100);
  },
);

test("a handle that is polled with another waker wakes the last one", () => {
  const rt = paused();
  const handle = rt.spawn(after, 1, 1);
  const [first, second] = [new CountingWaker(), new CountingWaker()];
  pollOnce(handle, first);
  pollOnce(handle, second);
  rt.blockOn(sleep(5));
  expect(second.wakes).toBe(1);
});

test("await from outside drives the runtime until the task has ended", async () => {
  const rt = paused();
  expect(await settles(rt.spawn(after, 10, "awaited"))).toBe("awaited");
});

test("await twice, at once and afterwards", async () => {
  const handle = paused().spawn(after, 10, "value");
  expect(await settles(Promise.all([handle, handle]))).toEqual(["value", "value"]);
  expect(await settles(handle)).toBe("value");
});

test("await from an async task of the same runtime, and of another", async () => {
  const rt = paused();
  const handle = rt.spawn(after, 10, "value");
  expect(await settles(rt.run(async () => await handle))).toBe("value");
  const other = paused().spawn(after, 10, "other");
  expect(await settles(rt.run(async () => await other))).toBe("other");
});

test("the future of a task is gone before its value can be seen", () => {
  const log: string[] = [];
  function* holds() {
    using _held = { [Symbol.dispose]: () => void log.push("released") };
    yield* sleep(1);
    return "value";
  }
  paused().blockOn(function* () {
    const handle = spawn(holds);
    yield* handle;
    log.push("seen");
  });
  expect(log).toEqual(["released", "seen"]);
});

test("a handle can be waited for in another runtime", async () => {
  const first = paused();
  const second = paused();
  const handle = first.spawn(after, 10, "value");
  const [value] = await settles(
    Promise.all([
      second.run(function* () {
        return yield* handle;
      }),
      first.run(sleep(20)),
    ]),
  );
  expect(value).toBe("value");
});
