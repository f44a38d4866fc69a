// Timers and channels in tasks on workers: nothing fires early, and what waits is woken.

import { sleep, spawn } from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { rejection, settles } from "../support/tasks.js";
import { crew, dismiss, LONG, unmanned, until, untilNoTasks } from "./crew.js";
import * as clocks from "./fixtures/clocks.mjs";

let rt: Runtime;

beforeAll(() => {
  rt = unmanned(2);
});
afterEach(() => untilNoTasks(rt));
afterAll(() => dismiss(rt));

function run(fn: unknown, ...args: unknown[]): Promise<unknown> {
  return settles(rt.spawn(fn as never, ...(args as never[])), LONG);
}

describe("sleep", () => {
  test.each([0, 0.5, 1, 3, 20, 150])("%d ms, in all forms, never early", async (ms) => {
    const forms = [clocks.sleeps, clocks.sleepsAsync, clocks.sleepsUntil];
    for (const took of (await Promise.all(forms.map((fn) => run(fn, ms)))) as number[])
      expect(took).toBeGreaterThanOrEqual(ms);
  });

  test("hundreds of tasks on both workers, none early", async () => {
    const lengths = Array.from({ length: 400 }, (_, i) => (i * 13) % 97);
    const took = (await Promise.all(lengths.map((ms) => run(clocks.sleeps, ms)))) as number[];
    for (const [i, ms] of lengths.entries()) expect(took[i]).toBeGreaterThanOrEqual(ms);
  });

  test("thousands in one task, none early", async () => {
    expect(await run(clocks.many, 3000)).toEqual([]);
  });

  test("they end in the order of their deadlines", async () => {
    const lengths = [90, 20, 60, 40, 70, 30];
    const [order, early] = (await run(clocks.sleepSort, lengths)) as [number[], number];
    expect(order).toEqual([...lengths].sort((a, b) => a - b));
    expect(early).toBe(0);
  });

  test("a busy worker does not starve its timers", async () => {
    const [took, spun] = (await run(clocks.sleepsAmongBusy, 20)) as [number, boolean];
    expect(took).toBeGreaterThanOrEqual(20);
    expect(spun).toBe(true);
  });

  test("while this thread is blocked", () => {
    const took = rt.blockOn(function* () {
      const handles = [5, 10, 20].map((ms) => spawn(clocks.sleeps, ms));
      const took: unknown[] = [];
      for (const handle of handles) took.push(yield* handle);
      yield* sleep(2);
      return took;
    }) as number[];
    for (const [i, ms] of [5, 10, 20].entries()) expect(took[i]).toBeGreaterThanOrEqual(ms);
  });

  test("one that is aborted gives its timer back", async () => {
    const handles = Array.from({ length: 50 }, () => rt.spawn(clocks.sleepForEver));
    await until("all sleep", () => rt.metrics().numTimers() === 50);
    for (const handle of handles) handle.abort();
    for (const handle of handles)
      expect(await rejection(settles(handle, LONG))).toMatchObject({ isCancelled: true });
    expect(rt.metrics().numTimers()).toBe(0);
  });

  test("a worker that sleeps for a timer hears of a new task at once", async () => {
    const one = crew(1);
    const sleeper = one.spawn(clocks.sleepForEver);
    await until("it sleeps", () => one.metrics().numTimers() === 1);
    for (let i = 0; i < 20; i++)
      expect(await settles(one.spawn(clocks.sleeps, 1), LONG)).toBeGreaterThanOrEqual(1);
    sleeper.abort();
    expect(await rejection(settles(sleeper, LONG))).toMatchObject({ isCancelled: true });
  });
});

describe("timeout, interval, select", () => {
  test("timeouts elapse, or give the value, and drop what they gave up", async () => {
    expect(await run(clocks.timeouts)).toEqual(["ElapsedError", true, 1, "value", "at once"]);
  });

  test("ticks come in time, one period apart, and never early", async () => {
    const handles = [2, 5, 7].map((period) => run(clocks.ticks, period, 20));
    for (const [i, result] of (await Promise.all(handles)).entries()) {
      const period = [2, 5, 7][i] as number;
      const [early, steps, sum] = result as [number[], number[], number];
      expect(early).toEqual([]);
      for (const step of steps) expect(step).toBeCloseTo(period, 3);
      expect(sum).toBeCloseTo(19 * period, 3);
    }
  });

  test("select takes what is there, and drops the timers of the losers", async () => {
    expect(await run(clocks.selects, 50)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(await run(clocks.winner)).toEqual(["short"]);
    await until("the timers are given back", () => rt.metrics().numTimers() === 0);
  });

  test("ten thousand timers that are let go leave nothing", async () => {
    expect(await run(clocks.letsGo, 10_000)).toBe("done");
    await until("the timers are given back", () => rt.metrics().numTimers() === 0);
    const memory = rt.metrics().memoryBytes();
    for (let round = 0; round < 4; round++) await run(clocks.letsGo, 10_000);
    expect(rt.metrics().memoryBytes()).toBeLessThanOrEqual(memory + 2 ** 20);
  });
});

describe("channels between local tasks of a worker", () => {
  test("bounded, with several producers that have to wait", async () => {
    const [producers, each] = [10, 60];
    const all = Array.from({ length: producers * each }, (_, i) => i);
    const results = await Promise.all([1, 2, 3].map(() => run(clocks.channels, producers, each)));
    for (const result of results) expect(result).toEqual(all);
  });

  test("oneshot and Notify", async () => {
    for (let i = 0; i < 10; i++) {
      const [from, here] = (await run(clocks.oneshots)) as [number, number];
      expect(from).toBe(here);
      expect(here).toBeGreaterThan(0);
    }
  });
});
