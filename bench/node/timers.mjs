// setTimeout and clearTimeout with plain callbacks.

import { check, outcome } from "../harness/round.mjs";

function nothing() {}

function timersCancel(sleeps, durationMs) {
  let armed = 0;
  for (let i = 0; i < sleeps; i++) {
    const timer = setTimeout(nothing, durationMs);
    if (timer.hasRef()) armed += 1;
    clearTimeout(timer);
  }
  return armed;
}

/** Arms every timer; resolves with how many rang early, once all have rung. */
function timersFire(tasks, spreadMs) {
  return new Promise((resolve) => {
    let left = tasks;
    let early = 0;
    const ring = (deadline) => {
      if (performance.now() < deadline) early += 1;
      left -= 1;
      if (left === 0) resolve(early);
    };
    for (let i = 0; i < tasks; i++) {
      const ms = (i % spreadMs) + 1;
      setTimeout(ring, ms, performance.now() + ms);
    }
  });
}

export const rows = {
  async timers_cancel({ sleeps, duration_ms }) {
    const start = performance.now();
    const armed = timersCancel(sleeps, duration_ms);
    const elapsed = performance.now() - start;
    check("armed", armed, sleeps);
    return outcome(sleeps, elapsed);
  },
  async timers_fire({ tasks, spread_ms }) {
    const start = performance.now();
    const early = await timersFire(tasks, spread_ms);
    const elapsed = performance.now() - start;
    return outcome(tasks, elapsed, { early, wallMs: elapsed });
  },
};
