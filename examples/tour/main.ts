// The tour: real programs on tokiwa, beside the same in plain Node.
//
//   npm start                          all chapters, about 20 seconds
//   npm start -- --only echo,join      some of them
//   npm start -- --list                their names
//   npm start --silent -- --json       the results for a program

import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { blocking } from "./chapters/blocking.js";
import { connections } from "./chapters/connections.js";
import { echoServer } from "./chapters/echo.js";
import { futures } from "./chapters/futures.js";
import { joining } from "./chapters/join.js";
import { laziness } from "./chapters/laziness.js";
import { lostWorker } from "./chapters/lost-worker.js";
import { mandelbrotSet } from "./chapters/mandelbrot.js";
import { memory } from "./chapters/memory.js";
import { replay } from "./chapters/replay.js";
import { selecting } from "./chapters/select.js";
import { sleepers } from "./chapters/sleepers.js";
import { starvation } from "./chapters/starvation.js";
import { stealing } from "./chapters/stealing.js";
import { twoRuntimes } from "./chapters/two-runtimes.js";
import { unevenMap } from "./chapters/uneven.js";
import { bold, dim, green, line, paragraph, red } from "./console.js";
import { stopwatch } from "./measure.js";
import { type Chapter, type ChapterReport, detailed, Page } from "./page.js";
import { seconds } from "./units.js";

const CHAPTERS: readonly Chapter[] = [
  futures,
  laziness,
  sleepers,
  connections,
  echoServer,
  memory,
  joining,
  selecting,
  starvation,
  replay,
  mandelbrotSet,
  unevenMap,
  stealing,
  blocking,
  twoRuntimes,
  lostWorker,
];

/** A chapter takes four seconds at most. One that takes this long hangs: the tour ends there. */
const CHAPTER_LIMIT_MS = 60_000;

const USAGE = `The tokiwa tour: real programs on the runtime, measured beside the same in plain Node.

  npm start                        all ${CHAPTERS.length} chapters
  npm start -- [options]

  --only NAME     only this chapter; several times, or with commas: --only echo,join
  --list          the names of the chapters
  --json          results as JSON on standard output, nothing else (use \`npm start --silent\`)
  --help          this

Chapters: ${CHAPTERS.map((chapter) => chapter.name).join(", ")}

Exit code: 0 if everything that the tour claims held, 1 if something did not, 2 for a bad option.
Speed is shown and never claimed. NO_COLOR=1 turns colours off.`;

interface Options {
  readonly chapters: readonly Chapter[];
  readonly json: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

class UsageError extends Error {}

function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", multiple: true },
      json: { type: "boolean" },
      list: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  return {
    chapters: values.only === undefined ? CHAPTERS : chaptersNamed(values.only),
    json: values.json === true,
    list: values.list === true,
    help: values.help === true,
  };
}

function chaptersNamed(only: readonly string[]): readonly Chapter[] {
  const names = only.flatMap((value) => value.split(",")).map((name) => name.trim());
  const known = CHAPTERS.map((chapter) => chapter.name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UsageError(
      `--only: there is no chapter ${unknown.map((name) => JSON.stringify(name)).join(", ")}; there are ${known.join(", ")}`,
    );
  return CHAPTERS.filter((chapter) => names.includes(chapter.name));
}

class HangError extends Error {
  override name = "HangError";
  constructor() {
    super(`it did not end in ${seconds(CHAPTER_LIMIT_MS)}`);
  }
}

/** Rejects if a chapter hangs. Its timer keeps no process alive. */
function withinLimit(running: Promise<void>): Promise<void> {
  let watchdog: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    watchdog = setTimeout(() => reject(new HangError()), CHAPTER_LIMIT_MS).unref();
  });
  return Promise.race([running, limit]).finally(() => clearTimeout(watchdog));
}

/**
 * Runs a chapter. What it throws is a claim that did not hold: that it can be run.
 *
 * @returns the report, and whether it hangs.
 */
async function runChapter(chapter: Chapter, quiet: boolean) {
  const page = new Page(chapter, CHAPTERS.indexOf(chapter) + 1, quiet);
  const time = stopwatch();
  let hangs = false;
  try {
    await withinLimit(chapter.run(page));
  } catch (error) {
    hangs = error instanceof HangError;
    if (!hangs) console.error(error);
    page.check("the chapter ran to its end", false, String(error));
  }
  page.report.milliseconds = time();
  return { report: page.report, hangs };
}

function where() {
  return {
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    processors: cpus().length,
  };
}

function showHead(chapters: readonly Chapter[]): void {
  const { node, platform, processors } = where();
  line();
  line(
    `${bold("tokiwa")}  the tour  ${dim(`Node ${node}, ${platform}, ${processors} processors`)}`,
  );
  line();
  paragraph(
    "",
    "tokiwa is an async runtime for TypeScript: it decides which of many tasks runs next, wakes them when there is " +
      "something to do, and drops them when nobody wants them any more. Each chapter does real work on it and then the " +
      'same in plain Node, in this process. Lines with a "✓" are claims, and are checked. Times are ' +
      "shown as measured here, once, whoever is faster; `npm run bench` measures with care.",
    (text) => text,
  );
  if (chapters.length < CHAPTERS.length)
    line(dim(`\n${chapters.length} of ${CHAPTERS.length} chapters`));
}

function showEnd(reports: readonly ChapterReport[], ms: number): void {
  const checks = reports.flatMap((report) => report.checks);
  const failed = checks.filter((check) => !check.holds).length;
  line();
  if (failed === 0) {
    line(green(`All ${checks.length} claims held.`) + dim(`  ${seconds(ms)}`));
    line(dim("The programs are in examples/tour/chapters. Next: README.md, and `npm test`."));
    return;
  }
  line(red(`${failed} of ${checks.length} claims did not hold:`) + dim(`  ${seconds(ms)}`));
  for (const report of reports)
    for (const check of report.checks)
      if (!check.holds) line(`  ${bold(report.name)}: ${detailed(check)}`);
}

function showJson(reports: readonly ChapterReport[], ms: number): void {
  const failed = reports.flatMap(({ name, checks }) =>
    checks.filter((check) => !check.holds).map((check) => ({ chapter: name, ...check })),
  );
  const claims = reports.reduce((sum, report) => sum + report.checks.length, 0);
  const result = {
    tour: "tokiwa",
    ...where(),
    ok: failed.length === 0,
    milliseconds: ms,
    claims,
    failed,
    chapters: reports,
  };
  line(JSON.stringify(result, null, 2));
}

function showList(json: boolean): void {
  const names = CHAPTERS.map(({ name, title }) => ({ name, title }));
  if (json) line(JSON.stringify(names, null, 2));
  else for (const { name, title } of names) line(`${name.padEnd(14)}${title}`);
}

async function tour(args: string[]): Promise<number> {
  const { chapters, json, list, help } = parseOptions(args);
  if (help) line(USAGE);
  else if (list) showList(json);
  if (help || list) return 0;
  const time = stopwatch();
  const reports: ChapterReport[] = [];
  if (!json) showHead(chapters);
  for (const chapter of chapters) {
    underWay = chapter.name;
    const { report, hangs } = await runChapter(chapter, json);
    reports.push(report);
    if (!hangs) continue;
    // What hangs may keep the process alive.
    setTimeout(() => process.exit(), 100);
    break;
  }
  if (json) showJson(reports, time());
  else showEnd(reports, time());
  return reports.every((report) => report.checks.every((check) => check.holds)) ? 0 : 1;
}

function isUsageError(error: unknown): error is Error {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return error instanceof UsageError || code.startsWith("ERR_PARSE_ARGS");
}

/** The chapter that is being run. */
let underWay: string | undefined;
let exitCode: number | undefined;

// A process with nothing left to wait for just ends. If that happens on the way it is a failure, and not a quiet one.
process.on("exit", () => {
  if (exitCode !== undefined) return;
  console.error(`the tour broke off in chapter "${underWay}"`);
  process.exitCode = 1;
});

// `npm start | head`: a reader that has seen enough is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  exitCode = 0;
  process.exit(0);
});

async function start(): Promise<number> {
  try {
    return await tour(process.argv.slice(2));
  } catch (error) {
    if (!isUsageError(error)) throw error;
    console.error(`${error.message}\n\`npm start -- --help\` shows the options`);
    return 2;
  }
}

exitCode = await start();
process.exitCode = exitCode;
