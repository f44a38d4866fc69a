// Two runtimes, as a database would have them: one computes, on every core; the other does nothing but I/O, and so always answers
// at once, however much is being computed. Tasks of the first ask the second for what they need.
//
//   node examples/run.mjs two-runtimes

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { join, sleep } from "tokiwa";
import { Builder, type Runtime } from "tokiwa/runtime";
import { countAbove, ROWS_A_PAGE, readPage, writeTable } from "./tasks/pages.js";

const PAGES = 300;
const LIMIT = 899;

const directory = mkdtempSync(path(tmpdir(), "tokiwa-"));
const file = path(directory, "table");
writeTable(file, PAGES);

const module = import.meta.resolve("./tasks/pages.js");
const cpu = Builder.newMultiThread().name("cpu").preload(module).build();
const io = Builder.newMultiThread()
  .name("io")
  .workerThreads(1)
  .enableTime()
  .preload(module)
  .build();

/** Runs on this thread; what it spawns runs on the workers of `cpu`, and what those spawn on the worker of `io`. */
function* query(disk: Runtime) {
  const pages = Array.from({ length: PAGES }, (_, page) =>
    cpu.spawn(countAbove, disk.handle(), file, page, LIMIT),
  );
  return yield* join(...pages);
}

/** Reads a page now and then, and measures how long that takes. */
function* probe(disk: Runtime, times: number[]) {
  for (let page = 0; ; page = (page + 1) % PAGES) {
    const start = performance.now();
    yield* disk.spawn(readPage, file, page);
    times.push(performance.now() - start);
    yield* sleep(5);
  }
}

const times: number[] = [];
const probing = io.spawn(probe, io, times);
const start = performance.now();
const parts = await cpu.run(query, io);
const ms = performance.now() - start;
probing.abort();

const found = parts.reduce((sum, { count }) => sum + count, 0);
console.log(
  `${found} of ${PAGES * ROWS_A_PAGE} rows are above ${LIMIT}; asked in ${ms.toFixed(0)} ms`,
);
console.log(`read by: ${names(parts.map(({ readBy }) => readBy))}`);
console.log(`counted by: ${names(parts.map(({ countedBy }) => countedBy))}`);
times.sort((one, other) => one - other);
console.log(
  `meanwhile a page was read ${times.length} times from here, typically in ${times[times.length >> 1]?.toFixed(1)} ms`,
);

await Promise.all([cpu.shutdown(), io.shutdown()]);
rmSync(directory, { recursive: true });

function names(all: readonly string[]): string {
  return [...new Set(all)].join(", ");
}
