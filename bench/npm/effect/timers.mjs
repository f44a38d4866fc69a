// Effect.sleep: in fibers that are interrupted, and in fibers that wake.

import { Effect, Fiber } from "effect";
import { check, outcome } from "../../harness/round.mjs";
import { sum, timed } from "./timed.mjs";

/** Started at once, so that its timer is set before it is interrupted. */
const timersCancel = Effect.fnUntraced(function* (sleeps, durationMs) {
  let pending = 0;
  for (let i = 0; i < sleeps; i++) {
    const fiber = yield* Effect.forkChild(Effect.sleep(durationMs), { startImmediately: true });
    if (fiber.pollUnsafe() === undefined) pending += 1;
    yield* Fiber.interrupt(fiber);
  }
  return pending;
});

/** Sleeps; 1 when it woke early. */
const fire = Effect.fnUntraced(function* (ms) {
  const deadline = performance.now() + ms;
  yield* Effect.sleep(ms);
  return performance.now() < deadline ? 1 : 0;
});

const timersFire = Effect.fnUntraced(function* (tasks, spreadMs) {
  const fibers = [];
  for (let i = 0; i < tasks; i++) fibers.push(yield* Effect.forkChild(fire((i % spreadMs) + 1)));
  return sum(yield* Fiber.joinAll(fibers));
});

export const rows = {
  async timers_cancel({ sleeps, duration_ms }) {
    const { elapsed, value } = await timed(timersCancel(sleeps, duration_ms));
    check("pending", value, sleeps);
    return outcome(sleeps, elapsed);
  },
  async timers_fire({ tasks, spread_ms }) {
    const { elapsed, value } = await timed(timersFire(tasks, spread_ms));
    return outcome(tasks, elapsed, { early: value, wallMs: elapsed });
  },
};
