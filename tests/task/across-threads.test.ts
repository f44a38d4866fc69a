// Collections, trackers and scopes whose tasks run on worker threads and on the blocking pool.

import { JoinError, type JoinHandle, NotAFutureError, sleep } from "tokiwa";
import { TaskTracker } from "tokiwa/sync";
import { JoinMap, JoinQueue, JoinSet, type Scope, scope } from "tokiwa/task";
import { describe, expect, test } from "vitest";
import { paused, rejection, settles } from "../support/tasks.js";
import { crew, LONG, sharedWords, unmanned, untilNoTasks, untilWord } from "../threads/crew.js";
import * as tasks from "./fixtures/collected.mjs";

const { BEGUN, FINALLY, GO, RETURNED } = tasks;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("JoinSet", () => {
  test("collects sendable tasks of every form beside local ones", async () => {
    const rt = crew();
    const values = await settles(
      rt.run(function* () {
        const set = new JoinSet<number>();
        for (const value of numbers(200)) set.spawn(tasks.double, value);
        for (const value of numbers(50)) set.spawn(tasks.doublePlain, value);
        for (const value of numbers(50)) set.spawn(tasks.doubleAsync, value);
        set.spawn(function* () {
          yield* sleep(1);
          return -1;
        });
        set.spawnBlocking(tasks.doublePlain, -1);
        return yield* set.joinAll();
      }),
      LONG,
    );
    const sum = (count: number): number => count * (count - 1);
    expect(values).toHaveLength(302);
    expect(values.reduce((a, b) => a + b)).toBe(sum(200) + 2 * sum(50) - 3);
    await untilNoTasks(rt);
  });

  test("gives the error of a task of another thread, with its cause", async () => {
    const rt = crew();
    const result = await settles(
      rt.run(function* () {
        const set = new JoinSet<number>();
        set.spawn(tasks.throws, "over there");
        return yield* set.joinNext();
      }),
      LONG,
    );
    expect(result?.error).toMatchObject({ isPanic: true, cause: { message: "over there" } });
  });

  test("shutdown returns when those on other threads have run their finally", async () => {
    const rt = crew();
    const words = sharedWords(4);
    const ended = await settles(
      rt.run(function* () {
        const set = new JoinSet<void>();
        for (const _ of numbers(20)) set.spawn(tasks.waits, words);
        while (Atomics.load(words, BEGUN) < 20) yield* sleep(1);
        yield* set.shutdown();
        return Atomics.load(words, FINALLY);
      }),
      LONG,
    );
    expect(ended).toBe(20);
  });

  test("disposing it aborts those on other threads", async () => {
    const rt = crew();
    const words = sharedWords(4);
    await settles(
      rt.run(function* () {
        using set = new JoinSet<void>();
        for (const _ of numbers(10)) set.spawn(tasks.waits, words);
        while (Atomics.load(words, BEGUN) < 10) yield* sleep(1);
      }),
      LONG,
    );
    await untilWord(words, FINALLY, 10);
    await untilNoTasks(rt);
  });

  test("spawnBlocking: an abort ends what waits in the queue, and not what runs", async () => {
    const rt = crew(1, (builder) => builder.maxBlockingThreads(1));
    const words = sharedWords(4);
    const results = await settles(
      rt.run(function* () {
        const set = new JoinSet<unknown>();
        const running = set.spawnBlocking(tasks.blocks, words);
        while (Atomics.load(words, BEGUN) < 1) yield* sleep(1);
        const queued = set.spawnBlocking(tasks.blocks, words);
        set.abortAll();
        const first = yield* set.joinNext();
        expect(first?.id).toBe(queued.id);
        expect(first?.error?.isCancelled).toBe(true);
        Atomics.store(words, GO, 1);
        Atomics.notify(words, GO);
        const second = yield* set.joinNext();
        expect(second?.id).toBe(running.id);
        return [Atomics.load(words, BEGUN), Atomics.load(words, RETURNED)];
      }),
      LONG,
    );
    expect(results).toEqual([1, 1]);
  });
});

test("spawnBlocking of a handle, and spawnBlockingOn of every collection, run on the pool of that runtime", async () => {
  const rt = crew(1);
  const here = paused();
  const handle = rt.handle();
  expect(await settles(handle.spawnBlocking(tasks.doublePlain, 1), LONG)).toBe(2);
  expect(await settles(rt.spawnBlocking(tasks.doublePlain, 2), LONG)).toBe(4);
  expect(() => handle.spawnBlocking((() => 1) as never)).toThrow(NotAFutureError);
  const set = new JoinSet<number>();
  const queue = new JoinQueue<number>();
  const map = new JoinMap<string, number>();
  const tracker = new TaskTracker();
  {
    using _entered = here.enter();
    set.spawnBlockingOn(handle, tasks.doublePlain, 3);
    queue.spawnBlockingOn(rt, tasks.doublePlain, 4);
    map.spawnBlockingOn(handle, "key", tasks.doublePlain, 5);
    expect(await settles(tracker.spawnBlockingOn(handle, tasks.doublePlain, 6), LONG)).toBe(12);
  }
  expect(here.metrics().numAliveTasks()).toBe(0);
  expect(await settles(rt.run(set.joinAll()), LONG)).toEqual([6]);
  expect(await settles(rt.run(queue.joinAll()), LONG)).toEqual([8]);
  expect(await settles(rt.run(map.joinNext()), LONG)).toMatchObject({ key: "key", value: 10 });
  expect(tracker.isEmpty()).toBe(true);
});

test("JoinQueue and JoinMap collect sendable tasks", async () => {
  const rt = crew();
  await settles(
    rt.run(function* () {
      const queue = new JoinQueue<number>();
      for (const value of numbers(100)) queue.spawn(tasks.double, value);
      expect(yield* queue.joinAll()).toEqual(numbers(100).map((value) => 2 * value));
      const map = new JoinMap<string, number>();
      for (const value of numbers(50)) map.spawn(`key ${value}`, tasks.double, value);
      map.spawnBlocking("blocking", tasks.doublePlain, 100);
      let results = 0;
      for (let next = yield* map.joinNext(); next !== undefined; next = yield* map.joinNext()) {
        results += 1;
        expect(next.value).toBe(next.key === "blocking" ? 200 : 2 * Number(next.key.slice(4)));
      }
      expect(results).toBe(51);
    }),
    LONG,
  );
});

test("JoinMap: a key that is taken aborts its task on another thread", async () => {
  const rt = crew();
  const words = sharedWords(4);
  await settles(
    rt.run(function* () {
      const map = new JoinMap<string, unknown>();
      map.spawn("key", tasks.waits, words);
      while (Atomics.load(words, BEGUN) < 1) yield* sleep(1);
      map.spawn("key", tasks.double, 4);
      expect(yield* map.joinNext()).toMatchObject({ key: "key", value: 8 });
      expect(yield* map.joinNext()).toBe(undefined);
    }),
    LONG,
  );
  await untilWord(words, FINALLY, 1);
});

test("TaskTracker waits for tasks of other threads and of the blocking pool", async () => {
  const rt = crew();
  const words = sharedWords(4);
  await settles(
    rt.run(function* () {
      const tracker = new TaskTracker();
      const handles = numbers(50).map((value) => tracker.spawn(tasks.double, value));
      tracker.spawnBlocking(tasks.blocks, words);
      const waiting = tracker.spawn(tasks.waits, words);
      tracker.close();
      while (Atomics.load(words, BEGUN) < 2) yield* sleep(1);
      for (const [value, handle] of handles.entries()) expect(yield* handle).toBe(2 * value);
      expect(tracker.len()).toBe(2);
      waiting.abort();
      Atomics.store(words, GO, 1);
      Atomics.notify(words, GO);
      yield* tracker.wait();
      expect(Atomics.load(words, FINALLY)).toBe(1);
      expect(Atomics.load(words, RETURNED)).toBe(1);
    }),
    LONG,
  );
});

describe("scope", () => {
  test("gives the values of children on other threads", async () => {
    const rt = crew();
    const sum = await settles(
      rt.run(
        scope(function* (s) {
          const a = s.spawn(tasks.double, 1);
          const b = s.spawn(tasks.doubleAsync, 2);
          const c = s.spawnBlocking(tasks.doublePlain, 3);
          return (yield* a) + (yield* b) + (yield* c);
        }),
      ),
      LONG,
    );
    expect(sum).toBe(12);
  });

  test("a child that fails on another thread: the others have ended when the scope completes", async () => {
    const rt = crew();
    const words = sharedWords(4);
    const [error, ended] = await settles(
      rt.run(function* () {
        try {
          yield* scope(function* (s) {
            for (const _ of numbers(10)) s.spawn(tasks.waits, words);
            s.spawn(tasks.throwsAfter, words, 10);
          });
        } catch (error) {
          return [error as Error, Atomics.load(words, FINALLY)] as const;
        }
        throw new Error("the scope did not fail");
      }),
      LONG,
    );
    expect(error.message).toBe("failed");
    expect(ended).toBe(10);
  });

  test("a call of the blocking pool that runs is waited for", async () => {
    const rt = crew();
    const words = sharedWords(4);
    const failure = rejection(
      rt.run(
        scope(function* (s) {
          s.spawnBlocking(tasks.blocks, words);
          while (Atomics.load(words, BEGUN) < 1) yield* sleep(1);
          throw new Error("body");
        }),
      ),
    );
    let settled = false;
    void failure.then(() => {
      settled = true;
    });
    await untilWord(words, BEGUN);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(settled).toBe(false);
    Atomics.store(words, GO, 1);
    Atomics.notify(words, GO);
    expect((await settles(failure, LONG)).message).toBe("body");
    expect(Atomics.load(words, RETURNED)).toBe(1);
  });

  test("on a worker, with children on any thread", async () => {
    const rt = crew();
    const sums = await settles(Promise.all(numbers(10).map(() => rt.spawn(tasks.sums, 20))), LONG);
    expect(sums).toEqual(new Array(10).fill(380));
    await untilNoTasks(rt);
  });

  test("on a worker, aborted from here: its children end too", async () => {
    const rt = crew();
    const words = sharedWords(4);
    const handle = rt.spawn(tasks.holds, words, 5);
    await untilWord(words, BEGUN, 5);
    handle.abort();
    expect(await settles(rejection(handle), LONG)).toMatchObject({ isCancelled: true });
    await untilWord(words, FINALLY, 5);
    await untilNoTasks(rt);
  });

  test("a child whose thread dies is a failure", async () => {
    const rt = crew(2);
    const words = sharedWords(4);
    const failure = rejection(
      rt.run(
        scope(function* (s) {
          s.spawn(tasks.waits, words);
          while (Atomics.load(words, BEGUN) < 1) yield* sleep(1);
          for (const worker of numbers(rt.metrics().numWorkers())) rt.terminateWorker(worker);
          yield* sleep(60_000);
        }),
      ),
    );
    const error = await settles(failure, LONG);
    expect(error).toBeInstanceOf(JoinError);
    expect(error).toMatchObject({ isWorkerLost: true });
  });
});

describe("what goes on though its task was aborted", () => {
  const kinds: [string, (words: Int32Array) => (s: Pick<Scope, "spawn">) => JoinHandle<void>][] = [
    ["an async function", (words) => (s) => s.spawn(tasks.outlasts, words)],
    ["a child of a scope in it", (words) => (s) => s.spawn(tasks.outlastsBelow, words, false)],
    ["a child of a scope in a child", (words) => (s) => s.spawn(tasks.outlastsBelow, words, true)],
    [
      "a child of a scope in an async function",
      (words) => (s) => s.spawn(tasks.outlastsBelowAsync, words),
    ],
  ];

  /** Whether the promise settles only after the function was let go. */
  async function settlesAfterGo(settled: Promise<number>, words: Int32Array): Promise<void> {
    let isSettled = false;
    void settled.then(() => {
      isSettled = true;
    });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(isSettled).toBe(false);
    Atomics.store(words, GO, 1);
    expect(await settles(settled, LONG)).toBe(1);
  }

  test.each(kinds)("a scope waits for %s", async (_, start) => {
    const rt = crew();
    const words = sharedWords(4);
    const scoped = rt.run(function* () {
      yield* scope(function* (s) {
        const handle = start(words)(s);
        while (Atomics.load(words, BEGUN) < 1) yield* sleep(1);
        handle.abort();
      });
      return Atomics.load(words, RETURNED);
    });
    await untilWord(words, BEGUN);
    await settlesAfterGo(scoped, words);
    await untilNoTasks(rt);
  });

  test.each(kinds)("a tracker waits for %s", async (_, start) => {
    const rt = crew();
    const words = sharedWords(4);
    const tracker = new TaskTracker();
    const handle = rt.blockOn(function* () {
      return start(words)(tracker);
    });
    await untilWord(words, BEGUN);
    handle.abort();
    tracker.close();
    const waited = rt.run(function* () {
      yield* tracker.wait();
      return Atomics.load(words, RETURNED);
    });
    await settlesAfterGo(waited, words);
  });

  test("the handle of an async function settles at once", async () => {
    const rt = crew();
    const words = sharedWords(4);
    const handle = rt.spawn(tasks.outlasts, words);
    await untilWord(words, BEGUN);
    handle.abort();
    expect(handle.isFinished()).toBe(true);
    expect(await settles(rejection(handle), LONG)).toMatchObject({ isCancelled: true });
    expect(Atomics.load(words, RETURNED)).toBe(0);
    Atomics.store(words, GO, 1);
    await untilNoTasks(rt);
  });

  test("has ended when its thread dies", async () => {
    const rt = crew(1);
    const words = sharedWords(4);
    const tracker = new TaskTracker();
    const handle = rt.blockOn(function* () {
      return tracker.spawn(tasks.outlasts, words);
    });
    await untilWord(words, BEGUN);
    handle.abort();
    tracker.close();
    // Something that comes after the abort: so the worker has seen that.
    expect(await settles(rt.spawn(tasks.double, 2), LONG)).toBe(4);
    rt.terminateWorker(0);
    await settles(rt.run(tracker.wait()), LONG);
    expect(Atomics.load(words, RETURNED)).toBe(0);
  });

  test("is waited for by a shutdown", async () => {
    const rt = unmanned();
    const words = sharedWords(4);
    const handle = rt.spawn(tasks.outlasts, words);
    await untilWord(words, BEGUN);
    handle.abort();
    const ended = rt.shutdown().then(() => Atomics.load(words, RETURNED));
    await settlesAfterGo(ended, words);
  });
});
