// The end of a runtime with threads: what is dropped, what is waited for, and what is refused afterwards.

import { JoinError, type JoinHandle, pending, sleep, spawn } from "tokiwa";
import { type Runtime, ShutdownError } from "tokiwa/runtime";
import { spawnBlocking } from "tokiwa/task";
import { describe, expect, test } from "vitest";
import { loopTurns, rejection, settles, stderrOf, thrown } from "../support/tasks.js";
import { LONG, sharedWords, unmanned, until, untilWord } from "./crew.js";
import * as mortal from "./fixtures/mortal.mjs";

function release(words: Int32Array): void {
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
}

async function expectCancelled(handle: JoinHandle<unknown>): Promise<void> {
  const error = (await settles(rejection(handle), LONG)) as JoinError;
  expect(error).toBeInstanceOf(JoinError);
  expect(error).toMatchObject({ isCancelled: true, isWorkerLost: false, isPanic: false });
}

async function ends(rt: Runtime): Promise<void> {
  expect(await settles(rt.shutdown(), LONG)).toEqual({ stuck: [] });
  expect(rt.metrics().numAliveTasks()).toBe(0);
  expect(rt.metrics().numBlockingThreads()).toBe(0);
}

const WAYS: [string, (rt: Runtime) => unknown][] = [
  ["shutdown", (rt) => rt.shutdown()],
  ["shutdownTimeout", (rt) => rt.shutdownTimeout(LONG)],
  [
    "shutdownBackground, then shutdown",
    (rt) => {
      rt.shutdownBackground();
      return rt.shutdown();
    },
  ],
  ["await using", (rt) => rt[Symbol.asyncDispose]()],
];

describe.each(WAYS)("%s", (_, shut) => {
  test("drops tasks that wait, sleep or stand in queues; finally blocks run on the workers", async () => {
    const rt = unmanned(1);
    const words = sharedWords(3);
    const begun = [mortal.waitsForEver, mortal.sleepsForEver].flatMap((fn) =>
      Array.from({ length: 5 }, () => rt.spawn(fn, words)),
    );
    await untilWord(words, 1, 10);
    const hold = sharedWords(2);
    const running = rt.spawn(mortal.holds, hold);
    await untilWord(hold, 1);
    const queued = Array.from({ length: 20 }, (_, i) => rt.spawn(mortal.echo, i));
    const local = rt.spawn(pending());
    const shutting = shut(rt) as Promise<unknown>;
    release(hold);
    await settles(shutting, LONG);
    for (const handle of [...begun, ...queued, local]) await expectCancelled(handle);
    expect(running.isFinished()).toBe(true);
    expect(Atomics.load(words, 2)).toBe(10);
    await ends(rt);
  });

  test("of a runtime that nothing was ever spawned on", async () => {
    const rt = unmanned(2);
    await settles(shut(rt) as Promise<unknown>, LONG);
    await ends(rt);
  });

  test("waits for async functions on workers", async () => {
    const rt = unmanned(2);
    const words = sharedWords(3);
    const handles = [rt.spawn(mortal.asyncForEver, words), rt.spawn(mortal.asyncForEver, words)];
    await untilWord(words, 1, 2);
    await settles(shut(rt) as Promise<unknown>, LONG);
    for (const handle of handles) await expectCancelled(handle);
    expect(Atomics.load(words, 2)).toBe(2);
    await ends(rt);
  });
});

describe("spawning", () => {
  test("is refused afterwards, in every form", async () => {
    const rt = unmanned(1);
    const handle = rt.handle();
    await ends(rt);
    const errors = [
      thrown(() => rt.spawn(mortal.echo, 1)),
      thrown(() => handle.spawn(mortal.echo, 1)),
      thrown(() => rt.spawn(pending())),
      thrown(() => rt.blockOn(pending())),
      await rejection(rt.run(pending())),
      thrown(() => {
        using _entered = rt.enter();
        spawnBlocking(mortal.echo, 1);
      }),
    ];
    for (const error of errors) expect(error).toBeInstanceOf(ShutdownError);
  });

  test("in a finally block on a worker, while it shuts down, is refused", async () => {
    const rt = unmanned(1);
    const words = sharedWords(4);
    const handle = rt.spawn(mortal.spawnsInFinally, words);
    await untilWord(words, 1);
    await ends(rt);
    expect([...words]).toEqual([0, 1, 1, 1]);
    await expectCancelled(handle);
  });

  test("by workers and this thread while it shuts down: refused, or cancelled, and nothing hangs", async () => {
    for (let round = 0; round < 5; round++) {
      const rt = unmanned(2);
      const words = sharedWords(3);
      const spawners = [0, 1].map(() => rt.spawn(mortal.spawnsWhileItMay, words));
      await untilWord(words, 1, 2);
      const handles: JoinHandle<unknown>[] = [];
      rt.spawn(function* () {
        for (;;) {
          handles.push(spawn(mortal.echo, 1), spawn(mortal.naps, 1_000_000));
          yield* sleep(0);
        }
      });
      await until("some were spawned", () => handles.length > 20 + 10 * round);
      const shutting = rt.shutdown();
      expect(thrown(() => rt.spawn(mortal.echo, 1))).toBeInstanceOf(ShutdownError);
      expect((await settles(shutting, LONG)).stuck).toEqual([]);
      for (const handle of spawners) await expectCancelled(handle);
      const results = await settles(Promise.allSettled(handles), LONG);
      for (const result of results)
        if (result.status === "fulfilled") expect(result.value).toBe(1);
        else expect(result.reason).toMatchObject({ isCancelled: true });
      await ends(rt);
    }
  });

  test("at once after it was built, and shut down at once", async () => {
    for (let round = 0; round < 3; round++) {
      const rt = unmanned(2);
      const handles = Array.from({ length: 50 }, (_, i) => rt.spawn(mortal.echo, i));
      await ends(rt);
      // As a rule none has begun; but this thread may be held up in between, and the workers not.
      const results = await settles(Promise.allSettled(handles), LONG);
      for (const [i, result] of results.entries())
        if (result.status === "fulfilled") expect(result.value).toBe(i);
        else expect(result.reason).toMatchObject({ isCancelled: true, isWorkerLost: false });
    }
  });
});

describe("a worker in a loop without an end", () => {
  test("shutdownTimeout names the task, its function, and where it was spawned", async () => {
    const rt = unmanned(2, (builder) => builder.trackSpawnSites());
    const words = sharedWords(2);
    const handle = rt.spawn(mortal.spins, words);
    await untilWord(words, 0);
    const { stuck } = await settles(rt.shutdownTimeout(50), LONG);
    expect(stuck).toHaveLength(1);
    expect(stuck[0]).toMatchObject({ id: handle.id, fn: "spins", state: "running" });
    expect(stuck[0]?.site).toContain("shutdown.test");
    const error = (await settles(rejection(handle), LONG)) as JoinError;
    expect(error.isCancelled || error.isWorkerLost).toBe(true);
    // Its thread was terminated: now there is nothing left to wait for.
    await ends(rt);
  });

  test("every one of them is named, local tasks' async functions too, and others are not", async () => {
    const rt = unmanned(2);
    const words = [sharedWords(2), sharedWords(2)];
    const spinning = words.map((word) => rt.spawn(mortal.spins, word));
    for (const word of words) await untilWord(word, 0);
    rt.spawn(mortal.naps, 1_000_000);
    rt.spawn(async function neverEnds() {
      await new Promise(() => {});
    });
    await loopTurns();
    const { stuck } = await settles(rt.shutdownTimeout(50), LONG);
    expect(stuck.map(({ fn }) => fn).sort()).toEqual(["neverEnds", "spins", "spins"]);
    expect(stuck.map(({ id }) => id)).toEqual(expect.arrayContaining(spinning.map(({ id }) => id)));
  });

  test("a call of the blocking pool is named too", async () => {
    const rt = unmanned(1);
    const words = sharedWords(2);
    const handle = (() => {
      using _entered = rt.enter();
      return spawnBlocking(mortal.spins, words);
    })();
    await untilWord(words, 0);
    const { stuck } = await settles(rt.shutdownTimeout(50), LONG);
    expect(stuck).toMatchObject([{ id: handle.id, fn: "spins" }]);
    await rejection(handle);
    await ends(rt);
  });

  test("shutdown waits until it is terminated", async () => {
    const rt = unmanned(1);
    const words = sharedWords(2);
    const handle = rt.spawn(mortal.spins, words);
    await untilWord(words, 0);
    let shut = false;
    const shutting = rt.shutdown().then(() => {
      shut = true;
    });
    await loopTurns();
    expect(shut).toBe(false);
    await stderrOf(async () => {
      expect(rt.terminateWorker(0)).toBe(true);
      await settles(shutting, LONG);
    });
    await rejection(handle);
    await ends(rt);
  });
});

describe("the blocking pool", () => {
  test("calls that wait are cancelled, those that run are awaited", async () => {
    const rt = unmanned(1, (builder) => builder.maxBlockingThreads(1));
    const words = sharedWords(2);
    using _entered = rt.enter();
    const running = spawnBlocking(mortal.holds, words);
    await untilWord(words, 1);
    const waiting = Array.from({ length: 5 }, (_, i) => spawnBlocking(mortal.echo, i));
    let shut = false;
    const shutting = rt.shutdown().then((report) => {
      shut = true;
      return report;
    });
    for (const handle of waiting) await expectCancelled(handle);
    await loopTurns();
    expect(shut).toBe(false);
    release(words);
    expect(await settles(shutting, LONG)).toEqual({ stuck: [] });
    await settles(Promise.allSettled([running]), LONG);
    expect(running.isFinished()).toBe(true);
  });

  test("idle threads of it end", async () => {
    const rt = unmanned(1);
    using _entered = rt.enter();
    await settles(Promise.all([1, 2, 3].map((i) => spawnBlocking(mortal.echo, i))), LONG);
    expect(rt.metrics().numBlockingThreads()).toBeGreaterThan(0);
    await ends(rt);
  });
});

test("twice, at the same time and after each other, whichever way", async () => {
  const rt = unmanned(2);
  const handle = rt.spawn(mortal.naps, 1_000_000);
  const both = [rt.shutdown(), rt.shutdownTimeout(LONG), rt[Symbol.asyncDispose]()];
  rt.shutdownBackground();
  await settles(Promise.all(both), LONG);
  await expectCancelled(handle);
  expect(await settles(rt.shutdown(), LONG)).toEqual({ stuck: [] });
  expect(await settles(rt.shutdownTimeout(1), LONG)).toEqual({ stuck: [] });
});

test("shutdownBackground waits for nothing: a task that blocks its worker goes on", async () => {
  const rt = unmanned(1);
  const words = sharedWords(2);
  const handle = rt.spawn(mortal.holds, words);
  await untilWord(words, 1);
  rt.shutdownBackground();
  await expectCancelled(handle);
  release(words);
  await ends(rt);
});

test("inside a task of this thread", async () => {
  const rt = unmanned(2);
  const words = sharedWords(3);
  const value = await settles(
    rt.run(function* () {
      const handles = [spawn(mortal.waitsForEver, words), spawn(mortal.sleepsForEver, words)];
      while (Atomics.load(words, 1) < 2) yield* sleep(1);
      rt.shutdownBackground();
      return handles;
    }),
    LONG,
  );
  for (const handle of value) await expectCancelled(handle);
  await ends(rt);
  expect(Atomics.load(words, 2)).toBe(2);
});

test("inside a task that then waits: run rejects with a ShutdownError", async () => {
  const rt = unmanned(1);
  const running = rt.run(function* () {
    rt.shutdownBackground();
    yield* spawn(mortal.echo, 1);
  });
  expect(await settles(rejection(running), LONG)).toBeInstanceOf(ShutdownError);
  await ends(rt);
});

test("while a run waits for a worker: run rejects with a ShutdownError", async () => {
  const rt = unmanned(1);
  const running = rejection(
    rt.run(function* () {
      yield* spawn(mortal.naps, 1_000_000);
    }),
  );
  await loopTurns();
  await ends(rt);
  expect(await settles(running, LONG)).toBeInstanceOf(ShutdownError);
});

test("a runtime shuts down while another goes on", async () => {
  const [first, second] = [unmanned(1), unmanned(1)];
  const words = sharedWords(2);
  const ticking = second.spawn(mortal.ticks, words);
  await untilWord(words, 1, 3);
  await ends(first);
  await untilWord(words, 1, Atomics.load(words, 1) + 5);
  release(words);
  expect(await settles(ticking, LONG)).toBe("ticked");
  await ends(second);
});

test("fifteen runtimes after each other leave no threads", async () => {
  for (let round = 0; round < 15; round++) {
    await using rt = unmanned(1);
    expect(await settles(rt.spawn(mortal.echo, round), LONG)).toBe(round);
  }
});
