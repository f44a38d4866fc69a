// Hooks of multi_thread: closures on the thread that built the runtime, sendable functions on the threads themselves.

import { isMainThread } from "node:worker_threads";
import type { TaskMeta } from "tokiwa/runtime";
import { spawnBlocking } from "tokiwa/task";
import { beforeEach, describe, expect, test } from "vitest";
import { PATIENCE_MS as LIMIT_MS } from "../support/patience.js";
import { rejection, settles, stderrOf } from "../support/tasks.js";
import { arrived, multi, newGate, openGate, until, within } from "./fixtures-blocking/support.js";
import * as tasks from "./fixtures-blocking/tasks.mjs";

const COUNTERS = [
  tasks.STARTED,
  tasks.STOPPED,
  tasks.PARKED,
  tasks.UNPARKED,
  tasks.SPAWNED,
  tasks.TERMINATED,
];

const counted = (counter: number): number => Atomics.load(tasks.words, counter);

beforeEach(() => {
  for (const counter of COUNTERS) Atomics.store(tasks.words, counter, 0);
});

describe("closures, on the thread that built the runtime", () => {
  test("each thread that starts, and each that stops, with its number", async () => {
    const log: string[] = [];
    const rt = multi((builder) =>
      builder
        .onThreadStart((thread) => log.push(`start ${thread} ${isMainThread}`))
        .onThreadStop((thread) => log.push(`stop ${thread} ${isMainThread}`)),
    );
    expect(log).toEqual([`start 0 ${isMainThread}`, `start 1 ${isMainThread}`]);
    await settles(rt.spawn(tasks.add, 1, 2), LIMIT_MS);
    await settles(rt.shutdown(), LIMIT_MS);
    expect(log.slice(2).sort()).toEqual([`stop 0 ${isMainThread}`, `stop 1 ${isMainThread}`]);
  });

  test("threads of the blocking pool too", async () => {
    const started: number[] = [];
    const stopped: number[] = [];
    const rt = multi((builder) =>
      builder
        .threadKeepAlive(10)
        .onThreadStart((thread) => started.push(thread))
        .onThreadStop((thread) => stopped.push(thread)),
    );
    await settles(
      within(rt, () => spawnBlocking(tasks.add, 1, 2)),
      LIMIT_MS,
    );
    expect(started).toHaveLength(3);
    await until("the idle thread ends", () => stopped.length === 1);
    expect(stopped[0]).toBe(started[2]);
  });

  test("a shutdown right after the start stops whatever has started", async () => {
    const started: number[] = [];
    const stopped: number[] = [];
    const rt = multi((builder) =>
      builder
        .onThreadStart((thread) => started.push(thread))
        .onThreadStop((thread) => stopped.push(thread)),
    );
    await settles(rt.shutdown(), LIMIT_MS);
    expect(stopped.sort()).toEqual(started);
  });

  test("onWorkerLost, then onThreadStop, then the substitute's onThreadStart", async () => {
    const log: string[] = [];
    const rt = multi((builder) =>
      builder
        .workerThreads(1)
        .onThreadStart((thread) => log.push(`start ${thread}`))
        .onThreadStop((thread) => log.push(`stop ${thread}`))
        .onWorkerLost((thread, error) => log.push(`lost ${thread} ${error}`)),
    );
    await settles(rt.spawn(tasks.add, 1, 2), LIMIT_MS);
    const report = await stderrOf(async () => {
      rt.terminateWorker(0);
      await until("it has stopped", () => log.includes("stop 0"));
    });
    expect(report).toContain("thread 0");
    expect(log.filter((line) => line === "start 0")).toHaveLength(2);
    expect(log).toContain("lost 0 undefined");
    expect(await settles(rt.spawn(tasks.add, 1, 2), LIMIT_MS)).toBe(3);
  });

  test("park and unpark are this thread's own, and tasks that they spawn run", async () => {
    let parks = 0;
    let unparks = 0;
    const rt = multi((builder) =>
      builder
        .onThreadPark(() => {
          parks += 1;
        })
        .onThreadUnpark(() => {
          unparks += 1;
        }),
    );
    const gate = newGate();
    const running = rt.run(function* () {
      yield* rt.spawn(tasks.lingers, gate);
    });
    await until("this thread parks", () => parks > 0);
    openGate(gate);
    await settles(running, LIMIT_MS);
    expect(unparks).toBeGreaterThan(0);
    expect(Math.abs(parks - unparks)).toBeLessThanOrEqual(1);
  });

  test("task hooks: local tasks, tasks on workers and blocking calls, by name and id", async () => {
    const spawned: TaskMeta[] = [];
    const ended: TaskMeta[] = [];
    const rt = multi((builder) =>
      builder.onTaskSpawn((meta) => spawned.push(meta)).onTaskTerminate((meta) => ended.push(meta)),
    );
    const handles = [
      rt.spawn(function* local() {
        return 1;
      }),
      rt.spawn(tasks.addSteps, 1, 2),
      within(rt, () => spawnBlocking(tasks.add, 1, 2)),
    ];
    await settles(Promise.all(handles), LIMIT_MS);
    expect(spawned.map(({ fn }) => fn)).toEqual(["local", "addSteps", "add"]);
    expect(ended.map(({ fn }) => fn).sort()).toEqual(["add", "addSteps", "local"]);
    expect(ended.map(({ id }) => id).sort()).toEqual(spawned.map(({ id }) => id).sort());
    expect(spawned.map(({ id }) => id)).toEqual(handles.map(({ id }) => id));
  });

  test("task hooks: one that panics and one that is aborted end once each", async () => {
    const ended: string[] = [];
    const rt = multi((builder) => builder.onTaskTerminate(({ fn }) => ended.push(fn)));
    const gate = newGate();
    const panics = rt.spawn(tasks.fails, "broken");
    const aborted = rt.spawn(tasks.lingers, gate);
    await arrived(gate, 1);
    aborted.abort();
    await settles(Promise.allSettled([panics, aborted]), LIMIT_MS);
    expect(ended.sort()).toEqual(["fails", "lingers"]);
  });
});

describe("sendable functions, on the threads themselves", () => {
  test("onThreadStart runs before the first task; onThreadStop at the end", async () => {
    const rt = multi((builder) => builder.onThreadStart(tasks.onStart).onThreadStop(tasks.onStop));
    const handles = Array.from({ length: 10 }, () => rt.spawn(tasks.marks));
    for (const marks of await settles(Promise.all(handles), LIMIT_MS)) {
      expect(marks).toHaveLength(1);
      expect(marks[0]).toMatch(/^started [01] on its own$/);
    }
    await until("both have started", () => counted(tasks.STARTED) === 2);
    expect(counted(tasks.STOPPED)).toBe(0);
    await settles(rt.shutdown(), LIMIT_MS);
    expect(counted(tasks.STOPPED)).toBe(2);
  });

  test("on threads of the blocking pool", async () => {
    const rt = multi((builder) => builder.onThreadStart(tasks.onStart).onThreadStop(tasks.onStop));
    const marks = await settles(
      within(rt, () => spawnBlocking(tasks.marks)),
      LIMIT_MS,
    );
    expect(marks).toHaveLength(1);
    await until("all have started", () => counted(tasks.STARTED) === 3);
    await settles(rt.shutdown(), LIMIT_MS);
    expect(counted(tasks.STOPPED)).toBe(3);
  });

  test("not onThreadStop for a thread that dies", async () => {
    const rt = multi((builder) => builder.workerThreads(1).onThreadStop(tasks.onStop));
    await settles(rt.spawn(tasks.add, 1, 2), LIMIT_MS);
    await stderrOf(async () => {
      rt.terminateWorker(0);
      await until("it is lost", () => rt.metrics().lostWorkersCount() === 1);
    });
    expect(counted(tasks.STOPPED)).toBe(0);
  });

  test("onThreadPark and onThreadUnpark", async () => {
    const rt = multi((builder) =>
      builder.onThreadPark(tasks.onPark).onThreadUnpark(tasks.onUnpark),
    );
    for (let round = 0; round < 3; round++) {
      const before = counted(tasks.PARKED);
      await settles(rt.spawn(tasks.naps, 1), LIMIT_MS);
      await until("a worker parks", () => counted(tasks.PARKED) > before);
    }
    expect(counted(tasks.UNPARKED)).toBeGreaterThan(0);
  });

  test("onTaskSpawn and onTaskTerminate count what workers spawn for themselves", async () => {
    const rt = multi((builder) =>
      builder.onTaskSpawn(tasks.onSpawn).onTaskTerminate(tasks.onTerminate),
    );
    expect(await settles(rt.spawn(tasks.locals, 10), LIMIT_MS)).toBe(45);
    expect(counted(tasks.SPAWNED)).toBe(10);
    await until("ten have ended there", () => counted(tasks.TERMINATED) >= 10);
  });
});

describe("hooks that throw", () => {
  const bad = (): never => {
    throw new Error("a bad hook");
  };

  test("closures: everything goes on, and they are reported", async () => {
    const report = await stderrOf(async () => {
      const rt = multi((builder) =>
        builder
          .onThreadStart(bad)
          .onThreadStop(bad)
          .onThreadPark(bad)
          .onThreadUnpark(bad)
          .onTaskSpawn(bad)
          .onTaskTerminate(bad)
          .onWorkerLost(bad),
      );
      expect(await settles(rt.spawn(tasks.addSteps, 1, 2), LIMIT_MS)).toBe(3);
      const gate = newGate();
      const blocked = within(rt, () => spawnBlocking(tasks.hold, gate));
      await arrived(gate, 1);
      openGate(gate);
      await settles(blocked, LIMIT_MS);
      rt.terminateWorker(0);
      await until("one is lost", () => rt.metrics().lostWorkersCount() === 1);
      expect(await settles(rt.spawn(tasks.add, 3, 4), LIMIT_MS)).toBe(7);
      expect((await settles(rt.shutdown(), LIMIT_MS)).stuck).toEqual([]);
    });
    expect(report).toContain("a bad hook");
    expect(report).toContain("onTaskSpawn");
  });

  test.each([
    ["onThreadStart"],
    ["onThreadStop"],
    ["onThreadPark"],
    ["onThreadUnpark"],
    ["onTaskSpawn"],
    ["onTaskTerminate"],
  ] as const)(
    "a sendable %s: tasks run on every thread, and the shutdown is in order",
    async (hook) => {
      const lost: number[] = [];
      const rt = multi((builder) =>
        builder[hook](tasks.badHook).onWorkerLost((worker) => lost.push(worker)),
      );
      const handles = Array.from({ length: 10 }, (_, i) => rt.spawn(tasks.addSteps, i, 1));
      const values = await settles(Promise.all(handles), LIMIT_MS);
      expect(values).toEqual(Array.from({ length: 10 }, (_, i) => i + 1));
      expect(await settles(rt.spawn(tasks.locals, 10), LIMIT_MS)).toBe(45);
      const blocking = within(rt, () => spawnBlocking(tasks.add, 1, 2));
      expect(await settles(blocking, LIMIT_MS)).toBe(3);
      expect((await settles(rt.shutdown(), LIMIT_MS)).stuck).toEqual([]);
      expect(lost).toEqual([]);
      expect(rt.metrics().lostWorkersCount()).toBe(0);
    },
  );
});

test("a sendable hook whose module does not export it: `run` rejects, and says which", async () => {
  const rt = multi((builder) => builder.onThreadStart(tasks.notExported.fn as never));
  const handle = rt.spawn(tasks.add, 1, 2);
  const end = rejection(settles(handle, LIMIT_MS));
  const running = rt.run(function* () {
    yield* handle;
  });
  const error = await rejection(settles(running, LIMIT_MS));
  expect(error.name).toBe("WorkerStartError");
  await end;
});
