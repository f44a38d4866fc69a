// A Future subclass written by hand, as api.md shows it: polled, awaited, spawned, dropped.

import { type Context, Future, join, Pending, type Poll, select, spawn, Waker } from "tokiwa";
import { expect, test } from "vitest";
import { paused, pollOnce, real, settles } from "../support/tasks.js";

class Delay extends Future<void> {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #done = false;
  static cleared = 0;
  readonly ms: number;
  constructor(ms: number) {
    super();
    this.ms = ms;
  }
  get isArmed() {
    return this.#timer !== undefined;
  }
  poll(cx: Context): Poll<void> {
    if (this.#done) return;
    this.#timer ??= setTimeout(() => {
      this.#done = true;
      cx.waker.wake();
    }, this.ms);
    return Pending;
  }
  override [Symbol.dispose]() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Async-book's shared-state future: completed by whoever holds the state. */
class Shared<T> extends Future<T> {
  value: Poll<T> = Pending;
  waker: Waker | undefined;
  poll(cx: Context): Poll<T> {
    if (this.value === Pending) this.waker = cx.waker;
    return this.value;
  }
  set(value: T) {
    this.value = value;
    this.waker?.wake();
  }
}

function* delayed(ms: number, value: string) {
  yield* new Delay(ms);
  return value;
}

test("does nothing until polled, then stores the waker that is called when it is done", async () => {
  const delay = new Delay(1);
  expect(delay.isArmed).toBe(false);
  await settles(
    new Promise<void>((wake) => {
      expect(pollOnce(delay, Waker.from(wake))).toBe(Pending);
      expect(delay.isArmed).toBe(true);
    }),
  );
  expect(pollOnce(delay)).toBe(undefined);
});

test("works with yield*", async () => {
  expect(await settles(real().run(delayed, 1, "done"))).toBe("done");
});

test("works with await outside of every runtime", async () => {
  expect(await settles(new Delay(1))).toBe(undefined);
});

test("works with spawn and with join", async () => {
  const value = real().run(function* () {
    const handle = spawn(new Delay(1));
    const [, text] = yield* join(new Delay(1), delayed(1, "joined"));
    yield* handle;
    return text;
  });
  expect(await settles(value)).toBe("joined");
});

test("is dropped when it loses a select", async () => {
  const slow = new Delay(100_000);
  const winner = await settles(
    real().run(function* () {
      return yield* select({ slow, fast: new Delay(1) });
    }),
  );
  expect(winner.branch).toBe("fast");
  expect(slow.isArmed).toBe(false);
});

test("a shared-state future completes by the waker of its last poll", () => {
  const shared = new Shared<number>();
  let first = 0;
  let second = 0;
  pollOnce(
    shared,
    Waker.from(() => first++),
  );
  pollOnce(
    shared,
    Waker.from(() => second++),
  );
  shared.set(7);
  expect([first, second]).toEqual([0, 1]);
  expect(pollOnce(shared)).toBe(7);
});

test.each([undefined, null, false, 0, "", Number.NaN])("completes with the value %s", (value) => {
  const shared = new Shared<unknown>();
  shared.value = value;
  const result = paused().blockOn(function* () {
    return { value: yield* shared };
  });
  expect(result).toEqual({ value });
});

test("a future without a dispose of its own can be dropped, twice", () => {
  const shared = new Shared<number>();
  pollOnce(shared);
  shared[Symbol.dispose]();
  shared[Symbol.dispose]();
  shared.set(1);
  expect(pollOnce(shared)).toBe(1);
});

test("an error thrown by poll is thrown at the yield*", () => {
  class Failing extends Future<never> {
    poll(_cx: Context): Poll<never> {
      throw new RangeError("out of range");
    }
  }
  const caught = paused().blockOn(function* () {
    try {
      return yield* new Failing();
    } catch (error) {
      return error;
    }
  });
  expect(caught).toBeInstanceOf(RangeError);
});
