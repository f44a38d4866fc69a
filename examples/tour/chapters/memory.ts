// A hundred thousand sleepers, and what one of them costs.

import { sleep, spawn, yieldNow } from "tokiwa";
import { Handle } from "tokiwa/runtime";
import { type Memory, memoryInUse, memorySince, stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { nodeSleep, onTokiwa } from "../runtime.js";
import { count, MIB } from "../units.js";

const TASKS = 100_000;
const SLEEP_MS = 1_000;
/** The project's own goal, for a million of them. */
const MOST_BYTES = 600;

interface Result {
  readonly startMs: number;
  /** How many were asleep at the moment of measuring. */
  readonly asleep: number;
  readonly memory: Memory;
}

class Tally {
  awake = 0;
  readonly allAwake: Promise<void>;
  private resolve: () => void = () => {};

  constructor() {
    this.allAwake = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  woke(): void {
    this.awake += 1;
    if (this.awake === TASKS) this.resolve();
  }
}

function* sleeper(tally: Tally) {
  yield* sleep(SLEEP_MS);
  tally.woke();
}

function* program(tally: Tally, report: (result: Result) => void) {
  const metrics = Handle.current().metrics();
  const before = memoryInUse();
  const start = stopwatch();
  for (let index = 0; index < TASKS; index++) spawn(sleeper, tally);
  // Until each has had its first poll and stands in the timer wheel.
  while (metrics.numTimers() < TASKS) yield* yieldNow();
  const startMs = start();
  report({ startMs, asleep: metrics.numTimers() - tally.awake, memory: memorySince(before) });
  while (tally.awake < TASKS) yield* sleep(10);
}

async function nodeSleeper(tally: Tally) {
  await nodeSleep(SLEEP_MS);
  tally.woke();
}

async function nodeProgram(tally: Tally, report: (result: Result) => void) {
  const before = memoryInUse();
  const start = stopwatch();
  for (let index = 0; index < TASKS; index++) void nodeSleeper(tally);
  const startMs = start();
  report({ startMs, asleep: TASKS - tally.awake, memory: memorySince(before) });
  await tally.allAwake;
}

async function measure(
  page: Page,
  program: (tally: Tally, report: (result: Result) => void) => Promise<void>,
) {
  const tally = new Tally();
  const wall = stopwatch();
  using _progress = page.progress(
    () => `${count(TASKS - tally.awake)} asleep, ${count(tally.awake)} awake`,
    () => wall() / SLEEP_MS,
  );
  let result: Result | undefined;
  await program(tally, (measured) => {
    result = measured;
  });
  if (result === undefined) throw new Error("the program ended without measuring");
  return { ...result, awake: tally.awake, wallMs: wall() };
}

function bytesEach(memory: Memory): number {
  return (memory.heap + memory.outside) / TASKS;
}

async function run(page: Page): Promise<void> {
  const mine = await measure(page, (tally, report) => onTokiwa(program, tally, report));
  const node = await measure(page, nodeProgram);

  page.figures([
    {
      label: "bytes a task",
      unit: "bytes",
      tokiwa: bytesEach(mine.memory),
      plainNode: bytesEach(node.memory),
      compare: "size",
    },
    {
      label: "  of these, JavaScript objects",
      unit: "bytes",
      tokiwa: mine.memory.heap / TASKS,
      plainNode: node.memory.heap / TASKS,
    },
    {
      label: "  and the core's own memory (WebAssembly)",
      unit: "bytes",
      tokiwa: mine.memory.outside / TASKS,
      plainNode: node.memory.outside / TASKS,
    },
    {
      label: `all ${count(TASKS)} together`,
      unit: "MiB",
      tokiwa: (bytesEach(mine.memory) * TASKS) / MIB,
      plainNode: (bytesEach(node.memory) * TASKS) / MIB,
      compare: "size",
    },
    {
      label: "until all were asleep",
      unit: "ms",
      tokiwa: mine.startMs,
      plainNode: node.startMs,
      compare: "time",
    },
    {
      label: "until all were awake again",
      unit: "ms",
      tokiwa: mine.wallMs,
      plainNode: node.wallMs,
    },
  ]);
  page.check(
    `all ${count(TASKS)} were asleep at the same time, and all woke`,
    mine.asleep === TASKS && mine.awake === TASKS,
    `${count(mine.asleep)} slept, ${count(mine.awake)} woke`,
  );
  const bytes = Math.round(bytesEach(mine.memory));
  page.check(
    `a sleeping task takes ${MOST_BYTES} bytes at most`,
    bytes <= MOST_BYTES,
    `it took ${bytes}`,
  );
}

export const memory: Chapter = {
  name: "memory",
  title: "100,000 sleepers, and what one of them costs",
  intro:
    "Memory is read after a garbage collection, before the tasks exist and while all of them sleep. " +
    "The difference, divided by their number, is what one costs.",
  run,
};
