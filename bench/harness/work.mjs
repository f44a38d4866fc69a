// What the tasks of the rows with threads do, the same in every implementation. bench/tokio has it in src/work.rs.

import { check, sumBelow } from "./round.mjs";

export function nothing() {}

/** A number in, a number out. */
export function increment(value) {
  return value + 1;
}

/** A small object in, a small object out. */
export function price(item) {
  return { id: item.id, name: item.name, total: item.amount * item.each, tags: item.tags };
}

function makeItem(id) {
  return { id, name: "widget", amount: 3, each: 12.5, tags: ["small", "blue"] };
}

/** 1 KiB in, 1 KiB out. */
export function invert(bytes) {
  for (let i = 0; i < bytes.length; i += 64) bytes[i] = ~bytes[i];
  return bytes;
}

const ITEM_TOTAL = 37.5;

/** What every call sends: nobody writes to it, so that it may wait in a queue. */
const KIB = new Uint8Array(1_024).fill(1);
const INVERTED = KIB.length + 254;

const same = (value) => value;

/**
 * What goes to the workers and back: the name of the function here, the argument of the task with number `i`, what the
 * result counts for, and what all of them must come to.
 */
export const EXCHANGES = {
  number: {
    task: "increment",
    make: same,
    read: same,
    total: (tasks) => sumBelow(tasks) + tasks,
  },
  object: {
    task: "price",
    make: makeItem,
    read: (priced) => priced.total,
    total: (tasks) => tasks * ITEM_TOTAL,
  },
  bytes: {
    task: "invert",
    make: () => KIB,
    read: (bytes) => bytes.length + bytes[0],
    total: (tasks) => tasks * INVERTED,
  },
};

/** Keeps a processor busy: a chain of shifts that no compiler makes shorter. The result says that it ran. */
export function burn(loops) {
  let word = loops | 1;
  for (let i = 0; i < loops; i++) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
  }
  return word;
}

/** A seeded generator of numbers from 0 up to 1 (mulberry32). */
function makeRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SHORTEST_US = 5;
const LONGEST_US = 500;

/** How long each task of `uneven_map` burns: 5 to 500 µs, log-uniform, the same ones in every run. */
export function unevenLoops(tasks, loopsPerUs) {
  const random = makeRandom(1);
  return Array.from({ length: tasks }, () => {
    const us = SHORTEST_US * (LONGEST_US / SHORTEST_US) ** random();
    return Math.max(1, Math.round(us * loopsPerUs));
  });
}

/** Does all the work on this thread, in order; how long that took, and the sum of the results. */
function burnAll(allLoops) {
  const start = performance.now();
  let sum = 0;
  for (const loops of allLoops) sum += burn(loops);
  return { elapsed: performance.now() - start, sum };
}

/**
 * Does all the work in order, half of it before `together` does all of it at once and half after, so that a machine that
 * becomes slower or faster meanwhile does so for both.
 *
 * @param together gives how long it took, and the sum of the results.
 */
export async function besideInOrder(allLoops, together) {
  const middle = Math.ceil(allLoops.length / 2);
  const before = burnAll(allLoops.slice(0, middle));
  const { elapsed, sum } = await together();
  const after = burnAll(allLoops.slice(middle));
  check("sum", sum, before.sum + after.sum);
  return { inOrder: before.elapsed + after.elapsed, elapsed };
}

/** The same several times, all in all. */
export async function besideInOrderEach(repeat, allLoops, together) {
  const total = { inOrder: 0, elapsed: 0 };
  for (let i = 0; i < repeat; i++) {
    const { inOrder, elapsed } = await besideInOrder(allLoops, together);
    total.inOrder += inOrder;
    total.elapsed += elapsed;
  }
  return total;
}

const CALIBRATIONS = 20;
const CALIBRATION_LOOPS = 1_000_000;
let loopsPerUs;

/** How many loops of `burn` are a microsecond on this machine: the fastest of some tries. Measured once in a process. */
export function calibrate() {
  loopsPerUs ??= measureLoopsPerUs();
  return loopsPerUs;
}

function measureLoopsPerUs() {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let i = 0; i < CALIBRATIONS; i++)
    bestMs = Math.min(bestMs, burnAll([CALIBRATION_LOOPS]).elapsed);
  return Math.max(1, Math.round(CALIBRATION_LOOPS / (bestMs * 1_000)));
}

/** The numbers below `count` in an order that is no order, and always the same: as in bench/tokio/src/rows/locks.rs. */
export function shuffled(count) {
  const order = Array.from({ length: count }, (_, index) => index);
  let state = 1;
  for (let last = count - 1; last > 0; last--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
