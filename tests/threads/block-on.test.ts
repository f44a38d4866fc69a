// blockOn of a runtime with threads: this thread stands still until others have brought the answer.

import { Worker } from "node:worker_threads";
import {
  BlockedLoopError,
  type CoroutineFunction,
  type Future,
  fromPromise,
  future,
  type JoinError,
  join,
  pending,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from "tokiwa";
import { TcpListener } from "tokiwa/net";
import { NestedRuntimeError, type Runtime } from "tokiwa/runtime";
import { mpsc, Notify, oneshot } from "tokiwa/sync";
import { spawnBlocking } from "tokiwa/task";
import { Instant } from "tokiwa/time";
import { beforeEach, describe, expect, test } from "vitest";
import { loopTurns, settles, thrown } from "../support/tasks.js";
import { crew, LONG, sharedWords, unmanned, until, untilNoTasks, untilWord } from "./crew.js";
import * as mortal from "./fixtures/mortal.mjs";

let rt: Runtime;
beforeEach(() => {
  rt = crew(2);
});

/** A blockOn that hangs would take the test's own clock with it: everything here is under a timeout of the runtime's. */
function bounded<T>(program: CoroutineFunction<[], T>): T {
  return rt.blockOn(timeout(LONG, future(program)));
}

describe("the answer comes from workers", () => {
  test("of one task, at once, cold and warm", () => {
    for (let round = 0; round < 20; round++)
      expect(rt.blockOn(rt.spawn(mortal.echo, round))).toBe(round);
  });

  test("of many tasks", () => {
    const sum = bounded(function* () {
      const handles = Array.from({ length: 500 }, (_, i) => spawn(mortal.addsAfterNap, i, 1));
      let total = 0;
      for (const handle of handles) total += (yield* handle) as number;
      return total;
    });
    expect(sum).toBe((500 * 501) / 2);
  });

  test("of a task that was spawned before", () => {
    const handle = rt.spawn(mortal.naps, 5);
    expect(rt.blockOn(handle)).toBe("rested");
  });

  test("of tasks that waited for a long sleep", () => {
    const slept = bounded(function* () {
      const start = Instant.now();
      yield* spawn(mortal.naps, 60);
      return start.elapsed();
    });
    expect(slept).toBeGreaterThanOrEqual(59);
  });

  test("of the blocking pool", () => {
    const values = bounded(function* () {
      const calls = [1, 2, 3].map((i) => spawnBlocking(mortal.echo, i));
      const all: unknown[] = [];
      for (const call of calls) all.push(yield* call);
      return all;
    });
    expect(values).toEqual([1, 2, 3]);
  });

  test("as an error", () => {
    const error = thrown(() => rt.blockOn(rt.spawn(mortal.fails))) as JoinError;
    expect(error.isPanic).toBe(true);
    expect(error.cause).toBeInstanceOf(RangeError);
    expect((error.cause as Error).message).toBe("from a worker");
  });

  test("of more than a megabyte, which comes by a port", () => {
    const text = "x".repeat(3_000_000);
    expect(rt.blockOn(rt.spawn(mortal.echo, text))).toBe(text);
  });

  test("of a task that is aborted meanwhile", () => {
    const cancelled = bounded(function* () {
      const handle = spawn(mortal.naps, 1_000_000);
      yield* sleep(3);
      handle.abort();
      try {
        yield* handle;
      } catch (error) {
        return (error as JoinError).isCancelled;
      }
      return "no error";
    });
    expect(cancelled).toBe(true);
  });
});

describe("under it go on", () => {
  test("timers of this thread and of workers side by side", () => {
    const words = sharedWords(2);
    const ticking = rt.spawn(mortal.ticks, words);
    bounded(function* () {
      for (let step = 0; step < 10; step++) yield* sleep(1);
      while (Atomics.load(words, 1) < 10) yield* sleep(1);
    });
    Atomics.store(words, 0, 1);
    expect(rt.blockOn(ticking)).toBe("ticked");
  });

  test("channels, wakes and local tasks", () => {
    const received = bounded(function* () {
      const [tx, rx] = mpsc.channel<number>(2);
      const notify = new Notify();
      const [done, isDone] = oneshot.channel<string>();
      spawn(function* () {
        for (let i = 0; i < 5; i++) {
          yield* tx.send((yield* spawn(mortal.addsAfterNap, i, 10)) as number);
          notify.notifyOne();
          yield* yieldNow();
        }
        done.send("done");
      });
      const all: number[] = [];
      for (let i = 0; i < 5; i++) {
        yield* notify.notified();
        all.push((yield* rx.recv()) as number);
      }
      return [all, yield* isDone];
    });
    expect(received).toEqual([[10, 11, 12, 13, 14], "done"]);
  });

  test("tasks that were spawned before it", () => {
    const log: string[] = [];
    rt.spawn(function* () {
      for (let step = 0; step < 3; step++) yield* sleep(1);
      log.push("local");
    });
    bounded(function* () {
      while (log.length === 0) yield* sleep(1);
    });
    expect(log).toEqual(["local"]);
  });

  test("but nothing of the event loop", async () => {
    const log: string[] = [];
    setImmediate(() => log.push("immediate"));
    setTimeout(() => log.push("timer"), 0);
    bounded(function* () {
      for (let i = 0; i < 5; i++) yield* spawn(mortal.naps, 2);
    });
    log.push("blocked");
    await loopTurns();
    await until("the timer fired", () => log.length === 3);
    expect(log[0]).toBe("blocked");
  });
});

test("tasks go on afterwards, on the event loop and under the next call", async () => {
  const words = sharedWords(2);
  const handle = rt.spawn(mortal.ticks, words);
  const local = rt.spawn(function* () {
    return yield* handle;
  });
  bounded(function* () {
    while (Atomics.load(words, 1) < 3) yield* sleep(1);
  });
  await untilWord(words, 1, Atomics.load(words, 1) + 3);
  Atomics.store(words, 0, 1);
  expect(await settles(local, LONG)).toBe("ticked");
  await untilNoTasks(rt);
});

test("a task that nobody awaited before it ended under blockOn can be awaited after", async () => {
  const handle = rt.spawn(mortal.addsAfterNap, 1, 2);
  bounded(function* () {
    while (!handle.isFinished()) yield* sleep(1);
  });
  expect(await settles(handle, LONG)).toBe(3);
});

test("of two runtimes in turn, and of one on the tasks of the other", () => {
  const other = crew(1);
  for (let round = 0; round < 5; round++) {
    expect(rt.blockOn(rt.spawn(mortal.echo, round))).toBe(round);
    expect(other.blockOn(other.spawn(mortal.echo, round))).toBe(round);
  }
});

test("of a task of another runtime", () => {
  const other = crew(1);
  const crossing = rt.blockOn(function* () {
    const [near, far] = [
      rt.spawn(mortal.addsAfterNap, 1, 2),
      other.spawn(mortal.addsAfterNap, 3, 4),
    ];
    return yield* timeout(LONG, join(near, far));
  });
  expect(crossing).toEqual([3, 7]);
});

describe("is refused", () => {
  test("in a task of this thread, in an async task, and in a task on a worker", async () => {
    const errors = [
      await settles(
        rt.run(function* () {
          return thrown(() => rt.blockOn(sleep(1)));
        }),
      ),
      await settles(rt.spawn(async () => thrown(() => rt.blockOn(sleep(1))))),
      await settles(
        rt.spawn(function* () {
          return thrown(() => rt.handle().blockOn(sleep(1)));
        }),
      ),
    ];
    for (const error of errors) expect(error).toBeInstanceOf(NestedRuntimeError);
    expect(await settles(rt.spawn(mortal.blocksInTask), LONG)).toBe("NestedRuntimeError");
  });

  test("inside of blockOn", () => {
    const error = bounded(function* () {
      return thrown(() => rt.blockOn(rt.spawn(mortal.echo, 1)));
    });
    expect(error).toBeInstanceOf(NestedRuntimeError);
  });

  test.each([
    ["a promise", () => fromPromise(() => Promise.resolve(1))],
    ["an async function", () => future(async () => 1)],
    ["a socket", () => TcpListener.bind("127.0.0.1:0")],
  ])("for %s, which needs this thread's event loop", (_, make) => {
    const error = bounded(function* () {
      yield* spawn(mortal.echo, 1);
      return yield* spawn(function* () {
        try {
          yield* make() as Future<unknown>;
        } catch (caught) {
          return caught;
        }
        return "no error";
      });
    });
    expect(error).toBeInstanceOf(BlockedLoopError);
  });
});

test("in a call of the blocking pool, by the handle", async () => {
  using _entered = rt.enter();
  expect(await settles(spawnBlocking(mortal.blocksOn, 2, 3), LONG)).toBe(5);
  expect(rt.blockOn(spawnBlocking(mortal.blocksOn, 4, 5))).toBe(9);
  const many = Array.from({ length: 4 }, (_, i) => spawnBlocking(mortal.blocksOn, i, i));
  expect(await settles(Promise.all(many), LONG)).toEqual([0, 2, 4, 6]);
});

test("a main future that nothing wakes waits, because workers could: a timeout ends it", () => {
  const error = thrown(() => rt.blockOn(timeout(20, pending())));
  expect(error.name).toBe("ElapsedError");
});

test("shut down by a task under blockOn: nothing hangs", async () => {
  const own = unmanned(1);
  const error = thrown(() =>
    own.blockOn(function* () {
      own.shutdownBackground();
      yield* pending();
    }),
  );
  expect(error.name).toBe("ShutdownError");
  await settles(own.shutdown(), LONG);
});

test("on a thread of the user's own, which builds a runtime with workers", async ({
  task,
  skip,
}) => {
  if (task.file.projectName === "check") skip();
  const worker = new Worker(new URL("./programs/own-thread.mjs", import.meta.url));
  const messages: unknown[] = [];
  worker.on("message", (message) => messages.push(message));
  const code = await settles(
    new Promise((resolve, reject) => {
      worker.on("error", reject);
      worker.on("exit", resolve);
    }),
    LONG,
  );
  expect(messages).toEqual(["blockOn 3", "many 499500", "run 7", "shut down 0"]);
  expect(code).toBe(0);
});
