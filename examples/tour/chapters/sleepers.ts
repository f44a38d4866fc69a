// Ten thousand tasks that sleep one second each, all at once.

import { join, sleep, spawn } from "tokiwa";
import { hostTimers, processorTime, stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { nodeSleep, onTokiwa } from "../runtime.js";
import { count, seconds } from "../units.js";

const TASKS = 10_000;
const SLEEP_MS = 1_000;
/** Run before measuring, so that both are compiled when it counts. */
const WARM_UP = 1_000;

class Tally {
  readonly tasks: number;
  readonly sleepMs: number;
  finished = 0;
  early = 0;
  latestMs = 0;
  /** Timers that Node kept halfway through. */
  hostTimers = 0;

  constructor(tasks: number, sleepMs: number) {
    this.tasks = tasks;
    this.sleepMs = sleepMs;
    // Unref'd, so that it is not counted itself.
    setTimeout(() => {
      this.hostTimers = hostTimers();
    }, sleepMs / 2).unref();
  }

  woke(sleptMs: number): void {
    this.finished += 1;
    if (sleptMs < this.sleepMs) this.early += 1;
    this.latestMs = Math.max(this.latestMs, sleptMs - this.sleepMs);
  }
}

function* sleeper(tally: Tally) {
  const slept = stopwatch();
  yield* sleep(tally.sleepMs);
  tally.woke(slept());
}

function* program(tally: Tally) {
  const handles = Array.from({ length: tally.tasks }, () => spawn(sleeper, tally));
  yield* join(...handles);
}

async function nodeSleeper(tally: Tally) {
  const slept = stopwatch();
  await nodeSleep(tally.sleepMs);
  tally.woke(slept());
}

async function nodeProgram(tally: Tally) {
  await Promise.all(Array.from({ length: tally.tasks }, () => nodeSleeper(tally)));
}

async function measure(page: Page, whole: (tally: Tally) => Promise<void>) {
  await whole(new Tally(WARM_UP, 1));
  const tally = new Tally(TASKS, SLEEP_MS);
  const wall = stopwatch();
  const processor = processorTime();
  using _progress = page.progress(
    () => `${count(TASKS - tally.finished)} asleep, ${count(tally.finished)} awake`,
    () => wall() / SLEEP_MS,
  );
  await whole(tally);
  return { tally, wallMs: wall(), processorMs: processor() };
}

async function run(page: Page): Promise<void> {
  const mine = await measure(page, (each) => onTokiwa(program, each));
  const node = await measure(page, nodeProgram);
  const { tally } = mine;
  const nodeTally = node.tally;

  page.figures([
    { label: "all awake after", unit: "ms", tokiwa: mine.wallMs, plainNode: node.wallMs },
    {
      label: "the last one woke too late by",
      unit: "ms",
      tokiwa: tally.latestMs,
      plainNode: nodeTally.latestMs,
    },
    {
      label: "woke too early",
      unit: "count",
      tokiwa: tally.early,
      plainNode: nodeTally.early,
    },
    {
      label: "processor time for all of it",
      unit: "ms",
      tokiwa: mine.processorMs,
      plainNode: node.processorMs,
      compare: "time",
    },
    {
      label: "timers that Node had to keep",
      unit: "count",
      tokiwa: tally.hostTimers,
      plainNode: nodeTally.hostTimers,
    },
  ]);
  page.check(
    `all ${count(TASKS)} tasks finished`,
    tally.finished === TASKS,
    `${tally.finished} did`,
  );
  page.check("none woke before its second was over", tally.early === 0, `${tally.early} did`);
  page.check(
    "they slept side by side: one after the other they would have slept for 2.8 hours",
    mine.wallMs >= SLEEP_MS && mine.wallMs < TASKS * SLEEP_MS * 0.002,
    seconds(mine.wallMs),
  );
  page.check(
    "halfway through, one timer of Node's stood for all of them",
    tally.hostTimers <= 1,
    `there were ${tally.hostTimers}`,
  );
}

export const sleepers: Chapter = {
  name: "sleep",
  title: "10,000 tasks that sleep one second each",
  intro:
    "A task is a future that the runtime polls by itself, started with spawn(). Ten thousand of them sleep for one " +
    "second; beside them ten thousand async functions that await a setTimeout.",
  run,
};
