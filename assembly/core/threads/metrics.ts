// Reading any thread's counters. Whoever reads them is late by nature, so nothing here waits for anybody.

import { CURRENT, POLL_COUNT } from "../layout";
import { loadShared } from "../sync";
import { slotOf } from "../task";
import { recordOf } from "../worker";
import { isParked } from "./parking";
import { ringLength } from "./ring";

/** A counter of a thread; `field` is one of the COUNT_ fields of layout.ts. */
export function counterOf(thread: i32, field: i32): i32 {
  return load<i32>(recordOf(thread) + (field as usize));
}

export function pollsOf(thread: i32): i32 {
  return load<i32>(recordOf(thread) + POLL_COUNT);
}

export function ringLengthOf(thread: i32): i32 {
  return ringLength(recordOf(thread));
}

/** The slot that a thread is polling, or -1. */
export function currentOf(thread: i32): i32 {
  const task = loadShared(recordOf(thread) + CURRENT);
  return task == 0 ? -1 : slotOf(task as u32 as usize);
}

export function isThreadParked(thread: i32): bool {
  return isParked(thread);
}
