// SetOnce: the cases of Tokio's sync_set_once.rs, under their names, and what its loom models are about.

import { Pending, spawn, yieldNow } from "tokiwa";
import { expect } from "vitest";
import { failing, Polled, readyNow, thrownBy, upTo, waiting } from "./hand.js";
import * as partners from "./partners.mjs";
import { conformance } from "./worlds.js";

const INITIALIZED = { name: "SetError", isAlreadyInitialized: true };

conformance((test) => {
  test("set_and_get", function* (form) {
    const once = form.setOnce<unknown>();
    once.set({ a: 5 });
    expect([once.get(), once.isInitialized()]).toEqual([{ a: 5 }, true]);
  });

  test("set_and_wait", function* (form) {
    const once = form.setOnce<number>();
    const task = spawn(function* () {
      once.set(5);
    });
    expect(yield* once.wait()).toBe(5);
    yield* task;
  });

  test("wait: all who wait, and who comes later", function* (form) {
    const once = form.setOnce<number>();
    const waits = upTo(5).map(() => waiting(once.wait()));
    const gone = waiting(once.wait());
    const unpolled = once.wait();
    gone.drop();
    once.set(7);
    yield* form.settle();
    expect(waits.every((wait) => wait.isWoken)).toBe(true);
    expect(gone.isWoken).toBe(false);
    for (const wait of waits) expect(wait.poll()).toBe(7);
    expect([readyNow(unpolled), readyNow(once.wait())]).toEqual([7, 7]);
  });

  test("set_and_wait_multiple_threads (here: tasks): one sets, the other is refused", function* (form) {
    const once = form.setOnce<number>();
    const tasks = [4, 3].map((value) =>
      spawn(function* () {
        try {
          once.set(value);
          return "set";
        } catch (error) {
          return (error as Error).name;
        }
      }),
    );
    const outcomes: string[] = [];
    for (const task of tasks) outcomes.push(yield* task);
    expect(outcomes.sort()).toEqual(["SetError", "set"]);
    expect([3, 4]).toContain(once.get());
  });

  test("get_uninit", function* (form) {
    const once = form.setOnce<number>();
    expect([once.get(), once.isInitialized()]).toEqual([undefined, false]);
  });

  test("set_twice", function* (form) {
    const once = form.setOnce<number>();
    once.set(5);
    expect(thrownBy(() => once.set(6))).toMatchObject({ ...INITIALIZED, value: 6 });
    expect(once.get()).toBe(5);
  });

  test("is_none_initializing", function* (form) {
    const once = form.setOnce<number>();
    expect(once.get()).toBe(undefined);
    once.set(20);
    expect(thrownBy(() => once.set(10))).toMatchObject(INITIALIZED);
  });

  test("is_some_initializing", function* (form) {
    const once = form.setOnce<number>();
    const task = spawn(function* () {
      yield* yieldNow();
      once.set(20);
    });
    expect(yield* once.wait()).toBe(20);
    yield* task;
  });

  test("undefined is a value", function* (form) {
    const once = form.setOnce<undefined>();
    const wait = waiting(once.wait());
    once.set(undefined);
    yield* form.settle();
    expect(wait.isWoken).toBe(true);
    expect(wait.poll()).toBe(undefined);
    expect(once.isInitialized()).toBe(true);
    expect(thrownBy(() => once.set(undefined))).toMatchObject(INITIALIZED);
  });

  test("the waker of the last poll counts", function* (form) {
    const once = form.setOnce<number>();
    const wait = once.wait();
    const before = waiting(wait);
    const after = waiting(wait);
    once.set(1);
    yield* form.settle();
    expect([before.isWoken, after.isWoken]).toEqual([false, true]);
    after.poll();
  });

  test("polled after completion", function* (form) {
    const once = form.setOnce<number>();
    once.set(1);
    const wait = once.wait();
    readyNow(wait);
    expect(failing(wait)).toMatchObject({ name: "PolledAfterCompletionError" });
  });

  test(
    "is cooperative",
    function* (form) {
      const once = form.setOnce<number>();
      once.set(1);
      yield* yieldNow();
      const given = upTo(200).filter(() => new Polled(once.wait()).poll() !== Pending);
      expect(given.length).toBe(128);
    },
    { budgeted: true },
  );

  // ── With a partner that may run on another thread ──────────────────────────────────────────────────────────────────────

  test.partnered("set_and_wait_threads", function* (form) {
    const once = form.setOnce<unknown>();
    const waiters = upTo(3).map(() => spawn(partners.waitsFor, once));
    const partner = spawn(partners.setsCell, once, { a: 4 });
    expect(yield* once.wait()).toEqual({ a: 4 });
    for (const waiter of waiters) expect(yield* waiter).toEqual({ a: 4 });
    expect(yield* partner).toEqual({ value: "set" });
    expect(thrownBy(() => once.set(5))).toMatchObject(INITIALIZED);
  });

  test.partnered("of those who set on several threads one does", function* (form) {
    const once = form.setOnce<number>();
    const partners_ = upTo(3).map((value) => spawn(partners.setsAtOnce, once, value));
    const answers = [(yield* partners.setsAtOnce(once, 3)) as [unknown, unknown]];
    for (const partner of partners_) answers.push((yield* partner) as [unknown, unknown]);
    const value = once.get();
    expect(answers.map(([, seen]) => seen)).toEqual(answers.map(() => value));
    expect(answers.map(([error]) => error ?? "set").sort()).toEqual([
      ...upTo(3).map(() => "SetError"),
      "set",
    ]);
  });

  test.partnered(
    "one who waits on another thread and is aborted costs the others nothing",
    function* (form) {
      const once = form.setOnce<number>();
      const [first, second] = upTo(2).map(() => spawn(partners.waitsFor, once));
      first?.abort();
      while (!first?.isFinished()) yield* yieldNow();
      once.set(1);
      expect(yield* second as NonNullable<typeof second>).toBe(1);
    },
  );

  test.absent("drop_cell…, into_inner…", "values have no destructors");
  test.absent("from", "the shared form has no counterpart in the contract");
});
