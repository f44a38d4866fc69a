// piscina, as its docs use it: a file for the function, default settings but for the number of threads.

import { Piscina } from "piscina";
import { check, outcome } from "../../harness/round.mjs";
import { poolRows, versionOf } from "./rows.mjs";

const fileOf = (task) => new URL(`./tasks/${task}.mjs`, import.meta.url).href;

/** The constructor starts the threads, and takes them to be ready from the start. */
function open(workers, task) {
  const pool = new Piscina({ filename: fileOf(task), minThreads: workers, maxThreads: workers });
  return { call: (argument) => pool.run(argument), close: () => pool.destroy() };
}

async function callBatches(pool, batches, batch) {
  for (let i = 0; i < batches; i++)
    await Promise.all(Array.from({ length: batch }, () => pool.run()));
  return batches * batch;
}

let pool;

export const versions = versionOf("piscina");
export const rows = {
  ...poolRows(open),
  async spawn_blocking({ tasks, batches, batch }) {
    pool ??= new Piscina({ filename: fileOf("nothing") });
    const running = [];
    const start = performance.now();
    for (let i = 0; i < tasks; i++) running.push(callBatches(pool, batches, batch));
    const done = await Promise.all(running);
    const elapsed = performance.now() - start;
    const ops = tasks * batches * batch;
    check(
      "calls",
      done.reduce((sum, count) => sum + count, 0),
      ops,
    );
    return outcome(ops, elapsed);
  },
};
