// Every transition of a task's state word (assembly/core/state.ts), driven through the exports.

import { describe, expect, test } from "vitest";
import {
  BUILDS,
  CANCELLED,
  COMPLETE,
  COMPLETED,
  type CoreExports,
  DRIVER,
  DROP_FLAG,
  EMPTY,
  loadCore,
  PENDING,
  RUNNING,
  SCHEDULED,
  YIELDED,
} from "../support/core.js";

const GENERATION = 7;

describe.each(BUILDS)("the state word in core.%s", (build) => {
  function fresh(): CoreExports {
    return loadCore(build).core;
  }

  /** A core with one task in slot 0. */
  function scheduled(): CoreExports {
    const core = fresh();
    expect(core.spawn(GENERATION)).toBe(0);
    return core;
  }

  /** The same, and the task is being polled. */
  function running(): CoreExports {
    const core = scheduled();
    expect(core.next(PENDING)).toBe(0);
    return core;
  }

  /** The same, and the task has returned Pending. */
  function idle(): CoreExports {
    const core = running();
    expect(core.next(PENDING)).toBe(EMPTY);
    return core;
  }

  function wake(core: CoreExports): void {
    core.wakeTask(0, GENERATION);
  }

  function cancel(core: CoreExports): void {
    core.cancelTask(0, GENERATION);
  }

  test("new: scheduled, and in the queue once", () => {
    const core = scheduled();
    expect(core.taskState(0)).toBe(SCHEDULED);
    expect(core.queueLength()).toBe(1);
    expect(core.isTask(0, GENERATION)).toBe(1);
    expect(core.taskPolls(0)).toBe(0);
  });

  test("scheduled → running: the bit is cleared as the poll starts", () => {
    const core = running();
    expect(core.taskState(0)).toBe(RUNNING);
    expect(core.queueLength()).toBe(0);
    expect(core.taskPolls(0)).toBe(1);
  });

  test("running → idle: Pending and nobody woke it", () => {
    const core = idle();
    expect(core.taskState(0)).toBe(0);
    expect(core.ready()).toBe(0);
  });

  test("idle → scheduled: a wake queues it once, however many follow", () => {
    const core = idle();
    for (let count = 0; count < 3; count++) wake(core);
    expect(core.taskState(0)).toBe(SCHEDULED);
    expect(core.queueLength()).toBe(1);
  });

  test("scheduled: a wake does nothing", () => {
    const core = scheduled();
    wake(core);
    expect(core.taskState(0)).toBe(SCHEDULED);
    expect(core.queueLength()).toBe(1);
  });

  test("running, woken: not queued before its poll ends, then once", () => {
    const core = running();
    for (let count = 0; count < 2; count++) wake(core);
    expect(core.taskState(0)).toBe(RUNNING | SCHEDULED);
    expect(core.queueLength()).toBe(0);
    expect(core.next(PENDING)).toBe(0);
    expect(core.taskState(0)).toBe(RUNNING);
    expect(core.next(PENDING)).toBe(EMPTY);
    expect(core.taskPolls(0)).toBe(2);
  });

  test("running → yielded: scheduled, and runs only after the driver", () => {
    const core = running();
    expect(core.next(YIELDED)).toBe(DRIVER);
    expect(core.taskState(0)).toBe(SCHEDULED);
    expect(core.queueLength()).toBe(0);
    expect(core.ready()).toBe(1);
    wake(core);
    expect(core.queueLength()).toBe(0);
    core.driver(0);
    expect(core.queueLength()).toBe(1);
    expect(core.next(PENDING)).toBe(0);
  });

  test("running, woken → yielded: it waits for the driver nevertheless, and runs once", () => {
    const core = running();
    wake(core);
    expect(core.next(YIELDED)).toBe(DRIVER);
    core.driver(0);
    expect(core.next(PENDING)).toBe(0);
    expect(core.next(PENDING)).toBe(EMPTY);
  });

  test("running → complete: the slot is free, and no waker or cancel reaches it", () => {
    const core = running();
    expect(core.next(COMPLETED)).toBe(EMPTY);
    expect(core.taskState(0)).toBe(COMPLETE);
    expect(core.isTask(0, GENERATION)).toBe(0);
    expect(core.aliveTasks()).toBe(0);
    wake(core);
    cancel(core);
    expect(core.taskState(0)).toBe(COMPLETE);
    expect(core.ready()).toBe(0);
  });

  test("running, woken or cancelled → complete: the end wins", () => {
    for (const disturb of [wake, cancel]) {
      const core = running();
      disturb(core);
      expect(core.next(COMPLETED)).toBe(EMPTY);
      expect(core.taskState(0)).toBe(COMPLETE);
      expect(core.ready()).toBe(0);
    }
  });

  test("idle → cancelled: queued once, and handed out to be dropped", () => {
    const core = idle();
    for (let count = 0; count < 2; count++) cancel(core);
    expect(core.taskState(0)).toBe(SCHEDULED | CANCELLED);
    expect(core.queueLength()).toBe(1);
    const polls = core.taskPolls(0);
    expect(core.next(PENDING)).toBe(0 | DROP_FLAG);
    expect(core.taskState(0)).toBe(RUNNING | CANCELLED);
    expect(core.taskPolls(0)).toBe(polls);
    expect(core.next(COMPLETED)).toBe(EMPTY);
    expect(core.taskState(0)).toBe(COMPLETE);
  });

  test("scheduled → cancelled: dropped without a first poll, at its place in the queue", () => {
    const core = scheduled();
    cancel(core);
    expect(core.taskState(0)).toBe(SCHEDULED | CANCELLED);
    expect(core.queueLength()).toBe(1);
    expect(core.next(PENDING)).toBe(0 | DROP_FLAG);
    expect(core.taskPolls(0)).toBe(0);
  });

  test("running → cancelled: Pending makes it come back to be dropped", () => {
    const core = running();
    cancel(core);
    expect(core.taskState(0)).toBe(RUNNING | CANCELLED);
    expect(core.queueLength()).toBe(0);
    expect(core.next(PENDING)).toBe(0 | DROP_FLAG);
    expect(core.next(COMPLETED)).toBe(EMPTY);
  });

  test("running, woken and cancelled, in either order: comes back once", () => {
    for (const [first, second] of [
      [wake, cancel],
      [cancel, wake],
    ] as const) {
      const core = running();
      first(core);
      second(core);
      expect(core.taskState(0)).toBe(RUNNING | CANCELLED | SCHEDULED);
      expect(core.next(PENDING)).toBe(0 | DROP_FLAG);
      expect(core.queueLength()).toBe(0);
      expect(core.next(COMPLETED)).toBe(EMPTY);
    }
  });

  test("running, cancelled → yielded: dropped after the driver", () => {
    const core = running();
    cancel(core);
    expect(core.next(YIELDED)).toBe(DRIVER);
    expect(core.taskState(0)).toBe(SCHEDULED | CANCELLED);
    core.driver(0);
    expect(core.next(PENDING)).toBe(0 | DROP_FLAG);
  });

  test("a yielded task that is cancelled stands in one list only", () => {
    const core = running();
    expect(core.next(YIELDED)).toBe(DRIVER);
    cancel(core);
    expect(core.queueLength()).toBe(0);
    core.driver(0);
    expect(core.next(PENDING)).toBe(0 | DROP_FLAG);
    expect(core.next(COMPLETED)).toBe(EMPTY);
  });

  test("a generation guards the slot: a stale waker does not reach the next task there", () => {
    const core = running();
    expect(core.next(COMPLETED)).toBe(EMPTY);
    expect(core.spawn(GENERATION + 1)).toBe(0);
    expect(core.next(PENDING)).toBe(0);
    expect(core.next(PENDING)).toBe(EMPTY);
    wake(core);
    cancel(core);
    expect(core.taskState(0)).toBe(0);
    expect(core.ready()).toBe(0);
    expect(core.isTask(0, GENERATION)).toBe(0);
    expect(core.isTask(0, GENERATION + 1)).toBe(1);
  });
});
