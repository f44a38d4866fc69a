// A million async functions that each await a timer.

import { bytesEach, readMemory } from "../harness/memory.mjs";
import { check, outcome } from "../harness/round.mjs";
import { sum, timed } from "./timed.mjs";
import { sleep } from "./timers.mjs";

let woken = 0;

async function sleeper(ms) {
  await sleep(ms);
  woken += 1;
  return 1;
}

/** An async function runs up to its first await when it is called: after the loop all of them wait. */
async function million(tasks, ms) {
  const start = performance.now();
  const running = [];
  for (let i = 0; i < tasks; i++) running.push(sleeper(ms));
  const allPolledMs = performance.now() - start;
  const full = { allPolledMs, woken, memory: readMemory() };
  return { full, done: sum(await Promise.all(running)) };
}

export const rows = {
  async million({ tasks, duration_ms }) {
    woken = 0;
    const before = readMemory();
    const { elapsed, value } = await timed(million, tasks, duration_ms);
    check("done", value.done, tasks);
    check("woken before all slept (set a longer duration_ms)", value.full.woken, 0);
    return outcome(tasks, elapsed, {
      ...bytesEach(tasks, before, value.full.memory),
      totalMs: elapsed,
      allPolledMs: value.full.allPolledMs,
      wokenAtReading: value.full.woken,
    });
  },
};
