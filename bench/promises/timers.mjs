// A promise around setTimeout in the place of a sleep. There is no row of cancelled ones: such a promise cannot be cancelled,
// and the row of plain setTimeout and clearTimeout is in ../node.

import { outcome } from "../harness/round.mjs";
import { sum, timed } from "./timed.mjs";

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sleeps; 1 when it woke early. */
async function fire(ms) {
  const deadline = performance.now() + ms;
  await sleep(ms);
  return performance.now() < deadline ? 1 : 0;
}

async function timersFire(tasks, spreadMs) {
  const running = [];
  for (let i = 0; i < tasks; i++) running.push(fire((i % spreadMs) + 1));
  return sum(await Promise.all(running));
}

export const rows = {
  async timers_fire({ tasks, spread_ms }) {
    const { elapsed, value } = await timed(timersFire, tasks, spread_ms);
    return outcome(tasks, elapsed, { early: value, wallMs: elapsed });
  },
};
