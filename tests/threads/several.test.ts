// Several runtimes in one process: each has its own threads, memory and counters, and they hear of each other by handles.

import { type JoinHandle, sleep, spawn } from "tokiwa";
import { Builder, Handle } from "tokiwa/runtime";
import { spawnBlocking } from "tokiwa/task";
import { expect, test } from "vitest";
import { PATIENCE_MS as LIMIT_MS } from "../support/patience.js";
import { settles } from "../support/tasks.js";
import {
  kept,
  multi,
  newGate,
  openGate,
  runProgram,
  single,
  until,
} from "./fixtures-blocking/support.js";
import * as tasks from "./fixtures-blocking/tasks.mjs";

test("two multi_thread and one current_thread: each awaits tasks of the others", async () => {
  const [cpu, io, local] = [multi(), multi((builder) => builder.workerThreads(1)), single()];
  const handles = [cpu.handle(), io.handle()];
  const ask = function* (offset: number) {
    let sum = 0;
    for (let round = 0; round < 10; round++)
      for (const handle of handles) sum += yield* handle.spawn(tasks.addSteps, round, offset);
    return sum;
  };
  const sums = await settles(
    Promise.all([cpu.run(ask, 1), io.run(ask, 2), local.run(ask, 3)]),
    LIMIT_MS,
  );
  expect(sums).toEqual([110, 130, 150]);
});

test("a local task of one awaits a local task of another", async () => {
  const [first, second, third] = [multi(), multi(), single()];
  const chain = third.run(function* () {
    const inner = second.spawn(function* () {
      const innermost = first.spawn(function* () {
        yield* sleep(2);
        return [Handle.current().flavor];
      });
      const log = yield* innermost;
      yield* sleep(2);
      return [...log, Handle.current().flavor];
    });
    const log = yield* inner;
    return [...log, Handle.current().flavor];
  });
  expect(await settles(chain, LIMIT_MS)).toEqual([
    "multi_thread",
    "multi_thread",
    "current_thread",
  ]);
});

test("each has its own workers", async () => {
  const [first, second] = [multi(), multi()];
  const threadsOf = async (rt: typeof first) => {
    const gate = newGate();
    const pair: JoinHandle<number>[] = [
      rt.spawn(tasks.meet, gate, 2),
      rt.spawn(tasks.meet, gate, 2),
    ];
    return settles(Promise.all(pair), LIMIT_MS);
  };
  const [one, other] = await Promise.all([threadsOf(first), threadsOf(second)]);
  expect(new Set([...one, ...other]).size).toBe(4);
});

test("each has its own counters and its own ids", async () => {
  const [first, second] = [multi(), multi()];
  const handles = Array.from({ length: 20 }, () => first.spawn(tasks.add, 1, 1));
  await settles(Promise.all(handles), LIMIT_MS);
  expect(first.metrics().spawnedTasksCount()).toBe(20);
  expect(second.metrics().spawnedTasksCount()).toBe(0);
  expect(second.spawn(tasks.add, 1, 1).id).toBe(1);
});

test("one whose workers are all blocked does not hold up the others", async () => {
  const [blocked, free] = [multi(), multi()];
  const gate = newGate();
  const held = [blocked.spawn(tasks.hold, gate), blocked.spawn(tasks.hold, gate)];
  for (let i = 0; i < 10; i++)
    expect(await settles(free.spawn(tasks.addSteps, i, 1), LIMIT_MS)).toBe(i + 1);
  openGate(gate);
  await settles(Promise.all(held), LIMIT_MS);
});

test("the shutdown of one leaves the others as they are", async () => {
  const [first, second, third] = [multi(), multi(), single()];
  await settles(first.spawn(tasks.add, 1, 1), LIMIT_MS);
  await settles(first.shutdown(), LIMIT_MS);
  expect(await settles(second.spawn(tasks.add, 1, 2), LIMIT_MS)).toBe(3);
  const blocking = third.run(function* () {
    return yield* spawnBlocking(tasks.add, 3, 4);
  });
  expect(await settles(blocking, LIMIT_MS)).toBe(7);
});

test("a task that waits for a task of a runtime that is shut down learns of it", async () => {
  const [first, second] = [multi(), multi()];
  const gate = newGate();
  const waiting = second.run(function* () {
    const handle = first.handle().spawn(tasks.lingers, gate);
    try {
      yield* handle;
    } catch (error) {
      return error;
    }
    return undefined;
  });
  await until("it is there", () => Atomics.load(tasks.words, gate + 1) === 1);
  await settles(first.shutdown(), LIMIT_MS);
  expect(await settles(waiting, LIMIT_MS)).toMatchObject({ isCancelled: true });
});

test("entered within each other: spawn means the innermost", async () => {
  const [first, second] = [multi(), multi()];
  const outer = first.enter();
  const inner = second.enter();
  const handle = spawn(tasks.add, 1, 2);
  inner[Symbol.dispose]();
  const other = spawn(tasks.add, 3, 4);
  outer[Symbol.dispose]();
  expect(await settles(Promise.all([handle, other]), LIMIT_MS)).toEqual([3, 7]);
  expect(first.metrics().spawnedTasksCount()).toBe(1);
  expect(second.metrics().spawnedTasksCount()).toBe(1);
});

// In a process of its own, because a thread that blocks for ever cannot be stopped from the same thread.
test.each(["multi", "current"])(
  "blockOn of a %s_thread runtime waits for a task on the workers of another",
  async (flavor) => {
    const run = await runProgram("block-on-program.mjs", [flavor]);
    expect(run).toEqual({ code: 0, stdout: "42\n", stderr: "", hung: false });
  },
);

test("many tasks on three runtimes at once", async () => {
  const runtimes = [multi(), multi(), single()];
  const handles = Array.from({ length: 900 }, (_, i) =>
    (runtimes[i % 3] as (typeof runtimes)[number]).spawn(tasks.add, i, 0),
  );
  const values = await settles(Promise.all(handles), LIMIT_MS);
  expect(values).toEqual(Array.from({ length: 900 }, (_, i) => i));
});

test("20 runtimes, one after the other: every thread that has started has ended", async () => {
  let started = 0;
  let stopped = 0;
  const builder = Builder.newMultiThread()
    .enableAll()
    .workerThreads(2)
    .onThreadStart(() => {
      started += 1;
    })
    .onThreadStop(() => {
      stopped += 1;
    });
  for (let round = 0; round < 20; round++) {
    const rt = kept(builder.build());
    expect(await settles(rt.spawn(tasks.add, round, 1), LIMIT_MS)).toBe(round + 1);
    if (round % 5 === 0) {
      const entered = rt.enter();
      const handle = spawnBlocking(tasks.add, round, 2);
      entered[Symbol.dispose]();
      expect(await settles(handle, LIMIT_MS)).toBe(round + 2);
    }
    expect((await settles(rt.shutdown(), LIMIT_MS)).stuck).toEqual([]);
    expect(stopped).toBe(started);
  }
  expect(started).toBe(44);
});

test("20 runtimes that are shut down in the background at once", async () => {
  let started = 0;
  let stopped = 0;
  for (let round = 0; round < 20; round++) {
    const rt = kept(
      Builder.newMultiThread()
        .enableAll()
        .workerThreads(1)
        .onThreadStart(() => {
          started += 1;
        })
        .onThreadStop(() => {
          stopped += 1;
        })
        .build(),
    );
    const handle = rt.spawn(tasks.add, round, 1);
    if (round % 2 === 0) await settles(handle, LIMIT_MS);
    else handle.then(undefined, () => {});
    rt.shutdownBackground();
  }
  await until("every thread has ended", () => stopped === started);
  expect(started).toBe(20);
});

test("in a process of its own they leave nothing that keeps it, and little memory", async ({
  task,
  skip,
}) => {
  if (task.file.projectName === "check") skip();
  const { stdout, stderr, code, hung } = await runProgram("many-program.mjs");
  expect({ stderr, code, hung }).toEqual({ stderr: "", code: 0, hung: false });
  const { threads, growth } = JSON.parse(stdout) as { threads: [number, number]; growth: number };
  expect(threads[1]).toBeLessThanOrEqual(threads[0]);
  // Each has had two isolates of several megabytes.
  expect(growth).toBeLessThan(60);
});
