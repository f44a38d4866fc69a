// OnceCell: the cases of Tokio's sync_once_cell.rs, under their names.

import { sleep, spawn, yieldNow } from "tokiwa";
import { expect } from "vitest";
import { drop, failing, Polled, readyNow, thrownBy, upTo, waiting } from "./hand.js";
import * as partners from "./partners.mjs";
import { conformance } from "./worlds.js";

const INITIALIZED = { name: "SetError", isAlreadyInitialized: true, isInitializing: false };
const INITIALIZING = { name: "SetError", isAlreadyInitialized: false, isInitializing: true };

conformance((test) => {
  test("get_or_init", function* (form) {
    const cell = form.onceCell<number>();
    const first = spawn(function* () {
      return yield* cell.getOrInit(function* () {
        return 5;
      });
    });
    const second = spawn(function* () {
      return yield* cell.getOrInit(function* () {
        yield* sleep(1);
        return 10;
      });
    });
    expect([yield* first, yield* second]).toEqual([5, 5]);
    expect(cell.get()).toBe(5);
  });

  test("get_or_init: one at a time, the others have its value", function* (form) {
    const cell = form.onceCell<number>();
    let runs = 0;
    const tasks = upTo(5).map((index) =>
      spawn(function* () {
        return yield* cell.getOrInit(function* () {
          runs += 1;
          yield* sleep(1);
          return index;
        });
      }),
    );
    const values: number[] = [];
    for (const task of tasks) values.push(yield* task);
    expect(runs).toBe(1);
    expect(new Set(values).size).toBe(1);
    expect(cell.get()).toBe(values[0]);
  });

  test("get_or_init_panic: one that was initialized asks nobody", function* (form) {
    const cell = form.onceCell<number>();
    expect(yield* cell.getOrInit(() => 5)).toBe(5);
    const never = (): number => {
      throw new Error("asked again");
    };
    expect(yield* cell.getOrInit(never)).toBe(5);
  });

  test("set_and_get", function* (form) {
    const cell = form.onceCell<unknown>();
    yield* spawn(function* () {
      cell.set({ a: [5] });
    });
    expect(cell.get()).toEqual({ a: [5] });
    expect(cell.isInitialized()).toBe(true);
  });

  test("get_uninit", function* (form) {
    const cell = form.onceCell<number>();
    expect([cell.get(), cell.isInitialized()]).toEqual([undefined, false]);
  });

  test("set_twice", function* (form) {
    const cell = form.onceCell<number>();
    cell.set(5);
    expect(thrownBy(() => cell.set(6))).toMatchObject({ ...INITIALIZED, value: 6 });
    expect(cell.get()).toBe(5);
  });

  test("set_while_initializing", function* (form) {
    const cell = form.onceCell<number>();
    const init = waiting(
      cell.getOrInit(function* () {
        yield* yieldNow();
        return 5;
      }),
    );
    expect(thrownBy(() => cell.set(10))).toMatchObject({ ...INITIALIZING, value: 10 });
    expect([cell.get(), cell.isInitialized()]).toEqual([undefined, false]);
    yield* form.settle();
    expect(init.poll()).toBe(5);
    expect(thrownBy(() => cell.set(10))).toMatchObject({ ...INITIALIZED, value: 10 });
  });

  test(
    "a value that cannot be sent leaves the turn to the next",
    function* (form) {
      const cell = form.onceCell<unknown>();
      expect(thrownBy(() => cell.set(() => {}))).toMatchObject({ name: "SendError" });
      expect(failing(cell.getOrInit(() => (): void => {}))).toMatchObject({ name: "SendError" });
      expect(cell.isInitialized()).toBe(false);
      cell.set(5);
      expect(cell.get()).toBe(5);
    },
    { skip: { plain: "it takes every value" } },
  );

  test("get_or_try_init: a throw is the caller's, and the next one tries", function* (form) {
    const cell = form.onceCell<number>();
    const first = spawn(function* () {
      try {
        return yield* cell.getOrInit(function* () {
          yield* sleep(1);
          throw new Error("first");
        });
      } catch (error) {
        return (error as Error).message;
      }
    });
    yield* yieldNow();
    const second = spawn(function* () {
      return yield* cell.getOrInit(function* () {
        return 10;
      });
    });
    expect([yield* first, yield* second]).toEqual(["first", 10]);
  });

  test("an initializer that is dropped leaves its turn to the next", function* (form) {
    const cell = form.onceCell<number>();
    const log: string[] = [];
    const first = waiting(
      cell.getOrInit(function* () {
        try {
          yield* sleep(100_000);
          return 1;
        } finally {
          log.push("dropped");
        }
      }),
    );
    const second = waiting(cell.getOrInit(() => 2));
    const third = waiting(cell.getOrInit(() => 3));
    first.drop();
    expect(log).toEqual(["dropped"]);
    yield* form.settle();
    expect([second.isWoken, third.isWoken]).toEqual([true, false]);
    expect(second.poll()).toBe(2);
    yield* form.settle();
    expect(third.isWoken).toBe(true);
    expect(third.poll()).toBe(2);
  });

  test("a waiter that had its turn and is dropped passes it on", function* (form) {
    const cell = form.onceCell<number>();
    const first = waiting(cell.getOrInit(() => sleepsFor(1)));
    const second = waiting(cell.getOrInit(() => 2));
    const third = waiting(cell.getOrInit(() => 3));
    first.drop();
    second.drop();
    yield* form.settle();
    expect(third.isWoken).toBe(true);
    expect(third.poll()).toBe(3);
    expect(cell.get()).toBe(3);
  });

  test("an aborted initializer leaves its turn to the next", function* (form) {
    const cell = form.onceCell<number>();
    const doomed = spawn(function* () {
      yield* cell.getOrInit(() => sleepsFor(1));
    });
    yield* yieldNow();
    const next = spawn(function* () {
      return yield* cell.getOrInit(() => 2);
    });
    yield* yieldNow();
    doomed.abort();
    expect(yield* next).toBe(2);
    while (!doomed.isFinished()) yield* yieldNow();
  });

  test("arguments go to the initializer", function* (form) {
    const cell = form.onceCell<number>();
    function* add(a: number, b: number) {
      yield* yieldNow();
      return a + b;
    }
    expect(yield* cell.getOrInit(add, 2, 3)).toBe(5);
    const plain = form.onceCell<number>();
    expect(yield* plain.getOrInit((a: number) => a * 2, 4)).toBe(8);
  });

  test("a plain function that throws", function* (form) {
    const cell = form.onceCell<number>();
    const failed = failing(
      cell.getOrInit(() => {
        throw new Error("plain");
      }),
    );
    expect(failed.message).toBe("plain");
    expect(cell.isInitialized()).toBe(false);
    expect(readyNow(cell.getOrInit(() => 1))).toBe(1);
  });

  test(
    "an async function",
    function* (form) {
      const cell = form.onceCell<number>();
      expect(yield* cell.getOrInit(async (value: number) => value + 1, 4)).toBe(5);
      const other = form.onceCell<number>();
      const failed = yield* spawn(function* () {
        try {
          yield* other.getOrInit(async () => {
            throw new Error("async");
          });
        } catch (error) {
          return (error as Error).message;
        }
      });
      expect(failed).toBe("async");
      expect(yield* other.getOrInit(async () => 6)).toBe(6);
    },
    { onLoop: true },
  );

  test("undefined is a value", function* (form) {
    const cell = form.onceCell<undefined>();
    cell.set(undefined);
    expect([cell.get(), cell.isInitialized()]).toEqual([undefined, true]);
    expect(readyNow(cell.getOrInit(() => undefined))).toBe(undefined);
  });

  test("polled after completion", function* (form) {
    const cell = form.onceCell<number>();
    const init = cell.getOrInit(() => 1);
    readyNow(init);
    expect(failing(init)).toMatchObject({ name: "PolledAfterCompletionError" });
    drop(init);
    expect(cell.get()).toBe(1);
  });

  test("nothing runs before the first poll", function* (form) {
    const cell = form.onceCell<number>();
    let runs = 0;
    const never = new Polled(cell.getOrInit(() => (runs += 1)));
    never.drop();
    expect([runs, cell.isInitialized()]).toEqual([0, false]);
    cell.set(3);
  });

  test("take: gives the value, and the cell begins anew", function* (form) {
    const cell = form.onceCell<{ id: number }>();
    expect(cell.take()).toBe(undefined);
    cell.set({ id: 1 });
    expect(cell.get()).toEqual({ id: 1 });
    expect(cell.take()).toEqual({ id: 1 });
    expect([cell.get(), cell.isInitialized(), cell.take()]).toEqual([undefined, false, undefined]);
    cell.set({ id: 2 });
    expect(cell.get()).toEqual({ id: 2 });
    expect(cell.take()).toEqual({ id: 2 });
    expect(readyNow(cell.getOrInit(() => ({ id: 3 })))).toEqual({ id: 3 });
    expect(cell.take()).toEqual({ id: 3 });
  });

  test("take: of a number, of undefined", function* (form) {
    const cell = form.onceCell<number | undefined>();
    cell.set(5);
    expect(cell.take()).toBe(5);
    cell.set(undefined);
    expect([cell.isInitialized(), cell.take(), cell.isInitialized()]).toEqual([
      true,
      undefined,
      false,
    ]);
  });

  test("take: what has been read stays what it is", function* (form) {
    const cell = form.onceCell<{ id: number }>();
    cell.set({ id: 1 });
    const read = cell.get();
    expect(cell.take()).toBe(read);
    cell.set({ id: 2 });
    expect(read).toEqual({ id: 1 });
  });

  test("take: does nothing while an initializer runs", function* (form) {
    const cell = form.onceCell<number>();
    const first = waiting(
      cell.getOrInit(function* () {
        yield* yieldNow();
        return 5;
      }),
    );
    const second = waiting(cell.getOrInit(() => 6));
    expect(cell.take()).toBe(undefined);
    expect(thrownBy(() => cell.set(7))).toMatchObject(INITIALIZING);
    yield* form.settle();
    expect(first.poll()).toBe(5);
    yield* form.settle();
    expect(second.poll()).toBe(5);
    expect(cell.take()).toBe(5);
  });

  test("take: what is in the value that there is one of goes to who takes it", function* (form) {
    const cell = form.onceCell<{ tx: { send(value: number): void } }>();
    const [tx, rx] = form.oneshot<number>();
    cell.set({ tx });
    cell.take()?.tx.send(3);
    expect(yield* rx).toBe(3);
    const [otherTx, otherRx] = form.oneshot<number>();
    cell.set({ tx: otherTx });
    expect(cell.isInitialized()).toBe(true);
    // Read before, by who takes it then.
    cell.get();
    cell.take()?.tx.send(4);
    expect(yield* otherRx).toBe(4);
  });

  test(
    "take: who was told of the value, and not polled, begins anew",
    function* (form) {
      const cell = form.onceCell<number>();
      const first = waiting(cell.getOrInit(() => sleepsFor(1)));
      const second = waiting(cell.getOrInit(() => 2));
      const third = waiting(cell.getOrInit(() => 3));
      const fourth = waiting(cell.getOrInit(() => 4));
      first.drop();
      yield* form.settle();
      expect(second.poll()).toBe(2);
      expect(cell.take()).toBe(2);
      yield* form.settle();
      expect([third.isWoken, fourth.isWoken]).toEqual([true, true]);
      expect(fourth.poll()).toBe(4);
      expect(third.poll()).toBe(4);
      expect(cell.get()).toBe(4);
    },
    { skip: { plain: "they get the value that was taken: tests/sync/once-cell.test.ts" } },
  );

  // ── With a partner that may run on another thread ──────────────────────────────────────────────────────────────────────

  test.partnered("take on all threads: each value is taken once", function* (form) {
    const cell = form.onceCell<{ id: number }>();
    const tasks = upTo(4).map((index) => spawn(partners.makesAndTakes, cell, index, 200));
    const reports = [(yield* partners.makesAndTakes(cell, 4, 200)) as Report];
    for (const task of tasks) reports.push((yield* task) as Report);
    const made = reports.flatMap((report) => report.made);
    const taken = reports.flatMap((report) => report.taken);
    const rest = cell.take();
    if (rest !== undefined) taken.push(rest.id);
    expect(made.length).toBeGreaterThan(0);
    expect([...taken].sort((a, b) => a - b)).toEqual([...made].sort((a, b) => a - b));
    // Whoever asked found one that somebody made.
    for (const report of reports)
      for (const id of report.found) expect(made.includes(id)).toBe(true);
  });

  test.partnered("get_or_init on all threads: one initializes", function* (form) {
    const cell = form.onceCell<{ id: number }>();
    const tasks = upTo(4).map((id) => spawn(partners.initializes, cell, id));
    const results = [(yield* partners.initializes(cell, 4)) as [number, { id: number }]];
    for (const task of tasks) results.push((yield* task) as [number, { id: number }]);
    expect(results.filter(([ran]) => ran === 1).length).toBe(1);
    for (const [, value] of results) expect(value).toEqual(cell.get());
  });

  test.partnered("an initializer that is aborted on another thread", function* (form) {
    const cell = form.onceCell<{ id: number }>();
    const started = form.notify();
    const partner = spawn(partners.initializesForEver, cell, started);
    yield* started.notified();
    const next = spawn(partners.initializes, cell, 7);
    yield* sleep(2);
    partner.abort();
    expect(yield* next).toEqual([1, { id: 7 }]);
    while (!partner.isFinished()) yield* sleep(1);
  });

  test.absent(
    "drop_cell, drop_cell_new_with, drop_into_inner, drop_into_inner_new_with",
    "values have no destructors",
  );
  test.absent(
    "from",
    "the shared form has no counterpart in the contract; see tests/sync/once-cell.test.ts",
  );
});

/** What `makesAndTakes` gives: ids of values. */
interface Report {
  readonly made: number[];
  readonly taken: number[];
  readonly found: number[];
}

function* sleepsFor(value: number) {
  yield* sleep(100_000);
  return value;
}
