// Two runtimes in one process: one for computing, one for I/O, and tasks of the first that ask the second.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { join, sleep } from "tokiwa";
import { Builder, type Runtime } from "tokiwa/runtime";
import { countAbove, ROWS_A_PAGE, readPage, writeTable } from "../../tasks/pages.js";
import { quantile } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { count } from "../units.js";
import { withRuntime, workersBuilder } from "../workers.js";

const PAGES = 250;
const LIMIT = 899;

function* query(cpu: Runtime, io: Runtime, file: string) {
  const pages = Array.from({ length: PAGES }, (_, page) =>
    cpu.spawn(countAbove, io.handle(), file, page, LIMIT),
  );
  return yield* join(...pages);
}

/** Reads a page now and then, until it is aborted; notes how long each took. */
function* probe(io: Runtime, file: string, times: number[]) {
  for (let page = 0; ; page = (page + 1) % PAGES) {
    const start = performance.now();
    yield* io.spawn(readPage, file, page);
    times.push(performance.now() - start);
    yield* sleep(2);
  }
}

function only(names: readonly string[], name: string): boolean {
  return names.length > 0 && names.every((each) => each === name);
}

async function run(page: Page): Promise<void> {
  const directory = mkdtempSync(path(tmpdir(), "tokiwa-tour-"));
  const file = path(directory, "table");
  writeTable(file, PAGES);
  const module = import.meta.resolve("../../tasks/pages.js");
  const cpu = workersBuilder(module).name("cpu").build();
  const io = Builder.newMultiThread()
    .enableTime()
    .name("io")
    .workerThreads(1)
    .preload(module)
    .build();
  const times: number[] = [];
  try {
    await withRuntime(cpu, () =>
      withRuntime(io, async () => {
        await io.spawn(readPage, file, 0);
        const probing = io.spawn(probe, io, file, times);
        const start = performance.now();
        const parts = await cpu.run(query, cpu, io, file);
        const ms = performance.now() - start;
        probing.abort();
        page.figures([
          { label: `${PAGES} pages read on one, counted on the other`, unit: "ms", tokiwa: ms },
          { label: "pages read from here meanwhile", unit: "count", tokiwa: times.length },
          { label: "  the time that one took: median", unit: "ms", tokiwa: quantile(times, 0.5) },
          { label: "  the slowest", unit: "ms", tokiwa: quantile(times, 1) },
        ]);
        const found = parts.reduce((sum, part) => sum + part.count, 0);
        const rows = PAGES * ROWS_A_PAGE;
        page.check(
          `a tenth of the ${count(rows)} rows is above ${LIMIT}: ${count(found)}`,
          found === rows / 10,
          count(found),
        );
        page.check(
          "every page was read on the runtime for I/O and counted on the runtime for computing",
          only(
            parts.map(({ readBy }) => readBy),
            "io",
          ) &&
            only(
              parts.map(({ countedBy }) => countedBy),
              "cpu",
            ),
        );
        page.check(
          "while all of the workers for computing were busy the other runtime went on answering",
          times.length > 0,
          `${times.length} answers`,
        );
      }),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

export const twoRuntimes: Chapter = {
  name: "two-runtimes",
  title: "Two runtimes, as in a database",
  intro:
    "One runtime has a worker for each core and counts; the other has one worker, which reads pages of a file and is never " +
    "behind a long count. A task of the first is given a handle of the second, spawns onto it, and waits for the page.",
  run,
};
