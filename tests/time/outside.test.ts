// Timers that are set, moved or paused from outside of the runtime's turns, while it sleeps on the event loop: it must
// notice (Tokio: registering an earlier deadline unparks the driver). Bounded waits on conditions; the deadlines that
// would be missed are an hour away.

import { borrow, type CoroutineFunction, type Sleep, sleep, spawn, Waker } from "tokiwa";
import { Builder, type Runtime } from "tokiwa/runtime";
import { oneshot } from "tokiwa/sync";
import { Instant, interval, pause } from "tokiwa/time";
import { expect, test } from "vitest";
import { PATIENCE_MS } from "../support/patience.js";
import { now, pausedRuntime } from "../support/time.js";
import { readyNow } from "../sync/polled.js";

const HOUR = 3_600_000;

/** Whether a condition comes true before the bound. */
async function comes(condition: () => boolean): Promise<boolean> {
  const end = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return true;
}

function inside<T>(runtime: Runtime, action: () => T): T {
  using _entered = runtime.enter();
  return action();
}

/** Runs a program beside the test, to the point where the runtime has nothing to do. */
async function asleep(runtime: Runtime, program: CoroutineFunction<[], void>): Promise<void> {
  const parks = runtime.metrics().workerParkCount();
  // Rejects when the test shuts the runtime down.
  runtime.run(program).catch(() => {});
  expect(await comes(() => runtime.metrics().workerParkCount() > parks)).toBe(true);
}

test("a sleep that is reset to an earlier moment ends then", async () => {
  const runtime = Builder.newCurrentThread().enableAll().build();
  const nap: Sleep = inside(runtime, () => sleep(HOUR));
  let done = false;
  await asleep(runtime, function* () {
    yield* borrow(nap);
    done = true;
  });
  inside(runtime, () => nap.reset(Instant.now().plus(1)));
  expect(await comes(() => done)).toBe(true);
  runtime.shutdownBackground();
});

test("an interval that is reset ticks then", async () => {
  const runtime = Builder.newCurrentThread().enableAll().build();
  const ticks = inside(runtime, () => interval(HOUR));
  let count = 0;
  await asleep(runtime, function* () {
    for (; count < 2; count++) yield* ticks.tick();
  });
  expect(count).toBe(1);
  inside(runtime, () => ticks.resetImmediately());
  expect(await comes(() => count === 2)).toBe(true);
  runtime.shutdownBackground();
});

test.each(["running", "paused"])(
  "a new timer fires while nothing else has one: %s clock",
  async (clock) => {
    const runtime =
      clock === "paused" ? pausedRuntime() : Builder.newCurrentThread().enableAll().build();
    const [tx, rx] = oneshot.channel<void>();
    await asleep(runtime, function* () {
      yield* rx;
    });
    let fired = false;
    const nap = inside(runtime, () => sleep(2));
    inside(runtime, () =>
      nap.poll({
        waker: Waker.from(() => {
          fired = true;
        }),
      }),
    );
    expect(await comes(() => fired)).toBe(true);
    tx.send();
    runtime.shutdownBackground();
  },
);

test("a new timer that is earlier than the one the runtime sleeps for", async () => {
  const runtime = Builder.newCurrentThread().enableAll().build();
  await asleep(runtime, function* () {
    yield* sleep(HOUR);
  });
  let fired = false;
  const nap = inside(runtime, () => sleep(2));
  nap.poll({
    waker: Waker.from(() => {
      fired = true;
    }),
  });
  expect(await comes(() => fired)).toBe(true);
  runtime.shutdownBackground();
});

test("a clock that is paused jumps to the timer that the runtime sleeps for", async () => {
  const runtime = Builder.newCurrentThread().enableAll().build();
  let elapsed = 0;
  await asleep(runtime, function* () {
    const start = Instant.now();
    yield* sleep(HOUR);
    elapsed = Instant.now().durationSince(start);
  });
  inside(runtime, pause);
  expect(await comes(() => elapsed > 0)).toBe(true);
  expect(elapsed).toBeGreaterThanOrEqual(HOUR);
  runtime.shutdownBackground();
});

test("a task that is spawned from outside sets its timer", async () => {
  const runtime = Builder.newCurrentThread().enableAll().build();
  await asleep(runtime, function* () {
    yield* sleep(HOUR);
  });
  let done = false;
  runtime.spawn(function* () {
    yield* sleep(2);
    done = true;
  });
  expect(await comes(() => done)).toBe(true);
  runtime.shutdownBackground();
});

test("an interval that is polled outside of its runtime keeps to its runtime's clock", () => {
  const runtime = pausedRuntime();
  const ticks = inside(runtime, () => interval(10, { missedTickBehavior: "delay" }));
  expect(readyNow(ticks.tick()).valueOf()).toBe(0);
  runtime.blockOn(function* () {
    expect((yield* ticks.tick()).valueOf()).toBe(10);
    expect(now()).toBe(10);
    yield* spawn(sleep(1));
  });
  runtime.shutdownBackground();
});
