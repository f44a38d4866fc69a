// Builder.newMultiThread: every setting is checked at the call, and does what it says.

import { JoinError, type JoinHandle } from "tokiwa";
import { Builder, InvalidArgumentError, main, WorkerStartError } from "tokiwa/runtime";
import { spawnBlocking } from "tokiwa/task";
import { DurationError } from "tokiwa/time";
import { afterEach, describe, expect, test } from "vitest";
import { PATIENCE_MS as LIMIT_MS } from "../support/patience.js";
import { rejection, settles, thrown } from "../support/tasks.js";
import { kept, multi, runProgram, single, within } from "./fixtures-blocking/support.js";
import * as tasks from "./fixtures-blocking/tasks.mjs";

const fixture = (name: string) => new URL(`./fixtures-blocking/${name}`, import.meta.url).href;

type Setting = (builder: Builder, value: never) => unknown;

const NO_COUNTS = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "2", undefined, null, 2n, {}];
const NO_FUNCTIONS = [undefined, null, 5, "f", {}];

const settings: [string, Setting, readonly unknown[]][] = [
  ["workerThreads", (builder, value) => builder.workerThreads(value), [...NO_COUNTS, 201, 1e9]],
  [
    "maxBlockingThreads",
    (builder, value) => builder.maxBlockingThreads(value),
    [...NO_COUNTS, 513],
  ],
  [
    "threadStackSize",
    (builder, value) => builder.threadStackSize(value),
    [...NO_COUNTS, 1024, 64 * 1024 - 1, 1024 ** 3 + 1],
  ],
  ["globalQueueInterval", (builder, value) => builder.globalQueueInterval(value), NO_COUNTS],
  ["eventInterval", (builder, value) => builder.eventInterval(value), NO_COUNTS],
  ["threadName", (builder, value) => builder.threadName(value), ["", 5, undefined, null, {}]],
  [
    "preload",
    (builder, value) => builder.preload(value),
    ["", 5, undefined, null, {}, "./tasks.mjs", "tasks.mjs", "no url"],
  ],
  [
    "workerEntry",
    (builder, value) => builder.workerEntry(value),
    ["", 5, undefined, null, {}, "./worker.js", "worker.js"],
  ],
  ["onThreadStart", (builder, value) => builder.onThreadStart(value), NO_FUNCTIONS],
  ["onThreadStop", (builder, value) => builder.onThreadStop(value), NO_FUNCTIONS],
  ["onWorkerLost", (builder, value) => builder.onWorkerLost(value), NO_FUNCTIONS],
  ["rngSeed", (builder, value) => builder.rngSeed(value), [1, 0]],
  ["startPaused", (builder, value) => builder.startPaused(value), [true, 1]],
  [
    "carryContext",
    (builder, value) => builder.carryContext(value, tasks.echo as never),
    [() => {}, undefined],
  ],
  [
    "carryContext",
    (builder, value) => builder.carryContext(tasks.where, value),
    [() => {}, undefined],
  ],
];

describe("a setting that is not possible is refused by its name", () => {
  const cases = settings.flatMap(([name, call, values]) =>
    values.map((value) => [name, value, call] as const),
  );
  test.each(cases)("%s(%s)", (name, value, call) => {
    const builder = Builder.newMultiThread();
    const error = thrown(() => call(builder, value as never)) as InvalidArgumentError;
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error.argument).toContain(name);
    expect(error.message).toContain(name);
    expect(error.given).toBe(value);
    expect(error.allowed).not.toBe("");
  });

  test.each([-1, Number.NaN, "5", undefined, null, { years: 1 }])(
    "threadKeepAlive(%s)",
    (value) => {
      const error = thrown(() => Builder.newMultiThread().threadKeepAlive(value as never));
      expect(error).toBeInstanceOf(DurationError);
      expect(error.message).toContain("threadKeepAlive");
    },
  );

  test("and the builder can be used all the same", async () => {
    const builder = Builder.newMultiThread().workerThreads(1);
    thrown(() => builder.workerThreads(0));
    const rt = kept(builder.build());
    expect(rt.metrics().numWorkers()).toBe(1);
    expect(await settles(rt.spawn(tasks.add, 1, 2), LIMIT_MS)).toBe(3);
  });
});

test("the bounds themselves are possible, and startPaused(false)", () => {
  const builder = Builder.newMultiThread();
  builder.workerThreads(1).workerThreads(200).maxBlockingThreads(1).maxBlockingThreads(512);
  builder.threadStackSize(1024 ** 2).threadStackSize(1024 ** 3);
  builder.globalQueueInterval(1).globalQueueInterval(2 ** 30);
  builder.threadKeepAlive(0).threadKeepAlive({ seconds: 5 }).startPaused(false);
  builder
    .preload()
    .preload(import.meta.url)
    .workerEntry(new URL(import.meta.url));
});

test("build starts so many workers", async () => {
  const started: number[] = [];
  const rt = kept(
    Builder.newMultiThread()
      .workerThreads(3)
      .onThreadStart((thread) => started.push(thread))
      .build(),
  );
  expect(rt.metrics().numWorkers()).toBe(3);
  expect(started).toEqual([0, 1, 2]);
});

test("a builder builds more than once", async () => {
  const builder = Builder.newMultiThread().enableAll().workerThreads(1);
  const first = kept(builder.build());
  const second = kept(builder.build());
  const values = [first.spawn(tasks.add, 1, 2), second.spawn(tasks.add, 3, 4)];
  expect(await settles(Promise.all(values), LIMIT_MS)).toEqual([3, 7]);
});

describe("TOKIWA_WORKER_THREADS", () => {
  afterEach(() => {
    delete process.env.TOKIWA_WORKER_THREADS;
  });

  test.each(["0", "-1", "two", "1.5", "201", "NaN", "Infinity", "2 3"])("%s is refused", (text) => {
    process.env.TOKIWA_WORKER_THREADS = text;
    const error = thrown(() => Builder.newMultiThread().build()) as InvalidArgumentError;
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error.argument).toBe("TOKIWA_WORKER_THREADS");
  });

  test("says how many, unless the builder does", async () => {
    process.env.TOKIWA_WORKER_THREADS = "1";
    expect(kept(Builder.newMultiThread().build()).metrics().numWorkers()).toBe(1);
    expect(multi().metrics().numWorkers()).toBe(2);
    process.env.TOKIWA_WORKER_THREADS = "nonsense";
    expect(multi().metrics().numWorkers()).toBe(2);
  });

  test("is nothing to current_thread", () => {
    process.env.TOKIWA_WORKER_THREADS = "nonsense";
    expect(single().metrics().numWorkers()).toBe(1);
  });

  test("empty is as if it were not set", async () => {
    process.env.TOKIWA_WORKER_THREADS = "";
    const rt = kept(Builder.newMultiThread().build());
    expect(rt.metrics().numWorkers()).toBeGreaterThanOrEqual(1);
  });

  test("in a process of its own", async ({ task, skip }) => {
    if (task.file.projectName === "check") skip();
    const [right, wrong, byMain, given] = await Promise.all([
      runProgram("workers-program.mjs", [], { TOKIWA_WORKER_THREADS: "3" }),
      runProgram("workers-program.mjs", [], { TOKIWA_WORKER_THREADS: "none" }),
      runProgram("workers-program.mjs", ["main"], { TOKIWA_WORKER_THREADS: "3" }),
      runProgram("workers-program.mjs", ["main", "2"], { TOKIWA_WORKER_THREADS: "3" }),
    ]);
    expect(right).toMatchObject({ code: 0, stdout: "3\n", hung: false });
    expect(wrong.stdout).toContain("InvalidArgumentError: TOKIWA_WORKER_THREADS");
    expect(byMain).toMatchObject({ code: 0, stdout: "multi_thread 3\n", hung: false });
    expect(given).toMatchObject({ code: 0, stdout: "multi_thread 2\n", hung: false });
  });
});

describe("main", () => {
  test("{ workerThreads } is checked", async () => {
    const error = await rejection(main({ workerThreads: 0 }, function* () {}));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ argument: "workerThreads(count)" });
  });

  test("{ flavor } is checked", async () => {
    const error = await rejection(main({ flavor: "both" as never }, function* () {}));
    expect(error).toBeInstanceOf(InvalidArgumentError);
  });

  test("multi_thread cannot have a seed or a paused clock", async () => {
    for (const options of [{ rngSeed: 1 }, { startPaused: true }]) {
      const error = await rejection(main({ flavor: "multi_thread", ...options }, function* () {}));
      expect(error).toBeInstanceOf(InvalidArgumentError);
    }
  });
});

test("threadName is what a debugger shows, with a number", async ({ task, skip }) => {
  if (task.file.projectName === "check") skip();
  const { stdout, stderr, code } = await runProgram("titles-program.mjs");
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  const titles = (JSON.parse(stdout) as string[]).join("\n");
  expect(titles).toContain("resizer-0");
  expect(titles).toContain("resizer-1");
  expect(titles).toContain("resizer-blocking-");
});

test("threadStackSize: recursion goes as deep as the stack is large", async () => {
  const depths: number[] = [];
  for (const megabytes of [1, 8]) {
    const rt = multi((builder) => builder.workerThreads(1).threadStackSize(megabytes * 1024 ** 2));
    depths.push(await settles(rt.spawn(tasks.depth), LIMIT_MS));
    depths.push(
      await settles(
        within(rt, () => spawnBlocking(tasks.depth)),
        LIMIT_MS,
      ),
    );
  }
  const [small, smallBlocking, large, largeBlocking] = depths as [number, number, number, number];
  expect(large).toBeGreaterThan(2 * small);
  expect(largeBlocking).toBeGreaterThan(2 * smallBlocking);
});

test("threadStackSize: the smallest that is accepted can run a task", async ({ task, skip }) => {
  if (task.file.projectName === "check") skip();
  const isAccepted = (kilobytes: number): boolean => {
    try {
      Builder.newMultiThread().threadStackSize(kilobytes * 1024);
      return true;
    } catch {
      return false;
    }
  };
  const smallest = [64, 128, 192, 256, 320, 384, 512, 1024].find(isAccepted);
  const { stdout, code } = await runProgram("stack-program.mjs", [String(smallest)]);
  expect({ stdout, code }).toEqual({ stdout: "3\n", code: 0 });
});

describe("preload", () => {
  test("modules are imported before the first task, on every worker", async () => {
    const rt = multi((builder) => builder.preload(fixture("preloaded.mjs")));
    const handles: JoinHandle<string[]>[] = [];
    for (let i = 0; i < 10; i++) handles.push(rt.spawn(tasks.marks));
    for (const marks of await settles(Promise.all(handles), LIMIT_MS))
      expect(marks).toEqual(["preloaded"]);
  });

  test("in the order they were named in", async () => {
    const rt = multi((builder) =>
      builder.workerThreads(1).preload(fixture("preloaded.mjs")).preload(fixture("second.mjs")),
    );
    expect(await settles(rt.spawn(tasks.marks), LIMIT_MS)).toEqual(["preloaded", "second"]);
  });

  test.each([
    ["throws", "broken.mjs", "this module never loads"],
    ["is not there", "missing.mjs", "missing.mjs"],
  ])("a module that %s makes `run` reject with WorkerStartError", async (_what, file, words) => {
    const rt = multi((builder) => builder.preload(fixture(file)));
    const handle = rt.spawn(tasks.add, 1, 2);
    const end = rejection(handle);
    const running = rt.run(function* () {
      yield* handle;
    });
    const error = await rejection(settles(running, LIMIT_MS));
    expect(error).toBeInstanceOf(WorkerStartError);
    expect(error.message).toContain(file);
    expect((error.cause as Error).message).toContain(words);
    expect(await settles(end, LIMIT_MS)).toBeInstanceOf(JoinError);
  });

  test("and so does one that comes later", async () => {
    const rt = multi((builder) => builder.preload(fixture("broken.mjs")));
    await rejection(settles(rt.spawn(tasks.add, 1, 2), LIMIT_MS));
    const error = await rejection(
      settles(
        rt.run(function* () {
          return 1;
        }),
        LIMIT_MS,
      ),
    );
    expect([error, error.cause].some((part) => part instanceof WorkerStartError)).toBe(true);
  });
});

describe("workerEntry", () => {
  test("a module of the program's own that imports tokiwa/worker", async () => {
    const rt = multi((builder) => builder.workerThreads(1).workerEntry(fixture("entry.mjs")));
    expect(await settles(rt.spawn(tasks.marks), LIMIT_MS)).toEqual(["entry"]);
    const blocking = within(rt, () => spawnBlocking(tasks.marks));
    expect(await settles(blocking, LIMIT_MS)).toEqual(["entry"]);
  });

  test.each([
    ["is not there", "missing.mjs"],
    ["throws", "broken.mjs"],
    ["does not import tokiwa/worker", "entry-idle.mjs"],
  ])("one that %s: `run` rejects with WorkerStartError", async (_what, file) => {
    const rt = multi((builder) => builder.workerThreads(1).workerEntry(fixture(file)));
    const handle = rt.spawn(tasks.add, 1, 2);
    const end = rejection(handle);
    const running = rt.run(function* () {
      yield* handle;
    });
    expect(await rejection(settles(running, LIMIT_MS))).toBeInstanceOf(WorkerStartError);
    expect(await settles(end, LIMIT_MS)).toBeInstanceOf(JoinError);
  });
});

test.each<[string, (builder: Builder) => Builder]>([
  ["globalQueueInterval(1)", (builder) => builder.globalQueueInterval(1)],
  ["globalQueueInterval(2 ** 30)", (builder) => builder.globalQueueInterval(2 ** 30)],
  ["eventInterval(1)", (builder) => builder.eventInterval(1)],
  ["eventInterval(1000)", (builder) => builder.eventInterval(1000)],
  ["disableLifoSlot()", (builder) => builder.disableLifoSlot()],
])("%s: everything runs", async (_setting, configure) => {
  const rt = multi(configure);
  const handles: JoinHandle<unknown>[] = [];
  for (let i = 0; i < 200; i++) handles.push(rt.spawn(tasks.add, i, 1), rt.spawn(tasks.yields, 5));
  handles.push(rt.spawn(tasks.locals, 100), rt.spawn(tasks.fanOut, 300, 0));
  const values = await settles(Promise.all(handles), LIMIT_MS);
  expect(values.slice(0, 4)).toEqual([1, 5, 2, 5]);
  expect(values.at(-2)).toBe(4950);
  const shares = Object.values(values.at(-1) as Record<number, number>);
  expect(shares.reduce((sum, share) => sum + share)).toBe(300);
});

test("without enableTime a timer on a worker is refused, by name", async () => {
  const rt = kept(Builder.newMultiThread().workerThreads(1).build());
  const error = await rejection(settles(rt.spawn(tasks.naps, 1), LIMIT_MS));
  expect(error.cause).toMatchObject({ name: "DriverDisabledError" });
});
