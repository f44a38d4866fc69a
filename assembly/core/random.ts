// Separate streams of random numbers, so that one more draw from one of them does not shift the others: a `select` added
// to a program leaves the schedule of the rest as it was.
//
// Each stream is xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016);
// seeds are spread over the streams by splitmix64 (Steele, Lea, Flood 2014).

import { RANDOM, RANDOM_STREAMS } from "./layout";
import { worker } from "./worker";

function mix(value: u64): u64 {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

export function seedStreams(low: i32, high: i32): void {
  let state = ((high as u32 as u64) << 32) | (low as u32 as u64);
  for (let stream = 0; stream < RANDOM_STREAMS; stream++) {
    state += 0x9e3779b97f4a7c15;
    const seed = mix(state);
    // xorshift stays at zero for ever.
    store<u64>(worker() + RANDOM + ((stream as usize) << 3), seed == 0 ? 1 : seed);
  }
}

function draw(stream: i32): u32 {
  const address = worker() + RANDOM + ((stream as usize) << 3);
  let x = load<u64>(address);
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  store<u64>(address, x);
  return ((x * 0x2545f4914f6cdd1d) >> 32) as u32;
}

/** A number in [0, bound), by multiply-high. */
export function drawBelow(stream: i32, bound: i32): i32 {
  assert(stream >= 0 && stream < RANDOM_STREAMS, "random: no such stream");
  return (((draw(stream) as u64) * (bound as u32 as u64)) >> 32) as i32;
}
