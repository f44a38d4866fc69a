// Timers where there is no time driver, after shutdown, at the limit, and outside of every runtime.

import { interval, pending, ready, sleep, sleepUntil, spawn, timeout, yieldNow } from "tokiwa";
import { Builder, DriverDisabledError, LimitError, ShutdownError } from "tokiwa/runtime";
import { Instant } from "tokiwa/time";
import { afterEach, describe, expect, test, vi } from "vitest";
import { DAY, now, pausedRuntime, thrownBy, timers } from "../support/time.js";
import { Polled, waiting } from "../sync/polled.js";

describe("while time is disabled", () => {
  const WITHOUT = [
    ["nothing enabled", () => Builder.newCurrentThread()],
    ["only I/O enabled", () => Builder.newCurrentThread().enableIo()],
  ] as const;

  test.each(WITHOUT)("making a timer throws: %s", (_, builder) => {
    builder()
      .build()
      .blockOn(function* () {
        for (const make of [
          () => sleep(1),
          () => sleepUntil(Instant.now()),
          () => timeout(1, pending()),
          () => interval(1),
        ]) {
          const error = thrownBy(make);
          expect(error).toBeInstanceOf(DriverDisabledError);
          expect((error as Error).message).toMatch(/timers are disabled.*enableTime/);
        }
        yield* yieldNow();
      });
  });

  test("one made outside throws at its first poll", () => {
    const nap = sleep(1);
    const runtime = Builder.newCurrentThread().build();
    expect(() => runtime.blockOn(nap)).toThrow(DriverDisabledError);
  });

  test("everything else runs", () => {
    const value = Builder.newCurrentThread()
      .build()
      .blockOn(function* () {
        yield* yieldNow();
        return yield* spawn(ready(4));
      });
    expect(value).toBe(4);
  });
});

describe("after shutdown", () => {
  test("a sleep of that runtime throws at its first poll", () => {
    const runtime = pausedRuntime();
    const entered = runtime.enter();
    const nap = sleep(10);
    entered[Symbol.dispose]();
    runtime.shutdownBackground();
    expect(() => new Polled(nap).poll()).toThrow(ShutdownError);
  });

  test("one that was waiting is woken, and throws at its next poll", () => {
    const runtime = pausedRuntime();
    const entered = runtime.enter();
    const polled = waiting(sleep(10));
    entered[Symbol.dispose]();
    runtime.shutdownBackground();
    expect(polled.isWoken).toBe(true);
    expect(() => polled.poll()).toThrow(ShutdownError);
    polled.drop();
    expect(runtime.metrics().numTimers()).toBe(0);
  });

  test("timers of the tasks that were dropped are given back", async () => {
    const runtime = pausedRuntime();
    runtime.blockOn(function* () {
      for (let count = 0; count < 10; count++) spawn(sleep(DAY));
      yield* yieldNow();
      expect(timers()).toBe(10);
    });
    await runtime.shutdown();
    expect(runtime.metrics().numTimers()).toBe(0);
    expect(runtime.metrics().numAliveTasks()).toBe(0);
  });
});

describe("at the limit", () => {
  test("one more timer throws, and everything else goes on", () => {
    const runtime = Builder.newCurrentThread().enableTime().startPaused(true).maxTimers(2).build();
    runtime.blockOn(function* () {
      const first = spawn(sleep(10));
      yield* yieldNow();
      const second = waiting(sleep(20));
      const error = thrownBy(() => new Polled(sleep(5)).poll());
      expect(error).toBeInstanceOf(LimitError);
      expect(error).toMatchObject({ limit: 2 });
      expect((error as Error).message).toMatch(/maxTimers/);
      yield* first;
      expect(now()).toBe(10);
      yield* sleep(5);
      expect(now()).toBe(15);
      yield* second.future;
      expect(now()).toBe(20);
    });
  });
});

describe("outside of every runtime", () => {
  test("a sleep can be awaited, and is not early", async () => {
    const start = performance.now();
    await sleep(5);
    expect(performance.now() - start).toBeGreaterThanOrEqual(5);
  });

  test("so can a timeout, and an interval's ticks", async () => {
    expect(await timeout(1000, ready(3))).toBe(3);
    await expect(timeout(0, pending())).rejects.toMatchObject({ name: "ElapsedError" });
    const ticks = interval(2);
    const first = await ticks.tick();
    const second = await ticks.tick();
    expect(second.durationSince(first)).toBe(2);
    ticks[Symbol.dispose]();
  });

  test("a deadline is one of the host's clock as long as nobody asks inside of one", () => {
    const start = Instant.now();
    expect(sleep(1000).deadline().durationSince(start)).toBeGreaterThanOrEqual(1000);
  });
});

describe("on the host's clock", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("one host timer serves all sleeps", async () => {
    const live = new Set<unknown>();
    let most = 0;
    const set = globalThis.setTimeout;
    const clear = globalThis.clearTimeout;
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((fn: () => void, ms?: number) => {
      const timer = set(() => {
        live.delete(timer);
        fn();
      }, ms);
      live.add(timer);
      most = Math.max(most, live.size);
      return timer;
    }) as never);
    vi.spyOn(globalThis, "clearTimeout").mockImplementation((timer) => {
      live.delete(timer);
      clear(timer as never);
    });
    const runtime = Builder.newCurrentThread().enableAll().build();
    // Again if this thread was held up until all of them were due: then none had to be waited for.
    while (most === 0)
      await runtime.run(function* () {
        const handles = Array.from({ length: 500 }, (_, index) => spawn(sleep(1 + (index % 7))));
        for (const handle of handles) yield* handle;
      });
    expect(most).toBe(1);
    expect(live.size).toBe(0);
    await runtime.shutdown();
  });

  function* countEarly() {
    const handles = [0.1, 1, 2.5, 5, 9.9, 15].map((ms) =>
      spawn(function* () {
        const start = performance.now();
        yield* sleep(ms);
        return performance.now() - start < ms;
      }),
    );
    let early = 0;
    for (const handle of handles) if (yield* handle) early += 1;
    return early;
  }

  test("no sleep is early, whether the thread blocks or not", async () => {
    const runtime = Builder.newCurrentThread().enableAll().build();
    expect(runtime.blockOn(countEarly)).toBe(0);
    expect(await runtime.run(countEarly)).toBe(0);
    await runtime.shutdown();
  });
});
