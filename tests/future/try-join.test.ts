// tryJoin: like join, but the first error ends it and drops the rest.

import { type Coroutine, NotAFutureError, Pending, ready, sleep, tryJoin } from "tokiwa";
import { Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { BadDispose, Probe, paused, pollOnce, thrown } from "../support/tasks.js";

function* after<T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
}

function* failsAfter(ms: number, message: string): Coroutine<never> {
  yield* sleep(ms);
  throw new Error(message);
}

test("gives all values in order when none throws", () => {
  const values = paused().blockOn(function* () {
    return yield* tryJoin(after(20, "a"), after(10, 2));
  });
  expect(values).toEqual(["a", 2]);
});

test("throws the first error in time, at that time", () => {
  const [message, elapsed] = paused().blockOn(function* () {
    const start = Instant.now();
    try {
      yield* tryJoin(failsAfter(30, "late"), failsAfter(10, "early"), sleep(1_000));
    } catch (error) {
      return [(error as Error).message, start.elapsed()] as const;
    }
    return ["nothing", 0] as const;
  });
  expect([message, elapsed]).toEqual(["early", 10]);
});

test("drops the branches that have not ended, before the error is thrown", () => {
  const [failing, waiting, ended] = [new Probe(), new Probe(), new Probe<number>()];
  const whole = tryJoin(ended, failing, waiting);
  ended.complete(1);
  expect(pollOnce(whole)).toBe(Pending);
  failing.fail(new Error("no"));
  expect(thrown(() => pollOnce(whole)).message).toBe("no");
  expect([failing.drops, waiting.drops, ended.drops]).toEqual([0, 1, 0]);
});

test("gives back the timers of the branches it drops", () => {
  const rt = paused();
  rt.blockOn(function* () {
    try {
      yield* tryJoin(sleep(1_000), failsAfter(1, "no"));
    } catch {}
    expect(rt.metrics().numTimers()).toBe(0);
  });
  expect.assertions(1);
});

test("a branch later in the line is not polled once an earlier one has thrown", () => {
  const probe = new Probe();
  const failing = new Probe();
  failing.fail(new Error("no"));
  expect(() => pollOnce(tryJoin(failing, probe))).toThrow("no");
  expect(probe.polls).toBe(0);
  expect(probe.drops).toBe(1);
});

test("the error of the branch is not hidden by a dispose that throws among those dropped", () => {
  const failing = new Probe();
  failing.fail(new Error("the branch's own"));
  const last = new Probe();
  const whole = tryJoin(failing, new BadDispose(new Error("bad")), last);
  expect(thrown(() => pollOnce(whole)).message).toBe("the branch's own");
  expect(last.drops).toBe(1);
});

test("a tryJoin of nothing is ready with nothing", () => {
  expect(pollOnce(tryJoin())).toEqual([]);
});

test("refuses what is no future at the call, and names the argument", () => {
  const error = thrown(() => tryJoin(ready(1), 5 as never));
  expect(error).toBeInstanceOf(NotAFutureError);
  expect(error.message).toContain("tryJoin(arguments[1])");
});
