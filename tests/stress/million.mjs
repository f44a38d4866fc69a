// A million sendable tasks through four workers: each gives its own answer, none runs twice, and memory comes back.
// node tests/stress/million.mjs [tasks]

import { spawn } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { next } from "./million-tasks.mjs";

const WORKERS = 4;
const total = Number(process.argv[2] ?? 1_000_000);

function* spawnAll() {
  const handles = [];
  for (let task = 0; task < total; task++) handles.push(spawn(next, task));
  let wrong = 0;
  for (let task = 0; task < total; task++) if ((yield* handles[task]) !== task + 1) wrong += 1;
  return wrong;
}

function started(metrics) {
  let sum = 0;
  for (let worker = 0; worker < WORKERS; worker++) sum += metrics.workerStartedTasksCount(worker);
  return sum;
}

const runtime = Builder.newMultiThread()
  .workerThreads(WORKERS)
  .enableAll()
  .preload(new URL("./million-tasks.mjs", import.meta.url).href)
  .build();
const metrics = runtime.metrics();
let memoryBytes = 0;
for (let round = 1; round <= 2; round++) {
  const start = performance.now();
  const wrong = await runtime.run(spawnAll);
  const ms = performance.now() - start;
  const problems = [
    wrong > 0 && `${wrong} wrong answers`,
    started(metrics) !== round * total && `${started(metrics)} tasks began, not ${round * total}`,
    metrics.numAliveTasks() > 1 && `${metrics.numAliveTasks()} tasks are left`,
    round === 2 &&
      metrics.memoryBytes() > memoryBytes * 1.05 &&
      `memory grew from ${memoryBytes} to ${metrics.memoryBytes()} bytes`,
  ].filter(Boolean);
  if (problems.length > 0) throw new Error(`round ${round}: ${problems.join("; ")}`);
  memoryBytes = metrics.memoryBytes();
  console.log(
    `round ${round}: ${total} tasks in ${ms.toFixed(0)} ms, core ${memoryBytes >> 10} KiB, rss ${process.memoryUsage().rss >> 20} MiB`,
  );
}
await runtime.shutdown();
console.log("ok");
