// Registering and dropping sleeps that never fire, and many short sleeps that all do.

import { Pending, pollFn, sleep, spawn } from "tokiwa";
import { check, outcome } from "../harness/round.mjs";
import { joinSum, timed } from "./runtime.mjs";

/** Polls each sleep once, which puts it on the timer wheel, and drops it; how many were pending. */
function registerAndDrop(sleeps, durationMs) {
  return pollFn((cx) => {
    let pending = 0;
    for (let i = 0; i < sleeps; i++) {
      const sleeping = sleep(durationMs);
      if (sleeping.poll(cx) === Pending) pending += 1;
      sleeping[Symbol.dispose]();
    }
    return pending;
  });
}

function* timersCancel(sleeps, durationMs) {
  return yield* registerAndDrop(sleeps, durationMs);
}

/** Sleeps; 1 when it woke early, by a clock that is not the runtime's. */
function* fire(durationMs) {
  const deadline = performance.now() + durationMs;
  yield* sleep(durationMs);
  return performance.now() < deadline ? 1 : 0;
}

function* timersFire(tasks, spreadMs) {
  const handles = [];
  for (let i = 0; i < tasks; i++) handles.push(spawn(fire, (i % spreadMs) + 1));
  return yield* joinSum(handles);
}

export const rows = {
  async timers_cancel({ sleeps, duration_ms }) {
    const { elapsed, value } = await timed(timersCancel, sleeps, duration_ms);
    check("pending", value, sleeps);
    return outcome(sleeps, elapsed);
  },
  async timers_fire({ tasks, spread_ms }) {
    const { elapsed, value } = await timed(timersFire, tasks, spread_ms);
    return outcome(tasks, elapsed, { early: value, wallMs: elapsed });
  },
};
