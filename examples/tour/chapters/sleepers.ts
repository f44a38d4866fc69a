// Ten thousand tasks that sleep one second each, all at once.

import { join, sleep, spawn } from "tokiwa";
import { hostTimers, processorTime, stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { nodeSleep, onTokiwa } from "../runtime.js";
import { count, seconds } from "../units.js";

const TASKS = 10_000;
const SLEEP_MS = 1_000;

class Tally {
  finished = 0;
  early = 0;
  latestMs = 0;
  /** Timers that Node kept halfway through. */
  hostTimers = 0;

  constructor() {
    // Unref'd, so that it is not counted itself.
    setTimeout(() => {
      this.hostTimers = hostTimers();
    }, SLEEP_MS / 2).unref();
  }

  woke(sleptMs: number): void {
    this.finished += 1;
    if (sleptMs < SLEEP_MS) this.early += 1;
    this.latestMs = Math.max(this.latestMs, sleptMs - SLEEP_MS);
  }
}

function* sleeper(tally: Tally) {
  const slept = stopwatch();
  yield* sleep(SLEEP_MS);
  tally.woke(slept());
}

function* program(tally: Tally) {
  const handles = Array.from({ length: TASKS }, () => spawn(sleeper, tally));
  yield* join(...handles);
}

async function nodeSleeper(tally: Tally) {
  const slept = stopwatch();
  await nodeSleep(SLEEP_MS);
  tally.woke(slept());
}

async function nodeProgram(tally: Tally) {
  await Promise.all(Array.from({ length: TASKS }, () => nodeSleeper(tally)));
}

async function measure(page: Page, tally: Tally, whole: () => Promise<void>) {
  const wall = stopwatch();
  const processor = processorTime();
  using _progress = page.progress(
    () => `${count(TASKS - tally.finished)} asleep, ${count(tally.finished)} awake`,
    () => wall() / SLEEP_MS,
  );
  await whole();
  return { wallMs: wall(), processorMs: processor() };
}

async function run(page: Page): Promise<void> {
  const tally = new Tally();
  const mine = await measure(page, tally, () => onTokiwa(program, tally));
  const nodeTally = new Tally();
  const node = await measure(page, nodeTally, () => nodeProgram(nodeTally));

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
    "they slept side by side: one after the other would have taken 2 hours and 47 minutes",
    mine.wallMs >= SLEEP_MS && mine.wallMs < TASKS * SLEEP_MS * 0.002,
    seconds(mine.wallMs),
  );
  page.check(
    "one timer of Node's served all of them",
    tally.hostTimers === 1,
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
