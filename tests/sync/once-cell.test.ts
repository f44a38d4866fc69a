// OnceCell. Mirrors Tokio's sync_once_cell.rs, under its names.

import {
  type Coroutine,
  future,
  PolledAfterCompletionError,
  pending,
  ready,
  sleep,
  spawn,
  yieldNow,
} from "tokiwa";
import { OnceCell, SetError } from "tokiwa/sync";
import { describe, expect, expectTypeOf, test } from "vitest";
import { Probe } from "../support/tasks.js";
import { runPaused, runPausedOnLoop, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

function* after(ms: number, value: number) {
  yield* sleep(ms);
  return value;
}

describe("set and get", () => {
  test("set_and_get", () => {
    const cell = new OnceCell<number>();
    cell.set(5);
    expect([cell.get(), cell.isInitialized()]).toEqual([5, true]);
  });

  test("get_uninit", () => {
    const cell = new OnceCell<number>();
    expect([cell.get(), cell.isInitialized()]).toEqual([undefined, false]);
  });

  test("set_twice: the first stays, the second comes back", () => {
    const cell = new OnceCell<number>();
    cell.set(5);
    const error = thrownBy(() => cell.set(6));
    expect(error).toBeInstanceOf(SetError);
    expect(error).toMatchObject({ value: 6, isAlreadyInitialized: true, isInitializing: false });
    expect(cell.get()).toBe(5);
  });

  test("from: it has its value, even undefined", () => {
    expect(OnceCell.from(2).get()).toBe(2);
    const nothing = OnceCell.from(undefined);
    expect(nothing.isInitialized()).toBe(true);
    expect(() => nothing.set(undefined)).toThrow(SetError);
    expect(readyNow(nothing.getOrInit(() => undefined))).toBe(undefined);
  });

  test("set_while_initializing", () => {
    const cell = new OnceCell<number>();
    runPaused(function* () {
      const init = spawn(cell.getOrInit(after, 5, 1));
      yield* yieldNow();
      const error = thrownBy(() => cell.set(2));
      expect(error).toMatchObject({ value: 2, isAlreadyInitialized: false, isInitializing: true });
      expect(yield* init).toBe(1);
      expect(thrownBy(() => cell.set(3))).toMatchObject({ isAlreadyInitialized: true });
    });
    expect(cell.get()).toBe(1);
  });
});

describe("initialisers", () => {
  test("get_or_init: one runs, everybody gets its value", () => {
    const cell = new OnceCell<number>();
    let calls = 0;
    runPaused(function* () {
      function* init() {
        calls += 1;
        yield* sleep(1);
        return calls;
      }
      const tasks = Array.from({ length: 5 }, () => spawn(cell.getOrInit(init)));
      for (const task of tasks) expect(yield* task).toBe(1);
    });
    expect([calls, cell.get()]).toEqual([1, 1]);
  });

  test("nothing runs before the first poll, nor when there is a value", () => {
    const cell = new OnceCell<number>();
    let calls = 0;
    const init = (): number => {
      calls += 1;
      return 8;
    };
    const lazy = cell.getOrInit(init);
    expect(calls).toBe(0);
    cell.set(3);
    expect(readyNow(lazy)).toBe(3);
    expect(calls).toBe(0);
  });

  test("plain functions, coroutine functions, futures, promises, with arguments", async () => {
    expect(readyNow(new OnceCell<number>().getOrInit((a: number, b: number) => a + b, 1, 2))).toBe(
      3,
    );
    expect(readyNow(new OnceCell<number>().getOrInit(() => ready(4)))).toBe(4);
    runPaused(function* () {
      const value = yield* new OnceCell<number>().getOrInit(after, 1, 6);
      expectTypeOf(value).toEqualTypeOf<number>();
      expect(value).toBe(6);
    });
    expect(await new OnceCell<number>().getOrInit(async () => 5)).toBe(5);
    expect(
      await new OnceCell<number>().getOrInit(async (a: number, b: number) => a * b, 3, 4),
    ).toBe(12);
    expect(await new OnceCell<number>().getOrInit(() => Promise.resolve(7))).toBe(7);
  });

  test("an async function gets a signal, which fires when it is dropped", async () => {
    const signals: AbortSignal[] = [];
    const cell = new OnceCell<number>();
    await runPausedOnLoop(function* () {
      const task = spawn(
        cell.getOrInit(async (ms: number, { signal }) => {
          signals.push(signal);
          await sleep(ms);
          return 1;
        }, 1_000),
      );
      yield* yieldNow();
      expect(signals[0]?.aborted).toBe(false);
      task.abort();
      yield* yieldNow();
    });
    expect(signals[0]?.aborted).toBe(true);
  });

  test("rest parameters get the arguments and nothing else", () => {
    const seen: unknown[][] = [];
    const init = (...args: number[]): number => seen.push(args);
    readyNow(new OnceCell<number>().getOrInit(init, 1, 2));
    expect(seen).toEqual([[1, 2]]);
  });

  test("get_or_init_panic: a throw goes to its caller, the next in line tries", () => {
    const cell = new OnceCell<number>();
    const error = new Error("no value");
    runPaused(function* () {
      function* failing(): Coroutine<number> {
        yield* sleep(1);
        throw error;
      }
      const first = spawn(cell.getOrInit(failing));
      const second = spawn(cell.getOrInit(after, 1, 2));
      const third = spawn(cell.getOrInit(after, 1, 3));
      let caught: unknown;
      try {
        yield* first;
      } catch (thrown) {
        caught = thrown;
      }
      expect(caught).toMatchObject({ cause: error });
      expect([yield* second, yield* third]).toEqual([2, 2]);
    });
  });

  test("a plain initialiser that throws leaves the cell empty for the next", () => {
    const cell = new OnceCell<number>();
    const error = new Error("no value");
    const failing = cell.getOrInit(() => {
      throw error;
    });
    expect(thrownBy(() => readyNow(failing))).toBe(error);
    expect(() => readyNow(failing)).toThrow(PolledAfterCompletionError);
    expect(cell.isInitialized()).toBe(false);
    cell.set(1);
  });

  test("a rejection likewise", async () => {
    const cell = new OnceCell<number>();
    const error = new Error("no value");
    await expect(cell.getOrInit(() => Promise.reject(error))).rejects.toBe(error);
    expect(await cell.getOrInit(async () => 2)).toBe(2);
  });

  test("one that is aborted: the next in line tries", () => {
    const cell = new OnceCell<number>();
    const log: string[] = [];
    runPaused(function* () {
      function* slow() {
        try {
          yield* sleep(1_000);
          return 1;
        } finally {
          log.push("dropped");
        }
      }
      const first = spawn(cell.getOrInit(slow));
      const second = spawn(cell.getOrInit(after, 1, 2));
      yield* yieldNow();
      first.abort();
      expect(yield* second).toBe(2);
    });
    expect(log).toEqual(["dropped"]);
  });

  test("one that is dropped in line, before and after its turn has come", () => {
    const cell = new OnceCell<number>();
    const line = [1, 2, 3, 4].map(
      (value) =>
        new Polled(
          cell.getOrInit(() =>
            future(function* () {
              yield* yieldNow();
              return value;
            }),
          ),
        ),
    );
    for (const each of line) each.isPending();
    line[1]?.drop();
    line[0]?.drop();
    expect(line[2]?.isWoken).toBe(true);
    line[2]?.drop();
    line[2]?.drop();
    expect(line[3]?.isWoken).toBe(true);
    line[3]?.isPending();
    expect(line[3]?.poll()).toBe(4);
    line[3]?.drop();
    expect(cell.get()).toBe(4);
  });

  test("a clean-up that throws gives its turn up all the same", () => {
    const cell = new OnceCell<number>();
    const error = new Error("in finally");
    const first = waiting(
      cell.getOrInit(function* () {
        try {
          return yield* pending<number>();
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: what a clean-up throws is the point.
          throw error;
        }
      }),
    );
    expect(thrownBy(() => first.drop())).toBe(error);
    expect(readyNow(cell.getOrInit(() => 2))).toBe(2);
  });

  test("who waits gets a value that is there when its turn comes", () => {
    const cell = new OnceCell<number>();
    const first = waiting(cell.getOrInit(() => pending<number>()));
    const second = waiting(cell.getOrInit(() => 9));
    first.drop();
    expect(second.isWoken).toBe(true);
    expect(second.poll()).toBe(9);
    const third = new Polled(cell.getOrInit(() => 10));
    expect(third.poll()).toBe(9);
    expect(() => third.poll()).toThrow(PolledAfterCompletionError);
  });

  test("a wake that asks again finds the value", () => {
    const cell = new OnceCell<number>();
    const seen: unknown[] = [];
    const first = new Polled(
      cell.getOrInit(() =>
        future(function* () {
          yield* yieldNow();
          return 1;
        }),
      ),
    );
    first.isPending();
    const second = new Polled(cell.getOrInit(() => 2));
    second.onWake = () => seen.push(second.poll(), cell.get(), readyNow(cell.getOrInit(() => 3)));
    second.isPending();
    expect(first.poll()).toBe(1);
    expect(seen).toEqual([1, 1, 1]);
  });
});

test("a task that always finds the value lets the others run", () => {
  const cell = OnceCell.from(1);
  let rounds = 0;
  runPaused(function* () {
    const busy = spawn(function* () {
      for (;;) rounds += yield* cell.getOrInit(() => 2);
    });
    yield* yieldNow();
    busy.abort();
  });
  expect(rounds).toBe(128);
});

test("an initialiser that asks its own cell waits for itself, and can say so", () => {
  const cell = new OnceCell<number>();
  runPaused(function* () {
    const task = spawn(function* () {
      return yield* cell.getOrInit(function* (): Coroutine<number> {
        return yield* cell.getOrInit(() => 1);
      });
    });
    yield* yieldNow();
    expect(task.isFinished()).toBe(false);
    const text = waiting(cell.getOrInit(() => 2)).future.waitsFor();
    expect(text).toMatch(/^OnceCell\.getOrInit\(\), initialized by task \d+$/);
  });
  const initializing = waiting(new OnceCell<number>().getOrInit(() => pending<number>()));
  expect(initializing.future.waitsFor()).toBe("pending(), which never completes");
});

describe("take", () => {
  test("gives the value, and the cell begins anew", () => {
    const cell = OnceCell.from(1);
    expect(cell.take()).toBe(1);
    expect([cell.get(), cell.isInitialized(), cell.take()]).toEqual([undefined, false, undefined]);
    cell.set(2);
    expect(cell.get()).toBe(2);
  });

  test("does nothing while an initialiser runs", () => {
    const cell = new OnceCell<number>();
    const probe = new Probe<number>();
    const first = waiting(cell.getOrInit(() => probe));
    expect(cell.take()).toBe(undefined);
    probe.complete(5);
    expect(first.poll()).toBe(5);
    expect(cell.get()).toBe(5);
  });

  test("who waited for the value gets it, and the cell makes another for who comes then", () => {
    const cell = new OnceCell<number>();
    const probe = new Probe<number>();
    const first = waiting(cell.getOrInit(() => probe));
    const second = waiting(cell.getOrInit(() => 7));
    probe.complete(5);
    expect(first.poll()).toBe(5);
    expect(cell.take()).toBe(5);
    expect(second.isWoken).toBe(true);
    expect(second.poll()).toBe(5);
    expect(readyNow(cell.getOrInit(() => 8))).toBe(8);
    expect(cell.get()).toBe(8);
  });
});
