// blockInPlace: a worker blocks, and what others can run is run by others.

import { JoinError, NoRuntimeError, sleep, spawn } from "tokiwa";
import { CannotBlockInPlaceError } from "tokiwa/runtime";
import { blockInPlace, spawnBlocking } from "tokiwa/task";
import { afterEach, expect, test, vi } from "vitest";
import { PATIENCE_MS as LIMIT_MS } from "../support/patience.js";
import { rejection, settles, thrown } from "../support/tasks.js";
import { arrived, multi, newGate, openGate, single, within } from "./fixtures-blocking/support.js";
import * as tasks from "./fixtures-blocking/tasks.mjs";

afterEach(() => {
  vi.restoreAllMocks();
});

const one = () => multi((builder) => builder.workerThreads(1));

test("on a worker it gives what the function returns", async () => {
  const rt = multi();
  expect(await settles(rt.spawn(tasks.inPlace, 1, 2), LIMIT_MS)).toBe(3);
});

test("a throw comes through to the coroutine", async () => {
  const rt = multi();
  const text = await settles(rt.spawn(tasks.inPlaceFails, "broken"), LIMIT_MS);
  expect(text).toBe("caught FixtureError E_FIXTURE: broken");
});

test("a throw that nobody catches is a panic of the task, and the worker goes on", async () => {
  const rt = one();
  const error = await rejection(settles(rt.spawn(tasks.inPlacePanics, "broken"), LIMIT_MS));
  expect(error).toBeInstanceOf(JoinError);
  expect(error).toMatchObject({ isPanic: true });
  expect(error.cause).toMatchObject({ name: "FixtureError", message: "broken" });
  expect(await settles(rt.spawn(tasks.add, 1, 2), LIMIT_MS)).toBe(3);
});

test("with one worker, which blocks, a substitute runs what comes", async () => {
  const rt = one();
  const gate = newGate();
  const blocked = rt.spawn(tasks.inPlaceHold, gate);
  await arrived(gate, 1);
  for (let i = 0; i < 20; i++)
    expect(await settles(rt.spawn(tasks.addSteps, i, 1), LIMIT_MS)).toBe(i + 1);
  openGate(gate);
  expect(await settles(blocked, LIMIT_MS)).toBeGreaterThan(0);
});

test("what stood in the worker's own queue is run by others while it blocks", async () => {
  const rt = one();
  const { here, threads } = await settles(
    rt.spawn(tasks.inPlaceAwaitsOthers, newGate(), 60),
    LIMIT_MS,
  );
  expect(threads).toHaveLength(60);
  expect(threads).not.toContain(here);
});

test("the same under blockOn, where the owner's event loop stands still", () => {
  const rt = one();
  const { here, threads } = rt.blockOn(function* () {
    return yield* spawn(tasks.inPlaceAwaitsOthers, newGate(), 20);
  });
  expect(threads).toHaveLength(20);
  expect(threads).not.toContain(here);
});

test("as many go on at once as there are workers", async () => {
  const rt = multi();
  const gate = newGate();
  const blocked = [rt.spawn(tasks.inPlaceHold, gate), rt.spawn(tasks.inPlaceHold, gate)];
  await arrived(gate, 2);
  const both = newGate();
  const met = [rt.spawn(tasks.meet, both, 2), rt.spawn(tasks.meet, both, 2)];
  const threads = await settles(Promise.all(met), LIMIT_MS);
  openGate(gate);
  threads.push(...(await settles(Promise.all(blocked), LIMIT_MS)));
  expect(new Set(threads).size).toBe(4);
});

test("more tasks than workers block in place at the same time", async () => {
  const rt = one();
  const gate = newGate();
  const handles = Array.from({ length: 5 }, () => rt.spawn(tasks.meetInPlace, gate, 5));
  const threads = await settles(Promise.all(handles), LIMIT_MS);
  expect(new Set(threads).size).toBe(5);
});

test("a substitute may block in place too", async () => {
  const rt = one();
  const first = newGate();
  const second = newGate();
  const handles = [rt.spawn(tasks.inPlaceHold, first)];
  await arrived(first, 1);
  handles.push(rt.spawn(tasks.inPlaceHold, second));
  await arrived(second, 1);
  expect(await settles(rt.spawn(tasks.add, 1, 2), LIMIT_MS)).toBe(3);
  openGate(first);
  openGate(second);
  await settles(Promise.all(handles), LIMIT_MS);
});

test("many short ones do not start threads without end", async () => {
  const started: number[] = [];
  const rt = multi((builder) => builder.onThreadStart((thread) => started.push(thread)));
  const handles = Array.from({ length: 12 }, () => rt.spawn(tasks.inPlaceThenSleep, 25));
  const rounds = await settles(Promise.all(handles), LIMIT_MS);
  expect(rounds).toEqual(Array(12).fill(25));
  // 300 calls on two workers.
  expect(started.length).toBeLessThan(20);
});

test("a worker that is ended inside counts no more: the next that blocks needs no further substitute", async () => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const started = new Set<number>();
  const rt = multi((builder) =>
    builder.workerThreads(1).onThreadStart((thread) => started.add(thread)),
  );
  const gates = [newGate(), newGate()] as const;
  const lost = rejection(settles(rt.spawn(tasks.inPlaceForEver, gates[0]), LIMIT_MS));
  await arrived(gates[0], 1);
  expect(await settles(rt.spawn(tasks.add, 1, 2), LIMIT_MS)).toBe(3);
  const before = started.size;
  expect(rt.terminateWorker(0)).toBe(true);
  expect(await lost).toMatchObject({ isWorkerLost: true });

  const blocked = rt.spawn(tasks.inPlaceHold, gates[1]);
  await arrived(gates[1], 1);
  expect(await settles(rt.spawn(tasks.add, 1, 2), LIMIT_MS)).toBe(3);
  expect(started.size).toBe(before);
  openGate(gates[1]);
  await settles(blocked, LIMIT_MS);
});

test("nested: the inner one just runs", async () => {
  const rt = one();
  const gate = newGate();
  const nested = rt.spawn(tasks.inPlaceNested, gate);
  await arrived(gate, 1);
  expect(await settles(rt.spawn(tasks.add, 1, 2), LIMIT_MS)).toBe(3);
  openGate(gate);
  expect(await settles(nested, LIMIT_MS)).toBe(2);
});

test("in an async function on a worker", async () => {
  const rt = multi();
  expect(await settles(rt.spawn(tasks.inPlaceAsync, 1, 2), LIMIT_MS)).toBe(3);
});

test("a local task of the worker waits, and goes on afterwards", async () => {
  const rt = one();
  const log = await settles(rt.spawn(tasks.inPlaceWithLocal), LIMIT_MS);
  expect(log).toEqual(["local began", "in place ended", "local ended"]);
});

test("inside of it blockOn is allowed", async () => {
  const rt = one();
  expect(await settles(rt.spawn(tasks.inPlaceBlockOn, 20, 22), LIMIT_MS)).toBe(42);
});

test("timers that others wait for go on while workers block", async () => {
  const rt = one();
  const gate = newGate();
  const blocked = rt.spawn(tasks.inPlaceHold, gate);
  await arrived(gate, 1);
  const naps = [1, 5, 10].map((ms) => rt.spawn(tasks.naps, ms));
  expect(await settles(Promise.all(naps), LIMIT_MS)).toEqual([1, 5, 10]);
  openGate(gate);
  await settles(blocked, LIMIT_MS);
});

test("on the calling thread it just runs", async () => {
  const rt = multi();
  expect(within(rt, () => blockInPlace(() => 5))).toBe(5);
  const inTask = rt.run(function* () {
    yield* sleep(1);
    return blockInPlace(() => 6);
  });
  expect(await settles(inTask, LIMIT_MS)).toBe(6);
  expect(
    rt.blockOn(function* () {
      return blockInPlace(() => 7);
    }),
  ).toBe(7);
  const broken = new Error("as it is");
  const error = thrown(() =>
    within(rt, () =>
      blockInPlace(() => {
        throw broken;
      }),
    ),
  );
  expect(error).toBe(broken);
});

test("on a thread of the blocking pool it just runs", async () => {
  const rt = multi();
  const handle = within(rt, () => spawnBlocking(tasks.inPlace, 1, 2));
  expect(await settles(handle, LIMIT_MS)).toBe(3);
});

test("on current_thread it is refused, and says what to use", async () => {
  const rt = single();
  let ran = false;
  const call = () =>
    blockInPlace(() => {
      ran = true;
    });
  const error = thrown(() => within(rt, call));
  expect(error).toBeInstanceOf(CannotBlockInPlaceError);
  expect(error.message).toContain(
    "can call blocking only when running on the multi-threaded runtime",
  );
  expect(error.message).toContain("spawnBlocking");
  const inTask = rt.run(function* () {
    yield* sleep(1);
    call();
  });
  expect(await rejection(settles(inTask, LIMIT_MS))).toBeInstanceOf(CannotBlockInPlaceError);
  expect(ran).toBe(false);
});

test("outside of every runtime", () => {
  expect(thrown(() => blockInPlace(() => 1))).toBeInstanceOf(NoRuntimeError);
});

test("a shutdown waits for one that is under way", async () => {
  const rt = multi();
  const gate = newGate();
  const blocked = rejection(rt.spawn(tasks.inPlaceHold, gate));
  await arrived(gate, 1);
  const down = rt.shutdown();
  expect(await settles(blocked, LIMIT_MS)).toMatchObject({ isCancelled: true });
  openGate(gate);
  expect((await settles(down, LIMIT_MS)).stuck).toEqual([]);
});
