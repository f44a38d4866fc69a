// fromPromise: lazy, aborted when dropped, with the errors of its promise.

import {
  fromPromise,
  future,
  NotAFutureError,
  Pending,
  pending,
  select,
  sleep,
  spawn,
} from "tokiwa";
import { expect, test } from "vitest";
import { CountingWaker, loopTurns, paused, pollOnce, rejection, thrown } from "../support/tasks.js";

function never(): Promise<never> {
  return new Promise<never>(() => {});
}

test("gives the value of the promise and wakes once", async () => {
  const made = fromPromise(() => Promise.resolve("value"));
  const waker = new CountingWaker();
  expect(pollOnce(made, waker)).toBe(Pending);
  await loopTurns(1);
  expect(waker.wakes).toBe(1);
  expect(pollOnce(made, waker)).toBe("value");
});

test("throws what the promise rejects with, the very same", async () => {
  const error = new Error("rejected");
  const thrown = await rejection(
    paused().run(function* () {
      yield* fromPromise(() => Promise.reject(error));
    }),
  );
  expect(thrown).toBe(error);
});

test("a coroutine catches a rejection with try", async () => {
  const result = await paused().run(function* () {
    try {
      yield* fromPromise(() => Promise.reject("no error at all"));
    } catch (error) {
      return error;
    }
    return undefined;
  });
  expect(result).toBe("no error at all");
});

test("throws what the function throws before it has a promise", () => {
  const error = new Error("thrown at once");
  const made = fromPromise(() => {
    throw error;
  });
  expect(thrown(() => pollOnce(made))).toBe(error);
});

test("a function that declares a parameter gets a signal, which fires when the future is dropped", () => {
  let seen: AbortSignal | undefined;
  const made = fromPromise((signal) => {
    seen = signal;
    return never();
  });
  pollOnce(made);
  expect(seen).toBeInstanceOf(AbortSignal);
  expect(seen?.aborted).toBe(false);
  made[Symbol.dispose]();
  expect(seen?.aborted).toBe(true);
});

test("a function without a parameter gets no argument", () => {
  let given = -1;
  const made = fromPromise(function () {
    // biome-ignore lint/complexity/noArguments: how many there are is what is tested.
    given = arguments.length;
    return never();
  });
  pollOnce(made);
  expect(given).toBe(0);
  made[Symbol.dispose]();
});

test("the signal does not fire when the promise has settled", async () => {
  let seen: AbortSignal | undefined;
  const made = fromPromise((signal) => {
    seen = signal;
    return Promise.resolve(1);
  });
  pollOnce(made);
  await loopTurns(1);
  expect(pollOnce(made)).toBe(1);
  made[Symbol.dispose]();
  expect(seen?.aborted).toBe(false);
});

test("losing a select aborts the operation before the winner is returned", async () => {
  let signal: AbortSignal | undefined;
  const aborted = await paused().run(function* () {
    yield* select({
      slow: fromPromise((given) => {
        signal = given;
        return never();
      }),
      fast: sleep(1),
    });
    return signal?.aborted;
  });
  expect(aborted).toBe(true);
});

test("aborting the task aborts the operation", async () => {
  let signal: AbortSignal | undefined;
  const rt = paused();
  await rt.run(function* () {
    const task = spawn(
      fromPromise((given) => {
        signal = given;
        return never();
      }),
    );
    yield* sleep(1);
    task.abort();
    yield* sleep(1);
  });
  expect(signal?.aborted).toBe(true);
});

test("a promise that settles after the drop wakes nobody and is not unhandled", async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", listener);
  try {
    let reject: (error: Error) => void = () => {};
    const made = fromPromise(() => new Promise((_, fail) => (reject = fail)));
    const waker = new CountingWaker();
    pollOnce(made, waker);
    made[Symbol.dispose]();
    reject(new Error("too late"));
    await loopTurns();
    expect(waker.wakes).toBe(0);
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", listener);
  }
});

test("a promise that exists already is taken too", async () => {
  expect(await paused().run(fromPromise(Promise.resolve(5)))).toBe(5);
});

test("the waker of the last poll is the one that is woken", async () => {
  const made = fromPromise(() => Promise.resolve(1));
  const [first, second] = [new CountingWaker(), new CountingWaker()];
  pollOnce(made, first);
  pollOnce(made, second);
  await loopTurns(1);
  expect([first.wakes, second.wakes]).toEqual([0, 1]);
});

test.each([undefined, null, 5, "text", {}])("refuses %s at the call", (value) => {
  expect(() => fromPromise(value as never)).toThrow(NotAFutureError);
});

test("a function that gives no promise is told so at the poll", () => {
  const made = fromPromise(() => 5 as never);
  const error = thrown(() => pollOnce(made));
  expect(error).toBeInstanceOf(NotAFutureError);
  expect(error.message).toContain("5");
});

test("any thenable will do", async () => {
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
  const thenable = { then: (resolve: (value: string) => void) => resolve("thenable") };
  const value = await paused().run(fromPromise(() => thenable as unknown as Promise<string>));
  expect(value).toBe("thenable");
});

test("future(async fn) passes its arguments and then a signal that fires on drop", () => {
  let seen: AbortSignal | undefined;
  const made = future(
    async (a: number, b: string, { signal }: { signal: AbortSignal }) => {
      seen = signal;
      expect([a, b]).toEqual([1, "x"]);
      await never();
    },
    1,
    "x",
  );
  pollOnce(made);
  expect(seen?.aborted).toBe(false);
  made[Symbol.dispose]();
  expect(seen?.aborted).toBe(true);
});

test("a thenable whose `then` throws has rejected, and nothing is waited for any more", async () => {
  const thenable = {
    // biome-ignore lint/suspicious/noThenProperty: that is what it is about.
    then(): never {
      throw new Error("no then");
    },
  };
  const waiting = () => fromPromise(() => thenable as unknown as Promise<number>);
  expect((await rejection(paused().run(waiting()))).message).toBe("no then");
  const deadlock = await rejection(
    paused().run(function* () {
      try {
        yield* waiting();
      } catch {}
      yield* pending();
    }),
  );
  expect(deadlock.name).toBe("DeadlockError");
});
