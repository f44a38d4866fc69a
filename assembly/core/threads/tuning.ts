// How often a worker looks at the injector first. Tokio's rule (runtime/scheduler/multi_thread/stats.rs): about once in 200 µs
// of polls, by a moving average of how long a poll takes, so that short polls do not pay for it and long ones do not let the
// injector starve.

import {
  BATCH_POLLS,
  BATCH_START,
  GLOBAL_INTERVAL,
  HEADER,
  HEADER_GLOBAL_INTERVAL,
  MEAN_POLL,
  POLL_COUNT,
} from "../layout";
import { loadShared } from "../sync";
import { get, set, worker } from "../worker";

const WEIGHT: f64 = 0.1;
const TARGET_MS: f64 = 0.2;
const LEAST: i32 = 2;
const MOST: i32 = 127;
const FIRST: i32 = 61;
/** Smaller changes are noise. */
const HYSTERESIS: i32 = 2;

/** At a driver turn: the polls since the last one took so long. One that comes back from a park has made none. */
export function tuneInterval(now: f64): void {
  const fixed = loadShared(HEADER + HEADER_GLOBAL_INTERVAL);
  const polls = get(POLL_COUNT) - get(BATCH_POLLS);
  const start = load<f64>(worker() + BATCH_START);
  set(BATCH_POLLS, get(POLL_COUNT));
  store<f64>(worker() + BATCH_START, now);
  if (fixed != 0) set(GLOBAL_INTERVAL, fixed);
  else if (get(GLOBAL_INTERVAL) == 0) set(GLOBAL_INTERVAL, FIRST);
  else if (polls > 0) adapt((now - start) / (polls as f64), polls);
}

function adapt(pollMs: f64, polls: i32): void {
  const mean = load<f64>(worker() + MEAN_POLL);
  // A batch counts as often as it has polls, in one step: 1 - (1 - weight)^polls.
  let keep: f64 = 1;
  for (let poll = 0; poll < min(polls, 64); poll++) keep *= 1 - WEIGHT;
  const next = mean == 0 ? pollMs : pollMs + (mean - pollMs) * keep;
  store<f64>(worker() + MEAN_POLL, next);
  if (next <= 0) return;
  const interval = max(LEAST, min(MOST, min(TARGET_MS / next, 1000) as i32));
  if (abs(interval - get(GLOBAL_INTERVAL)) > HYSTERESIS) set(GLOBAL_INTERVAL, interval);
}
