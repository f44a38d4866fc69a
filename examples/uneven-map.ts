// An uneven map: one function over many inputs that cost from nothing to much, the dear ones all at one end.
// Dealt out beforehand in equal numbers, one worker would have nearly all of the work. Here each takes what it gets done.
//
//   node examples/run.mjs uneven-map

import { join } from "tokiwa";
import { Builder, type Runtime } from "tokiwa/runtime";
import { type Counted, countPrimes } from "./tasks/primes.js";
import { rememberWorker } from "./tasks/this-worker.js";

const RANGES = 200;
/** The n-th range begins at LARGEST · (n / RANGES)³: the first ones are small and near zero, the last ones large and far. */
const LARGEST = 1_200_000;
const BAR = 40;

function startOf(range: number): number {
  return Math.round(LARGEST * (range / RANGES) ** 3);
}

function* program(runtime: Runtime) {
  const ranges = Array.from({ length: RANGES }, (_, n) =>
    runtime.spawn(countPrimes, startOf(n), startOf(n + 1)),
  );
  return yield* join(...ranges);
}

await using runtime = Builder.newMultiThread()
  .onThreadStart(rememberWorker)
  .preload(import.meta.resolve("./tasks/primes.js"))
  .build();
const workers = runtime.metrics().numWorkers();
const start = performance.now();
const counted = await runtime.run(program, runtime);
const ms = performance.now() - start;

const primes = counted.reduce((sum, each) => sum + each.primes, 0);
console.log(`${primes} primes below ${LARGEST}, in ${ms.toFixed(0)} ms on ${workers} workers`);
console.log("as it went, each worker's share of the time:");
for (let worker = 0; worker < workers; worker++)
  show(
    worker,
    counted.filter((each) => each.worker === worker),
  );
console.log("had the ranges been dealt out in equal numbers, in order:");
for (let worker = 0; worker < workers; worker++)
  show(worker, counted.slice((worker * RANGES) / workers, ((worker + 1) * RANGES) / workers));

function show(worker: number, ranges: readonly Counted[]): void {
  const share = busyMs(ranges) / busyMs(counted);
  const bar = "█".repeat(Math.round(share * BAR)).padEnd(BAR, "·");
  console.log(
    `  worker ${worker}  ${bar} ${`${Math.round(100 * share)} %`.padStart(5)}, ${ranges.length} ranges`,
  );
}

function busyMs(ranges: readonly Counted[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}
