// Work whose parts differ in size, and nobody knows by how much: each worker takes the next when it is free.

import { join } from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { type Counted, countPrimes, primesIn } from "../../tasks/primes.js";
import { stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { count } from "../units.js";
import { shareLine, WORKERS, withRuntime, workerNumbers, workersBuilder } from "../workers.js";

const RANGES = 150;
const LIMIT = 1_000_000;
/** How many there are, from the tables. */
const PRIMES = 78_498;

/** The first ranges are small and near zero, the last ones large and far: by the cube. */
function startOf(range: number): number {
  return Math.round(LIMIT * (range / RANGES) ** 3);
}

function* countAll(runtime: Runtime) {
  const ranges = Array.from({ length: RANGES }, (_, n) =>
    runtime.spawn(countPrimes, startOf(n), startOf(n + 1)),
  );
  return yield* join(...ranges);
}

function busyMs(ranges: readonly Counted[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}

async function run(page: Page): Promise<void> {
  const runtime = workersBuilder(import.meta.resolve("../../tasks/primes.js")).build();
  await withRuntime(runtime, async () => {
    // Once without measuring, so that the engine has compiled the loop.
    primesIn(0, LIMIT / 10);
    const nodeTime = stopwatch();
    for (let n = 0; n < RANGES; n++) primesIn(startOf(n), startOf(n + 1));
    const nodeMs = nodeTime();
    const time = stopwatch();
    const counted = await runtime.run(countAll, runtime);
    const ms = time();

    const show = (label: string, ranges: readonly Counted[]): void =>
      page.line(shareLine(label, busyMs(ranges) / busyMs(counted), `${ranges.length} ranges`));
    const perWorker = RANGES / WORKERS;
    for (const worker of workerNumbers())
      show(
        `worker ${worker}`,
        counted.filter((each) => each.worker === worker),
      );
    for (const worker of workerNumbers())
      show(
        `dealt ${worker} `,
        counted.slice(Math.round(worker * perWorker), Math.round((worker + 1) * perWorker)),
      );
    page.say(
      `Above, each worker's share of the time as it went; below, what it would have been had the ${RANGES} ranges been dealt ` +
        "out beforehand, the same number to each.",
    );
    page.figures([
      {
        label: `${RANGES} ranges: ${WORKERS} workers / one thread`,
        unit: "ms",
        tokiwa: ms,
        plainNode: nodeMs,
        compare: "time",
      },
    ]);
    const primes = counted.reduce((sum, each) => sum + each.primes, 0);
    page.check(
      `together they counted the ${count(PRIMES)} primes below ${count(LIMIT)}`,
      primes === PRIMES,
      count(primes),
    );
    page.check(
      "every range was counted on a worker, none on the thread that asked",
      counted.every(({ worker }) => worker >= 0 && worker < WORKERS),
    );
  });
}

export const unevenMap: Chapter = {
  name: "uneven",
  title: "Parts of different size",
  intro:
    "Primes are counted in ranges that grow: the last one is thousands of times the work of the first. A task is not assigned to " +
    "a worker beforehand. It waits where all can take it, and so nobody is left with the large ones.",
  run,
};
