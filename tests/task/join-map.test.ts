// JoinMap: tasks by key. (After tokio-util's task_join_map.)

import * as fc from "fast-check";
import { type Coroutine, pending, select, sleep, spawn, timeout, yieldNow } from "tokiwa";
import { Handle } from "tokiwa/runtime";
import { Notify } from "tokiwa/sync";
import { DisposedCollectionError, JoinMap, type JoinMapResult } from "tokiwa/task";
import { expect, test } from "vitest";
import { paused, pollOnce, real, stderrOf, thrown } from "../support/tasks.js";

function* after<T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
}

function* fails(ms: number): Coroutine<number> {
  yield* sleep(ms);
  throw new Error("failed");
}

function* drain<K, V>(map: JoinMap<K, V>) {
  const results: JoinMapResult<K, V>[] = [];
  for (let next = yield* map.joinNext(); next !== undefined; next = yield* map.joinNext())
    results.push(next);
  return results;
}

test("gives key and value in the order of the ends", () => {
  const results = paused().blockOn(function* () {
    const map = new JoinMap<string, number>();
    map.spawn("slow", after, 30, 1);
    map.spawn("fast", after, 10, 2);
    return yield* drain(map);
  });
  expect(results.map(({ key, value }) => [key, value])).toEqual([
    ["fast", 2],
    ["slow", 1],
  ]);
});

test("gives key and error", () => {
  paused().blockOn(function* () {
    const map = new JoinMap<string, number>();
    const { id } = map.spawn("bad", fails, 1);
    const result = yield* map.joinNext();
    expect(result).toMatchObject({ key: "bad", id, error: { isPanic: true, id } });
  });
});

test("a key that is taken: the old task is aborted and forgotten", () => {
  paused().blockOn(function* () {
    const log: string[] = [];
    const map = new JoinMap<string, string>();
    map.spawn("key", function* () {
      try {
        return yield* pending<string>();
      } finally {
        log.push("dropped");
      }
    });
    yield* yieldNow();
    map.spawn("key", after, 5, "new");
    expect(map.len()).toBe(1);
    const results = yield* drain(map);
    expect(results).toMatchObject([{ key: "key", value: "new" }]);
    expect(log).toEqual(["dropped"]);
  });
});

test("a key that is taken by a task that has ended: its result is forgotten too", () => {
  paused().blockOn(function* () {
    const map = new JoinMap<string, string>();
    map.spawn("key", after, 1, "old");
    yield* sleep(5);
    map.spawn("key", after, 1, "new");
    expect(yield* drain(map)).toMatchObject([{ value: "new" }]);
  });
});

test("a spawn that is refused leaves the key's task alone", () => {
  paused().blockOn(function* () {
    const map = new JoinMap<string, string>();
    map.spawn("key", after, 5, "old");
    const closed = real();
    void closed.shutdown();
    expect(() => map.spawnOn(closed.handle(), "key", after, 1, "new")).toThrow(/shut down/);
    expect(yield* drain(map)).toMatchObject([{ value: "old" }]);
  });
});

test("abort by key, and whether there was one", () => {
  paused().blockOn(function* () {
    const map = new JoinMap<string, number>();
    map.spawn("a", after, 1_000, 1);
    map.spawn("b", after, 5, 2);
    expect(map.abort("nobody")).toBe(false);
    expect(map.abort("a")).toBe(true);
    const results = yield* drain(map);
    expect(results[0]).toMatchObject({ key: "a", error: { isCancelled: true } });
    expect(results[1]).toMatchObject({ key: "b", value: 2 });
    expect(map.abort("a")).toBe(false);
  });
});

test("abortMatching aborts those whose keys match", () => {
  paused().blockOn(function* () {
    const map = new JoinMap<number, number>();
    for (let key = 0; key < 10; key++) map.spawn(key, after, 5, key);
    map.abortMatching((key) => key % 2 === 0);
    const results = yield* drain(map);
    const aborted = results.filter(({ error }) => error !== undefined).map(({ key }) => key);
    expect(aborted.sort()).toEqual([0, 2, 4, 6, 8]);
    expect(results).toHaveLength(10);
  });
});

test("containsKey, containsTask and keys know a task until its result is taken", () => {
  paused().blockOn(function* () {
    const map = new JoinMap<string, number>();
    const { id } = map.spawn("a", after, 1, 1);
    map.spawn("b", after, 100, 2);
    yield* sleep(5);
    expect([map.containsKey("a"), map.containsKey("b"), map.containsKey("c")]).toEqual([
      true,
      true,
      false,
    ]);
    expect([map.containsTask(id), map.containsTask(id + 100)]).toEqual([true, false]);
    expect([...map.keys()].sort()).toEqual(["a", "b"]);
    yield* map.joinNext();
    expect([map.containsKey("a"), map.containsTask(id)]).toEqual([false, false]);
    expect([...map.keys()]).toEqual(["b"]);
  });
});

test("keys are the same when a Map says so", () => {
  paused().blockOn(function* () {
    const map = new JoinMap<unknown, number>();
    const key = {};
    map.spawn(key, after, 1, 1);
    map.spawn({}, after, 1, 2);
    map.spawn(Number.NaN, after, 1, 3);
    map.spawn(Number.NaN, after, 1, 4);
    expect(map.len()).toBe(3);
    expect(map.containsKey(key)).toBe(true);
    map.abortAll();
    yield* map.shutdown();
  });
});

test("abortAll, shutdown, detachAll and dispose", () => {
  paused().blockOn(function* () {
    const log: string[] = [];
    function* child(name: string): Coroutine<void> {
      try {
        yield* sleep(10);
        log.push(`${name} ended`);
      } finally {
        log.push(name);
      }
    }
    const shut = new JoinMap<string, void>();
    shut.spawn("a", child, "shut");
    yield* yieldNow();
    yield* shut.shutdown();
    expect([log.splice(0), shut.isEmpty(), shut.containsKey("a")]).toEqual([["shut"], true, false]);

    const detached = new JoinMap<string, void>();
    detached.spawn("a", child, "detached");
    detached.detachAll();
    expect([detached.len(), detached.containsKey("a")]).toEqual([0, false]);
    yield* sleep(20);
    expect(log.splice(0)).toEqual(["detached ended", "detached"]);

    const disposed = new JoinMap<string, void>();
    disposed.spawn("a", child, "disposed");
    yield* yieldNow();
    disposed[Symbol.dispose]();
    yield* yieldNow();
    expect(log.splice(0)).toEqual(["disposed"]);
    expect(() => disposed.spawn("b", child, "late")).toThrow(DisposedCollectionError);
  });
});

test("who waits for a task that is replaced goes on to wait for the new one", () => {
  paused().blockOn(function* () {
    const map = new JoinMap<string, number>();
    map.spawn("key", pending<number>());
    const waiter = spawn(map.joinNext());
    yield* sleep(1);
    map.spawn("key", after, 5, 2);
    expect(yield* timeout(1_000, waiter)).toMatchObject({ key: "key", value: 2 });
  });
});

test("cancel-safe in select; refuses a poll after completion; for await", async () => {
  const rt = real();
  await rt.run(async () => {
    const map = new JoinMap<string, number>();
    const go = new Notify();
    map.spawn("a", function* () {
      yield* go.notified();
      return 1;
    });
    const winner = await select({ next: map.joinNext(), tick: sleep(1) });
    expect(winner.branch).toBe("tick");
    go.notifyOne();
    for await (const { key, value } of map) expect([key, value]).toEqual(["a", 1]);
    const next = map.joinNext();
    pollOnce(next);
    expect(thrown(() => pollOnce(next)).name).toBe("PolledAfterCompletionError");
  });
  await rt.shutdown();
});

test("spawnOn another runtime", () => {
  paused().blockOn(function* () {
    const map = new JoinMap<string, number>();
    map.spawnOn(Handle.current(), "a", after, 1, 1);
    expect(yield* map.joinNext()).toMatchObject({ key: "a", value: 1 });
  });
});

test("agrees with a model of plain maps", async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("spawn" as const), key: fc.nat(4), ms: fc.nat(6) }),
    fc.record({ do: fc.constant("abort" as const), key: fc.nat(4) }),
    fc.record({ do: fc.constant("sleep" as const), ms: fc.nat(6) }),
    fc.record({ do: fc.constant("take" as const) }),
  );
  const property = fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
    paused().blockOn(function* () {
      const map = new JoinMap<number, number>();
      // Of each key the number of its last spawn, and whether it was aborted.
      const model = new Map<number, { value: number; aborted: boolean }>();
      let spawns = 0;
      const take = (result: JoinMapResult<number, number>): void => {
        const expected = model.get(result.key);
        if (result.error === undefined) expect(result.value).toBe(expected?.value);
        else expect(expected?.aborted).toBe(true);
        model.delete(result.key);
      };
      for (const step of steps) {
        if (step.do === "spawn") {
          spawns += 1;
          map.spawn(step.key, after, step.ms, spawns);
          model.set(step.key, { value: spawns, aborted: false });
        } else if (step.do === "abort") {
          const expected = model.get(step.key);
          expect(map.abort(step.key)).toBe(expected !== undefined);
          if (expected !== undefined) expected.aborted = true;
        } else if (step.do === "sleep") yield* sleep(step.ms);
        else {
          const result = map.tryJoinNext();
          if (result !== undefined) take(result);
        }
        expect([...map.keys()].sort()).toEqual([...model.keys()].sort());
        expect(map.len()).toBe(model.size);
      }
      for (const result of yield* drain(map)) take(result);
      expect(model.size).toBe(0);
    });
  });
  await stderrOf(() => fc.assert(property, { numRuns: 150 }));
});
