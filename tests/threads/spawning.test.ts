// Spawning across threads: trees of tasks, a hundred thousand of them, who runs what, and where local tasks stay.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import {
  type JoinHandle,
  join,
  Pending,
  type Poll,
  pollFn,
  sleep,
  spawn,
  type Waker,
} from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { describe, expect, test } from "vitest";
import { rejection, settles, stderrOf } from "../support/tasks.js";
import {
  crew,
  dismiss,
  giveWords,
  LONG,
  sharedWords,
  until,
  untilNoTasks,
  untilWord,
} from "./crew.js";
import * as slow from "./fixtures/slow-import.mjs";
import * as tasks from "./fixtures/tasks.mjs";

const [BEGUN, GO, FINALLY, RAN] = [0, 1, 2, 4];

async function withWords(workers = 2, length = 16): Promise<[Runtime, Int32Array, number[]]> {
  const rt = crew(workers);
  const words = sharedWords(length);
  const threads = await giveWords(rt, words);
  return [rt, words, threads];
}

function raise(words: Int32Array, index = GO): void {
  Atomics.add(words, index, 1);
  Atomics.notify(words, index);
}

/** Tasks that had their first poll on each of the workers. */
function shares(rt: Runtime): number[] {
  const metrics = rt.metrics();
  return Array.from({ length: metrics.numWorkers() }, (_, worker) =>
    metrics.workerStartedTasksCount(worker),
  );
}

const total = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe("trees", () => {
  test.each([1, 2, 3])("five levels deep, local and sendable, on %d workers", async (workers) => {
    const rt = crew(workers);
    // n(0) = 1, n(d) = 1 + n(d - 1) twice + a plain task.
    let expected = 1;
    for (let depth = 0; depth < 5; depth++) expected = 2 + 2 * expected;
    const roots = Array.from({ length: 3 }, () => rt.spawn(tasks.nest, 5));
    expect(await settles(Promise.all(roots), LONG)).toEqual([expected, expected, expected]);
    await untilNoTasks(rt);
  });

  test("a chain of 500, each waits for the next", async () => {
    const rt = crew();
    expect(await settles(rt.spawn(tasks.chain, 500), LONG)).toBe(500);
    await untilNoTasks(rt);
  });

  test("from a callback of the host on a worker", async () => {
    const rt = crew();
    expect(await settles(rt.spawn(tasks.fromCallback), LONG)).toEqual([5, 6]);
  });
});

describe("as in Tokio", () => {
  test("a local task does not run before the spawner waits", async () => {
    const rt = crew();
    expect(await settles(rt.spawn(tasks.order), LONG)).toEqual([
      "start",
      "after spawn",
      "child",
      "after join",
    ]);
  });

  test("a child that fails leaves its parent and its siblings alone", async () => {
    const rt = crew();
    expect(await settles(rt.spawn(tasks.survivesChild), LONG)).toEqual(["child", "other"]);
  });

  test("a parent that fails leaves its children alone", async () => {
    const [rt, words] = await withWords();
    expect(await rejection(settles(rt.spawn(tasks.failsAfterSpawning), LONG))).toMatchObject({
      isPanic: true,
    });
    raise(words);
    await untilWord(words, RAN);
    await untilNoTasks(rt);
  });

  test("the end of `run` leaves sendable tasks alone; a shutdown does not", async () => {
    const rt = crew();
    const words = sharedWords(16);
    await giveWords(rt, words);
    await settles(
      rt.run(function* () {
        spawn(tasks.whenRaised, 1);
        spawn(tasks.sleepForEver);
        yield* sleep(1);
      }),
      LONG,
    );
    await untilWord(words, BEGUN, 2);
    raise(words);
    await untilWord(words, RAN);
    expect(words[FINALLY]).toBe(0);
    await dismiss(rt);
    expect(words[FINALLY]).toBe(2);
  });

  test("a task runs although its handle was let go at once", async () => {
    const [rt, words] = await withWords();
    for (let i = 0; i < 100; i++) rt.spawn(tasks.ran, i);
    await untilWord(words, RAN, 100);
    await untilNoTasks(rt);
    expect(words[RAN]).toBe(100);
  });

  test("tasks go on while nobody on this thread does anything", async () => {
    const [rt, words] = await withWords();
    rt.spawn(tasks.whenRaised, 1);
    raise(words);
    // This thread is blocked: neither turns nor callbacks.
    const end = Date.now() + LONG;
    while (Atomics.load(words, RAN) === 0 && Date.now() < end) Atomics.wait(words, 15, 0, 5);
    expect(words[RAN]).toBe(1);
  });

  test("a task that blocks its worker holds up nobody else", async () => {
    const [rt, words] = await withWords(2);
    const blocker = rt.spawn(tasks.block, "blocked");
    await untilWord(words, BEGUN);
    const others = Array.from({ length: 500 }, (_, i) => rt.spawn(tasks.identity, i));
    expect(await settles(Promise.all(others), LONG)).toEqual(others.map((_, i) => i));
    raise(words);
    expect(await settles(blocker, LONG)).toBe("blocked");
  });
});

describe("a hundred thousand tasks", () => {
  const COUNT = 100_000;

  function expectEachOnce(words: Int32Array): void {
    let wrong = 0;
    for (let i = 0; i < COUNT; i++) if (words[i] !== 1) wrong += 1;
    expect(wrong).toBe(0);
    words.fill(0);
  }

  test("from here: none is lost, none runs twice, each result is right, and memory comes back", async () => {
    const [rt, words] = await withWords(2, COUNT);
    const before = total(shares(rt));
    const memory: number[] = [];
    for (let round = 0; round < 3; round++) {
      const handles: JoinHandle<number>[] = [];
      for (let i = 0; i < COUNT; i++) handles.push(rt.spawn(tasks.mark, i) as JoinHandle<number>);
      let wrong = 0;
      const results = await settles(Promise.all(handles), 2 * LONG);
      for (let i = 0; i < COUNT; i++) if (results[i] !== 3 * i) wrong += 1;
      expect(wrong).toBe(0);
      expectEachOnce(words);
      await untilNoTasks(rt);
      memory.push(rt.metrics().memoryBytes());
    }
    expect(total(shares(rt)) - before).toBe(3 * COUNT);
    // All of them are alive at once in each round.
    expect(memory[2]).toBeLessThanOrEqual((memory[1] as number) + 2 ** 20);
  });

  test("from a coroutine here, with a window", async () => {
    const [rt, words] = await withWords(2, COUNT);
    const sum = await settles(
      rt.run(function* () {
        let sum = 0;
        for (let i = 0; i < COUNT; i += 1000) {
          const handles: JoinHandle<number>[] = [];
          for (let j = i; j < i + 1000; j++)
            handles.push(spawn(tasks.mark, j) as JoinHandle<number>);
          for (const handle of handles) sum += yield* handle;
        }
        return sum;
      }),
      2 * LONG,
    );
    expect(sum).toBe((3 * COUNT * (COUNT - 1)) / 2);
    expectEachOnce(words);
    await untilNoTasks(rt);
  });

  test("from tasks on the workers", async () => {
    const [rt, words] = await withWords(2, COUNT);
    const memory: number[] = [];
    const parts = 20;
    for (let round = 0; round < 3; round++) {
      const handles = Array.from({ length: parts }, (_, part) =>
        rt.spawn(tasks.markRange, (part * COUNT) / parts, ((part + 1) * COUNT) / parts),
      );
      const sums = (await settles(Promise.all(handles), 2 * LONG)) as number[];
      expect(total(sums)).toBe((3 * COUNT * (COUNT - 1)) / 2);
      expectEachOnce(words);
      await untilNoTasks(rt);
      memory.push(rt.metrics().memoryBytes());
    }
    // What is alive at once differs between rounds, but nothing is kept from one to the next.
    expect(memory[2]).toBeLessThanOrEqual(2 * (memory[0] as number));
  });
});

describe("who runs what", () => {
  test("tasks that one worker spawns run on the other too: they cannot end otherwise", async () => {
    for (const workers of [2, 3]) {
      const [rt, words, threads] = await withWords(workers);
      const before = shares(rt);
      const met = (await settles(rt.spawn(tasks.meetBySpawning, workers), LONG)) as number[];
      expect([...met].sort()).toEqual([...threads].sort());
      expect(words[BEGUN]).toBe(workers);
      for (const [worker, share] of shares(rt).entries())
        expect(share).toBeGreaterThan(before[worker] as number);
      await dismiss(rt);
    }
  });

  test("again and again, whoever spawns", async () => {
    const [rt, words] = await withWords(2);
    for (let round = 0; round < 50; round++) {
      Atomics.store(words, BEGUN, 0);
      const met = (await settles(rt.spawn(tasks.meetBySpawning, 2), LONG)) as number[];
      expect(new Set(met).size).toBe(2);
    }
    // Of each two that met one was taken from the other's queue.
    const metrics = rt.metrics();
    expect(metrics.workerStealCount(0) + metrics.workerStealCount(1)).toBeGreaterThan(0);
    expect(metrics.workerStealOperations(0) + metrics.workerStealOperations(1)).toBeGreaterThan(0);
  });

  test("tasks that are spawned here run on both", async () => {
    const [rt, words, threads] = await withWords(2);
    for (let round = 0; round < 50; round++) {
      Atomics.store(words, BEGUN, 0);
      const met = await settles(
        Promise.all([rt.spawn(tasks.meet, 2), rt.spawn(tasks.meet, 2)]),
        LONG,
      );
      expect(met.sort()).toEqual([...threads].sort());
    }
  });

  test("the first tasks of a runtime too, which have to wait for their module", async () => {
    // The memory goes along as an argument: no task has run on the workers before.
    for (let round = 0; round < 5; round++) {
      const rt = crew(2);
      const words = sharedWords(1);
      const handles = [0, 1].map(() => rt.spawn(tasks.meetAt, { words }, 2));
      expect(new Set(await settles(Promise.all(handles), LONG)).size).toBe(2);
    }
  });

  test("tasks that have to wait for a slow import are not all taken by one worker", async () => {
    const folder = await mkdtemp(joinPath(tmpdir(), "tokiwa-"));
    for (let round = 0; round < 3; round++) {
      const [rt] = await withWords(2);
      const handles = [0, 1].map((i) => rt.spawn(slow.meetByFiles, `${folder}/${round}-`, i));
      expect(new Set(await settles(Promise.all(handles), LONG)).size).toBe(2);
    }
    await rm(folder, { recursive: true });
  });

  test("a sendable task stays where it has begun", async () => {
    const rt = crew(2);
    const handles = Array.from({ length: 20 }, () => rt.spawn(tasks.wanders, 40));
    for (const threads of (await settles(Promise.all(handles), LONG)) as number[][])
      expect(threads.length).toBe(1);
  });
});

describe("local tasks", () => {
  test("keep the thread of the worker that spawned them", async () => {
    const rt = crew(2);
    const handles = Array.from({ length: 8 }, () => rt.spawn(tasks.locals, 20, 15));
    for (const [values, threads] of (await settles(Promise.all(handles), LONG)) as number[][][]) {
      expect(values).toEqual(Array.from({ length: 20 }, (_, i) => i));
      expect(threads?.length).toBe(1);
      expect(threads?.[0]).toBeGreaterThan(0);
    }
    await untilNoTasks(rt);
  });

  test("are woken by what ends on other threads, and go on where they were", async () => {
    const [rt, words] = await withWords(2);
    for (let round = 0; round < 30; round++) {
      Atomics.store(words, BEGUN, 0);
      const [home, results] = (await settles(rt.spawn(tasks.meetFromLocals, 2), LONG)) as [
        number,
        [number, number, number][],
      ];
      expect(new Set(results.map(([met]) => met)).size).toBe(2);
      for (const [, before, after] of results) expect([before, after]).toEqual([home, home]);
    }
    await untilNoTasks(rt);
  });

  test("of this thread too", async () => {
    const [rt, words] = await withWords(2);
    const { threadId } = await import("node:worker_threads");
    for (let round = 0; round < 30; round++) {
      Atomics.store(words, BEGUN, 0);
      const results = await settles(
        rt.run(function* () {
          const locals = [0, 1].map(() =>
            spawn(function* () {
              const met = yield* spawn(tasks.meet, 2);
              return [met, threadId] as const;
            }),
          );
          return yield* join(...locals);
        }),
        LONG,
      );
      expect(new Set(results.map(([met]) => met)).size).toBe(2);
      for (const [, here] of results) expect(here).toBe(0);
    }
  });

  test("that wake each other, set going by other threads", async () => {
    const rt = crew(2);
    const handles = Array.from({ length: 4 }, () => rt.spawn(tasks.pingPong, 200));
    expect(await settles(Promise.all(handles), LONG)).toEqual([200, 200, 200, 200]);
    expect(await settles(rt.spawn(tasks.notified, 50), LONG)).toBe(50);
    await untilNoTasks(rt);
  });

  test("of this thread run in the background of its event loop", async () => {
    const rt = crew();
    let steps = 0;
    rt.spawn(function* () {
      for (; steps < 10; steps++) yield* spawn(tasks.identity, steps);
    });
    await until("the task has taken its steps", () => steps === 10);
    await untilNoTasks(rt);
  });
});

describe("wakers that are sent", () => {
  /** Pending until it is woken; `wake` gets the waker to do so. */
  function woken(wake: (waker: Waker) => void, polls: { count: number }) {
    let begun = false;
    return pollFn((cx) => {
      polls.count += 1;
      if (begun) return "woken";
      begun = true;
      wake(cx.waker);
      return Pending as Poll<string>;
    });
  }

  test("wake a local task of this thread from a worker", async () => {
    const rt = crew();
    for (let round = 0; round < 20; round++) {
      const polls = { count: 0 };
      const value = await settles(
        rt.run(woken((waker) => rt.spawn(tasks.wakes, { waker, times: 1 }), polls)),
        LONG,
      );
      expect([value, polls.count]).toEqual(["woken", 2]);
    }
    await untilNoTasks(rt);
  });

  test("wake it under blockOn", () => {
    const rt = crew();
    const polls = { count: 0 };
    const wake = (waker: Waker) => rt.spawn(tasks.wakes, { waker, times: 3 });
    expect(rt.blockOn(woken(wake, polls))).toBe("woken");
    expect(polls.count).toBe(2);
  });

  test("wake local tasks of a worker, which stay there", async () => {
    const rt = crew();
    const handles = Array.from({ length: 4 }, () => rt.spawn(tasks.wokenFromElsewhere, 10, 20));
    for (const threads of (await settles(Promise.all(handles), LONG)) as number[][])
      expect(threads.length).toBe(1);
    await untilNoTasks(rt);
  });

  test("do nothing once the task has ended, however often and late", async () => {
    const rt = crew();
    const wakers: Waker[] = [];
    const polls = { count: 0 };
    await settles(
      rt.run(
        woken((waker) => {
          wakers.push(waker);
          waker.wake();
        }, polls),
      ),
    );
    const [waker] = wakers;
    const handles = Array.from({ length: 20 }, () => rt.spawn(tasks.wakes, { waker, times: 100 }));
    // Tasks that may have got the slot of the one that has ended.
    const others = Array.from({ length: 200 }, (_, i) => rt.spawn(tasks.after, i % 5, i));
    await settles(Promise.all(handles), LONG);
    expect(await settles(Promise.all(others), LONG)).toEqual(others.map((_, i) => i));
    expect(polls.count).toBe(2);
    await untilNoTasks(rt);
  });
});

describe("several runtimes at once", () => {
  test("each has its own workers, and tasks of one are no tasks of the other", async () => {
    const [a, aWords, aThreads] = await withWords(1);
    const [b, bWords, bThreads] = await withWords(1);
    expect(aThreads).not.toEqual(bThreads);
    const count = 1000;
    const handles = Array.from({ length: count }, (_, i) => [
      a.spawn(tasks.ran, i),
      b.spawn(tasks.ran, -i),
    ]).flat();
    const values = (await settles(Promise.all(handles), LONG)) as number[];
    expect(total(values)).toBe(0);
    expect([aWords[RAN], bWords[RAN]]).toEqual([count, count]);
    await dismiss(a);
    expect(await settles(b.spawn(tasks.identity, 1), LONG)).toBe(1);
  });

  test("one after the other, fifteen times: nothing is left of them", async () => {
    const printed = await stderrOf(async () => {
      for (let round = 0; round < 15; round++) {
        const rt = crew(2);
        const handles = Array.from({ length: 20 }, (_, i) => rt.spawn(tasks.identity, i));
        expect(await settles(Promise.all(handles), LONG)).toEqual(handles.map((_, i) => i));
        await dismiss(rt);
      }
    });
    expect(printed).toBe("");
  });
});
