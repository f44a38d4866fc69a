// A thread's own place in memory. The globals are per instance, which makes them thread-local storage.

import { WORKER_SIZE, WORKERS } from "./layout";

/** Zero until adoptWorker, which every instance calls first. */
let record: usize = 0;
let number: i32 = 0;

export function adoptWorker(index: i32): void {
  number = index;
  record = recordOf(index);
}

/** Address of a thread's record. */
export function recordOf(index: i32): usize {
  return WORKERS + (index as usize) * WORKER_SIZE;
}

/** Address of this thread's record. Without threads there is one, so the compiler knows the address. */
export function worker(): usize {
  return ASC_FEATURE_THREADS ? record : WORKERS;
}

/** This thread's number. */
export function self(): i32 {
  return ASC_FEATURE_THREADS ? number : 0;
}

export function get(field: usize): i32 {
  return load<i32>(worker() + field);
}

export function set(field: usize, value: i32): void {
  store<i32>(worker() + field, value);
}

/** One more of something, for the metrics. Plain: only this thread counts, and a reader may be late. */
export function count(counter: usize): void {
  set(counter, get(counter) + 1);
}

/** A field that holds an address. */
export function getAddress(field: usize): usize {
  return load<u32>(worker() + field) as usize;
}

export function setAddress(field: usize, address: usize): void {
  store<u32>(worker() + field, address as u32);
}
