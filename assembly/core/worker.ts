// This thread's own place in memory. The global is per instance, which makes it thread-local storage.

import { WORKER_SIZE, WORKERS } from "./layout";

/** Zero until adoptWorker, which every instance calls first. */
let record: usize = 0;

export function adoptWorker(index: i32): void {
  record = WORKERS + (index as usize) * WORKER_SIZE;
}

/** Address of this thread's worker record. Without threads there is one, so the compiler knows the address. */
export function worker(): usize {
  return ASC_FEATURE_THREADS ? record : WORKERS;
}

export function get(field: usize): i32 {
  return load<i32>(worker() + field);
}

export function set(field: usize, value: i32): void {
  store<i32>(worker() + field, value);
}

/** A field that holds an address. */
export function getAddress(field: usize): usize {
  return load<u32>(worker() + field) as usize;
}

export function setAddress(field: usize, address: usize): void {
  store<u32>(worker() + field, address as u32);
}
