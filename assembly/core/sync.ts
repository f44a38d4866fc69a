// The only file that touches atomics. Everything that another thread may read or write while we run goes through here,
// on both sides: Wasm's atomics are sequentially consistent, its plain accesses are not, and x86 hides the difference.
//
// Built without threads the same names are plain accesses, so that one source serves a memory that is not shared.
// There is no fence: `atomic.fence()` of asc 0.28.20 does not validate, and nothing here needs one.

export function loadShared(address: usize): i32 {
  if (ASC_FEATURE_THREADS) return atomic.load<i32>(address);
  return load<i32>(address);
}

export function storeShared(address: usize, value: i32): void {
  if (ASC_FEATURE_THREADS) atomic.store<i32>(address, value);
  else store<i32>(address, value);
}

/** Adds and returns what was there before. */
export function addShared(address: usize, value: i32): i32 {
  if (ASC_FEATURE_THREADS) return atomic.add<i32>(address, value);
  const before = load<i32>(address);
  store<i32>(address, before + value);
  return before;
}

/** Sets bits and returns what was there before. */
export function orShared(address: usize, bits: i32): i32 {
  if (ASC_FEATURE_THREADS) return atomic.or<i32>(address, bits);
  const before = load<i32>(address);
  store<i32>(address, before | bits);
  return before;
}

/** Stores `desired` if `expected` is there; returns what was there. */
export function compareExchange(address: usize, expected: i32, desired: i32): i32 {
  if (ASC_FEATURE_THREADS) return atomic.cmpxchg<i32>(address, expected, desired);
  const before = load<i32>(address);
  if (before == expected) store<i32>(address, desired);
  return before;
}
