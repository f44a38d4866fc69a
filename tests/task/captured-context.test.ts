// AsyncLocalStorage in tasks: captured at the spawn on one thread, `carryContext` from one to the other.

import { AsyncLocalStorage } from "node:async_hooks";
import {
  future,
  join,
  Pending,
  pending,
  pollFn,
  select,
  sleep,
  spawn,
  timeout,
  type Waker,
  yieldNow,
} from "tokiwa";
import { mpsc, Notify, TaskTracker } from "tokiwa/sync";
import { JoinQueue, JoinSet, scope, taskBuilder } from "tokiwa/task";
import { describe, expect, test } from "vitest";
import { paused, real, settles } from "../support/tasks.js";
import { crew, LONG, sharedWords, untilWord } from "../threads/crew.js";
import * as tasks from "./fixtures/collected.mjs";

const storage = new AsyncLocalStorage<string>();

const capturing = () => real();
const NONE = [undefined, undefined, undefined];

function* reads() {
  const seen = [storage.getStore()];
  yield* sleep(1);
  seen.push(storage.getStore());
  yield* yieldNow();
  seen.push(storage.getStore());
  return seen;
}

async function readsAsync() {
  const seen = [storage.getStore()];
  await sleep(1);
  seen.push(storage.getStore());
  await new Promise((resolve) => setTimeout(resolve, 1));
  seen.push(storage.getStore());
  return seen;
}

const ALL = ["r-1", "r-1", "r-1"];

describe("a task runs in the context of its spawn", () => {
  test.each<[string, () => PromiseLike<unknown>]>([
    ["spawn of a coroutine function", () => spawn(reads)],
    ["spawn of a coroutine", () => spawn(reads())],
    ["spawn of a future", () => spawn(future(reads))],
    ["spawn of an async function", () => spawn(readsAsync)],
    ["spawn of a future of an async function", () => spawn(future(readsAsync))],
    ["taskBuilder", () => taskBuilder({ name: "named" }).spawn(reads)],
    ["TaskTracker.spawn", () => new TaskTracker().spawn(reads)],
    ["await of a future", () => future(reads)],
    ["join", () => join(reads()).then(([seen]) => seen)],
    ["select", () => select({ reads: reads() }).then(({ value }) => value)],
    ["timeout", () => timeout(1_000, reads())],
  ])("%s", async (_, start) => {
    const rt = capturing();
    const seen = await rt.run(async () => await storage.run("r-1", async () => await start()));
    expect(seen).toEqual(ALL);
    await rt.shutdown();
  });

  test.each<[string, () => PromiseLike<{ readonly value?: unknown } | undefined>]>([
    [
      "JoinSet",
      () => {
        const set = new JoinSet<unknown>();
        set.spawn(reads);
        return set.joinNext();
      },
    ],
    [
      "JoinQueue",
      () => {
        const queue = new JoinQueue<unknown>();
        queue.spawn(readsAsync);
        return queue.joinNext();
      },
    ],
  ])("%s", async (_, start) => {
    const rt = capturing();
    const result = await rt.run(async () => await storage.run("r-1", async () => await start()));
    expect(result?.value).toEqual(ALL);
    await rt.shutdown();
  });

  test("run, blockOn and a handle's spawn", async () => {
    const rt = capturing();
    expect(await storage.run("r-1", () => rt.run(reads))).toEqual(ALL);
    expect(storage.run("r-1", () => rt.blockOn(reads))).toEqual(ALL);
    const handle = storage.run("r-1", () => rt.handle().spawn(reads));
    expect(await handle).toEqual(ALL);
    await rt.shutdown();
  });

  test("scope: its body and its children", async () => {
    const rt = capturing();
    const seen = await storage.run("r-1", () =>
      rt.run(
        scope(function* (s) {
          const child = s.spawn(reads);
          const other = s.spawn(readsAsync);
          return [yield* reads(), yield* child, yield* other];
        }),
      ),
    );
    expect(seen).toEqual([ALL, ALL, ALL]);
    const inAsync = await storage.run("r-2", () =>
      rt.run(
        scope(async (s) => {
          await sleep(1);
          return [storage.getStore(), (await s.spawn(reads))[0]];
        }),
      ),
    );
    expect(inAsync).toEqual(["r-2", "r-2"]);
    await rt.shutdown();
  });

  test("a task that a task spawns inherits its context, or one that it enters", async () => {
    const rt = capturing();
    const seen = await storage.run("r-1", () =>
      rt.run(function* () {
        const inherits = spawn(reads);
        const enters = storage.run("r-2", () => spawn(reads));
        return [yield* inherits, yield* enters, storage.getStore()];
      }),
    );
    expect(seen).toEqual([ALL, ["r-2", "r-2", "r-2"], "r-1"]);
    await rt.shutdown();
  });

  test("whoever wakes it has no part in that: another task, a callback, a channel, a timer", async () => {
    const rt = capturing();
    const seen = await settles(
      rt.run(function* () {
        const notify = new Notify();
        const [tx, rx] = mpsc.channel<string>(1);
        let waker: Waker | undefined;
        let called = false;
        const waiting = storage.run("r-1", () =>
          spawn(function* () {
            const seen: unknown[] = [];
            yield* notify.notified();
            seen.push(storage.getStore());
            yield* rx.recv();
            seen.push(storage.getStore());
            yield* pollFn((cx) => {
              waker = cx.waker;
              return called ? undefined : Pending;
            });
            seen.push(storage.getStore());
            yield* sleep(1);
            seen.push(storage.getStore());
            return seen;
          }),
        );
        storage.run("r-2", () =>
          spawn(function* () {
            yield* yieldNow();
            notify.notifyOne();
            yield* tx.send("x");
            while (waker === undefined) yield* yieldNow();
            setImmediate(() => {
              called = true;
              waker?.wake();
            });
          }),
        );
        return yield* waiting;
      }),
    );
    expect(seen).toEqual(["r-1", "r-1", "r-1", "r-1"]);
    await rt.shutdown();
  });

  test("the finally of a task that is aborted", async () => {
    const rt = capturing();
    const seen: unknown[] = [];
    await rt.run(function* () {
      const task = storage.run("r-1", () =>
        spawn(function* () {
          try {
            yield* pending();
          } finally {
            seen.push(storage.getStore());
          }
        }),
      );
      yield* yieldNow();
      storage.run("r-2", () => task.abort());
      yield* yieldNow();
      yield* yieldNow();
    });
    expect(seen).toEqual(["r-1"]);
    await rt.shutdown();
  });

  test("a task spawned outside of every context has none, whatever asked for the turn", async () => {
    const rt = capturing();
    const handle = rt.spawn(reads);
    const seen = await storage.run("r-1", () => rt.run(sleep(5)).then(() => handle));
    expect(seen).toEqual(NONE);
    await rt.shutdown();
  });

  test("with `captureContext(false)` none has any, whatever asked for the turn", async () => {
    const rt = real((builder) => builder.captureContext(false));
    const handles = ["r-1", "r-2"].map((name) => storage.run(name, () => rt.spawn(reads)));
    expect(await Promise.all(handles)).toEqual([NONE, NONE]);
    await rt.shutdown();
  });

  test("requests keep apart, also on the runtime that `await` has", async () => {
    const answers = ["r-1", "r-2"].map((name) =>
      storage.run(name, async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return await future(reads);
      }),
    );
    const [first, second] = await settles(Promise.all(answers));
    expect(first).toEqual(ALL);
    expect(second).toEqual(["r-2", "r-2", "r-2"]);
  });

  test("what a task without a context enters and does not leave is gone in the next turn", async () => {
    const rt = capturing();
    await rt.run(function* () {
      storage.enterWith("left behind");
    });
    expect(await settles(rt.spawn(reads))).toEqual(NONE);
    const inherits = await rt.run(function* () {
      storage.enterWith("r-1");
      return yield* spawn(reads);
    });
    expect(inherits).toEqual(ALL);
    await rt.shutdown();
  });

  test("a context that was kept elsewhere, and is entered in a task", async () => {
    const kept = storage.run("r-1", () => AsyncLocalStorage.snapshot());
    const rt = capturing();
    const seen = await rt.run(function* () {
      const inside = kept(() => spawn(reads));
      const outside = spawn(reads);
      return [yield* inside, yield* outside];
    });
    expect(seen).toEqual([ALL, NONE]);
    await rt.shutdown();
  });

  test("two storages, and one that holds nothing", async () => {
    const other = new AsyncLocalStorage<string | undefined>();
    const rt = capturing();
    function* both() {
      yield* sleep(1);
      return [storage.getStore(), other.getStore()];
    }
    const seen = await rt.run(function* () {
      const one = other.run("o", () => spawn(both));
      const two = other.run("o", () => storage.run("r-1", () => spawn(both)));
      const none = other.run(undefined, () => spawn(both));
      return [yield* one, yield* two, yield* none];
    });
    expect(seen).toEqual([
      [undefined, "o"],
      ["r-1", "o"],
      [undefined, undefined],
    ]);
    await rt.shutdown();
  });

  test("on a virtual clock too", () => {
    const rt = paused();
    expect(storage.run("r-1", () => rt.blockOn(reads))).toEqual(ALL);
  });

  test("local tasks of a multi_thread runtime", async () => {
    const rt = crew(1);
    expect(await settles(storage.run("r-1", () => rt.run(reads)))).toEqual(ALL);
    expect(await settles(storage.run("r-1", () => rt.spawn(readsAsync)))).toEqual(ALL);
  });
});

describe("carryContext: sendable tasks", () => {
  const carrying = () => crew(2, (builder) => builder.carryContext(tasks.capture, tasks.restore));
  const here = tasks.storage;

  test("coroutines, async functions and plain ones, in all of their polls", async () => {
    const rt = carrying();
    const seen = await settles(
      here.run("r-1", () =>
        rt.run(function* () {
          return [
            yield* spawn(tasks.reads),
            yield* spawn(tasks.readsAsync),
            yield* spawn(tasks.readsPlain),
          ];
        }),
      ),
      LONG,
    );
    expect(seen).toEqual([ALL, ALL, "r-1"]);
  });

  test("each with its own", async () => {
    const rt = carrying();
    const names = Array.from({ length: 50 }, (_, index) => `r-${index}`);
    const seen = await settles(
      Promise.all(names.map((name) => here.run(name, () => rt.spawn(tasks.reads)))),
      LONG,
    );
    expect(seen).toEqual(names.map((name) => [name, name, name]));
  });

  test("in a JoinSet, a scope and on the blocking pool", async () => {
    const rt = carrying();
    const seen = await settles(
      here.run("r-1", () =>
        rt.run(
          scope(function* (s) {
            const set = new JoinSet<unknown>();
            set.spawn(tasks.reads);
            set.spawnBlocking(tasks.readsPlain);
            const child = s.spawn(tasks.readsAsync);
            const blocking = s.spawnBlocking(tasks.reads);
            const results = (yield* set.joinAll()).flat();
            return [...results, ...(yield* child), ...(yield* blocking)];
          }),
        ),
      ),
      LONG,
    );
    expect(seen).toEqual(new Array(10).fill("r-1"));
  });

  test("what they spawn over there, sendable tasks too", async () => {
    const rt = carrying();
    const seen = await settles(
      here.run("r-1", () => rt.spawn(tasks.readsBelow)),
      LONG,
    );
    expect(seen).toEqual(new Array(4).fill("r-1"));
  });

  test("the finally of one that is aborted", async () => {
    const rt = carrying();
    const words = sharedWords(4);
    const handle = here.run("r-1", () => rt.spawn(tasks.readsInFinally, words));
    await untilWord(words, tasks.BEGUN);
    handle.abort();
    await untilWord(words, tasks.FINALLY);
    expect(Atomics.load(words, tasks.FINALLY)).toBe(1);
  });

  test("without carryContext they have none, whatever their thread is at", async () => {
    const rt = crew(1);
    const busy = rt.spawn(tasks.wanders);
    const seen = new Set<unknown>();
    for (let task = 0; task < 100; task++) {
      seen.add(await settles(rt.spawn(tasks.readsPlain), LONG));
      for (const value of await settles(rt.spawn(tasks.reads), LONG)) seen.add(value);
    }
    expect([...seen]).toEqual([undefined]);
    expect(await settles(busy, LONG)).toBe("wandered");
  });

  test("spawned in no context they have none", async () => {
    const rt = carrying();
    expect(await settles(rt.spawn(tasks.reads), LONG)).toEqual([undefined, undefined, undefined]);
  });

  test("on current_thread: spawnBlocking carries, and a sendable task has what was captured", async () => {
    const rt = real((builder) => builder.carryContext(tasks.capture, tasks.restore));
    const seen = await settles(
      here.run("r-1", () =>
        rt.run(function* () {
          const set = new JoinSet<unknown>();
          set.spawnBlocking(tasks.readsPlain);
          return [yield* set.joinAll(), yield* spawn(tasks.reads)];
        }),
      ),
      LONG,
    );
    expect(seen).toEqual([["r-1"], ALL]);
    await rt.shutdown();
  });
});
