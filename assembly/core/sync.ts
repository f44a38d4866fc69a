// The only file that touches atomics. Everything that another thread may read or write while we run goes through here,
// on both sides: Wasm's atomics are sequentially consistent, its plain accesses are not, and x86 hides the difference.
//
// Built without threads the same names are plain accesses, so that one source serves a memory that is not shared.
// There is no fence: `atomic.fence()` of asc 0.28.20 does not validate, and nothing here needs one.
//
// Built for the model checker (tests/model) each access first calls `before`, where the explorer may let another thread
// run; in every other build the call is not there.

import { before } from "./model";

const READ: i32 = 0;
const WRITE: i32 = 1;
const UPDATE: i32 = 2;

export function loadShared(address: usize): i32 {
  if (isDefined(TOKIWA_MODEL)) before(address, READ);
  if (ASC_FEATURE_THREADS) return atomic.load<i32>(address);
  return load<i32>(address);
}

/** A word that holds an address. */
export function loadSharedAddress(address: usize): usize {
  return loadShared(address) as u32 as usize;
}

export function storeShared(address: usize, value: i32): void {
  if (isDefined(TOKIWA_MODEL)) before(address, WRITE);
  if (ASC_FEATURE_THREADS) atomic.store<i32>(address, value);
  else store<i32>(address, value);
}

/** Adds and returns what was there before. */
export function addShared(address: usize, value: i32): i32 {
  if (isDefined(TOKIWA_MODEL)) before(address, UPDATE);
  if (ASC_FEATURE_THREADS) return atomic.add<i32>(address, value);
  const previous = load<i32>(address);
  store<i32>(address, previous + value);
  return previous;
}

/** Sets bits and returns what was there before. */
export function orShared(address: usize, bits: i32): i32 {
  if (isDefined(TOKIWA_MODEL)) before(address, UPDATE);
  if (ASC_FEATURE_THREADS) return atomic.or<i32>(address, bits);
  const previous = load<i32>(address);
  store<i32>(address, previous | bits);
  return previous;
}

/** Keeps only `bits` and returns what was there before. */
export function andShared(address: usize, bits: i32): i32 {
  if (isDefined(TOKIWA_MODEL)) before(address, UPDATE);
  if (ASC_FEATURE_THREADS) return atomic.and<i32>(address, bits);
  const previous = load<i32>(address);
  store<i32>(address, previous & bits);
  return previous;
}

/** Stores `value` and returns what was there before. */
export function exchangeShared(address: usize, value: i32): i32 {
  if (isDefined(TOKIWA_MODEL)) before(address, UPDATE);
  if (ASC_FEATURE_THREADS) return atomic.xchg<i32>(address, value);
  const previous = load<i32>(address);
  store<i32>(address, value);
  return previous;
}

/** Stores `desired` if `expected` is there; returns what was there. */
export function compareExchange(address: usize, expected: i32, desired: i32): i32 {
  if (isDefined(TOKIWA_MODEL)) before(address, UPDATE);
  if (ASC_FEATURE_THREADS) return atomic.cmpxchg<i32>(address, expected, desired);
  const previous = load<i32>(address);
  if (previous == expected) store<i32>(address, desired);
  return previous;
}

export function loadShared64(address: usize): i64 {
  if (isDefined(TOKIWA_MODEL)) before(address, READ);
  if (ASC_FEATURE_THREADS) return atomic.load<i64>(address);
  return load<i64>(address);
}

/** Adds and returns what was there before. */
export function addShared64(address: usize, value: i64): i64 {
  if (isDefined(TOKIWA_MODEL)) before(address, UPDATE);
  if (ASC_FEATURE_THREADS) return atomic.add<i64>(address, value);
  const previous = load<i64>(address);
  store<i64>(address, previous + value);
  return previous;
}

/** Stores `desired` if `expected` is there; returns what was there. */
export function compareExchange64(address: usize, expected: i64, desired: i64): i64 {
  if (isDefined(TOKIWA_MODEL)) before(address, UPDATE);
  if (ASC_FEATURE_THREADS) return atomic.cmpxchg<i64>(address, expected, desired);
  const previous = load<i64>(address);
  if (previous == expected) store<i64>(address, desired);
  return previous;
}

/** Sleeps while the word holds the value. Not on every thread: see HostThreads.wait. */
export function sleepOn(address: usize, value: i32): void {
  if (ASC_FEATURE_THREADS) atomic.wait<i32>(address, value, -1);
}

/** Wakes the threads that sleep on the word. */
export function notifySleepers(address: usize): void {
  if (ASC_FEATURE_THREADS) atomic.notify(address, -1);
}
