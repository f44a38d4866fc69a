// spawnBlocking: calls that may block get a thread each, up to a limit, and wait in a queue beyond it.

import { JoinError, type JoinHandle, NoRuntimeError, NotAFutureError, sleep } from "tokiwa";
import { Builder, ModuleLoadError, type Runtime, ShutdownError } from "tokiwa/runtime";
import { SendError, spawnBlocking, transfer } from "tokiwa/task";
import { Instant } from "tokiwa/time";
import { describe, expect, test } from "vitest";
import { PATIENCE_MS as LIMIT_MS } from "../support/patience.js";
import { paused, rejection, settles, thrown } from "../support/tasks.js";
import {
  arrivals,
  arrived,
  aWhile,
  kept,
  multi,
  newGate,
  openGate,
  single,
  until,
  within,
} from "./fixtures-blocking/support.js";
import * as tasks from "./fixtures-blocking/tasks.mjs";

function blocking<A extends readonly unknown[], T>(
  rt: Runtime,
  fn: (...args: A) => unknown,
  ...args: A
): JoinHandle<T> {
  return within(rt, () =>
    (spawnBlocking as unknown as (...all: unknown[]) => JoinHandle<T>)(fn, ...args),
  );
}

const flavors: [string, (configure?: (builder: Builder) => Builder) => Runtime][] = [
  ["multi_thread", multi],
  ["current_thread", single],
];

describe.each(flavors)("on %s", (flavor, build) => {
  test("plain, async and coroutine functions run on a thread of their own", async () => {
    const rt = build();
    const values = await settles(
      rt.run(function* () {
        return [
          yield* spawnBlocking(tasks.add, 1, 2),
          yield* spawnBlocking(tasks.addPromise, 3, 4),
          yield* spawnBlocking(tasks.addAsync, 5, 6),
          yield* spawnBlocking(tasks.addSteps, 7, 8),
        ];
      }),
      LIMIT_MS,
    );
    expect(values).toEqual([3, 7, 11, 15]);
  });

  test("never on the calling thread, and a coroutine stays where it began", async () => {
    const rt = build();
    const [thread, pair] = await settles(
      rt.run(function* () {
        return [yield* spawnBlocking(tasks.where), yield* spawnBlocking(tasks.whereSteps)] as const;
      }),
      LIMIT_MS,
    );
    expect(thread).toBeGreaterThan(0);
    expect(pair[0]).toBe(pair[1]);
    expect(pair[0]).toBeGreaterThan(0);
  });

  test("values of every kind go in and come out", async () => {
    const rt = build();
    const values = [
      undefined,
      null,
      0,
      -0,
      Number.NaN,
      2 ** 53,
      123n,
      "täxt",
      "",
      true,
      [1, [2, [3]]],
      { a: { b: [1, 2] } },
      new Date(5),
      new Map([[1, { x: 1 }]]),
      new Set(["a"]),
      new Uint8Array(1000).fill(7),
      new Float64Array([1.5, 2.5]),
    ];
    const back = await settles(
      rt.run(function* () {
        const out: unknown[] = [];
        for (const value of values) out.push(yield* spawnBlocking(tasks.echo, value));
        return out;
      }),
      LIMIT_MS,
    );
    expect(back).toEqual(values);
  });

  test("a throw arrives as a panic with its cause, name, code and message", async () => {
    const rt = build();
    for (const fn of [tasks.fails, tasks.failsAsync, tasks.failsSteps]) {
      const error = (await settles(
        rt.run(function* () {
          try {
            yield* spawnBlocking(fn as typeof tasks.fails, "broken");
          } catch (caught) {
            return caught;
          }
          return undefined;
        }),
        LIMIT_MS,
      )) as JoinError;
      expect(error).toBeInstanceOf(JoinError);
      expect(error).toMatchObject({ isPanic: true, isCancelled: false, isWorkerLost: false });
      expect(error.cause).toMatchObject({
        name: "FixtureError",
        message: "broken",
        code: "E_FIXTURE",
      });
      expect((error.cause as Error).cause).toBeInstanceOf(RangeError);
    }
  });

  test("what is thrown need not be an error", async () => {
    const rt = build();
    const error = await rejection(
      settles(
        rt.run(function* () {
          yield* spawnBlocking(tasks.throwsText, "just text");
        }),
        LIMIT_MS,
      ),
    );
    expect(error).toBeInstanceOf(JoinError);
    expect(error.cause).toBe("just text");
  });

  test("a result that cannot be sent is a panic that names the path", async () => {
    const rt = build();
    const error = await rejection(
      settles(
        rt.run(function* () {
          yield* spawnBlocking(tasks.givesFunction as never);
        }),
        LIMIT_MS,
      ),
    );
    expect(error).toBeInstanceOf(JoinError);
    expect(error.cause).toMatchObject({ name: "SendError", path: "result.inner[0]" });
  });

  test("an argument that cannot be sent is refused at the call, with its path", async () => {
    const rt = build();
    const error = thrown(() => blocking(rt, tasks.echo, { callback: () => {} }));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ path: "arguments[0].callback" });
    expect(rt.metrics().numAliveTasks()).toBe(0);
  });

  test("a function that its module does not export", async () => {
    const rt = build();
    const error = await rejection(
      settles(
        rt.run(function* () {
          yield* spawnBlocking(tasks.notExported.fn);
        }),
        LIMIT_MS,
      ),
    );
    expect(error).toBeInstanceOf(JoinError);
    expect(error.cause).toBeInstanceOf(ModuleLoadError);
    expect(error.cause).toMatchObject({ exportName: "nowhere" });
  });

  test("what is not sendable is refused and told what to write", () => {
    const rt = build();
    const given: unknown[] = [
      () => 1,
      async () => 1,
      function* () {},
      sleep(1),
      5,
      undefined,
      null,
    ];
    for (const value of given) {
      const error = thrown(() => blocking(rt, value as never)) as NotAFutureError;
      expect(error).toBeInstanceOf(NotAFutureError);
      expect(error.given).toBe(value);
      expect(error.message).toContain("sendable(import.meta.url, name, fn)");
    }
  });

  test("arguments and results by port: transferred, big, shared", async () => {
    const rt = build();
    const buffer = new Uint8Array(3 * 1024 * 1024).fill(1).buffer;
    const shared = new Int32Array(new SharedArrayBuffer(4));
    const [sum, bytes, before] = await settles(
      rt.run(function* () {
        const handle = spawnBlocking(tasks.sumOf, transfer(buffer, [buffer]));
        return [
          yield* handle,
          yield* spawnBlocking(tasks.bytesOf, 2 * 1024 * 1024, 9),
          yield* spawnBlocking(tasks.bump, shared),
        ] as const;
      }),
      LIMIT_MS,
    );
    expect(sum).toBe(3 * 1024 * 1024);
    expect(buffer.byteLength).toBe(0);
    expect(bytes.byteLength).toBe(2 * 1024 * 1024);
    expect(new Uint8Array(bytes)[12_345]).toBe(9);
    expect([before, shared[0]]).toEqual([0, 1]);
  });

  test("many big arguments at once each reach their call", async () => {
    const rt = build((builder) => builder.maxBlockingThreads(2));
    const sums = await settles(
      rt.run(function* () {
        const handles = Array.from({ length: 12 }, (_, i) => {
          const { buffer } = new Uint8Array(1024 * 1024 + 1).fill(i);
          return spawnBlocking(tasks.sumOf, transfer(buffer, [buffer]));
        });
        const out: number[] = [];
        for (const handle of handles) out.push(yield* handle);
        return out;
      }),
      LIMIT_MS,
    );
    expect(sums).toEqual(Array.from({ length: 12 }, (_, i) => i * (1024 * 1024 + 1)));
  });

  test("abort in the queue: it never runs", async () => {
    const rt = build((builder) => builder.maxBlockingThreads(1));
    const gate = newGate();
    const queued = newGate();
    const outcome = await settles(
      rt.run(function* () {
        const first = spawnBlocking(tasks.hold, gate);
        while (arrivals(gate) === 0) yield* sleep(1);
        const second = spawnBlocking(tasks.touch, queued);
        const third = spawnBlocking(tasks.add, 1, 1);
        second.abort();
        let error: unknown;
        openGate(gate);
        try {
          yield* second;
        } catch (caught) {
          error = caught;
        }
        yield* first;
        return [error, yield* third] as const;
      }),
      LIMIT_MS,
    );
    expect(outcome[0]).toBeInstanceOf(JoinError);
    expect(outcome[0]).toMatchObject({ isCancelled: true });
    expect(outcome[1]).toBe(2);
    expect(arrivals(queued)).toBe(0);
  });

  test("abort in the queue settles at once, not when a thread is free", async () => {
    const rt = build((builder) => builder.maxBlockingThreads(1));
    const gate = newGate();
    const error = await settles(
      rt.run(function* () {
        const first = spawnBlocking(tasks.hold, gate);
        while (arrivals(gate) === 0) yield* sleep(1);
        const second = spawnBlocking(tasks.add, 1, 1);
        second.abort();
        let caught: unknown;
        try {
          yield* second;
        } catch (error) {
          caught = error;
        }
        openGate(gate);
        yield* first;
        return caught;
      }),
      LIMIT_MS,
    );
    expect(error).toMatchObject({ isCancelled: true });
  });

  test.each([
    ["plain", tasks.hold],
    ["coroutine", tasks.lingers],
    ["async", tasks.lingersAsync],
  ])(
    "abort of a %s function that has begun changes nothing: it gives its value",
    async (kind, fn) => {
      const rt = build();
      const gate = newGate();
      const value = await settles(
        rt.run(function* () {
          const handle = spawnBlocking(fn as typeof tasks.hold, gate);
          while (arrivals(gate) === 0) yield* sleep(1);
          handle.abort();
          yield* sleep(5);
          openGate(gate);
          return yield* handle;
        }),
        LIMIT_MS,
      );
      if (kind === "async") expect(value).toBe("went on");
      else expect(value).toBeGreaterThan(0);
    },
  );

  test("a handle that is dropped detaches: the call runs all the same", async () => {
    const rt = build();
    const gate = newGate();
    await settles(
      rt.run(function* () {
        spawnBlocking(tasks.touch, gate);
        while (arrivals(gate) === 0) yield* sleep(1);
      }),
      LIMIT_MS,
    );
    expect(arrivals(gate)).toBe(1);
  });

  test("isFinished and id", async () => {
    const rt = build();
    const gate = newGate();
    await settles(
      rt.run(function* () {
        const handle = spawnBlocking(tasks.hold, gate);
        const other = spawnBlocking(tasks.add, 1, 2);
        expect(handle.id).not.toBe(other.id);
        expect(handle.isFinished()).toBe(false);
        openGate(gate);
        yield* handle;
        expect(handle.isFinished()).toBe(true);
        expect(yield* other).toBe(3);
      }),
      LIMIT_MS,
    );
  });

  test("awaited in an async function", async () => {
    const rt = build();
    const value = await settles(
      rt.run(async () => {
        const sum = await spawnBlocking(tasks.add, 1, 2);
        return sum + (await spawnBlocking(tasks.addAsync, 3, 4));
      }),
      LIMIT_MS,
    );
    expect(value).toBe(10);
  });

  test("under blockOn", () => {
    const rt = build();
    const value = rt.blockOn(function* () {
      const sum = yield* spawnBlocking(tasks.add, 1, 2);
      const later = yield* spawnBlocking(tasks.addSteps, 3, 4);
      const buffer = new ArrayBuffer(2 * 1024 * 1024);
      const big = yield* spawnBlocking(tasks.sumOf, transfer(buffer, [buffer]));
      const bytes = yield* spawnBlocking(tasks.bytesOf, 2 * 1024 * 1024, 1);
      return [sum, later, big, bytes.byteLength];
    });
    expect(value).toEqual([3, 7, 0, 2 * 1024 * 1024]);
  });

  test("more than one blockOn, and run after it", async () => {
    const rt = build();
    for (let round = 0; round < 5; round++)
      expect(
        rt.blockOn(function* () {
          return yield* spawnBlocking(tasks.add, round, 1);
        }),
      ).toBe(round + 1);
    const last = rt.run(function* () {
      return yield* spawnBlocking(tasks.add, 40, 2);
    });
    expect(await settles(last, LIMIT_MS)).toBe(42);
  });

  test("a shutdown waits for what has begun and cancels what waits", async () => {
    const rt = build((builder) => builder.maxBlockingThreads(1));
    const gate = newGate();
    const never = newGate();
    const running = blocking(rt, tasks.hold, gate);
    const queued = blocking(rt, tasks.touch, never);
    const ends = Promise.allSettled([running, queued]);
    await settles(
      rt.run(function* () {
        while (arrivals(gate) === 0) yield* sleep(1);
      }),
      LIMIT_MS,
    );
    let isDown = false;
    const down = rt.shutdown().then((report) => {
      isDown = true;
      return report;
    });
    await aWhile();
    expect(isDown).toBe(false);
    openGate(gate);
    expect((await settles(down, LIMIT_MS)).stuck).toEqual([]);
    for (const end of await settles(ends, LIMIT_MS)) {
      expect(end.status).toBe("rejected");
      expect((end as PromiseRejectedResult).reason).toMatchObject({ isCancelled: true });
    }
    expect(arrivals(never)).toBe(0);
  });

  test("a shutdown that overruns names the call that is stuck", async () => {
    const rt = build();
    const gate = newGate();
    const handle = blocking(rt, tasks.hold, gate);
    const end = rejection(handle);
    await settles(
      rt.run(function* () {
        while (arrivals(gate) === 0) yield* sleep(1);
      }),
      LIMIT_MS,
    );
    const { stuck } = await settles(rt.shutdownTimeout(30), LIMIT_MS);
    expect(stuck.map(({ fn }) => fn)).toEqual(["hold"]);
    expect(await settles(end, LIMIT_MS)).toMatchObject({ isCancelled: true });
  });

  test("after a shutdown it is refused", async () => {
    const rt = build();
    await settles(rt.shutdown(), LIMIT_MS);
    expect(thrown(() => blocking(rt, tasks.add, 1, 2))).toBeInstanceOf(ShutdownError);
  });

  test("the pool grows to its limit, and no further, while the queue has no limit", async () => {
    const rt = build((builder) => builder.maxBlockingThreads(3));
    const gate = newGate();
    const threads = await settles(
      rt.run(function* () {
        const handles = Array.from({ length: 20 }, () => spawnBlocking(tasks.hold, gate));
        while (arrivals(gate) < 3) yield* sleep(1);
        for (let round = 0; round < 30; round++) yield* sleep(1);
        expect(arrivals(gate)).toBe(3);
        openGate(gate);
        const out = new Set<number>();
        for (const handle of handles) out.add(yield* handle);
        return out;
      }),
      LIMIT_MS,
    );
    expect(threads.size).toBeLessThanOrEqual(3);
    expect(arrivals(gate)).toBe(20);
  });

  test("2,000 short calls on 4 threads: each gives its own value", async () => {
    const rt = build((builder) => builder.maxBlockingThreads(4));
    const values = await settles(
      rt.run(function* () {
        const handles = Array.from({ length: 2000 }, (_, i) => spawnBlocking(tasks.add, i, 1));
        const out: number[] = [];
        for (const handle of handles) out.push(yield* handle);
        return out;
      }),
      LIMIT_MS,
    );
    expect(values).toEqual(Array.from({ length: 2000 }, (_, i) => i + 1));
    expect(rt.metrics().numAliveTasks()).toBeLessThanOrEqual(1);
  });

  test("one thread that keeps ending and starting again loses no call", async () => {
    const rt = build((builder) => builder.maxBlockingThreads(1).threadKeepAlive(0));
    const values = await settles(
      rt.run(function* () {
        const out: number[] = [];
        for (let i = 0; i < 25; i++) {
          out.push(yield* spawnBlocking(tasks.add, i, 0));
          if (i % 5 === 0) yield* sleep(i);
        }
        return out;
      }),
      LIMIT_MS,
    );
    expect(values).toEqual(Array.from({ length: 25 }, (_, i) => i));
  });

  test("a call that comes when an idle thread is about to end does not end with it", async () => {
    const rt = build((builder) => builder.maxBlockingThreads(1).threadKeepAlive(200));
    const gate = newGate();
    const sum = await settles(
      rt.run(function* () {
        // The second look at the clock is the one by which it decides to end.
        yield* spawnBlocking(tasks.stopsAfterSleep, gate, 150);
        while (arrivals(gate) === 0) yield* sleep(1);
        const call = spawnBlocking(tasks.addSteps, 1, 2);
        openGate(gate);
        return yield* call;
      }),
      LIMIT_MS,
    );
    expect(sum).toBe(3);
  });

  test("a call that waits as a coroutine is not held up by one that blocks", async () => {
    const rt = build((builder) => builder.maxBlockingThreads(2));
    const slow = newGate();
    const gate = newGate();
    await settles(
      rt.run(function* () {
        const waits = spawnBlocking(tasks.lingers, slow);
        while (arrivals(slow) === 0) yield* sleep(1);
        // Its thread has nothing to do between two sleeps.
        yield* sleep(10);
        const blocks = spawnBlocking(tasks.hold, gate);
        while (arrivals(gate) === 0) yield* sleep(1);
        openGate(slow);
        yield* waits;
        openGate(gate);
        yield* blocks;
      }),
      LIMIT_MS,
    );
  });

  test(`metrics count the threads and the queue on ${flavor}`, async () => {
    const rt = build((builder) => builder.maxBlockingThreads(2).threadKeepAlive(60_000));
    const metrics = rt.metrics();
    const gate = newGate();
    expect(metrics.numBlockingThreads()).toBe(0);
    await settles(
      rt.run(function* () {
        const handles = Array.from({ length: 5 }, () => spawnBlocking(tasks.hold, gate));
        while (arrivals(gate) < 2) yield* sleep(1);
        expect(metrics.numBlockingThreads()).toBe(2);
        expect(metrics.numIdleBlockingThreads()).toBe(0);
        expect(metrics.blockingQueueDepth()).toBe(3);
        openGate(gate);
        for (const handle of handles) yield* handle;
        expect(metrics.blockingQueueDepth()).toBe(0);
        expect(metrics.numBlockingThreads()).toBe(2);
        while (metrics.numIdleBlockingThreads() < 2) yield* sleep(1);
      }),
      LIMIT_MS,
    );
  });

  test(`idle threads end after their keep-alive on ${flavor}, and new ones start`, async () => {
    const stopped: number[] = [];
    const rt = build((builder) =>
      builder
        .maxBlockingThreads(2)
        .threadKeepAlive(20)
        .onThreadStop((thread) => stopped.push(thread)),
    );
    const gate = newGate();
    await settles(
      rt.run(function* () {
        const handles = [spawnBlocking(tasks.hold, gate), spawnBlocking(tasks.hold, gate)];
        while (arrivals(gate) < 2) yield* sleep(1);
        openGate(gate);
        for (const handle of handles) yield* handle;
        while (stopped.length < 2) yield* sleep(2);
        expect(rt.metrics().numBlockingThreads()).toBe(0);
        expect(rt.metrics().numIdleBlockingThreads()).toBe(0);
        expect(yield* spawnBlocking(tasks.add, 1, 2)).toBe(3);
      }),
      LIMIT_MS,
    );
  });
});

describe("from inside tasks of multi_thread", () => {
  test("a coroutine on a worker", async () => {
    const rt = multi();
    const [worker, thread, sum] = await settles(rt.spawn(tasks.blockingFromTask, 1, 2), LIMIT_MS);
    expect(sum).toBe(3);
    expect(thread).toBeGreaterThan(0);
    expect(thread).not.toBe(worker);
  });

  test("an async function on a worker", async () => {
    const rt = multi();
    const [worker, thread, sum] = await settles(rt.spawn(tasks.blockingFromAsync, 1, 2), LIMIT_MS);
    expect(sum).toBe(3);
    expect(thread).not.toBe(worker);
  });

  test("a call of the pool makes calls of the pool", async () => {
    const rt = multi();
    const handle = within(rt, () => spawnBlocking(tasks.blockingFromBlocking, 6));
    expect(await settles(handle, LIMIT_MS)).toBe(6);
  });

  test("a plain call of the pool blocks on its runtime", async () => {
    const rt = multi();
    const handle = within(rt, () => spawnBlocking(tasks.blockOnInBlocking, 20, 22));
    expect(await settles(handle, LIMIT_MS)).toBe(42);
  });

  test("workers go on while every thread of the pool is blocked", async () => {
    const rt = multi((builder) => builder.maxBlockingThreads(2));
    const gate = newGate();
    const calls = [0, 1, 2].map(() => within(rt, () => spawnBlocking(tasks.hold, gate)));
    await arrived(gate, 2);
    expect(await settles(rt.spawn(tasks.addSteps, 1, 2), LIMIT_MS)).toBe(3);
    openGate(gate);
    await settles(Promise.all(calls), LIMIT_MS);
  });

  test("a call of the pool makes calls while this thread stands still", async () => {
    const rt = multi();
    await settles(rt.spawn(tasks.add, 1, 1), LIMIT_MS);
    const [, , sum] = rt.blockOn(function* () {
      return yield* rt.spawn(tasks.blockingFromTask, 1, 2);
    });
    expect(sum).toBe(3);
  });
});

describe("outside of every runtime", () => {
  test("NoRuntimeError", () => {
    expect(thrown(() => spawnBlocking(tasks.add, 1, 2))).toBeInstanceOf(NoRuntimeError);
  });
});

describe("current_thread on a paused clock", () => {
  test("time does not jump while a call is under way", async () => {
    const rt = kept(paused());
    const gate = newGate();
    const elapsed = await settles(
      rt.run(function* () {
        const start = Instant.now();
        const timer = rt.spawn(function* () {
          yield* sleep(60_000);
        });
        const handle = spawnBlocking(tasks.hold, gate);
        setTimeout(() => openGate(gate), 30);
        yield* handle;
        const during = Instant.now().durationSince(start);
        yield* timer;
        return [during, Instant.now().durationSince(start)];
      }),
      LIMIT_MS,
    );
    expect(elapsed).toEqual([0, 60_000]);
  });

  test("nor while several are, some in the queue", async () => {
    const rt = kept(paused((builder) => builder.maxBlockingThreads(1)));
    const elapsed = await settles(
      rt.run(function* () {
        const start = Instant.now();
        rt.spawn(function* () {
          yield* sleep(1_000);
        });
        const handles = Array.from({ length: 10 }, () => spawnBlocking(tasks.busy, 1));
        for (const handle of handles) yield* handle;
        return Instant.now().durationSince(start);
      }),
      LIMIT_MS,
    );
    expect(elapsed).toBe(0);
  });

  test("nor under blockOn", () => {
    const rt = kept(paused());
    const elapsed = rt.blockOn(function* () {
      const start = Instant.now();
      rt.spawn(function* () {
        yield* sleep(1_000);
      });
      yield* spawnBlocking(tasks.busy, 5);
      const during = Instant.now().durationSince(start);
      yield* sleep(500);
      return [during, Instant.now().durationSince(start)];
    });
    expect(elapsed).toEqual([0, 500]);
  });

  test("it jumps again when the call has ended", async () => {
    const rt = kept(paused());
    const elapsed = await settles(
      rt.run(function* () {
        const start = Instant.now();
        yield* spawnBlocking(tasks.add, 1, 1);
        yield* sleep(3_600_000);
        return Instant.now().durationSince(start);
      }),
      LIMIT_MS,
    );
    expect(elapsed).toBe(3_600_000);
  });
});

test("a pool of current_thread is not shared: two runtimes, each with its own limit", async () => {
  const first = single((builder) => builder.maxBlockingThreads(1));
  const second = kept(Builder.newCurrentThread().enableAll().maxBlockingThreads(1).build());
  const gate = newGate();
  const blocked = first.run(function* () {
    return yield* spawnBlocking(tasks.hold, gate);
  });
  await arrived(gate, 1);
  const value = await settles(
    second.run(function* () {
      return yield* spawnBlocking(tasks.add, 1, 2);
    }),
    LIMIT_MS,
  );
  expect(value).toBe(3);
  openGate(gate);
  expect(await settles(blocked, LIMIT_MS)).toBeGreaterThan(0);
  await until("no task is left", () => first.metrics().numAliveTasks() === 0);
});
