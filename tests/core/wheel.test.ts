// The timer wheel by example: levels, order within a tick, deadlines that have passed, retargeting, stale registrations.

import { describe, expect, test } from "vitest";
import { BUILDS, type CoreExports, EMPTY, FOREIGN, loadCore, PENDING } from "../support/core.js";

const SPAN = 2 ** 36;

describe.each(BUILDS)("the wheel of core.%s", (build) => {
  /** A core with idle tasks in the slots from 0 on; generations are slot + 1. */
  function withIdle(count: number): CoreExports {
    const { core } = loadCore(build, { eventInterval: 2 ** 20 });
    for (let slot = 0; slot < count; slot++) core.spawn(slot + 1);
    for (let polls = 0; polls <= count; polls++) core.next(PENDING);
    return core;
  }

  function woken(core: CoreExports): number[] {
    const slots: number[] = [];
    for (let slot = core.next(PENDING); slot !== EMPTY; slot = core.next(PENDING)) slots.push(slot);
    return slots;
  }

  function foreignFired(core: CoreExports): number[] {
    const keys: number[] = [];
    for (let key = core.takeForeignFired(); key !== 0; key = core.takeForeignFired())
      keys.push(key);
    return keys.reverse();
  }

  test("an empty wheel has no next expiry", () => {
    const core = withIdle(0);
    expect([core.nextExpiry(), core.nextExpiryBound(), core.aliveTimers()]).toEqual([-1, -1, 0]);
    expect(core.driver(2 ** 40)).toBe(0);
    expect([core.nextExpiry(), core.nextExpiryBound()]).toEqual([-1, -1]);
  });

  test("a timer of each level fires at its tick and not one before", () => {
    for (const distance of [1, 63, 64, 4095, 4096, 2 ** 18, 2 ** 24, 2 ** 30, SPAN - 1, SPAN]) {
      const core = withIdle(1);
      core.driver(1000);
      const entry = core.insertTimer(1000 + distance, 0, 1, 1);
      expect(core.nextExpiry()).toBe(1000 + distance);
      expect(core.driver(1000 + distance - 1)).toBe(0);
      expect(core.isTimerPending(entry, 1)).toBe(1);
      expect(core.driver(1000 + distance)).toBe(1);
      expect(core.isTimerPending(entry, 1)).toBe(0);
      expect(woken(core)).toEqual([0]);
    }
  });

  test("timers of one tick fire in the order of their registration, from whatever level they came", () => {
    const core = withIdle(4);
    core.insertTimer(5000, 2, 3, 1);
    core.driver(4000);
    core.insertTimer(5000, 0, 1, 2);
    core.driver(4990);
    core.insertTimer(5000, 3, 4, 3);
    core.driver(4999);
    core.insertTimer(5000, 1, 2, 4);
    expect(core.driver(5000)).toBe(4);
    expect(woken(core)).toEqual([2, 0, 3, 1]);
  });

  test("one jump over many deadlines fires them in the order of the deadlines", () => {
    const core = withIdle(6);
    const deadlines = [70_000, 3, 5000, 2 ** 31, 64, 63];
    for (const [slot, deadline] of deadlines.entries())
      core.insertTimer(deadline, slot, slot + 1, slot + 1);
    expect(core.driver(2 ** 32)).toBe(6);
    expect(woken(core)).toEqual([1, 5, 4, 2, 0, 3]);
  });

  test("a deadline that has passed fires at the next turn, behind what is due there", () => {
    const core = withIdle(2);
    core.driver(100);
    core.insertTimer(100, 1, 2, 1);
    core.insertTimer(5, 0, 1, 2);
    expect(core.nextExpiry()).toBe(100);
    expect(core.driver(100)).toBe(2);
    expect(woken(core)).toEqual([1, 0]);
  });

  test("a clock that goes backwards moves nothing", () => {
    const core = withIdle(1);
    core.driver(100);
    core.insertTimer(110, 0, 1, 1);
    expect(core.driver(50)).toBe(0);
    expect(core.nextExpiry()).toBe(110);
    expect(core.driver(110)).toBe(1);
  });

  test("a timer a whole span ahead does not hide one that is nearer", () => {
    const core = withIdle(2);
    core.insertTimer(SPAN, 0, 1, 1);
    core.insertTimer(2 ** 30, 1, 2, 2);
    expect(core.nextExpiry()).toBe(2 ** 30);
    expect(core.nextExpiryBound()).toBeLessThanOrEqual(2 ** 30);
    expect(core.driver(2 ** 30)).toBe(1);
    expect(woken(core)).toEqual([1]);
    expect(core.driver(SPAN - 1)).toBe(0);
    expect(core.driver(SPAN)).toBe(1);
  });

  test("following the bound reaches every deadline, beyond the span too", () => {
    const core = withIdle(1);
    const deadline = 13 * SPAN + 12_345;
    core.insertTimer(deadline, 0, 1, 1);
    let now = 0;
    let fired = 0;
    for (let steps = 0; steps < 200 && fired === 0; steps++) {
      const bound = core.nextExpiryBound();
      expect(bound).toBeGreaterThan(now);
      expect(bound).toBeLessThanOrEqual(deadline);
      now = bound;
      fired = core.driver(now);
    }
    expect([fired, now]).toEqual([1, deadline]);
  });

  test("cancelling keeps the others, wherever it stands in its slot", () => {
    for (const cancelled of [0, 1, 2]) {
      const core = withIdle(3);
      const entries = [0, 1, 2].map((slot) => core.insertTimer(9, slot, slot + 1, slot + 1));
      core.cancelTimer(entries[cancelled] as number, cancelled + 1);
      expect(core.aliveTimers()).toBe(2);
      expect(core.driver(9)).toBe(2);
      expect(woken(core)).toEqual([0, 1, 2].filter((slot) => slot !== cancelled));
    }
  });

  test("cancelling the only one of a slot moves the next expiry", () => {
    const core = withIdle(1);
    const near = core.insertTimer(10, 0, 1, 1);
    core.insertTimer(1000, 0, 1, 2);
    core.cancelTimer(near, 1);
    expect(core.nextExpiry()).toBe(1000);
  });

  test("a stale registration is harmless after its entry was given to another", () => {
    const core = withIdle(2);
    const entry = core.insertTimer(10, 0, 1, 1);
    core.cancelTimer(entry, 1);
    expect(core.insertTimer(20, 1, 2, 2)).toBe(entry);
    expect(core.isTimerPending(entry, 1)).toBe(0);
    core.cancelTimer(entry, 1);
    core.retargetTimer(entry, 1, 0, 1);
    expect(core.isTimerPending(entry, 2)).toBe(1);
    expect(core.driver(20)).toBe(1);
    expect(woken(core)).toEqual([1]);
  });

  test("a retargeted timer wakes the new task at the old deadline", () => {
    const core = withIdle(2);
    const entry = core.insertTimer(10, 0, 1, 1);
    core.retargetTimer(entry, 1, 1, 2);
    core.driver(10);
    expect(woken(core)).toEqual([1]);
  });

  test("a timer of a task that has ended fires into the void", () => {
    const core = withIdle(1);
    core.insertTimer(10, 0, 77, 1);
    expect(core.driver(10)).toBe(1);
    expect(woken(core)).toEqual([]);
    expect(core.aliveTimers()).toBe(0);
  });

  test("foreign timers are handed out by key, and their entries given back then", () => {
    const core = withIdle(1);
    const first = core.insertTimer(10, FOREIGN, 0, 41);
    core.insertTimer(9, FOREIGN, 0, 42);
    core.insertTimer(10, 0, 1, 43);
    expect(core.driver(10)).toBe(3);
    expect(core.isTimerPending(first, 41)).toBe(0);
    // Fired: too late to cancel, and harmless.
    core.cancelTimer(first, 41);
    expect(foreignFired(core)).toEqual([42, 41]);
    expect(core.takeForeignFired()).toBe(0);
    expect(core.aliveTimers()).toBe(0);
    expect(woken(core)).toEqual([0]);
  });

  test("a timer may change between foreign and a task", () => {
    const core = withIdle(1);
    const a = core.insertTimer(10, FOREIGN, 0, 1);
    const b = core.insertTimer(10, 0, 1, 2);
    core.retargetTimer(a, 1, 0, 1);
    core.retargetTimer(b, 2, FOREIGN, 0);
    expect(core.driver(10)).toBe(2);
    expect(foreignFired(core)).toEqual([2]);
    expect(woken(core)).toEqual([0]);
  });
});
