// A worker dies: what was on it fails with a JoinError that says so, everything else goes on, and another takes its place.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JoinError, type JoinHandle, sleep, timeout } from "tokiwa";
import { type Runtime, WorkerStartError } from "tokiwa/runtime";
import { spawnBlocking } from "tokiwa/task";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { rejection, settles } from "../support/tasks.js";
import { crew, LONG, sharedWords, until, untilNoTasks, untilWord } from "./crew.js";
import * as mortal from "./fixtures/mortal.mjs";
import { ended, onPackageOnly, run, shown } from "./programs.js";

const folder = mkdtempSync(join(tmpdir(), "tokiwa-death-"));
afterAll(() => rmSync(folder, { recursive: true }));

let reports = "";
beforeEach(() => {
  reports = "";
  vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    reports += String(chunk);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A file that tasks on any thread append a byte to. */
let files = 0;
function tally(): { path: string; count: () => number } {
  files += 1;
  const path = join(folder, `tally-${files}`);
  writeFileSync(path, "");
  return { path, count: () => readFileSync(path, "utf8").length };
}

interface Lost {
  readonly worker: number;
  readonly error: Error | undefined;
}

/** A runtime whose deaths are recorded. */
function watched(workers = 2, most = 512): { rt: Runtime; lost: Lost[]; started: number[] } {
  const lost: Lost[] = [];
  const started: number[] = [];
  const rt = crew(workers, (builder) =>
    builder
      .maxBlockingThreads(most)
      .onThreadStart(mortal.noteWorker)
      .onWorkerLost((worker, error) => lost.push({ worker, error: error as Error | undefined })),
  );
  return { rt, lost, started };
}

async function lostBy(handle: JoinHandle<unknown>): Promise<JoinError> {
  const error = (await settles(rejection(handle), LONG)) as JoinError;
  expect(error).toBeInstanceOf(JoinError);
  expect(error).toMatchObject({ isWorkerLost: true, isPanic: false, isCancelled: false });
  expect(error.id).toBe(handle.id);
  return error;
}

/** Every worker is there and takes tasks: as many of them as there are workers hold a word at the same time. */
async function expectFullCrew(rt: Runtime): Promise<void> {
  const words = sharedWords(2);
  const workers = rt.metrics().numWorkers();
  const handles = Array.from({ length: workers }, () => rt.spawn(mortal.holds, words));
  await untilWord(words, 1, workers).finally(() => {
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
  });
  for (const handle of handles) expect(await settles(handle, LONG)).toBe("let go");
}

const WAYS: [string, unknown, unknown[], string | undefined][] = [
  ["process.exit in a plain function", mortal.exits, [3], undefined],
  ["process.exit(0)", mortal.exits, [0], undefined],
  ["process.exit after a sleep", mortal.exitsLater, [2], undefined],
  ["process.exit in an async function", mortal.exitsAsync, [], undefined],
  ["an error that a timer throws", mortal.throwsInTimer, [], "thrown in a timer"],
  ["a rejection that nobody handles", mortal.rejectsUnhandled, [], "nobody handles this"],
];

test.each(WAYS)(
  "by %s: the task is lost, the hook is called, another worker takes its place",
  async (_, fn, args, message) => {
    const { rt, lost } = watched();
    const error = await lostBy(rt.spawn(fn as never, ...(args as never[])));
    expect(error.message).toContain("lost");
    expect(error.cause).toBeUndefined();
    await until("the hook was called", () => lost.length === 1);
    expect([0, 1]).toContain(lost[0]?.worker);
    expect(lost[0]?.error?.message).toBe(message);
    expect(rt.metrics().lostWorkersCount()).toBe(1);
    expect(reports).toContain("1 task was lost");
    await expectFullCrew(rt);
    await untilNoTasks(rt);
  },
);

test.each([
  ["a plain function", mortal.spins],
  ["a coroutine function", mortal.spinsAfterYield],
])("terminateWorker ends a loop without an end in %s", async (_, fn) => {
  const { rt, lost } = watched();
  const words = sharedWords(2);
  const handle = rt.spawn(fn, words);
  await untilWord(words, 0);
  const worker = Atomics.load(words, 1);
  expect(rt.terminateWorker(worker)).toBe(true);
  await lostBy(handle);
  await until("the hook was called", () => lost.length === 1);
  expect(lost[0]?.worker).toBe(worker);
  expect(rt.metrics().lostWorkersCount()).toBe(1);
  await expectFullCrew(rt);
  await untilNoTasks(rt);
});

test("terminateWorker of one worker after the other before they have run anything: the runtime goes on", async () => {
  const { rt, lost } = watched(1);
  for (let ended = 1; ended <= 6; ended++) {
    expect(rt.terminateWorker(0)).toBe(true);
    await until("the hook was called", () => lost.length === ended);
  }
  expect(await settles(rt.spawn(mortal.echo, 1), LONG)).toBe(1);
});

test("terminateWorker before a blockOn: the thread is ended while this one is blocked", async () => {
  const { rt } = watched();
  const words = sharedWords(2);
  const handle = rt.spawn(mortal.spins, words);
  await untilWord(words, 0);
  expect(rt.terminateWorker(Atomics.load(words, 1))).toBe(true);
  const error = rt.blockOn(function* () {
    try {
      return yield* timeout(LONG, handle);
    } catch (error) {
      return error;
    }
  });
  expect(error).toMatchObject({ name: "JoinError", isWorkerLost: true });
  await expectFullCrew(rt);
});

test("terminateWorker of a number that no thread has says false", () => {
  const { rt } = watched();
  expect([-1, 7, 5000].map((worker) => rt.terminateWorker(worker))).toEqual([false, false, false]);
});

test("terminateWorker of a worker that sleeps: nothing is lost, another takes its place", async () => {
  const { rt, lost } = watched();
  expect(await settles(rt.spawn(mortal.echo, 1), LONG)).toBe(1);
  expect(rt.terminateWorker(0)).toBe(true);
  await until("the hook was called", () => lost.length === 1);
  expect(reports).toContain("0 tasks were lost");
  await expectFullCrew(rt);
});

describe("what was on its way", () => {
  test("every task that had started on it is lost, and no other", async () => {
    const { rt, lost } = watched(1);
    const words = sharedWords(3);
    const here = Array.from({ length: 10 }, () => rt.spawn(mortal.waitsForEver, words));
    await untilWord(words, 1, 10);
    const killer = rt.spawn(mortal.exits, 1);
    for (const handle of [...here, killer]) await lostBy(handle);
    await until("the hook was called", () => lost.length === 1);
    expect(reports).toContain("11 tasks were lost");
    await untilNoTasks(rt);
  });

  test("tasks that had not started run on others", async () => {
    const { rt } = watched(2);
    const words = sharedWords(2);
    const killers = [0, 1].map(() => rt.spawn(mortal.exitsOnCue, words));
    await untilWord(words, 1, 2);
    const queued = Array.from({ length: 300 }, (_, i) => rt.spawn(mortal.echo, i));
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
    for (const killer of killers) await lostBy(killer);
    expect(await settles(Promise.all(queued), LONG)).toEqual(queued.map((_, i) => i));
    expect(rt.metrics().lostWorkersCount()).toBe(2);
    await untilNoTasks(rt);
  });

  test("tasks in its own queue, which it had spawned itself, run on others, once each", async () => {
    const { rt } = watched(2);
    const words = sharedWords(2);
    const { path, count } = tally();
    // The other worker is busy, so that it steals nothing before.
    const busy = rt.spawn(mortal.holds, words);
    await untilWord(words, 1);
    await lostBy(rt.spawn(mortal.spawnsAndExits, path, 400));
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
    expect(await settles(busy, LONG)).toBe("let go");
    await untilNoTasks(rt);
    expect(count()).toBe(400);
  });

  test("the same with one worker: its heir runs them", async () => {
    const { rt } = watched(1);
    const { path, count } = tally();
    await lostBy(rt.spawn(mortal.spawnsAndExits, path, 400));
    await untilNoTasks(rt);
    expect(count()).toBe(400);
  });

  test("all sorts of tasks that it had spawned: local ones end with it, others go on", async () => {
    const { rt } = watched(2);
    const { path, count } = tally();
    await lostBy(rt.spawn(mortal.leavesAllSorts, path));
    await untilNoTasks(rt);
    expect(count()).toBe(40);
    await expectFullCrew(rt);
  });

  test("tasks on other workers go on", async () => {
    const { rt } = watched(2);
    const words = sharedWords(2);
    // One on each: a parcel goes to the workers in turn.
    const both = [rt.spawn(mortal.ticks, words), rt.spawn(mortal.ticks, words)];
    await untilWord(words, 1, 10);
    await lostBy(rt.spawn(mortal.exits, 1));
    const before = Atomics.load(words, 1);
    await untilWord(words, 1, before + 10);
    Atomics.store(words, 0, 1);
    const ends = await settles(Promise.allSettled(both), LONG);
    expect(ends.filter((end) => end.status === "fulfilled")).toHaveLength(1);
    for (const end of ends)
      if (end.status === "rejected") expect(end.reason).toMatchObject({ isWorkerLost: true });
    await untilNoTasks(rt);
  });

  test("local tasks of the calling thread and their waits go on, and see the death as an error", async () => {
    const { rt } = watched(2);
    const value = await settles(
      rt.run(function* () {
        const handles = [3, 0, 1].map((code) => rt.spawn(mortal.exits, code));
        const seen: boolean[] = [];
        for (const handle of handles) {
          try {
            yield* handle;
          } catch (error) {
            seen.push((error as JoinError).isWorkerLost);
          }
        }
        yield* sleep(2);
        return [seen, yield* rt.spawn(mortal.echo, "still")];
      }),
      LONG,
    );
    expect(value).toEqual([[true, true, true], "still"]);
  });

  test("a handle of a lost task that nobody awaits, and one that was aborted before, leave nothing behind", async () => {
    const { rt, lost } = watched(1);
    const words = sharedWords(3);
    const unawaited = rt.spawn(mortal.waitsForEver, words);
    await untilWord(words, 1);
    // Its worker stands still in it, so what is spawned now has not begun when it is aborted.
    const cue = sharedWords(2);
    const killer = rt.spawn(mortal.exitsOnCue, cue);
    await untilWord(cue, 1);
    killer.abort();
    const queued = rt.spawn(mortal.echo, 1);
    queued.abort();
    const error = (await settles(rejection(queued), LONG)) as JoinError;
    expect(error.isCancelled).toBe(true);
    expect(lost).toEqual([]);
    Atomics.store(cue, 0, 1);
    Atomics.notify(cue, 0);
    await lostBy(killer);
    await untilNoTasks(rt);
    expect(lost).toHaveLength(1);
    expect(unawaited.isFinished()).toBe(true);
  });
});

test("twenty deaths in a row, one worker: each is replaced", async () => {
  const { rt, lost } = watched(1);
  for (let round = 0; round < 20; round++) {
    await lostBy(rt.spawn(mortal.exits, round));
    if (round % 4 === 3) expect(await settles(rt.spawn(mortal.echo, round), LONG)).toBe(round);
  }
  await until("the hook was called", () => lost.length === 20);
  expect(rt.metrics().lostWorkersCount()).toBe(20);
  await untilNoTasks(rt);
});

test("the successors of a worker that has run something die before they have: the runtime gives up", async () => {
  const rt = crew(1, (builder) => builder.onThreadStart(mortal.mayExitAtStart));
  expect(await settles(rt.spawn(mortal.echo, 1), LONG)).toBe(1);
  vi.stubEnv("TOKIWA_TEST_EXIT_AT_START", "1");
  await lostBy(rt.spawn(mortal.exits));
  const waiting = rt.spawn(mortal.echo, 2);
  const end = rejection(waiting);
  const running = rt.run(function* () {
    yield* waiting;
  });
  expect(await settles(rejection(running), LONG)).toBeInstanceOf(WorkerStartError);
  expect(await settles(end, LONG)).toMatchObject({ isCancelled: true });
  expect(rt.metrics().lostWorkersCount()).toBe(5);
});

test("twenty deaths at once among two hundred other tasks: twenty are lost, the others give their values", async () => {
  const { rt } = watched(2);
  const killers: JoinHandle<unknown>[] = [];
  const others: JoinHandle<unknown>[] = [];
  for (let task = 0; task < 220; task++)
    if (task % 11 === 5) killers.push(rt.spawn(mortal.exits));
    else others.push(rt.spawn(mortal.echo, task));
  for (const killer of killers) await lostBy(killer);
  const values = await settles(Promise.all(others), LONG);
  expect(values).toHaveLength(200);
  await untilNoTasks(rt);
  await expectFullCrew(rt);
});

describe("a thread of the blocking pool", () => {
  test("dies: its call is lost, and the next call gets another thread", async () => {
    const { rt, lost } = watched(1);
    using _entered = rt.enter();
    await lostBy(spawnBlocking(mortal.exits, 1));
    await until("the hook was called", () => lost.length === 1);
    expect(await settles(spawnBlocking(mortal.echo, "next"), LONG)).toBe("next");
    expect(rt.metrics().lostWorkersCount()).toBe(1);
    await untilNoTasks(rt);
  });

  test("dies, at most one, with calls waiting: they run on its successors", async () => {
    const { rt } = watched(1, 1);
    using _entered = rt.enter();
    const killers: JoinHandle<unknown>[] = [];
    const others: JoinHandle<unknown>[] = [];
    for (let call = 0; call < 8; call++) {
      killers.push(spawnBlocking(mortal.exits, call));
      others.push(spawnBlocking(mortal.echo, call));
    }
    for (const killer of killers) await lostBy(killer);
    expect(await settles(Promise.all(others), LONG)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(rt.metrics().numBlockingThreads()).toBeLessThanOrEqual(1);
    await untilNoTasks(rt);
  });

  test("dies before it has begun, the only one that may be: another runs the call that it was to run", async () => {
    const started: number[] = [];
    const rt: Runtime = crew(1, (builder) =>
      builder.maxBlockingThreads(1).onThreadStart((thread) => {
        // The worker is the first.
        if (started.push(thread) === 2) rt.terminateWorker(thread);
      }),
    );
    using _entered = rt.enter();
    const calls = [spawnBlocking(mortal.echo, 1), spawnBlocking(mortal.echo, 2)];
    expect(await settles(Promise.all(calls), LONG)).toEqual([1, 2]);
    expect(rt.metrics().lostWorkersCount()).toBe(1);
    expect(rt.metrics().numBlockingThreads()).toBe(1);
    expect(started).toHaveLength(3);
    await untilNoTasks(rt);
  });

  test("in a loop without an end is terminated", async () => {
    const { rt, lost } = watched(1);
    using _entered = rt.enter();
    const words = sharedWords(2);
    const handle = spawnBlocking(mortal.spins, words);
    await untilWord(words, 0);
    expect(rt.terminateWorker(Atomics.load(words, 1))).toBe(true);
    await lostBy(handle);
    await until("the hook was called", () => lost.length === 1);
    expect(rt.metrics().numBlockingThreads()).toBe(0);
    await untilNoTasks(rt);
  });

  test("dies while a task on a worker waits for its call", async () => {
    const { rt } = watched(1);
    expect(await settles(rt.spawn(mortal.awaitsDeath), LONG)).toEqual(["JoinError", true]);
    await untilNoTasks(rt);
  });
});

describe("programs", () => {
  onPackageOnly();

  test("out of memory: the task is lost and the runtime goes on", async () => {
    const result = await run("threads/programs/death-by-memory.mjs", ["--max-old-space-size=48"]);
    expect(shown(result)).toEqual(ended("lost true\nhook ERR_WORKER_OUT_OF_MEMORY\nnext 5\n"));
  });

  test("a worker dies while the main thread is in blockOn: blockOn goes on with the error", async () => {
    const result = await run("threads/programs/death-in-block-on.mjs");
    expect(shown(result)).toEqual(ended("lost true\nnext 5\nlost true\nnext 6\n"));
  });
});
