// A log of what the scheduler did: 16 bytes a record, written only while it is on, drained by TypeScript at every driver
// turn. Two runs of one program from one seed leave the same bytes.

import { TRACE_COUNT, TRACE_DIRECTORY, TRACE_ON, TRACE_SHIFT, WHEEL_ELAPSED } from "./layout";
import { ensurePage, slotAddress } from "./slab";
import { get, set, worker } from "./worker";

export const TRACE_SPAWN: i32 = 1;
export const TRACE_POLL: i32 = 2;
export const TRACE_WAKE: i32 = 3;
export const TRACE_YIELD: i32 = 4;
export const TRACE_FIRE: i32 = 5;
export const TRACE_CANCEL: i32 = 6;
export const TRACE_COMPLETE: i32 = 7;

/** Asked at every event, so that the log costs one load while it is off. */
export function isTracing(): bool {
  return get(TRACE_ON) != 0;
}

export function trace(kind: i32, generation: i32): void {
  const index = get(TRACE_COUNT);
  // Out of memory: the log ends here, the program goes on.
  if (!ensurePage(TRACE_DIRECTORY, index, TRACE_SHIFT)) return;
  const record = slotAddress(TRACE_DIRECTORY, index, TRACE_SHIFT);
  store<i32>(record, kind);
  store<i32>(record + 4, generation);
  store<f64>(record + 8, load<u64>(worker() + WHEEL_ELAPSED) as f64);
  set(TRACE_COUNT, index + 1);
}
