// Counting primes by trial division: work whose size nobody knows before it is done.

import { sendable } from "tokiwa";
import { thisWorker } from "./this-worker.js";

function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let divisor = 2; divisor * divisor <= number; divisor++)
    if (number % divisor === 0) return false;
  return true;
}

export function primesIn(from: number, to: number): number {
  let primes = 0;
  for (let number = from; number < to; number++) if (isPrime(number)) primes += 1;
  return primes;
}

/** What came out, on which worker, and when: milliseconds of the clock that all threads share. */
export interface Counted {
  readonly primes: number;
  readonly worker: number;
  readonly from: number;
  readonly to: number;
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

export const countPrimes = sendable(
  import.meta.url,
  "countPrimes",
  (first: number, last: number): Counted => {
    const from = now();
    const primes = primesIn(first, last);
    return { primes, worker: thisWorker(), from, to: now() };
  },
);
