// A million tasks that sleep at once: what each holds once it has been polled, and the time until all are done.

import { sleep, spawn, yieldNow } from "tokiwa";
import { bytesEach, readMemory } from "../harness/memory.mjs";
import { check, outcome } from "../harness/round.mjs";
import { joinSum, timed } from "./runtime.mjs";

let polled = 0;
let woken = 0;

function* sleeper(durationMs) {
  polled += 1;
  yield* sleep(durationMs);
  woken += 1;
  return 1;
}

function* million(tasks, durationMs) {
  const start = performance.now();
  const handles = [];
  for (let i = 0; i < tasks; i++) handles.push(spawn(sleeper, durationMs));
  while (polled < tasks) yield* yieldNow();
  const allPolledMs = performance.now() - start;
  const full = { allPolledMs, woken, memory: readMemory() };
  return { full, done: yield* joinSum(handles) };
}

export const rows = {
  async million({ tasks, duration_ms }) {
    polled = 0;
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
