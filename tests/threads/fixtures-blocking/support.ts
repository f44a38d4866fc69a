// Gates that tests open and tasks wait at, runtimes that are shut down when their test has ended, and bounded waits.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Builder, type Runtime } from "tokiwa/runtime";
import { afterEach } from "vitest";
import { PATIENCE_MS } from "../../support/patience.js";
import { type ScriptResult, settles } from "../../support/tasks.js";
import { words } from "./tasks.mjs";

const WORDS_A_GATE = 2;

let gates = 0;
const running: Runtime[] = [];

/** A gate that is closed: tasks arrive at it and wait until the test opens it. */
export function newGate(): number {
  gates += 1;
  return gates * WORDS_A_GATE;
}

export function openGate(gate: number): void {
  Atomics.store(words, gate, 1);
  Atomics.notify(words, gate);
}

export function arrivals(gate: number): number {
  return Atomics.load(words, gate + 1);
}

/** Waits for a condition, in turns of the event loop. */
export async function until(
  what: string,
  isSo: () => boolean,
  limitMs = PATIENCE_MS,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`it never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Waits until so many have arrived. */
export function arrived(gate: number, count: number): Promise<void> {
  return until(`${count} at the gate`, () => arrivals(gate) >= count);
}

/** For what must not happen: gives it some turns of the event loop and some milliseconds to happen. */
export async function aWhile(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Has it shut down after the test. */
export function kept(rt: Runtime): Runtime {
  running.push(rt);
  return rt;
}

type Configure = (builder: Builder) => Builder;

/** A multi_thread runtime with two workers. */
export function multi(configure: Configure = (builder) => builder): Runtime {
  return kept(configure(Builder.newMultiThread().enableAll().workerThreads(2)).build());
}

/** A current_thread runtime on the real clock. */
export function single(configure: Configure = (builder) => builder): Runtime {
  return kept(configure(Builder.newCurrentThread().enableAll()).build());
}

/** In the context of a runtime, from the test's own thread. */
export function within<T>(rt: Runtime, fn: () => T): T {
  const entered = rt.enter();
  try {
    return fn();
  } finally {
    entered[Symbol.dispose]();
  }
}

afterEach(async () => {
  for (let gate = 1; gate <= gates; gate++) openGate(gate * WORDS_A_GATE);
  const reports = running.splice(0).map((rt) => rt.shutdownTimeout(PATIENCE_MS));
  const ends = await settles(Promise.all(reports), 2 * PATIENCE_MS);
  const stuck = ends.flatMap((end) => end.stuck);
  if (stuck.length > 0) throw new Error(`the shutdown left behind ${JSON.stringify(stuck)}`);
});

/** Runs a program of this folder in a process of its own; it gets the package. */
export function runProgram(
  file: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
  limitMs = PATIENCE_MS,
): Promise<ScriptResult> {
  const path = fileURLToPath(new URL(`./${file}`, import.meta.url));
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [path, ...args],
      { timeout: limitMs, killSignal: "SIGKILL", env: { ...process.env, ...env } },
      (error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr, hung: error?.killed === true }),
    );
  });
}
