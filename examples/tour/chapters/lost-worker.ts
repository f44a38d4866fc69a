// Workers that die in the middle of the work: what they were doing is lost and says so, everything else goes on.

import { JoinError, type JoinHandle, sleep } from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { exitHere, spinForEver } from "../../tasks/misbehave.js";
import { type Counted, countPrimes } from "../../tasks/primes.js";
import { Diary } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { WORKERS, withRuntime, workersBuilder } from "../workers.js";

const TASKS = 60;
/** The primes from 1,000,000 to 1,005,000. */
const FIRST = 1_000_000;
const LAST = 1_005_000;
const PATIENCE_MS = 10_000;

/** The value, or the error as which it came to nothing. */
function* outcome<T>(handle: JoinHandle<T>) {
  try {
    return yield* handle;
  } catch (error) {
    if (error instanceof JoinError) return error;
    throw error;
  }
}

function isLost(result: unknown): boolean {
  return result instanceof JoinError && result.isWorkerLost;
}

/** A few of them, in words. */
function first(results: readonly unknown[]): string {
  return results.slice(0, 3).join(", ");
}

function spawnWork(runtime: Runtime): JoinHandle<Counted>[] {
  return Array.from({ length: TASKS }, () => runtime.spawn(countPrimes, FIRST, LAST));
}

function* killAmongOthers(runtime: Runtime, diary: Diary) {
  const half = spawnWork(runtime);
  const place = new Int32Array(new SharedArrayBuffer(4));
  const stuck = runtime.spawn(spinForEver, place);
  diary.note("spawned", `${half.length} tasks that count primes, and one that never ends`);
  const end = performance.now() + PATIENCE_MS;
  while (Atomics.load(place, 0) === 0 && performance.now() < end) yield* sleep(1);
  const worker = Atomics.load(place, 0) - 1;
  diary.note("has begun", `the one that never ends, on worker ${worker}`);

  const dying = runtime.spawn(exitHere, 3);
  const work = [...half, ...spawnWork(runtime)];
  diary.note("spawned", `one that calls process.exit, and ${TASKS} more that count primes`);
  const died = yield* outcome(dying);
  if (isLost(died)) diary.note("JoinError", "the task that called process.exit is lost");

  diary.note("terminateWorker", "somebody has had enough of the one that never ends");
  const terminated = runtime.terminateWorker(worker);
  const spun = yield* outcome(stuck);
  if (isLost(spun)) diary.note("JoinError", "it is lost as well");

  const results = [];
  for (const handle of work) results.push(yield* outcome(handle));
  diary.note("settled", "every other handle has its value, or says that its worker was lost");
  const again = [];
  for (const handle of spawnWork(runtime)) again.push(yield* outcome(handle));
  diary.note("again", `${TASKS} more tasks, on workers that took the place of the lost ones`);
  return { died, spun, terminated, results, again };
}

async function run(page: Page): Promise<void> {
  const diary = new Diary();
  const lost: number[] = [];
  const runtime = workersBuilder(
    import.meta.resolve("../../tasks/primes.js"),
    import.meta.resolve("../../tasks/misbehave.js"),
  )
    .onWorkerLost((worker) => {
      lost.push(worker);
      diary.note("onWorkerLost", `worker ${worker} is gone and cleared up after`);
    })
    .build();
  await withRuntime(runtime, async () => {
    const { died, spun, terminated, results, again } = await runtime.run(
      killAmongOthers,
      runtime,
      diary,
    );
    page.steps(diary.steps);
    const values = results.filter((result) => !(result instanceof JoinError));
    const alongside = results.filter(isLost).length;
    const expected = (again.find((each) => !(each instanceof JoinError)) as Counted | undefined)
      ?.primes;
    const isRight = (result: Counted | JoinError): boolean =>
      !(result instanceof JoinError) && result.primes === expected;
    page.check(
      "the task that ended its worker failed with a JoinError that says so, and so did the one that was terminated",
      isLost(died) && terminated && isLost(spun),
      `${died}, ${spun}`,
    );
    page.check(
      `all ${results.length} others settled: ${values.length} with the right value, ${alongside} lost with the worker they had begun on`,
      values.length + alongside === results.length && values.every(isRight),
      first(results.filter((result) => !isRight(result))),
    );
    page.check(
      `${TASKS} tasks spawned afterwards all gave their value`,
      again.every(isRight),
      first(again.filter((result) => !isRight(result))),
    );
    page.check(
      "the hook onWorkerLost heard of both deaths, and the metrics count them",
      lost.length === 2 && runtime.metrics().lostWorkersCount() === 2,
      `${lost.length}, ${runtime.metrics().lostWorkersCount()}`,
    );
    page.say(
      `There are ${WORKERS} workers again. The lines on stderr are the runtime's: it says that it has lost a worker, and goes on.`,
    );
  });
}

export const lostWorker: Chapter = {
  name: "lost-worker",
  title: "A worker dies in the middle of it",
  intro:
    "One task calls process.exit, which ends the thread it runs on; another never ends, and its worker is terminated from outside. " +
    "What had begun on those workers is lost, and whoever waits for it learns that. What had not begun is run by others.",
  run,
};
