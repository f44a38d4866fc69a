// A thread has ended that took part in another memory, where no record is free for whoever is to clear up: it is done later.

import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import type { Host } from "../../ts/host/types.js";
import {
  createSharedCore,
  joinCore,
  ROLE_CALLER,
  type SharedCore,
  setUpCore,
  THREAD_FREE,
  type ThreadsExports,
} from "../../ts/runtime/core/binding.js";
import { Remains } from "../../ts/runtime/scheduler/multi-thread/guests.js";
import type { GuestPart } from "../../ts/runtime/scheduler/multi-thread/membership.js";
import { buildFile } from "../support/core.js";

// The bundler's part.
vi.mock("../../ts/runtime/core/bytes.js", () => ({
  singleCore: () => readFileSync(buildFile("core.check-single.wasm")),
  threadsCore: () => readFileSync(buildFile("core.check-threads.wasm")),
}));

const LIMITS = { maxBlockingThreads: 4, globalQueueInterval: 61, maxTasks: 64, maxTimers: 64 };

function newGuest(shared: SharedCore, core: ThreadsExports): GuestPart {
  const record = core.claimAny();
  const guest = joinCore(shared, record).exports;
  guest.configure(64, 64, 61, 0);
  guest.beginThread(ROLE_CALLER, 0);
  return { membership: { id: "another", shared, settings: {} as never }, record };
}

/** A memory whose records are all in use. */
function fullMemory(): { core: ThreadsExports; guests: GuestPart[]; other: number } {
  const shared = createSharedCore();
  const core = setUpCore(shared, 1, 1, 1, LIMITS);
  const guests = [newGuest(shared, core), newGuest(shared, core)];
  const other = core.claimAny();
  while (core.claimAny() >= 0);
  return { core, guests, other };
}

/** Its timers are called by the test. */
function newHost(): { host: Host; timers: (() => void)[] } {
  const timers: (() => void)[] = [];
  const setBackgroundTimer = (callback: () => void): void => void timers.push(callback);
  return { host: { setBackgroundTimer } as unknown as Host, timers };
}

test("by a timer, until a record is free", () => {
  const { core, guests, other } = fullMemory();
  const { host, timers } = newHost();
  const remains = new Remains(host);
  for (const guest of guests) remains.clearUp([guest]);
  const areFree = (): boolean =>
    guests.every(({ record }) => core.stateOfThread(record) === THREAD_FREE);
  for (let round = 0; round < 3; round++) {
    expect(areFree()).toBe(false);
    expect(timers, "one for all").toHaveLength(1);
    timers.pop()?.();
  }
  core.freeRecord(other);
  timers.pop()?.();
  expect(areFree()).toBe(true);
  expect(core.stateOfThread(other)).toBe(THREAD_FREE);
  expect(timers).toEqual([]);
});

test("when it is asked for, and once", () => {
  const { core, guests, other } = fullMemory();
  const { host, timers } = newHost();
  const remains = new Remains(host);
  remains.clearUp(guests);
  core.freeRecord(other);
  remains.clearUp([]);
  for (const { record } of guests) {
    expect(core.stateOfThread(record)).toBe(THREAD_FREE);
    // Another thread's from here on.
    expect(core.claimRecord(record)).toBe(1);
  }
  timers.pop()?.();
  for (const { record } of guests) expect(core.stateOfThread(record)).not.toBe(THREAD_FREE);
});
