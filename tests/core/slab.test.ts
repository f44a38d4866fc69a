// The slabs: slots are reused last freed first, grow by pages, and the limit refuses without changing anything.

import { describe, expect, test } from "vitest";
import {
  BUILDS,
  COMPLETED,
  DRIVER,
  EMPTY,
  FOREIGN,
  loadCore,
  PENDING,
  type Settings,
} from "../support/core.js";

describe.each(BUILDS)("the slabs of core.%s", (build) => {
  function load(settings: Settings) {
    return loadCore(build, { eventInterval: 2 ** 20, ...settings });
  }

  test("spawning at the limit gives -1 and changes nothing", () => {
    const { core } = load({ taskLimit: 3 });
    for (let slot = 0; slot < 3; slot++) expect(core.spawn(slot + 1)).toBe(slot);
    for (let attempt = 0; attempt < 3; attempt++) expect(core.spawn(10)).toBe(-1);
    expect([core.aliveTasks(), core.taskSlots(), core.queueLength()]).toEqual([3, 3, 3]);
    expect([core.next(PENDING), core.next(PENDING), core.next(PENDING)]).toEqual([0, 1, 2]);
    expect(core.next(COMPLETED)).toBe(EMPTY);
    expect(core.spawn(11)).toBe(2);
    expect(core.spawn(12)).toBe(-1);
  });

  test("freed task slots are reused, last freed first", () => {
    const { core } = load({});
    for (let generation = 1; generation <= 4; generation++) core.spawn(generation);
    core.next(PENDING);
    for (let ended = 0; ended < 3; ended++) core.next(COMPLETED);
    expect(core.aliveTasks()).toBe(1);
    expect([core.spawn(5), core.spawn(6), core.spawn(7)]).toEqual([2, 1, 0]);
    expect(core.spawn(8)).toBe(4);
    expect(core.taskSlots()).toBe(5);
  });

  test("a slot that is used again begins with no polls", () => {
    const { core } = load({});
    core.spawn(1);
    core.next(PENDING);
    core.next(COMPLETED);
    expect(core.spawn(2)).toBe(0);
    expect(core.taskPolls(0)).toBe(0);
  });

  test("tasks keep their state across growth by pages", () => {
    const { core, memory } = load({ taskLimit: 5000 });
    const before = memory.buffer.byteLength;
    const slots = Array.from({ length: 5000 }, (_, slot) => slot);
    expect(slots.map((slot) => core.spawn(slot + 1))).toEqual(slots);
    expect(core.spawn(5001)).toBe(-1);
    expect(memory.buffer.byteLength).toBeGreaterThan(before);
    expect(slots.map(() => core.next(PENDING))).toEqual(slots);
    expect(core.next(PENDING)).toBe(EMPTY);
    core.wakeTask(4999, 5000);
    core.wakeTask(0, 1);
    expect([core.next(PENDING), core.next(PENDING)]).toEqual([4999, 0]);
  });

  test("memory stops growing once slots are reused", () => {
    const { core, memory } = load({ taskLimit: 100_000 });
    core.spawn(1);
    core.next(PENDING);
    const before = memory.buffer.byteLength;
    for (let generation = 2; generation < 5000; generation++) {
      core.next(COMPLETED);
      core.spawn(generation);
      core.next(PENDING);
    }
    // With threads, slots are taken from the shared count 64 at a time.
    expect(core.taskSlots()).toBe(build.endsWith("threads") ? 64 : 1);
    expect(memory.buffer.byteLength).toBe(before);
  });

  test("a timer at the limit gives -1 and changes nothing", () => {
    const { core } = load({ timerLimit: 2 });
    const first = core.insertTimer(10, FOREIGN, 0, 1);
    core.insertTimer(20, FOREIGN, 0, 2);
    expect(core.insertTimer(5, FOREIGN, 0, 3)).toBe(-1);
    expect([core.aliveTimers(), core.nextExpiry()]).toEqual([2, 10]);
    core.cancelTimer(first, 1);
    expect(core.insertTimer(5, FOREIGN, 0, 3)).toBe(first);
    expect(core.nextExpiry()).toBe(5);
  });

  test("timers by the page are given back when they fire", () => {
    const { core, memory } = load({ timerLimit: 10_000 });
    for (let key = 1; key <= 10_000; key++) core.insertTimer(key, 0, 99, key);
    const grown = memory.buffer.byteLength;
    expect(core.aliveTimers()).toBe(10_000);
    expect(core.driver(10_000)).toBe(10_000);
    expect(core.aliveTimers()).toBe(0);
    for (let key = 1; key <= 10_000; key++) core.insertTimer(20_000 + key, 0, 99, key);
    expect(memory.buffer.byteLength).toBe(grown);
  });

  test("the smallest core: one task, one timer", () => {
    const { core } = loadCore(build, { taskLimit: 1, timerLimit: 1, eventInterval: 1 });
    expect(core.spawn(1)).toBe(0);
    expect(core.spawn(2)).toBe(-1);
    expect(core.next(PENDING)).toBe(0);
    expect(core.insertTimer(1, 0, 1, 1)).toBe(0);
    expect(core.next(PENDING)).toBe(DRIVER);
    expect(core.driver(1)).toBe(1);
    expect(core.next(PENDING)).toBe(0);
  });
});
