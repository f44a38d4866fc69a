// A loop that never gives way holds up every other task of its thread; a word in the loop cures it.

import { type Coroutine, interval, sleep, spawn, yieldNow } from "tokiwa";
import { consumeBudget } from "tokiwa/task";
import { stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { onTokiwa } from "../runtime.js";
import { count } from "../units.js";

/** The work: counting the primes below this, a slice at a time. */
const LIMIT = 600_000;
const SLICE = 20;
/** How many there are, from the tables. */
const PRIMES = 49_098;
const TICK_MS = 5;

function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let divisor = 2; divisor * divisor <= number; divisor++)
    if (number % divisor === 0) return false;
  return true;
}

function primesIn(first: number): number {
  let primes = 0;
  for (let number = first; number < first + SLICE; number++) if (isPrime(number)) primes += 1;
  return primes;
}

/** What another task noticed of the work: it wants to tick every few milliseconds. */
class Ticks {
  working = false;
  during = 0;
  longestGapMs = 0;
  private sinceLast = stopwatch();
  private time = stopwatch();
  workMs = 0;

  start(): void {
    this.working = true;
    this.time = stopwatch();
  }

  stop(): void {
    this.working = false;
    this.workMs = this.time();
  }

  tick(): void {
    if (this.working) this.during += 1;
    this.longestGapMs = Math.max(this.longestGapMs, this.sinceLast());
    this.sinceLast = stopwatch();
  }
}

interface Result {
  readonly primes: number;
  readonly ticks: Ticks;
}

// ── With tokiwa ────────────────────────────────────────────────────────────────────────────────────────────────────

function* greedy() {
  let primes = 0;
  for (let first = 0; first < LIMIT; first += SLICE) primes += primesIn(first);
  return primes;
}

function* yielding() {
  let primes = 0;
  for (let first = 0; first < LIMIT; first += SLICE) {
    primes += primesIn(first);
    yield* yieldNow();
  }
  return primes;
}

function* budgeted() {
  let primes = 0;
  for (let first = 0; first < LIMIT; first += SLICE) {
    primes += primesIn(first);
    yield* consumeBudget();
  }
  return primes;
}

function* ticker(ticks: Ticks) {
  using clock = interval(TICK_MS, { missedTickBehavior: "delay" });
  for (;;) {
    yield* clock.tick();
    ticks.tick();
  }
}

function* worker(work: () => Coroutine<number>, ticks: Ticks) {
  ticks.start();
  const primes = yield* work();
  ticks.stop();
  return primes;
}

function* watch(work: () => Coroutine<number>) {
  const ticks = new Ticks();
  spawn(ticker, ticks);
  yield* sleep(4 * TICK_MS);
  const primes = yield* spawn(worker, work, ticks);
  yield* sleep(4 * TICK_MS);
  return { primes, ticks } satisfies Result;
}

// ── With plain Node ────────────────────────────────────────────────────────────────────────────────────────────────

async function nodeGreedy() {
  let primes = 0;
  for (let first = 0; first < LIMIT; first += SLICE) primes += primesIn(first);
  return primes;
}

/** `await` alone lets only other promises run: the timers wait. */
async function nodeAwaiting() {
  let primes = 0;
  for (let first = 0; first < LIMIT; first += SLICE) {
    primes += primesIn(first);
    await null;
  }
  return primes;
}

async function nodeImmediate() {
  let primes = 0;
  for (let first = 0; first < LIMIT; first += SLICE) {
    primes += primesIn(first);
    await new Promise(setImmediate);
  }
  return primes;
}

async function nodeWatch(work: () => Promise<number>): Promise<Result> {
  const ticks = new Ticks();
  const timer = setInterval(() => ticks.tick(), TICK_MS);
  await new Promise((resolve) => setTimeout(resolve, 4 * TICK_MS));
  ticks.start();
  const primes = await work();
  ticks.stop();
  await new Promise((resolve) => setTimeout(resolve, 4 * TICK_MS));
  clearInterval(timer);
  return { primes, ticks };
}

// ── Side by side ───────────────────────────────────────────────────────────────────────────────────────────────────

async function run(page: Page): Promise<void> {
  // Once without measuring, so that the engine has compiled the loop before anybody is compared.
  for (let first = 0; first < LIMIT / 4; first += SLICE) primesIn(first);

  const greedyRun = await onTokiwa(watch, greedy);
  const yieldingRun = await onTokiwa(watch, yielding);
  const budgetedRun = await onTokiwa(watch, budgeted);
  const nodeGreedyRun = await nodeWatch(nodeGreedy);
  const nodeAwaitingRun = await nodeWatch(nodeAwaiting);
  const nodeImmediateRun = await nodeWatch(nodeImmediate);

  const gap = (label: string, mine: Result, node: Result) =>
    ({
      label,
      unit: "ms",
      tokiwa: mine.ticks.longestGapMs,
      plainNode: node.ticks.longestGapMs,
    }) as const;
  const work = (label: string, mine: Result, node: Result) =>
    ({ label, unit: "ms", tokiwa: mine.ticks.workMs, plainNode: node.ticks.workMs }) as const;
  page.figures([
    gap("longest gap between ticks: a plain loop", greedyRun, nodeGreedyRun),
    gap("  with yieldNow() / setImmediate", yieldingRun, nodeImmediateRun),
    gap("  with consumeBudget() / await null", budgetedRun, nodeAwaitingRun),
    work("time for the work: a plain loop", greedyRun, nodeGreedyRun),
    work("  with yieldNow() / setImmediate", yieldingRun, nodeImmediateRun),
    work("  with consumeBudget() / await null", budgetedRun, nodeAwaitingRun),
  ]);
  page.say(
    `There are ${count(LIMIT / SLICE)} slices. yieldNow() lets the others go first after each; consumeBudget() after ` +
      "every 128th. `await null` in plain Node makes way for promises only, and the timers starve as before.",
  );
  const runs = [greedyRun, yieldingRun, budgetedRun];
  page.check(
    `each way counted the ${count(PRIMES)} primes below ${count(LIMIT)}`,
    runs.every((each) => each.primes === PRIMES),
    runs.map((each) => each.primes).join(", "),
  );
  page.check(
    "while the plain loop ran the other task did not tick once",
    greedyRun.ticks.during === 0,
    `${greedyRun.ticks.during} ticks`,
  );
  page.check(
    "with yieldNow() in the loop it went on ticking",
    yieldingRun.ticks.during >= 2,
    `${yieldingRun.ticks.during} ticks`,
  );
  page.check(
    "and with consumeBudget() too",
    budgetedRun.ticks.during >= 2,
    `${budgetedRun.ticks.during} ticks`,
  );
}

export const starvation: Chapter = {
  name: "starvation",
  title: "A task that never gives way, and its cure",
  intro:
    "One task counts primes, another one wants to tick every 5 ms. Tasks of one thread take turns, and a turn ends only " +
    "where a task waits: a loop that never does holds up everybody else.",
  run,
};
