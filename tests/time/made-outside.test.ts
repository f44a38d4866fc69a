// What has a duration and is made outside of every runtime, then used in one: C2 of ts/runtime/clock.ts. Each test lets real
// time pass in between, which a clock that stands must not notice and a clock that runs must have counted.

import { pending, type Sleep, sleep, sleepUntil, timeout } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { DelayQueue, Instant, interval } from "tokiwa/time";
import { expect, test } from "vitest";
import { pollOnce } from "../support/tasks.js";
import { now, pausedRuntime, runPaused, thrownBy } from "../support/time.js";

/** What passes for real. */
const PASSED_MS = 3;

/** Until the host's clock has moved on by as much. */
function letTimePass(): void {
  const start = performance.now();
  while (performance.now() - start < PASSED_MS);
}

function made<T>(value: T): T {
  letTimePass();
  return value;
}

test.each([1, 2.5, 1000, 86_400_000])("a sleep of %d ms ends to the millisecond", (ms) => {
  const nap = made(sleep(ms));
  runPaused(function* () {
    yield* sleep(20);
    yield* nap;
    expect(now()).toBe(20 + Math.ceil(ms));
  });
});

test("given to blockOn, to run and to spawn", async () => {
  const blocked = pausedRuntime();
  blocked.blockOn(made(sleep(1000)));
  expect(blocked.blockOn(clock)).toBe(1000);
  const run = pausedRuntime();
  await run.run(made(sleep(1000)));
  expect(run.blockOn(clock)).toBe(1000);
  const spawned = pausedRuntime();
  const handle = spawned.spawn(made(sleep(1000)));
  letTimePass();
  spawned.blockOn(handle);
  expect(spawned.blockOn(clock)).toBe(1000);
});

function* clock() {
  return now();
}

test("a sleep that would be over for real is not over on a clock that stands", () => {
  const nap = made(sleep(1));
  expect(nap.isElapsed()).toBe(true);
  runPaused(function* () {
    expect(nap.isElapsed()).toBe(false);
    expect(nap.deadline().valueOf()).toBe(1);
    yield* sleep(5);
    expect(nap.deadline().valueOf()).toBe(6);
    yield* nap;
    expect(now()).toBe(6);
  });
});

test("on a clock that runs it has counted since it was made", () => {
  const runtime = Builder.newCurrentThread().enableAll().build();
  const nap = sleep(1000);
  const deadline = nap.deadline().valueOf();
  letTimePass();
  runtime.blockOn(function* () {
    expect(nap.deadline().valueOf()).toBe(deadline);
    pollOnce(nap);
    expect(nap.deadline().valueOf()).toBe(deadline);
  });
  runtime.shutdownBackground();
});

test("a moment of the host's clock is as far ahead as it was", () => {
  const nap = made(sleepUntil(Instant.now().plus(1000)));
  const past = made(sleepUntil(Instant.now()));
  runPaused(function* () {
    yield* past;
    expect(now()).toBe(0);
    yield* nap;
    // The moment was computed before the sleep was made; a second is a thousand times that.
    expect(now()).toBeGreaterThan(0);
    expect(now()).toBeLessThanOrEqual(1001);
  });
});

test("a timeout has its whole time", () => {
  const attempt = made(timeout(50, pending()));
  runPaused(function* () {
    let error: unknown;
    try {
      yield* attempt;
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: "ElapsedError" });
    expect(now()).toBe(50);
  });
});

test("an interval begins with its first tick", () => {
  const ticks = made(interval(10));
  runPaused(function* () {
    yield* sleep(5);
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) seen.push((yield* ticks.tick()).valueOf());
    expect(seen).toEqual([5, 15, 25]);
    expect(now()).toBe(25);
  });
});

test("an interval that is reset outside, then inside", () => {
  const ticks = interval(10);
  ticks.resetAfter(30);
  letTimePass();
  runPaused(function* () {
    expect((yield* ticks.tick()).valueOf()).toBe(30);
  });
  const others = made(interval(10));
  runPaused(function* () {
    yield* sleep(100);
    others.reset();
    expect((yield* others.tick()).valueOf()).toBe(110);
  });
});

test("a sleep that is reset where there are no timers is refused", () => {
  const nap: Sleep = sleep(10);
  const untimed = Builder.newCurrentThread().build();
  const error = untimed.blockOn(function* () {
    return thrownBy(() => nap.reset(Instant.now().plus(5)));
  });
  expect(error).toMatchObject({ name: "DriverDisabledError" });
  untimed.shutdownBackground();
});

test("each entry of a delay queue is due as long after as it was inserted for", () => {
  const queue = new DelayQueue<string>();
  // On the host's clock "late" is due after "soon", and "moved" first.
  queue.insert("soon", 2 * PASSED_MS);
  const moved = queue.insert("moved", 0);
  letTimePass();
  queue.insert("late", 2 * PASSED_MS - 1);
  queue.insert("gone", 1);
  queue.remove(queue.insert("removed", 1));
  queue.reset(moved, 100);
  letTimePass();
  runPaused(function* () {
    yield* sleep(1);
    expect(queue.deadline(moved).valueOf()).toBe(101);
    const seen: [string, number, number][] = [];
    for (let next = yield* queue.next(); next !== undefined; next = yield* queue.next())
      seen.push([next.value, next.deadline.valueOf(), now()]);
    expect(seen).toEqual([
      ["gone", 2, 2],
      ["late", 2 * PASSED_MS, 2 * PASSED_MS],
      ["soon", 2 * PASSED_MS + 1, 2 * PASSED_MS + 1],
      ["moved", 101, 101],
    ]);
  });
});

test("entries of a delay queue with one deadline come out in the order of their insertion", () => {
  const queue = new DelayQueue<number>();
  for (let value = 0; value < 20; value++) {
    queue.insert(value, 5);
    if (value % 7 === 0) letTimePass();
  }
  const seen = runPaused(function* () {
    const out: number[] = [];
    for (let next = yield* queue.next(); next !== undefined; next = yield* queue.next())
      out.push(next.value);
    expect(now()).toBe(5);
    return out;
  });
  expect(seen).toEqual([...Array(20).keys()]);
});
