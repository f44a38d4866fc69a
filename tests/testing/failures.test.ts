// How tests made by tokiwaTest fail, and what they tell the runner: with a runner that only remembers.

import { type CoroutineFunction, fromPromise, pending, sleep, spawn, yieldNow } from "tokiwa";
import { type Builder, DeadlockError, Handle, InvalidArgumentError } from "tokiwa/runtime";
import { Mutex, Notify } from "tokiwa/sync";
import {
  assertRejects,
  type IoMock,
  ioMock,
  LeakError,
  MockError,
  streamMock,
  type TestOptions,
  TestPanicError,
  TestTimeoutError,
  task,
  tokiwaTest,
} from "tokiwa/testing";
import { describe, expect, test } from "vitest";
import { Probe, rejection, settles, thrown } from "../support/tasks.js";

type Call = [unknown, ...unknown[]];

/** A runner that remembers its calls; `run` runs the body of the last one. */
function runner() {
  const calls: Call[] = [];
  const base = (...args: Call) => {
    calls.push(args);
  };
  const run = async (...args: unknown[]): Promise<unknown> => {
    const body = calls.at(-1)?.find((argument) => typeof argument === "function");
    return (body as (...args: unknown[]) => Promise<unknown>)(...args);
  };
  return { calls, base, run };
}

/** Runs one test, with the context of a Vitest test that may take long. */
async function play(
  body: CoroutineFunction<[], unknown> | (() => unknown),
  options: TestOptions = {},
) {
  const { base, run } = runner();
  tokiwaTest(base)("a test", options, body);
  return settles(run({ task: { timeout: 60_000 } }));
}

const failure = (
  body: CoroutineFunction<[], unknown> | (() => unknown),
  options: TestOptions = {},
) => rejection(play(body, options));

describe("a test fails", () => {
  test("with what it throws", async () => {
    const error = new Error("bad");
    const body = function* () {
      yield* sleep(1);
      throw error;
    };
    expect(await failure(body)).toBe(error);
    expect(error.message).toBe("bad");
    expect(await failure(async () => Promise.reject(error))).toBe(error);
  });

  test("at once when nothing can wake it, naming who waits and where they were spawned", async () => {
    const error = await failure(function* stuckTest() {
      yield* spawn(function* worker() {
        yield* pending();
      });
    });
    expect(error).toBeInstanceOf(DeadlockError);
    expect(error.message).toContain('task 1 "stuckTest" waits for the end of task 2 "worker"');
    expect(error.message).toMatch(
      /task 2 "worker" waits for pending\(\).*, spawned\n\s+at .*failures\.test/,
    );
  });

  test("with a clock that runs too", async () => {
    const error = await failure(
      function* () {
        yield* pending();
      },
      { startPaused: false },
    );
    expect(error).toBeInstanceOf(DeadlockError);
  });

  test("when a task throws and nobody looks", async () => {
    const cause = new Error("unseen");
    const error = await failure(function* () {
      spawn(function* worker() {
        throw cause;
      });
      yield* yieldNow();
    });
    expect(error).toBeInstanceOf(TestPanicError);
    expect(error.message).toContain('task 2 "worker"');
    expect(error.cause).toBe(cause);
  });

  test("but not when that is allowed, or somebody looks", async () => {
    const throws = function* (): Generator<never, void> {
      throw new Error("seen");
    };
    await play(
      function* () {
        spawn(throws);
        yield* yieldNow();
      },
      { allowPanics: true },
    );
    await play(function* () {
      try {
        yield* spawn(throws);
      } catch {}
    });
  });

  test("when a mock in a task that is left is not used up", async () => {
    const error = await failure(function* () {
      spawn(function* () {
        using _mock = ioMock().write("never").build();
        yield* pending();
      });
      yield* yieldNow();
    });
    expect(error).toBeInstanceOf(TestPanicError);
    expect(error.cause).toBeInstanceOf(MockError);
  });

  test("with the first of the two when it throws and a task panics", async () => {
    const error = new Error("its own");
    expect(
      await failure(function* () {
        spawn(function* () {
          throw new Error("the task's");
        });
        yield* yieldNow();
        throw error;
      }),
    ).toBe(error);
  });

  test("with what it throws, whatever its mocks say of it when they are disposed", async () => {
    const error = new Error("its own");
    expect(
      await failure(function* () {
        using _outer = ioMock("outer").read("abc").build();
        using _inner = ioMock("inner").write("x").build();
        yield* sleep(1);
        throw error;
      }),
    ).toBe(error);
    expect(error.message).toBe(
      "its own\n" +
        '(and when it was disposed, inner: its script was not used up: write "x")\n' +
        '(and when it was disposed, outer: its script was not used up: read "abc")',
    );
  });

  test("with the mock's error where that is what went wrong", async () => {
    const error = await failure(function* () {
      using mock = ioMock("server").write("a").build();
      yield* mock.writeAll(new Uint8Array(1));
    });
    expect(error).toBeInstanceOf(MockError);
    expect(error.message).toMatch(/^server: .*byte 0 of all that was written$/);
  });

  test("with a disposal's error that is no mock's as it is", async () => {
    const error = await failure(function* () {
      using _resource = {
        [Symbol.dispose](): void {
          throw new Error("in the dispose");
        },
      };
      throw new Error("before");
    });
    expect(error.name).toBe("SuppressedError");
  });

  test("when a mock was used wrongly, though the code under test catches that", async () => {
    const swallow = function* (mock: IoMock) {
      try {
        yield* mock.writeAll(new Uint8Array(1));
      } catch {}
    };
    const error = await failure(function* () {
      yield* spawn(swallow, ioMock("server").build());
    });
    expect(error).toBeInstanceOf(MockError);
    expect(error.message).toContain("server: [00] was written");
    expect(
      await failure(function* () {
        try {
          streamMock<number>("items").next(1).build()[Symbol.dispose]();
        } catch {}
      }),
    ).toBeInstanceOf(MockError);
  });

  test("but not when it was to be used wrongly", async () => {
    await play(function* () {
      using mock = ioMock().build();
      yield* assertRejects(mock.writeAll(new Uint8Array(1)), MockError);
      yield* assertRejects(spawn(mock.writeAll(new Uint8Array(1))));
    });
  });

  test("when something is left, if it is to be checked", async () => {
    const body = function* () {
      spawn(sleep(1_000));
      yield* yieldNow();
    };
    const error = await failure(body, { checkLeaks: true });
    expect(error).toBeInstanceOf(LeakError);
    expect(error.message).toContain('task 2 "Sleep"');
    await play(body);
  });

  test("but not for what is left of a test that runs at the same time", async () => {
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const options = { checkLeaks: true, startPaused: false };
    const long = play(function* () {
      using _guard = yield* new Mutex(1).lock();
      yield* fromPromise(() => gate);
    }, options);
    await play(function* () {
      yield* sleep(1);
    }, options);
    release();
    await long;
  });

  test("for guards, wakers and objects in shared memory too", async () => {
    const kept: unknown[] = [];
    const error = await failure(
      function* () {
        const polled = task(new Notify().notified());
        polled.poll();
        kept.push(polled, Mutex.shared(1), yield* new Mutex(1).lock());
      },
      { checkLeaks: true },
    );
    expect(error).toBeInstanceOf(LeakError);
    expect((error as LeakError).leaks).toMatchObject({ wakers: 1, guards: 1, sharedObjects: 1 });
    expect(kept).toHaveLength(3);
  });

  test("shortly before its time is up, naming the tasks that wait", async () => {
    const error = await failure(
      async function stuckTest() {
        spawn(pending());
        await new Promise(() => {});
      },
      { timeout: 1_000 },
    );
    expect(error).toBeInstanceOf(TestTimeoutError);
    expect(error.message).toContain("after 900 ms");
    expect(error.message).toContain('task 1 "stuckTest", which waits for a promise');
    expect(error.message).toMatch(/task 2 "pending", which waits for pending\(\)/);
  });

  test("at the same time with many seeds: the limit is for all of them", async () => {
    let started = 0;
    const error = await failure(
      async () => {
        started += 1;
        // Longer than half the time, however slow the machine is.
        await new Promise((resolve) => setTimeout(resolve, 120));
      },
      { seeds: 5, timeout: 200 },
    );
    expect(error).toBeInstanceOf(TestTimeoutError);
    expect(error.message).toContain("after 180 ms");
    expect(started).toBeLessThanOrEqual(2);
  });

  test("with the seed among several, and goes no further", async () => {
    const seen: number[] = [];
    let error: Error | undefined;
    await settles(
      play(
        function* () {
          seen.push(Handle.current().randomBelow(100));
          if (seen.length === 3) throw new Error("the third");
          yield* yieldNow();
        },
        { seeds: 10 },
      ).catch((failed: Error) => {
        error = failed;
      }),
    );
    expect(seen).toHaveLength(3);
    expect(error?.message).toBe("the third\n(with seed 2: repeat it with `{ seed: 2 }`)");
  });
});

test("at its end its tasks are dropped, whatever the outcome", async () => {
  const probes = [new Probe(), new Probe()];
  await play(function* () {
    spawn(probes[0] as Probe);
    yield* yieldNow();
  });
  await failure(function* () {
    spawn(probes[1] as Probe);
    yield* yieldNow();
    throw new Error("bad");
  });
  expect(probes.map((probe) => probe.drops)).toEqual([1, 1]);
});

test("the runtime is as `configure` says", async () => {
  await play(
    function* () {
      expect(Handle.current().name).toBe("configured");
    },
    { configure: (builder: Builder) => builder.name("configured") },
  );
});

test("one seed gives one run", async () => {
  const drawn: number[] = [];
  const draw = function* () {
    drawn.push(Handle.current().randomBelow(1_000_000_000));
  };
  await play(draw);
  await play(draw);
  await play(draw, { seed: 1 });
  await play(draw, { seed: 2 });
  expect(new Set(drawn).size).toBe(2);
  expect(drawn[0]).toBe(drawn[2]);
});

test("the environment may say another seed", async () => {
  const drawn: number[] = [];
  const draw = function* () {
    drawn.push(Handle.current().randomBelow(1_000_000_000));
  };
  await play(draw, { seed: 9 });
  process.env.TOKIWA_TEST_SEED = "9";
  try {
    await play(draw);
    process.env.TOKIWA_TEST_SEED = "nine";
    const { base } = runner();
    expect(thrown(() => tokiwaTest(base)("x", draw))).toBeInstanceOf(InvalidArgumentError);
  } finally {
    delete process.env.TOKIWA_TEST_SEED;
  }
  expect(drawn[0]).toBe(drawn[1]);
});

describe("what the runner is told", () => {
  const body = function* () {};

  test("the name, its own options only, the body without parameters, and what follows it", () => {
    const { base, calls } = runner();
    const wrapped = tokiwaTest(base, { seed: 1, checkLeaks: true });
    wrapped("plain", body);
    wrapped("options", { timeout: 5, retry: 2, startPaused: false, allowPanics: true }, body);
    wrapped("limit", body, 7);
    const fn = expect.any(Function);
    expect(calls).toEqual([
      ["plain", fn],
      ["options", { timeout: 5, retry: 2 }, fn],
      ["limit", fn, 7],
    ]);
    for (const call of calls)
      expect((call.find((arg) => typeof arg === "function") as () => void).length).toBe(0);
  });

  test("the body's text, in which Vitest looks for the names of fixtures", () => {
    const { base, calls } = runner();
    tokiwaTest(base)("x", function* ({ port }: { port: number }) {
      expect(port).toBe(1);
    });
    expect(String(calls[0]?.[1])).toMatch(/^function\* ?\(\{ port \}\)/);
  });

  test("a test without a body", () => {
    const { base, calls } = runner();
    (tokiwaTest(base) as unknown as (name: string) => void)("later");
    expect(calls).toEqual([["later"]]);
  });

  test("skip, only and todo are the runner's", () => {
    const { base } = runner();
    const log: unknown[] = [];
    const parts = Object.fromEntries(
      ["skip", "only", "todo"].map((name) => [
        name,
        (...args: unknown[]) => log.push([name, args[0]]),
      ]),
    );
    const wrapped = tokiwaTest(Object.assign(base, parts, { runnerName: "mine" }));
    wrapped.skip("a", body);
    wrapped.only("b", body);
    wrapped.todo("c");
    expect(log).toEqual([
      ["skip", "a"],
      ["only", "b"],
      ["todo", "c"],
    ]);
    expect((wrapped as unknown as { runnerName: string }).runnerName).toBe("mine");
  });

  test("each, where the runner has none", async () => {
    const { base, calls } = runner();
    const seen: unknown[] = [];
    tokiwaTest(base).each([
      [1, { a: 2 }],
      [3, { a: 4 }],
    ] as [number, { a: number }][])("case %# of 100%%: %s and %j", function* (n, object) {
      yield* sleep(n);
      seen.push(n, object.a);
    });
    expect(calls.map(([name]) => name)).toEqual([
      'case 0 of 100%: 1 and {"a":2}',
      'case 1 of 100%: 3 and {"a":4}',
    ]);
    for (const [, fn] of calls) await (fn as () => Promise<void>)();
    expect(seen).toEqual([1, 2, 3, 4]);
  });
});

test("settings are checked when the test is declared", () => {
  const { base } = runner();
  const declare = (options: TestOptions) => () => tokiwaTest(base)("x", options, function* () {});
  for (const options of [{ seeds: 0 }, { seeds: 1.5 }, { seeds: 3, seed: 1 }])
    expect(thrown(declare(options))).toBeInstanceOf(InvalidArgumentError);
  expect(thrown(() => tokiwaTest(undefined as never))).toBeInstanceOf(InvalidArgumentError);
});
