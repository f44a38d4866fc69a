// Stealing, made visible: the tasks of a worker that is busy are taken by one that is not.

import type { Counted } from "../../tasks/primes.js";
import { spawnAndHog } from "../../tasks/steal.js";
import type { Chapter, Page } from "../page.js";
import { fixed } from "../units.js";
import { withRuntime, workerNumbers, workersBuilder } from "../workers.js";

const TASKS = 48;
const SIZE = 10_000;
/** So many are to be taken from the worker that keeps itself busy, before it gives way. */
const ENOUGH = 16;
const PATIENCE_MS = 10_000;
const WIDTH = 76;

/** A letter for each task, as wide as the time it took. */
function lane(worker: number, counted: readonly Counted[], start: number, end: number): string {
  const places = Array.from({ length: WIDTH }, () => "·");
  const place = (time: number): number =>
    Math.round(((time - start) / (end - start)) * (WIDTH - 1));
  for (const [task, { worker: ranOn, from, to }] of counted.entries())
    if (ranOn === worker)
      places.fill(
        String.fromCharCode((task % 2 === 0 ? 65 : 97) + (task % 26)),
        place(from),
        place(to) + 1,
      );
  return places.join("");
}

async function run(page: Page): Promise<void> {
  const runtime = workersBuilder(import.meta.resolve("../../tasks/steal.js")).build();
  await withRuntime(runtime, async () => {
    const metrics = runtime.metrics();
    const workers = workerNumbers();
    const started = (): number =>
      workers.reduce((sum, worker) => sum + metrics.workerStartedTasksCount(worker), 0);
    const result = await (async () => {
      using _ = page.progress(
        () =>
          `queues ${workers.map((worker) => metrics.workerLocalQueueDepth(worker)).join(" ")}, ${started()} begun`,
        () => started() / (TASKS + 1),
      );
      return await runtime.spawn(spawnAndHog, TASKS, SIZE, ENOUGH, PATIENCE_MS);
    })();
    const { counted, worker: first, taken } = result;
    const start = Math.min(...counted.map(({ from }) => from));
    const end = Math.max(...counted.map(({ to }) => to));
    for (const worker of workers)
      page.line(`worker ${worker} ${lane(worker, counted, start, end)}`);
    const stolen = workers.reduce((sum, worker) => sum + metrics.workerStealCount(worker), 0);
    const goes = workers.reduce((sum, worker) => sum + metrics.workerStealOperations(worker), 0);
    page.say(
      `${fixed(end - start, 0)} ms from left to right, a letter for each task. Worker ${first} spawned all ${TASKS} and then kept ` +
        `itself busy until ${taken} had begun elsewhere. ${stolen} were stolen, in ${goes} goes: a thief takes half.`,
    );
    page.check(
      "while the worker that had spawned them gave no turn to anybody, others took its tasks and ran them",
      taken >= ENOUGH && stolen > 0,
      `${taken} begun elsewhere, ${stolen} stolen`,
    );
    page.check(
      `each of the ${TASKS} tasks ran, once`,
      counted.length === TASKS && started() === TASKS + 1,
      `${started() - 1} begun`,
    );
  });
}

export const stealing: Chapter = {
  name: "stealing",
  title: "Stealing, made visible",
  intro:
    "A task on one worker spawns others, which stand in that worker's own queue, where spawning is cheapest. A worker with " +
    "nothing to do takes half of somebody else's queue. Only tasks that have not begun: one that has stays where it is.",
  run,
};
