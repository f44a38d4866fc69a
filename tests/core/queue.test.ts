// The order of the run queue: first in first out, the lifo slot and its limit, yields after the driver, the event
// interval, interrupt.

import { describe, expect, test } from "vitest";
import {
  BUILDS,
  COMPLETED,
  type CoreExports,
  DRIVER,
  EMPTY,
  loadCore,
  PENDING,
  type Settings,
  YIELDED,
} from "../support/core.js";

describe.each(BUILDS)("the queue of core.%s", (build) => {
  /** A core with idle tasks in the slots from 0 on; generations are slot + 1. */
  function withIdle(count: number, settings: Settings = {}): CoreExports {
    const { core } = loadCore(build, { eventInterval: 1000, ...settings });
    for (let slot = 0; slot < count; slot++) core.spawn(slot + 1);
    for (let polled = 0; polled < count; polled++) core.next(PENDING);
    expect(core.next(PENDING)).toBe(EMPTY);
    return core;
  }

  function wakeAll(core: CoreExports, ...slots: number[]): void {
    for (const slot of slots) core.wakeTask(slot, slot + 1);
  }

  test("first in, first out", () => {
    const core = withIdle(5);
    wakeAll(core, 3, 0, 4, 1, 2);
    const order = Array.from({ length: 6 }, () => core.next(PENDING));
    expect(order).toEqual([3, 0, 4, 1, 2, EMPTY]);
  });

  test("a task that was spawned stands behind those that were woken before", () => {
    const core = withIdle(2);
    wakeAll(core, 1);
    core.spawn(10);
    wakeAll(core, 0);
    expect([core.next(PENDING), core.next(PENDING), core.next(PENDING)]).toEqual([1, 2, 0]);
  });

  test("yielded tasks come back after the driver, behind the queue, in the order of their yields", () => {
    const core = withIdle(4);
    wakeAll(core, 2, 1, 0);
    expect([core.next(PENDING), core.next(YIELDED), core.next(YIELDED)]).toEqual([2, 1, 0]);
    wakeAll(core, 3);
    expect(core.next(PENDING)).toBe(3);
    expect(core.next(PENDING)).toBe(DRIVER);
    wakeAll(core, 3);
    core.driver(0);
    const order = Array.from({ length: 4 }, () => core.next(PENDING));
    expect(order).toEqual([3, 2, 1, EMPTY]);
  });

  test("the driver's turn fires timers before it lets yielded tasks back in", () => {
    const core = withIdle(2);
    core.insertTimer(5, 1, 2, 1);
    wakeAll(core, 0);
    expect(core.next(PENDING)).toBe(0);
    expect(core.next(YIELDED)).toBe(DRIVER);
    expect(core.driver(5)).toBe(1);
    expect([core.next(PENDING), core.next(PENDING)]).toEqual([1, 0]);
  });

  test("the driver is due after so many polls, and stays due until it had its turn", () => {
    const core = withIdle(1, { eventInterval: 3 });
    core.driver(0);
    for (let polls = 0; polls < 3; polls++) {
      wakeAll(core, 0);
      expect(core.next(PENDING)).toBe(0);
    }
    wakeAll(core, 0);
    expect(core.next(PENDING)).toBe(DRIVER);
    expect(core.next(PENDING)).toBe(DRIVER);
    core.driver(0);
    expect(core.next(PENDING)).toBe(0);
  });

  test("interrupt makes the driver due at once, and costs no task its poll", () => {
    const core = withIdle(2);
    wakeAll(core, 0, 1);
    expect(core.next(PENDING)).toBe(0);
    core.interrupt();
    expect(core.next(COMPLETED)).toBe(DRIVER);
    expect(core.aliveTasks()).toBe(1);
    core.driver(0);
    expect(core.next(PENDING)).toBe(1);
    expect(core.next(PENDING)).toBe(EMPTY);
  });

  test("polls are counted, drops too, and EMPTY and DRIVER are not", () => {
    const core = withIdle(2, { eventInterval: 2 ** 20 });
    const before = core.pollCount();
    wakeAll(core, 0);
    core.cancelTask(1, 2);
    core.next(PENDING);
    core.next(COMPLETED);
    core.next(COMPLETED);
    core.next(PENDING);
    expect(core.pollCount() - before).toBe(2);
    expect(core.aliveTasks()).toBe(0);
  });

  describe("with the lifo slot", () => {
    test("the task woken last runs next, and the one it displaces goes to the tail", () => {
      const core = withIdle(4, { lifo: true });
      wakeAll(core, 0, 1, 2, 3);
      expect(core.queueLength()).toBe(4);
      const order = Array.from({ length: 5 }, () => core.next(PENDING));
      expect(order).toEqual([3, 0, 1, 2, EMPTY]);
    });

    test("spawned and cancelled tasks go to the tail", () => {
      const core = withIdle(2, { lifo: true });
      wakeAll(core, 0);
      core.spawn(10);
      expect([core.next(PENDING), core.next(PENDING)]).toEqual([0, 2]);
    });

    test("two tasks that wake each other have three turns in a row, then the queue has one", () => {
      const core = withIdle(3, { lifo: true });
      wakeAll(core, 2, 0);
      const order: number[] = [];
      for (let polls = 0; polls < 9; polls++) {
        const slot = core.next(PENDING);
        order.push(slot);
        if (slot < 2) wakeAll(core, 1 - slot);
        else wakeAll(core, 2);
      }
      const turns = order.map((slot) => (slot === 2 ? "queue" : "pair"));
      expect(turns.slice(0, 4)).toEqual(["pair", "pair", "pair", "queue"]);
      expect(turns.filter((turn) => turn === "queue").length).toBeGreaterThanOrEqual(2);
    });
  });

  test("without it two tasks that wake each other take turns with everybody", () => {
    const core = withIdle(3);
    wakeAll(core, 2, 0);
    const order: number[] = [];
    for (let polls = 0; polls < 6; polls++) {
      const slot = core.next(PENDING);
      order.push(slot);
      wakeAll(core, slot === 2 ? 2 : 1 - slot);
    }
    expect(order).toEqual([2, 0, 2, 1, 2, 0]);
  });
});
