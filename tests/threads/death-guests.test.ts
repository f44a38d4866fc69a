// A thread that uses shared primitives of another runtime, or of none, and ends: what it had there is given back, as it is where it
// belongs to.

import type { JoinHandle, SendableFunction } from "tokiwa";
import { Builder, type Runtime } from "tokiwa/runtime";
import { Mutex, mpsc, PoisonedError, Semaphore, type SharedMutex } from "tokiwa/sync";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { rejection, settles } from "../support/tasks.js";
import { crew, dismiss, LONG, unmanned } from "./crew.js";
import * as tasks from "./fixtures/sync-tasks.mjs";
import { ended, onPackageOnly, run, shown } from "./programs.js";
import { inside } from "./sync-kinds.js";

beforeEach(() => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

let other: Runtime;
let single: Runtime;
beforeAll(() => {
  other = unmanned(1);
  single = Builder.newCurrentThread().enableAll().build();
});
afterAll(async () => {
  await Promise.all([dismiss(other), single.shutdown()]);
});

const HOMES: [string, () => Runtime | undefined][] = [
  ["another runtime", () => other],
  ["a current_thread runtime", () => single],
  ["no runtime", () => undefined],
];

type Task = SendableFunction<never[], unknown>;

async function isLost(handle: JoinHandle<unknown>): Promise<void> {
  expect(await settles(rejection(handle), LONG)).toMatchObject({ isWorkerLost: true });
}

describe.each(HOMES)("primitives of %s", (_, home) => {
  test("a worker that holds a lock exits: the lock comes back, poisoned", async () => {
    const rt = crew(1);
    const mutex = inside(home(), () => Mutex.shared(5));
    await isLost(rt.spawn(tasks.locksAndExits as Task, mutex as never));
    const error = (await settles(rejection(mutex.lock()), LONG)) as PoisonedError;
    expect(error).toBeInstanceOf(PoisonedError);
  });

  test("a worker that has a sender is terminated: the channel ends", async () => {
    const rt = crew(1, (builder) => builder.onThreadStart(tasks.noteWorker));
    const [sender, receiver] = inside(home(), () => mpsc.shared<number>(1));
    const [where, told] = inside(home(), () => mpsc.shared<number>(1));
    const handle = rt.spawn(tasks.spins as Task, sender as never, where as never);
    sender.close();
    expect(rt.terminateWorker((await settles(told.recv(), LONG)) as number)).toBe(true);
    await isLost(handle);
    expect(await settles(receiver.recv(), LONG)).toBe(undefined);
  });

  test("a worker that keeps a sender and permits ends in order: they come back", async () => {
    const rt = unmanned(1);
    const [sender, receiver] = inside(home(), () => mpsc.shared<number>(1));
    const semaphore = inside(home(), () => Semaphore.shared(2));
    await settles(rt.spawn(tasks.keeps as Task, sender as never, semaphore as never), LONG);
    sender.close();
    expect(semaphore.availablePermits()).toBe(0);
    await dismiss(rt);
    expect(await settles(receiver.recv(), LONG)).toBe(undefined);
    expect(semaphore.availablePermits()).toBe(2);
  });

  test("workers that die one after the other each give back what they held", async () => {
    const rt = crew(1);
    const semaphore = inside(home(), () => Semaphore.shared(1));
    for (let round = 0; round < 20; round++) {
      await isLost(rt.spawn(tasks.acquiresAndExits as Task, semaphore as never));
      (await settles(semaphore.acquire(), LONG)).release();
    }
    expect(semaphore.availablePermits()).toBe(1);
  });
});

test("a worker that has built a runtime dies: a lock there that it held comes back, poisoned, to who has a handle of it", async () => {
  const rt = crew(1);
  const [mutex] = (await settles(rt.spawn(tasks.locksItsOwn), LONG)) as [SharedMutex<number>];
  const waits = settles(rejection(mutex.lock()), LONG);
  await isLost(rt.spawn(tasks.exits as Task));
  expect(await waits).toBeInstanceOf(PoisonedError);
});

describe("programs", () => {
  onPackageOnly();

  test("workers that change shared objects without end are ended: whoever ends them goes on with whole objects", async () => {
    const result = await run("threads/programs/ended-while-it-sends.mjs", [], {}, 110_000);
    expect(shown(result)).toEqual(ended("lost true, -2\n"));
  });
});
