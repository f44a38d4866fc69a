// TOKIWA_SCHEDTRACE: a line about the scheduler on stderr every so many milliseconds, until the shutdown.

import { expect, test } from "vitest";
import { runProgram } from "./fixtures-blocking/support.js";

const LINE =
  /^SCHED (\d+)ms(?: (\S+))?: workers=(\d+) idle=(\d+) searching=(\d+) threads=(\d+) alive=(\d+) injector=(\d+) blocking=(\d+) blockingqueue=(\d+) timers=(\d+) \[([\d ]*)\]$/;

interface Line {
  readonly at: number;
  readonly name: string | undefined;
  readonly workers: number;
  readonly idle: number;
  readonly searching: number;
  readonly threads: number;
  readonly alive: number;
  readonly injector: number;
  readonly blocking: number;
  readonly blockingQueue: number;
  readonly timers: number;
  readonly queues: number[];
}

function parse(text: string): Line {
  const match = LINE.exec(text);
  if (match === null) throw new Error(`not a line of the trace: ${text}`);
  const numbers = match.map(Number);
  const [, at, , workers, idle, searching, threads, alive, injector, blocking, queue, timers] =
    numbers as [0, ...number[]];
  return {
    at,
    name: match[2],
    workers,
    idle,
    searching,
    threads,
    alive,
    injector,
    blocking,
    blockingQueue: queue,
    timers,
    queues: (match[12] as string).split(" ").map(Number),
  } as Line;
}

function linesOf(stderr: string): string[] {
  return stderr.split("\n").filter((line) => line !== "");
}

test("lines with what is there, until the shutdown", async ({ task, skip }) => {
  if (task.file.projectName === "check") skip();
  const run = await runProgram("trace-program.mjs", [], { TOKIWA_SCHEDTRACE: "20" });
  expect(run).toMatchObject({ code: 0, hung: false, stdout: "" });
  const all = linesOf(run.stderr);
  const end = all.indexOf("SHUT DOWN");
  // Nothing comes after it.
  expect(end).toBe(all.length - 1);
  const lines = all.slice(0, end).map(parse);
  expect(lines.length).toBeGreaterThanOrEqual(3);
  for (const line of lines) {
    expect(line.name).toBe("traced");
    expect(line.workers).toBe(2);
    expect(line.queues).toHaveLength(2);
    expect(line.idle).toBeLessThanOrEqual(2);
    expect(line.searching).toBeLessThanOrEqual(2);
    expect(line.threads).toBeLessThanOrEqual(4);
    expect(line.blocking).toBeLessThanOrEqual(2);
  }
  const times = lines.map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  // With two calls under way and one in the queue.
  expect(lines.some(({ blocking, blockingQueue }) => blocking === 2 && blockingQueue === 1)).toBe(
    true,
  );
  expect(lines.some(({ idle, timers }) => idle === 2 && timers === 1)).toBe(true);
  expect(lines.some(({ alive }) => alive >= 4)).toBe(true);
  // While 300 tasks wait for two workers that stand still.
  expect(
    lines.some(
      ({ injector, queues, idle }) =>
        injector + (queues[0] ?? 0) + (queues[1] ?? 0) === 300 && idle === 0,
    ),
  ).toBe(true);
});

test("it does not keep a program alive, nor is it there without being asked for", async ({
  task,
  skip,
}) => {
  if (task.file.projectName === "check") skip();
  const [traced, plain] = await Promise.all([
    runProgram("trace-main.mjs", ["120"], { TOKIWA_SCHEDTRACE: "20" }),
    runProgram("trace-main.mjs", ["20"], { TOKIWA_SCHEDTRACE: "" }),
  ]);
  expect(traced).toMatchObject({ code: 0, hung: false });
  expect(linesOf(traced.stderr).length).toBeGreaterThanOrEqual(1);
  for (const line of linesOf(traced.stderr)) parse(line);
  expect(plain).toMatchObject({ code: 0, hung: false, stderr: "" });
});

test.each(["0", "-5", "soon", "NaN"])("%s is no interval: no lines", async (value) => {
  const run = await runProgram("trace-main.mjs", ["20"], { TOKIWA_SCHEDTRACE: value });
  expect(run).toMatchObject({ code: 0, hung: false, stderr: "" });
});

test("an interval that is shorter than a millisecond does no harm", async () => {
  const run = await runProgram("trace-main.mjs", ["20"], { TOKIWA_SCHEDTRACE: "0.1" });
  expect(run).toMatchObject({ code: 0, hung: false });
  for (const line of linesOf(run.stderr)) parse(line);
});
