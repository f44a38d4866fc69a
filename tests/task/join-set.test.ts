// JoinSet: tasks that belong together, taken in the order in which they end. (After Tokio's task_join_set.)

import * as fc from "fast-check";
import {
  type AsyncContext,
  type Coroutine,
  future,
  JoinError,
  NotAFutureError,
  pending,
  select,
  sleep,
  spawn,
  timeout,
  Waker,
  yieldNow,
} from "tokiwa";
import { Handle } from "tokiwa/runtime";
import { DisposedCollectionError, type JoinResult, JoinSet } from "tokiwa/task";
import { expect, test } from "vitest";
import {
  CountingWaker,
  loopTurns,
  paused,
  pollOnce,
  real,
  settles,
  stderrOf,
  thrown,
  untilCollected,
} from "../support/tasks.js";

function* after<T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
}

function* failsAfter(ms: number, message = "failed"): Coroutine<number> {
  yield* sleep(ms);
  throw new Error(message);
}

function* cleansUp(log: string[], name: string): Coroutine<never> {
  try {
    return yield* pending<never>();
  } finally {
    log.push(name);
  }
}

function* drain<T>(set: JoinSet<T>) {
  const results: JoinResult<T>[] = [];
  for (let next = yield* set.joinNext(); next !== undefined; next = yield* set.joinNext())
    results.push(next);
  return results;
}

/** A set with tasks that have all ended. */
function* finished(count: number) {
  const set = new JoinSet<number>();
  for (let task = 0; task < count; task++) set.spawn(after, 0, task);
  yield* sleep(5);
  return set;
}

test("gives values in the order in which the tasks end", () => {
  const results = paused().blockOn(function* () {
    const set = new JoinSet<string>();
    set.spawn(after, 30, "slow");
    set.spawn(after, 10, "fast");
    set.spawn(after, 20, "middling");
    return yield* drain(set);
  });
  expect(results.map((result) => result.value)).toEqual(["fast", "middling", "slow"]);
});

test("an empty set gives undefined at once, and again", () => {
  const results = paused().blockOn(function* () {
    const set = new JoinSet();
    return [yield* set.joinNext(), yield* set.joinNext(), set.tryJoinNext()];
  });
  expect(results).toEqual([undefined, undefined, undefined]);
});

test("each result has the id that spawn gave", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    const ids = new Map([3, 1, 2].map((value) => [set.spawn(after, value, value).id, value]));
    for (const { id, value } of yield* drain(set)) expect(ids.get(id)).toBe(value);
  });
});

test("len counts what runs and what nobody has taken", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    expect([set.len(), set.isEmpty()]).toEqual([0, true]);
    set.spawn(after, 1, 1);
    set.spawn(after, 100, 2);
    expect([set.len(), set.isEmpty()]).toEqual([2, false]);
    yield* sleep(5);
    expect(set.len()).toBe(2);
    yield* set.joinNext();
    expect(set.len()).toBe(1);
    yield* set.joinNext();
    expect([set.len(), set.isEmpty()]).toEqual([0, true]);
  });
});

test("a task that throws gives its error, with the cause, and the set goes on", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    const bad = set.spawn(failsAfter, 1);
    set.spawn(after, 2, 7);
    const [first, second] = yield* drain(set);
    expect(first?.error).toBeInstanceOf(JoinError);
    expect(first?.error).toMatchObject({ isPanic: true, cause: { message: "failed" }, id: bad.id });
    expect(first).toMatchObject({ id: bad.id });
    expect(second?.value).toBe(7);
  });
});

test("a panic that was taken out is not printed as one that nobody saw", async () => {
  const written = await stderrOf(async () => {
    const rt = real();
    await rt.run(function* () {
      const set = new JoinSet<number>();
      set.spawn(failsAfter, 0);
      yield* set.joinNext();
    });
    await rt.shutdown();
  });
  expect(written).toBe("");
});

test("abort of one gives it as cancelled", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    const handle = set.spawn(after, 1_000, 1);
    yield* yieldNow();
    handle.abort();
    const result = yield* set.joinNext();
    expect(result?.error).toMatchObject({ isCancelled: true, id: handle.id });
    expect(handle.isFinished()).toBe(true);
  });
});

test("abortAll gives each as cancelled, except what had ended", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    for (let task = 0; task < 5; task++) set.spawn(after, 1, task);
    for (let task = 5; task < 10; task++) set.spawn(pending<number>());
    yield* sleep(10);
    set.abortAll();
    const results = yield* drain(set);
    expect(results.filter((result) => result.error === undefined)).toHaveLength(5);
    expect(results.filter((result) => result.error?.isCancelled)).toHaveLength(5);
  });
});

test("shutdown aborts all and waits until they have ended", () => {
  paused().blockOn(function* () {
    const log: string[] = [];
    const set = new JoinSet<never>();
    for (const name of ["a", "b", "c"]) set.spawn(cleansUp, log, name);
    yield* yieldNow();
    yield* set.shutdown();
    expect(log.sort()).toEqual(["a", "b", "c"]);
    expect(set.isEmpty()).toBe(true);
  });
});

test("shutdown ends although clean-up spawns into the set", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<void>();
    set.spawn(function* () {
      try {
        yield* pending();
      } finally {
        set.spawn(pending<void>());
      }
    });
    yield* yieldNow();
    yield* timeout(1_000, set.shutdown());
    expect(set.isEmpty()).toBe(true);
    // After it the set is one like any other.
    set.spawn(after, 1, undefined);
    expect(yield* set.joinNext()).toMatchObject({ value: undefined });
  });
});

test("a shutdown that is dropped leaves its tasks aborted, in the set", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    set.spawn(after, 1_000, 1);
    const shutdown = set.shutdown();
    const cx = { waker: new CountingWaker() };
    shutdown.poll(cx);
    shutdown[Symbol.dispose]();
    shutdown[Symbol.dispose]();
    expect((yield* set.joinNext())?.error?.isCancelled).toBe(true);
    set.spawn(after, 1, 2);
    expect((yield* set.joinNext())?.value).toBe(2);
  });
});

test("dispose aborts all", () => {
  paused().blockOn(function* () {
    const log: string[] = [];
    {
      using set = new JoinSet<never>();
      for (const name of ["a", "b"]) set.spawn(cleansUp, log, name);
      yield* yieldNow();
    }
    yield* yieldNow();
    expect(log.sort()).toEqual(["a", "b"]);
  });
});

test("the end of the task that owns it aborts all", () => {
  paused().blockOn(function* () {
    const log: string[] = [];
    const owner = spawn(function* () {
      using set = new JoinSet<never>();
      set.spawn(cleansUp, log, "child");
      yield* set.joinNext();
    });
    yield* sleep(1);
    owner.abort();
    yield* sleep(1);
    expect(log).toEqual(["child"]);
  });
});

test("a disposed set is empty, refuses tasks, and is disposed again without harm", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    set.spawn(after, 1, 1);
    set[Symbol.dispose]();
    set[Symbol.dispose]();
    expect(set.len()).toBe(0);
    expect(yield* set.joinNext()).toBe(undefined);
    expect(() => set.spawn(after, 1, 1)).toThrow(DisposedCollectionError);
    expect(() => set.spawnOn(Handle.current(), after, 1, 1)).toThrow(DisposedCollectionError);
    expect(() => set.buildTask({}).spawn(after, 1, 1)).toThrow(DisposedCollectionError);
  });
});

test("detachAll lets them run on", () => {
  const log: number[] = [];
  paused().blockOn(function* () {
    using set = new JoinSet<void>();
    for (const value of [1, 2, 3])
      set.spawn(function* () {
        yield* sleep(value);
        log.push(value);
      });
    set.detachAll();
    expect(set.isEmpty()).toBe(true);
    yield* sleep(10);
    expect(yield* set.joinNext()).toBe(undefined);
  });
  expect(log).toEqual([1, 2, 3]);
});

test("tryJoinNext gives what has ended and nothing else", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    set.spawn(after, 5, 1);
    expect(set.tryJoinNext()).toBe(undefined);
    yield* sleep(10);
    expect(set.tryJoinNext()).toMatchObject({ value: 1 });
    expect(set.tryJoinNext()).toBe(undefined);
  });
});

test("joinAll gives the values in the order of the ends", () => {
  const values = paused().blockOn(function* () {
    const set = new JoinSet<number>();
    for (const ms of [30, 10, 20]) set.spawn(after, ms, ms);
    const values = yield* set.joinAll();
    expect(set.isEmpty()).toBe(true);
    return values;
  });
  expect(values).toEqual([10, 20, 30]);
});

test("joinAll of an empty set is empty", () => {
  expect(
    paused().blockOn(function* () {
      return yield* new JoinSet<number>().joinAll();
    }),
  ).toEqual([]);
});

test("joinAll throws what a task threw, itself, and aborts the rest", () => {
  paused().blockOn(function* () {
    const log: string[] = [];
    const set = new JoinSet<number>();
    set.spawn(failsAfter, 5, "the first");
    set.spawn(cleansUp, log, "aborted");
    let error: unknown;
    try {
      yield* set.joinAll();
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ name: "Error", message: "the first" });
    expect(set.isEmpty()).toBe(true);
    yield* sleep(1);
    expect(log).toEqual(["aborted"]);
  });
});

test("joinAll throws the JoinError of a task that was aborted", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    set.spawn(after, 1_000, 1).abort();
    let error: unknown;
    try {
      yield* set.joinAll();
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(JoinError);
    expect(error).toMatchObject({ isCancelled: true });
  });
});

test("dropping joinAll aborts the tasks, unless it was never polled", () => {
  paused().blockOn(function* () {
    const log: string[] = [];
    const set = new JoinSet<number>();
    set.spawn(cleansUp, log, "task");
    yield* yieldNow();
    set.joinAll()[Symbol.dispose]();
    expect(set.len()).toBe(1);
    const winner = yield* select({ all: set.joinAll(), stop: sleep(5) });
    expect(winner.branch).toBe("stop");
    expect(set.len()).toBe(0);
    yield* sleep(1);
    expect(log).toEqual(["task"]);
  });
});

test("a set in a loop of select loses no result", () => {
  const values = paused().blockOn(function* () {
    const set = new JoinSet<number>();
    for (let task = 0; task < 50; task++) set.spawn(after, task % 7, task);
    const values: number[] = [];
    while (!set.isEmpty()) {
      const winner = yield* select({ next: set.joinNext(), tick: sleep(1) });
      if (winner.branch === "next" && winner.value?.value !== undefined)
        values.push(winner.value.value);
    }
    return values;
  });
  expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, task) => task));
});

test("a joinNext that is dropped after its wake takes no result along", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    set.spawn(after, 1, 1);
    const waker = new CountingWaker();
    const next = set.joinNext();
    pollOnce(next, waker);
    yield* sleep(5);
    expect(waker.wakes).toBe(1);
    next[Symbol.dispose]();
    expect(set.tryJoinNext()).toMatchObject({ value: 1 });
  });
});

test("several that wait each get a result, and undefined when none is left", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    const waiters = Array.from({ length: 4 }, () =>
      spawn(function* () {
        return (yield* set.joinNext())?.value;
      }),
    );
    set.spawn(after, 5, 1);
    set.spawn(after, 10, 2);
    // They begin to wait now.
    const values: (number | undefined)[] = [];
    for (const waiter of waiters) values.push(yield* timeout(1_000, waiter));
    expect(values.filter((value) => value === undefined)).toHaveLength(2);
    expect(values.filter((value) => value !== undefined).sort()).toEqual([1, 2]);
  });
});

test("who waits when the last is detached or disposed gets undefined", () => {
  paused().blockOn(function* () {
    for (const empty of ["detachAll", Symbol.dispose] as const) {
      const set = new JoinSet<number>();
      set.spawn(pending<number>());
      const waiter = spawn(set.joinNext());
      yield* sleep(1);
      set[empty]();
      expect(yield* timeout(1_000, waiter)).toBe(undefined);
    }
  });
});

test("polling after completion is refused", () => {
  paused().blockOn(function* () {
    const set = yield* finished(1);
    for (const future of [set.joinNext(), set.joinAll(), set.shutdown()]) {
      pollOnce<unknown>(future);
      expect(thrown(() => pollOnce<unknown>(future)).name).toBe("PolledAfterCompletionError");
    }
  });
});

test("pollJoinNext: undefined when empty, Pending while they run, then the result", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    const waker = new CountingWaker();
    expect(set.pollJoinNext({ waker })).toBe(undefined);
    set.spawn(after, 1, 9);
    expect(typeof set.pollJoinNext({ waker })).toBe("symbol");
    yield* sleep(2);
    expect(waker.wakes).toBe(1);
    expect(set.pollJoinNext({ waker })).toMatchObject({ value: 9 });
  });
});

test("an end costs one wake and a poll one result, however many tasks there are", () => {
  // Were a poll to look at every task, this would be 10^10 looks.
  const taken = paused().blockOn(function* () {
    const set = new JoinSet<number>();
    for (let task = 0; task < 100_000; task++) set.spawn(after, task % 50, task);
    let taken = 0;
    while ((yield* set.joinNext()) !== undefined) taken += 1;
    return taken;
  });
  expect(taken).toBe(100_000);
});

test("results that are all there leave others their turn: the budget", () => {
  paused().blockOn(function* () {
    const set = yield* finished(1_000);
    let turns = 0;
    const other = spawn(function* () {
      for (;;) {
        turns += 1;
        yield* yieldNow();
      }
    });
    while ((yield* set.joinNext()) !== undefined);
    other.abort();
    // 128 units a poll.
    expect(turns).toBeGreaterThanOrEqual(7);
  });
});

test("shutdown and joinAll leave others their turn too", () => {
  paused().blockOn(function* () {
    for (const way of ["shutdown", "joinAll"] as const) {
      const set = yield* finished(1_000);
      let turns = 0;
      const other = spawn(function* () {
        for (;;) {
          turns += 1;
          yield* yieldNow();
        }
      });
      if (way === "joinAll") yield* set.joinAll();
      else yield* set.shutdown();
      other.abort();
      expect(turns).toBeGreaterThanOrEqual(7);
    }
  });
});

test("takes futures, coroutines, async functions and built tasks", async () => {
  const rt = real();
  const values = await rt.run(function* () {
    const set = new JoinSet<number>();
    set.spawn(after, 1, 1);
    set.spawn(after(1, 2));
    set.spawn(async () => 3);
    set.spawn(async (value: number, { signal }: AsyncContext) => value + Number(signal.aborted), 4);
    set.buildTask({ name: "named" }).spawn(after, 1, 5);
    return yield* set.joinAll();
  });
  expect(values.sort()).toEqual([1, 2, 3, 4, 5]);
  await rt.shutdown();
});

test("buildTask: the name is in the error, the signal aborts", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    const controller = new AbortController();
    set.buildTask({ name: "resize", signal: controller.signal }).spawn(after, 1_000, 1);
    yield* yieldNow();
    controller.abort();
    expect((yield* set.joinNext())?.error?.message).toContain('"resize" was cancelled');
    // One that is over before it begins.
    set.buildTask({ signal: controller.signal }).spawn(after, 1, 1);
    expect((yield* set.joinNext())?.error?.isCancelled).toBe(true);
  });
});

test("spawnOn spawns on another runtime", () => {
  const other = paused();
  const rt = real();
  rt.blockOn(function* () {
    const set = new JoinSet<string>();
    set.spawnOn(other.handle(), after, 60_000, "elsewhere");
    set.spawnOn(other, after, 60_000, "there too");
    expect(set.tryJoinNext()).toBe(undefined);
    expect(other.metrics().numAliveTasks()).toBe(2);
    set.abortAll();
  });
  other.blockOn(function* () {
    yield* sleep(1);
  });
  expect(other.metrics().numAliveTasks()).toBe(0);
});

test("the end of the runtime gives every task as cancelled", async () => {
  const rt = real();
  const set = new JoinSet<number>();
  for (let task = 0; task < 3; task++) set.spawnOn(rt.handle(), pending<number>());
  await rt.shutdown();
  const results = [set.tryJoinNext(), set.tryJoinNext(), set.tryJoinNext()];
  expect(results.map((result) => result?.error?.isCancelled)).toEqual([true, true, true]);
  expect(set.isEmpty()).toBe(true);
});

test("outside of every runtime spawn says so, and the set stays as it was", () => {
  const set = new JoinSet<number>();
  expect(thrown(() => set.spawn(after, 1, 1)).message).toContain("JoinSet.spawn");
  expect(set.len()).toBe(0);
});

test("for await gives results as they come; leaving the loop leaves the rest", async () => {
  const rt = real();
  await rt.run(async () => {
    const set = new JoinSet<number>();
    for (const ms of [1, 5, 60_000]) set.spawn(after, ms, ms);
    const values: (number | undefined)[] = [];
    for await (const { value } of set) {
      values.push(value);
      if (values.length === 2) break;
    }
    expect(values).toEqual([1, 5]);
    expect(set.len()).toBe(1);
    set.abortAll();
    for await (const { error } of set) expect(error?.isCancelled).toBe(true);
  });
  await rt.shutdown();
});

test("a task may spawn into the set that it is in", () => {
  const values = paused().blockOn(function* () {
    const set = new JoinSet<number>();
    function* tree(depth: number): Coroutine<number> {
      if (depth > 0) for (let child = 0; child < 2; child++) set.spawn(tree, depth - 1);
      yield* sleep(depth);
      return depth;
    }
    set.spawn(tree, 4);
    return yield* set.joinAll();
  });
  expect(values).toHaveLength(31);
});

test("a waker that looks into the set at once finds it whole", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    const seen: unknown[] = [];
    const waker = Waker.from(() => {
      for (let next = set.tryJoinNext(); next !== undefined; next = set.tryJoinNext())
        seen.push(next.value);
      set.pollJoinNext({ waker });
    });
    for (let task = 0; task < 20; task++) set.spawn(after, task % 3, task);
    set.pollJoinNext({ waker });
    yield* sleep(10);
    expect(seen).toHaveLength(20);
    expect(set.isEmpty()).toBe(true);
  });
});

test("tasks that were let go of are not held by the set", async () => {
  const rt = paused();
  const set = new JoinSet<object>();
  const weak: WeakRef<object>[] = [];
  {
    using _entered = rt.enter();
    for (let task = 0; task < 10; task++)
      set.spawn(function* () {
        const value = {};
        weak.push(new WeakRef(value));
        return value;
      });
  }
  rt.blockOn(function* () {
    yield* sleep(1);
  });
  expect(weak).toHaveLength(10);
  while (set.tryJoinNext() !== undefined);
  await loopTurns();
  await untilCollected("their values", () => weak.every((value) => value.deref() === undefined));
  expect(set.len()).toBe(0);
});

type Step =
  | { readonly do: "spawn"; readonly ms: number; readonly ends: "value" | "error" }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "abort"; readonly index: number }
  | { readonly do: "take" | "detach" | "abortAll" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("spawn" as const),
    ms: fc.nat(10),
    ends: fc.constantFrom("value" as const, "error" as const),
  }),
  fc.record({ do: fc.constant("sleep" as const), ms: fc.nat(10) }),
  fc.record({ do: fc.constant("abort" as const), index: fc.nat(20) }),
  fc.record({ do: fc.constantFrom("take" as const, "take" as const, "abortAll" as const) }),
  fc.record({ do: fc.constantFrom("detach" as const) }),
);

/** What a task of the model should end with, and when. */
interface Expected {
  readonly id: number;
  readonly handle: { abort(): void; isFinished(): boolean };
  readonly ends: string;
  aborted: boolean;
}

test("whatever is done, every task that was not detached is given once, as it ended", async () => {
  const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const rt = paused();
    rt.blockOn(function* () {
      const set = new JoinSet<number>();
      const alive = new Map<number, Expected>();
      const check = (result: JoinResult<number> | undefined): void => {
        if (result === undefined) return;
        const expected = alive.get(result.id) as Expected;
        expect(expected).toBeDefined();
        alive.delete(result.id);
        const ended = result.error === undefined ? "value" : result.error.isPanic ? "error" : "";
        if (ended === "") expect(expected.aborted).toBe(true);
        else expect(ended).toBe(expected.ends);
      };
      const spawned: Expected[] = [];
      for (const step of steps) {
        if (step.do === "spawn") {
          const handle =
            step.ends === "value" ? set.spawn(after, step.ms, 1) : set.spawn(failsAfter, step.ms);
          const expected = { id: handle.id, handle, ends: step.ends, aborted: false };
          spawned.push(expected);
          alive.set(handle.id, expected);
        } else if (step.do === "sleep") yield* sleep(step.ms);
        else if (step.do === "abort") {
          const target = spawned[step.index];
          if (target !== undefined) target.aborted = true;
          target?.handle.abort();
        } else if (step.do === "abortAll") {
          for (const expected of alive.values()) expected.aborted = true;
          set.abortAll();
        } else if (step.do === "detach") {
          set.detachAll();
          alive.clear();
        } else check(set.tryJoinNext());
        expect(set.len()).toBe(alive.size);
      }
      for (const result of yield* drain(set)) check(result);
      expect(alive.size).toBe(0);
    });
    // What was detached has panicked for nobody.
    void rt.shutdown();
  });
  await stderrOf(() => fc.assert(property, { numRuns: 150 }));
});

test("a set is awaited from an async function", async () => {
  const rt = real();
  const value = await settles(
    rt.run(async () => {
      const set = new JoinSet<string>();
      set.spawn(async () => "value");
      return await set.joinNext();
    }),
  );
  expect(value).toMatchObject({ value: "value" });
  await rt.shutdown();
});

test("from: a set of tasks of every form that needs no arguments", () => {
  const values = paused().blockOn(function* () {
    const set = JoinSet.from<number>([
      future(after, 3, 1),
      after(1, 2),
      function* () {
        return yield* after(2, 3);
      },
    ]);
    expect(set.len()).toBe(3);
    return yield* set.joinAll();
  });
  expect(values).toEqual([2, 3, 1]);
});

test("from: what is refused aborts those before it", async () => {
  const rt = paused();
  const log: string[] = [];
  rt.blockOn(function* () {
    const tasks = [future(cleansUp, log, "first"), "no task" as never];
    function* each() {
      yield* tasks;
    }
    expect(() => JoinSet.from(each())).toThrow(NotAFutureError);
    yield* yieldNow();
    expect(rt.metrics().numAliveTasks()).toBe(1);
  });
});

test("extend spawns into a set that there is", () => {
  paused().blockOn(function* () {
    const set = new JoinSet<number>();
    set.spawn(after, 2, 1);
    set.extend(new Set([after(1, 2), after(3, 3)]));
    expect(yield* set.joinAll()).toEqual([2, 1, 3]);
    set[Symbol.dispose]();
    expect(() => set.extend([after(1, 1)])).toThrow(DisposedCollectionError);
  });
});
