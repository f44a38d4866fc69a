// The trace: what is logged, in which order, with whose generation, at which tick; and nothing while it is off.

import { describe, expect, test } from "vitest";
import {
  BUILDS,
  COMPLETED,
  DRIVER,
  DROP_FLAG,
  EMPTY,
  type LoadedCore,
  loadCore,
  PENDING,
  YIELDED,
} from "../support/core.js";

const KINDS = ["", "spawn", "poll", "wake", "yield", "fire", "cancel", "complete"];

/** `<tick> <event> <generation>`, a line a record. */
function records({ core, memory }: LoadedCore): string[] {
  const view = new DataView(memory.buffer);
  return Array.from({ length: core.traceCount() }, (_, index) => {
    const at = core.traceAddress(index);
    const kind = KINDS[view.getUint32(at, true)];
    return `${view.getFloat64(at + 8, true)} ${kind} ${view.getUint32(at + 4, true)}`;
  });
}

describe.each(BUILDS)("the trace of core.%s", (build) => {
  function traced(): LoadedCore {
    const loaded = loadCore(build, { eventInterval: 1000 });
    loaded.core.setTrace(1);
    return loaded;
  }

  test("logs the life of a task", () => {
    const loaded = traced();
    const { core } = loaded;
    core.spawn(21);
    expect(core.next(PENDING)).toBe(0);
    core.insertTimer(5, 0, 21, 1);
    expect(core.next(PENDING)).toBe(EMPTY);
    core.driver(5);
    expect(core.next(PENDING)).toBe(0);
    expect(core.next(YIELDED)).toBe(DRIVER);
    core.driver(6);
    expect(core.next(PENDING)).toBe(0);
    expect(core.next(COMPLETED)).toBe(EMPTY);
    expect(records(loaded)).toEqual([
      "0 spawn 21",
      "0 poll 21",
      "5 fire 21",
      "5 wake 21",
      "5 poll 21",
      "5 yield 21",
      "6 poll 21",
      "6 complete 21",
    ]);
  });

  test("logs a cancellation and the end that follows, and no poll between", () => {
    const loaded = traced();
    const { core } = loaded;
    core.spawn(3);
    core.cancelTask(0, 3);
    expect(core.next(PENDING)).toBe(0 | DROP_FLAG);
    core.next(COMPLETED);
    expect(records(loaded)).toEqual(["0 spawn 3", "0 cancel 3", "0 complete 3"]);
  });

  test("a wake that wakes nobody is not logged", () => {
    const loaded = traced();
    const { core } = loaded;
    core.spawn(3);
    core.wakeTask(0, 3);
    core.wakeTask(0, 2);
    expect(records(loaded)).toEqual(["0 spawn 3"]);
  });

  test("is empty while it is off, and after it was cleared", () => {
    const loaded = loadCore(build);
    const { core } = loaded;
    core.spawn(1);
    core.next(PENDING);
    expect(core.traceCount()).toBe(0);
    core.setTrace(1);
    core.wakeTask(0, 1);
    core.next(PENDING);
    expect(core.traceCount()).toBeGreaterThan(0);
    core.clearTrace();
    expect(core.traceCount()).toBe(0);
    core.setTrace(0);
    core.next(COMPLETED);
    expect(core.traceCount()).toBe(0);
  });

  test("keeps its records in order across its pages", () => {
    const loaded = traced();
    const { core } = loaded;
    const wakes = 5000;
    core.spawn(1);
    core.next(PENDING);
    core.next(PENDING);
    core.clearTrace();
    for (let tick = 1; tick <= wakes; tick++) {
      core.driver(tick);
      core.wakeTask(0, 1);
      core.next(PENDING);
      core.next(PENDING);
    }
    const ticks = Array.from({ length: wakes }, (_, index) => index + 1);
    expect(records(loaded)).toEqual(ticks.flatMap((tick) => [`${tick} wake 1`, `${tick} poll 1`]));
  });
});
