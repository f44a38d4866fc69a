// What a test may say about the runtime it gets.

import { host } from "#host";
import { Builder } from "../runtime/builder.js";
import { InvalidArgumentError } from "../runtime/errors.js";
import type { TaskMeta } from "../runtime/options.js";
import type { Runtime } from "../runtime/runtime.js";

/** Settings of a test. Whatever else stands among its options goes to the test runner. */
export interface TestOptions {
  /** Whether the clock stands at zero and moves by itself when nothing is ready. True unless set. */
  readonly startPaused?: boolean;
  /** Seeds every random choice; `TOKIWA_TEST_SEED`, or 1, unless set. */
  readonly seed?: number;
  /** Runs the test with so many seeds, from 0 on, each in a runtime of its own. A failure names its seed. */
  readonly seeds?: number;
  /** Whether the test fails when a task, a timer or a socket is left at its end. False unless set. */
  readonly checkLeaks?: boolean;
  /** Whether a task may throw without anybody looking at its handle. False unless set: then the test fails. */
  readonly allowPanics?: boolean;
  /** Further settings of the runtime. */
  readonly configure?: (builder: Builder) => Builder;
  /**
   * Milliseconds of real time that the test may take; also told to the test runner. What Vitest says of the test, or 5,000, unless
   * set. Shortly before, the test fails and names the tasks that wait.
   */
  readonly timeout?: number;
  /** Options of the test runner: `skip`, `only`, `retry` … */
  readonly [option: string]: unknown;
}

const OWN = ["startPaused", "seed", "seeds", "checkLeaks", "allowPanics", "configure"];

const SEED_VARIABLE = "TOKIWA_TEST_SEED";

/** Where nothing else is said. Vitest's and Jest's figure. */
const DEFAULT_TIMEOUT_MS = 5_000;

/** The test's own limit comes a little before the runner's, whose message says less. */
const EARLIER = 0.9;

/** The options without those that are for the test kit. */
export function runnerOptions(options: TestOptions): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !OWN.includes(name)));
}

function isCount(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function seedOfEnvironment(): number {
  const text = host.environment(SEED_VARIABLE);
  if (text === undefined || text === "") return 1;
  if (!isCount(Number(text), 0))
    throw new InvalidArgumentError(SEED_VARIABLE, text, "a whole number from 0 to 2^53 - 1");
  return Number(text);
}

/** The seeds that a test is run with. @throws {InvalidArgumentError} */
export function seedsOf({ seed, seeds }: TestOptions): number[] {
  if (seeds === undefined) return [seed ?? seedOfEnvironment()];
  if (!isCount(seeds, 1) || seed !== undefined)
    throw new InvalidArgumentError(
      "test({ seeds })",
      seeds,
      "a whole number from 1, without `seed`",
    );
  return Array.from({ length: seeds }, (_, index) => index);
}

/** The time limit of a test in milliseconds, if there is one. `context` is what Vitest passes to the test. */
export function limitOf(options: TestOptions, after: readonly unknown[], context: unknown): number {
  const task = (context as { task?: { timeout?: unknown } } | null | undefined)?.task;
  const said = [options.timeout, after[0], task?.timeout].find(
    (value) => typeof value === "number",
  );
  const limitMs = (said as number | undefined) ?? DEFAULT_TIMEOUT_MS;
  return limitMs > 0 ? limitMs * EARLIER : Number.POSITIVE_INFINITY;
}

/** A fresh runtime for a test. */
export function buildRuntime(
  options: TestOptions,
  seed: number,
  onPanic: (task: TaskMeta, error: unknown) => void,
): Runtime {
  const builder = Builder.newCurrentThread()
    .enableAll()
    .startPaused(options.startPaused ?? true)
    .rngSeed(seed)
    .trackSpawnSites()
    .onUnobservedPanic(onPanic);
  return (options.configure?.(builder) ?? builder).build();
}
