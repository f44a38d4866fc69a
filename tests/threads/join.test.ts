// JoinHandles of tasks on other threads: whoever waits gets the value, an abort ends the task where it is, and a result that nobody
// waits for is given back.

import {
  fromPromise,
  JoinError,
  type JoinHandle,
  join,
  select,
  sleep,
  spawn,
  timeout,
} from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { describe, expect, test } from "vitest";
import {
  CountingWaker,
  collectGarbage,
  loopTurns,
  paused,
  pollOnce,
  rejection,
  settles,
  stderrOf,
  untilCollected,
} from "../support/tasks.js";
import { crew, giveWords, LONG, sharedWords, until, untilNoTasks, untilWord } from "./crew.js";
import * as tasks from "./fixtures/tasks.mjs";

/** Words of tasks.mjs: has begun, may go on, finally, went on or thread, ran, thread of a local task. */
const [BEGUN, GO, FINALLY, WENT_ON, RAN, LOCAL] = [0, 1, 2, 3, 4, 5];

async function withWords(workers = 2): Promise<[Runtime, Int32Array, number[]]> {
  const rt = crew(workers);
  const words = sharedWords(16);
  const threads = await giveWords(rt, words);
  return [rt, words, threads];
}

function raise(words: Int32Array, index = GO): void {
  Atomics.add(words, index, 1);
  Atomics.notify(words, index);
}

async function expectCancelled(handle: PromiseLike<unknown>): Promise<void> {
  const error = await rejection(settles(handle, LONG));
  expect(error).toBeInstanceOf(JoinError);
  expect(error).toMatchObject({ isCancelled: true, isPanic: false, isWorkerLost: false });
}

describe("waiting", () => {
  test("twice, at once, in turn, and long after the end", async () => {
    const rt = crew();
    for (const value of [5, { a: 1 }, new Uint8Array(1024), undefined]) {
      const handle = rt.spawn(tasks.after, 5, value);
      const [a, b] = await settles(Promise.all([handle, handle]), LONG);
      const c = await settles(handle);
      await loopTurns();
      expect([a, b, c, await handle]).toStrictEqual([value, value, value, value]);
      // As on one thread: it is one value, not a copy for each.
      expect(b).toBe(a);
      expect(c).toBe(a);
    }
  });

  test("a large result too, which has come by a port", async () => {
    const rt = crew();
    const handle = rt.spawn(tasks.mib, 7);
    const [a, b] = (await settles(Promise.all([handle, handle]), LONG)) as Uint8Array[];
    expect(a).toBe(b);
    expect(a?.[5]).toBe(7);
    expect(await settles(handle)).toBe(a);
  });

  test("several tasks, promises and combinators at once", async () => {
    const [rt, words] = await withWords();
    const handle = rt.spawn(tasks.whenRaised, "value") as JoinHandle<string>;
    const values = rt.run(function* () {
      const waiters = Array.from({ length: 5 }, () =>
        spawn(function* () {
          return yield* handle;
        }),
      );
      const opener = spawn(function* () {
        yield* sleep(5);
        raise(words);
      });
      const all = yield* join(...waiters, handle, timeout(LONG, handle));
      yield* opener;
      return all;
    });
    expect(await settles(Promise.all([handle, values, handle]), LONG)).toEqual([
      "value",
      Array(7).fill("value"),
      "value",
    ]);
  });

  test("a waiter that gives up takes nothing of another along", async () => {
    const [rt, words] = await withWords();
    const handle = rt.spawn(tasks.whenRaised, "value") as JoinHandle<string>;
    const result = rt.run(function* () {
      const aborted = spawn(function* () {
        return yield* handle;
      });
      const stays = spawn(function* () {
        return yield* handle;
      });
      const impatient = spawn(function* () {
        try {
          return yield* timeout(2, handle);
        } catch {
          return "gave up";
        }
      });
      yield* sleep(1);
      aborted.abort();
      expect(yield* impatient).toBe("gave up");
      const { branch } = yield* select({ handle, tick: sleep(1) });
      expect(branch).toBe("tick");
      raise(words);
      return yield* stays;
    });
    expect(await settles(result, LONG)).toBe("value");
  });

  test("isFinished, and the waker of who polls by hand", async () => {
    const [rt, words] = await withWords();
    const handle = rt.spawn(tasks.whenRaised, 1);
    const waker = new CountingWaker();
    await untilWord(words, BEGUN);
    expect(handle.isFinished()).toBe(false);
    pollOnce(handle, waker);
    expect(waker.wakes).toBe(0);
    raise(words);
    await until("the handle is finished", () => handle.isFinished());
    expect(waker.wakes).toBe(1);
    expect(pollOnce(handle)).toBe(1);
  });

  test("from another runtime, on the same thread", async () => {
    const rt = crew();
    const other = paused();
    const handle = rt.spawn(tasks.after, 5, "value") as JoinHandle<string>;
    expect(
      await settles(
        other.run(function* () {
          return yield* fromPromise(async () => await handle);
        }),
        LONG,
      ),
    ).toBe("value");
  });

  test("in the order that suits the waiter", async () => {
    const rt = crew();
    const values = await settles(
      rt.run(function* () {
        const handles = [30, 1, 15, 5].map((ms) => spawn(tasks.after, ms, ms));
        const values: unknown[] = [];
        for (const handle of handles.reverse()) values.push(yield* handle);
        return values;
      }),
      LONG,
    );
    expect(values).toEqual([5, 15, 1, 30]);
  });

  test("ids are unique in the runtime", async () => {
    const rt = crew();
    const handles = Array.from({ length: 100 }, (_, i) => rt.spawn(tasks.identity, i));
    expect(new Set(handles.map((handle) => handle.id)).size).toBe(100);
    await settles(Promise.all(handles), LONG);
  });
});

describe("abort", () => {
  test.each(["plain", "coroutine"])(
    "of one that has not begun: it never runs (%s)",
    async (form) => {
      const [rt, words] = await withWords(1);
      const blocker = rt.spawn(tasks.block, "blocked");
      await untilWord(words, BEGUN);
      const fn = form === "plain" ? tasks.ran : tasks.ranCoroutine;
      const doomed = [
        rt.spawn(fn, 1),
        rt.spawn(fn, { a: 1 }),
        rt.spawn(fn, new Uint8Array(1024)),
        rt.spawn(fn, new Uint8Array(2 ** 21)),
      ];
      const spared = rt.spawn(fn, 2);
      for (const handle of doomed) handle.abort();
      raise(words);
      for (const handle of doomed) await expectCancelled(handle);
      expect(await settles(spared, LONG)).toBe(2);
      expect(await settles(blocker)).toBe("blocked");
      expect(words[RAN]).toBe(1);
      await untilNoTasks(rt);
    },
  );

  test("at once after the spawn, many times over", async () => {
    const [rt, words] = await withWords();
    const handles = Array.from({ length: 1000 }, (_, i) => {
      const handle = rt.spawn(tasks.ran, i);
      handle.abort();
      return handle;
    });
    const results = await settles(Promise.allSettled(handles), LONG);
    let values = 0;
    for (const [i, result] of results.entries())
      if (result.status === "fulfilled") {
        expect(result.value).toBe(i);
        values += 1;
      } else expect(result.reason).toMatchObject({ isCancelled: true });
    // Whatever gave a value ran, and what was cancelled before it began did not.
    expect(words[RAN]).toBeGreaterThanOrEqual(values);
    await untilNoTasks(rt);
  });

  test("while it is being polled: a coroutine ends where it next waits", async () => {
    const [rt, words] = await withWords();
    const handle = rt.spawn(tasks.blockAndWait, 1);
    await untilWord(words, BEGUN);
    handle.abort();
    handle.abort();
    raise(words);
    await expectCancelled(handle);
    expect([words[FINALLY], words[WENT_ON]]).toEqual([1, 0]);
    await untilNoTasks(rt);
  });

  test("while it is being polled: one that is about to finish may give its value", async () => {
    const [rt, words] = await withWords();
    const handle = rt.spawn(tasks.block, "value");
    await untilWord(words, BEGUN);
    handle.abort();
    raise(words);
    const [result] = await settles(Promise.allSettled([handle]), LONG);
    if (result?.status === "fulfilled") expect(result.value).toBe("value");
    else expect(result?.reason).toMatchObject({ isCancelled: true });
    await untilNoTasks(rt);
  });

  test("while it sleeps: its finally blocks run, there", async () => {
    const [rt, words, threads] = await withWords();
    const handle = rt.spawn(tasks.sleepForEver);
    await untilWord(words, BEGUN);
    handle.abort();
    await expectCancelled(handle);
    expect(words[FINALLY]).toBe(2);
    expect(threads).toContain(words[WENT_ON]);
    await untilNoTasks(rt);
  });

  test("deep in coroutines", async () => {
    const [rt, words] = await withWords();
    const handle = rt.spawn(tasks.waitDeep, 50);
    await untilWord(words, BEGUN);
    handle.abort();
    await expectCancelled(handle);
    expect(words[FINALLY]).toBe(51);
  });

  test("of an async function: its signal", async () => {
    const [rt, words] = await withWords();
    const handle = rt.spawn(tasks.waitAsync);
    await untilWord(words, BEGUN);
    handle.abort();
    await expectCancelled(handle);
    await untilWord(words, FINALLY);
    await untilNoTasks(rt);
  });

  test("after the end: nothing", async () => {
    const rt = crew();
    const handle = rt.spawn(tasks.identity, 5);
    expect(await settles(handle, LONG)).toBe(5);
    handle.abort();
    handle.abortHandle().abort();
    expect(await settles(handle)).toBe(5);
    const failed = rt.spawn(tasks.throws, "failed");
    await rejection(settles(failed));
    failed.abort();
    expect(await rejection(settles(failed))).toMatchObject({ isPanic: true });
  });

  test("by an AbortHandle, once the JoinHandle is gone", async () => {
    const [rt, words] = await withWords();
    const handle = rt.spawn(tasks.sleepForEver).abortHandle();
    await untilWord(words, BEGUN);
    expect(handle.isFinished()).toBe(false);
    handle.abort();
    await until("it has ended", () => handle.isFinished());
    await untilWord(words, FINALLY, 2);
    await untilNoTasks(rt);
  });

  test("of many that sleep, from here, all of them", async () => {
    const [rt, words] = await withWords();
    const count = 1000;
    const handles = Array.from({ length: count }, () => rt.spawn(tasks.sleepForEver));
    await untilWord(words, BEGUN, count);
    // Each says that it has begun before it sleeps.
    await until("all sleep", () => rt.metrics().numTimers() === count);
    for (const handle of handles) handle.abort();
    const results = await settles(Promise.allSettled(handles), LONG);
    for (const result of results)
      expect(result).toMatchObject({ status: "rejected", reason: { isCancelled: true } });
    expect(words[FINALLY]).toBe(2 * count);
    await untilNoTasks(rt);
  });

  test("by the task that spawned it, on its worker", async () => {
    const [rt] = await withWords();
    expect(await settles(rt.spawn(tasks.abortsItsChild), LONG)).toEqual([true, true, 2]);
    await untilNoTasks(rt);
  });

  test("a finally that throws: the task has ended all the same", async () => {
    const printed = await stderrOf(async () => {
      const [rt, words] = await withWords();
      const handle = rt.spawn(tasks.throwsInFinally);
      await untilWord(words, BEGUN);
      handle.abort();
      const error = await rejection(settles(handle, LONG));
      expect(error).toBeInstanceOf(JoinError);
      await untilNoTasks(rt);
      expect(await settles(rt.spawn(tasks.identity, 1))).toBe(1);
      expect(rt.metrics().lostWorkersCount()).toBe(0);
    });
    expect(printed).not.toContain("died");
  });

  test("against the end, thousands of times: one of the two, and nothing is left", async () => {
    const [rt] = await withWords();
    for (let round = 0; round < 20; round++) {
      const handles = Array.from({ length: 100 }, (_, i) => rt.spawn(tasks.after, i % 3, i));
      await sleepTurns(round % 4);
      for (const handle of handles) handle.abort();
      const results = await settles(Promise.allSettled(handles), LONG);
      for (const [i, result] of results.entries())
        if (result.status === "fulfilled") expect(result.value).toBe(i);
        else expect(result.reason).toMatchObject({ isCancelled: true });
    }
    await untilNoTasks(rt);
  });
});

async function sleepTurns(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

describe("detaching", () => {
  test("the task goes on", async () => {
    const [rt, words] = await withWords();
    {
      using _detached = rt.spawn(tasks.whenRaised, 1);
    }
    await untilWord(words, BEGUN);
    await collectGarbage();
    raise(words);
    await untilWord(words, RAN);
    await untilNoTasks(rt);
  });

  test("a task that was spawned by one that has ended goes on", async () => {
    const [rt, words] = await withWords();
    expect(await settles(rt.spawn(tasks.detaches), LONG)).toBe("gone");
    raise(words);
    await untilWord(words, RAN);
    await untilNoTasks(rt);
  });

  test("so does a local one, on its worker", async () => {
    const [rt, words] = await withWords();
    const thread = await settles(rt.spawn(tasks.detachesLocal), LONG);
    raise(words);
    await untilWord(words, RAN);
    expect(words[LOCAL]).toBe(thread);
    await untilNoTasks(rt);
  });
});

describe("results that nobody waits for", () => {
  test.each<[string, unknown, number, number]>([
    ["1 KiB each", tasks.kib, 2_000, 1024],
    ["numbers", tasks.identity, 10_000, 64],
    ["1 MiB each, by port", tasks.mib, 10, 2 ** 17],
  ])("are freed: %s", async (_, fn, count, leastBytes) => {
    const rt = crew();
    const round = async (): Promise<number> => {
      for (let i = 0; i < count; i++) rt.spawn(fn as typeof tasks.kib, i);
      await untilNoTasks(rt);
      return rt.metrics().memoryBytes();
    };
    // Each thread keeps what it has needed at most, which differs from round to round and so grows a little for a while; eight
    // rounds of which nothing is given back take eight times `count * leastBytes`.
    for (let i = 0; i < 4; i++) await round();
    const before = await round();
    for (let i = 0; i < 8; i++) await round();
    expect(rt.metrics().memoryBytes()).toBeLessThan(before + 3 * count * leastBytes);
    expect(rt.metrics().numAliveTasks()).toBe(0);
  });

  test("so are those of tasks that were aborted", async () => {
    const rt = crew();
    const round = async (): Promise<number> => {
      for (let i = 0; i < 1000; i++) rt.spawn(tasks.kib, i).abort();
      await untilNoTasks(rt);
      return rt.metrics().memoryBytes();
    };
    for (let i = 0; i < 4; i++) await round();
    const before = await round();
    for (let i = 0; i < 8; i++) await round();
    expect(rt.metrics().memoryBytes()).toBeLessThan(before + 3 * 1000 * 1024);
  });

  test("handles and results that are let go can be collected here", async () => {
    const rt = crew();
    const refs: WeakRef<object>[] = [];
    await (async () => {
      for (let i = 0; i < 200; i++) {
        const handle = rt.spawn(tasks.kib, i);
        refs.push(new WeakRef(handle));
        if (i % 2 === 0) refs.push(new WeakRef((await settles(handle, LONG)) as Uint8Array));
      }
    })();
    await untilNoTasks(rt);
    const alive = (): number => refs.filter((ref) => ref.deref() !== undefined).length;
    await untilCollected("all but a few handles and results", () => alive() < 30);
  });

  test("a shutdown ends what is waited for", async () => {
    const [rt, words] = await withWords();
    const handles = [rt.spawn(tasks.sleepForEver), rt.spawn(tasks.whenRaised, 1)];
    await untilWord(words, BEGUN, 2);
    const ends = handles.map((handle) => rejection(settles(handle, LONG)));
    await settles(rt.shutdown(), LONG);
    for (const end of ends) expect(await end).toMatchObject({ isCancelled: true });
    expect(words[FINALLY]).toBe(2);
  });
});
