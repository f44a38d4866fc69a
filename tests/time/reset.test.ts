// Sleep.reset: to an earlier and a later moment, before the first poll, while it waits, after it has elapsed.

import { borrow, sleep, sleepUntil, spawn } from "tokiwa";
import { InvalidArgumentError } from "tokiwa/runtime";
import { advance, Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { now, runPaused, thrownBy, timers } from "../support/time.js";
import { waiting } from "../sync/polled.js";

test("before the first poll: the new moment counts", () => {
  runPaused(function* () {
    const nap = sleep(100);
    nap.reset(Instant.now().plus(30));
    expect(nap.deadline().valueOf()).toBe(30);
    expect(timers()).toBe(0);
    yield* nap;
    expect(now()).toBe(30);
  });
});

test("reset_future_sleep_before_fire: to a later moment", () => {
  runPaused(function* () {
    const nap = sleep(100);
    waiting(nap);
    nap.reset(Instant.now().plus(200));
    yield* nap;
    expect(now()).toBe(200);
  });
});

test("reset_past_sleep_before_fire: to an earlier moment", () => {
  runPaused(function* () {
    const nap = sleep(100);
    waiting(nap);
    yield* sleep(10);
    nap.reset(Instant.now().plus(40));
    yield* nap;
    expect(now()).toBe(50);
  });
});

test("a task that waits is woken at the new moment only", () => {
  for (const moment of [20, 250]) {
    runPaused(function* () {
      const nap = sleep(100);
      let polls = 0;
      const waiter = spawn(function* () {
        polls += 1;
        yield* borrow(nap);
        return now();
      });
      yield* sleep(10);
      nap.reset(Instant.now().plus(moment - 10));
      expect(yield* waiter).toBe(moment);
      expect(polls).toBe(1);
    });
  }
});

test("reset twice while waiting: the last one counts, and there is one timer", () => {
  runPaused(function* () {
    const nap = sleep(100);
    const waiter = spawn(borrow(nap));
    yield* sleep(1);
    nap.reset(Instant.now().plus(10));
    nap.reset(Instant.now().plus(500));
    expect(timers()).toBe(1);
    yield* waiter;
    expect(now()).toBe(501);
  });
});

test("reset_future_sleep_after_fire: an elapsed one can be used again", () => {
  runPaused(function* () {
    const nap = sleep(100);
    yield* borrow(nap);
    nap.reset(Instant.now().plus(10));
    expect(nap.isElapsed()).toBe(false);
    yield* borrow(nap);
    expect(now()).toBe(110);
    nap.reset(Instant.now().plus(1));
    yield* borrow(nap);
    expect(now()).toBe(111);
  });
});

test("one that has fired and was not polled since waits again", () => {
  runPaused(function* () {
    const nap = sleep(10);
    const polled = waiting(nap);
    yield* sleep(20);
    expect(polled.isWoken).toBe(true);
    nap.reset(Instant.now().plus(10));
    expect(polled.isPending()).toBe(true);
    yield* nap;
    expect(now()).toBe(30);
  });
});

test("reset_sleep_to_past: over at the next poll", () => {
  runPaused(function* () {
    const start = Instant.now();
    const polled = waiting(sleepUntil(start.plus(100)));
    yield* advance(50);
    expect(polled.isWoken).toBe(false);
    (polled.future as ReturnType<typeof sleep>).reset(start.plus(40));
    expect(polled.isPending()).toBe(false);
  });
});

test("to the past, while a task waits: it is woken at once", () => {
  runPaused(function* () {
    const start = Instant.now();
    const nap = sleep(100);
    const waiter = spawn(borrow(nap));
    yield* sleep(50);
    nap.reset(start);
    yield* waiter;
    expect(now()).toBe(50);
  });
});

test("to a moment before the clock began: as any that has passed", () => {
  runPaused(function* () {
    const nap = sleep(100);
    const waiter = spawn(borrow(nap));
    yield* sleep(50);
    nap.reset(Instant.now().minus(1_000_000));
    yield* waiter;
    expect(now()).toBe(50);
  });
});

test("drop_after_reschedule_at_new_scheduled_time: dropping after a reset gives the timer back", () => {
  runPaused(function* () {
    const nap = sleep(100);
    const polled = waiting(nap);
    nap.reset(Instant.now().plus(20));
    polled.drop();
    expect(timers()).toBe(0);
    yield* sleep(200);
    expect(polled.isWoken).toBe(false);
  });
});

test("made outside of every runtime, reset inside of one: the runtime's clock counts", () => {
  const nap = sleep(50);
  runPaused(function* () {
    nap.reset(Instant.now().plus(10));
    yield* nap;
    expect(now()).toBe(10);
  });
});

test("what is no Instant is refused", () => {
  runPaused(function* () {
    const nap = sleep(1);
    for (const given of [100, undefined, null, new Date(), {}]) {
      const error = thrownBy(() => nap.reset(given as never));
      expect(error).toBeInstanceOf(InvalidArgumentError);
      expect(error).toMatchObject({ argument: "Sleep.reset(deadline)", given });
    }
    expect(thrownBy(() => sleepUntil(5 as never))).toBeInstanceOf(InvalidArgumentError);
    yield* nap;
  });
});
