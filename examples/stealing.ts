// Stealing, made visible: one task on one worker spawns forty more. They stand in that worker's queue, and whoever has nothing
// to do takes half of it. On a terminal the queues are shown as they shrink; the lanes at the end are drawn from the results,
// each of which carries the number of its worker and its times.
//
//   node examples/run.mjs stealing

import { Builder } from "tokiwa/runtime";
import type { Counted } from "./tasks/primes.js";
import { spawnAll } from "./tasks/steal.js";
import { rememberWorker } from "./tasks/this-worker.js";

const TASKS = 40;
const SIZE = 30_000;
const WIDTH = 72;
const isTerminal = process.stdout.isTTY === true && process.env.TERM !== "dumb";

await using runtime = Builder.newMultiThread()
  .onThreadStart(rememberWorker)
  .preload(import.meta.resolve("./tasks/steal.js"))
  .build();
const metrics = runtime.metrics();
const workers = Array.from({ length: metrics.numWorkers() }, (_, worker) => worker);

/** What stands in each worker's queue, read from the memory that the workers share. */
function queues(): string[] {
  return workers.map((worker) => {
    const depth = metrics.workerLocalQueueDepth(worker);
    const started = metrics.workerStartedTasksCount(worker);
    const stolen = metrics.workerStealCount(worker);
    return `worker ${worker}  ${"▪".repeat(depth).padEnd(TASKS, "·")} began ${started}, stole ${stolen}`;
  });
}

let shown = false;
function showQueues(): void {
  if (!isTerminal) {
    console.log(
      `queues ${workers.map((worker) => metrics.workerLocalQueueDepth(worker)).join(" ")}`,
    );
    return;
  }
  if (shown) process.stdout.write(`\x1b[${workers.length}A`);
  for (const line of queues()) process.stdout.write(`\x1b[K${line}\n`);
  shown = true;
}

const display = setInterval(showQueues, isTerminal ? 30 : 250);
const { worker: first, counted } = await runtime.spawn(spawnAll, TASKS, SIZE);
clearInterval(display);

const start = Math.min(...counted.map(({ from }) => from));
const end = Math.max(...counted.map(({ to }) => to));
console.log(
  `\n${TASKS} tasks, all spawned on worker ${first}; ${(end - start).toFixed(0)} ms from left to right:\n`,
);
for (const worker of workers) console.log(`worker ${worker}  ${laneOf(worker)}`);
console.log(`\n${workers.map((worker) => summaryOf(worker)).join("\n")}`);

/** A letter for each task, as wide as it took. */
function laneOf(worker: number): string {
  const lane = Array.from({ length: WIDTH }, () => "·");
  const place = (time: number): number =>
    Math.round(((time - start) / (end - start)) * (WIDTH - 1));
  for (const [task, { worker: ranOn, from, to }] of counted.entries())
    if (ranOn === worker) lane.fill(letterOf(task), place(from), place(to) + 1);
  return lane.join("");
}

function letterOf(task: number): string {
  return String.fromCharCode((task % 2 === 0 ? 65 : 97) + (task % 26));
}

function summaryOf(worker: number): string {
  const mine: readonly Counted[] = counted.filter((each) => each.worker === worker);
  return `worker ${worker} ran ${mine.length} of them and stole ${metrics.workerStealCount(worker)}, in ${metrics.workerStealOperations(worker)} goes`;
}
