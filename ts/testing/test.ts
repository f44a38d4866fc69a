// A test that is a coroutine: it gets a runtime of its own, on a clock that stands, from a seed.

import { host } from "#host";
import type { CoroutineFunction } from "../future/index.js";
import { InvalidArgumentError } from "../runtime/errors.js";
import type { Runtime } from "../runtime/runtime.js";
import { titleOf } from "../runtime/task/title.js";
import { TestPanicError, TestTimeoutError } from "./errors.js";
import { LeakCheck, lineOf } from "./leaks.js";
import { failureOn } from "./mock-failures.js";
import { eachOf, ownRunner, parseCall, type RunnerFunction, type RunnerTest } from "./runner.js";
import { buildRuntime, limitOf, runnerOptions, seedsOf, type TestOptions } from "./settings.js";
import { unmasked } from "./unmasked.js";

/** What a test does: a coroutine function, an async function, or a plain one. */
export type TestBody<A extends readonly unknown[]> =
  | CoroutineFunction<A, unknown>
  | ((...args: A) => unknown);

/** What a test of one runner is called with. */
// biome-ignore lint/suspicious/noExplicitAny: the runner's own context, whose type only the runner knows.
type RunnerArguments = any[];

/** `test`, for tests with arguments of type `A`. */
export interface TestCallFunction<A extends readonly unknown[]> {
  /** @param timeoutMs as `options.timeout`. */
  (name: string, body: TestBody<A>, timeoutMs?: number): unknown;
  (name: string, options: TestOptions, body: TestBody<A>): unknown;
}

/** The columns of a table whose rows are of type `A`, which may be a union: a function cannot take that as its arguments. */
export type Columns<A extends readonly unknown[]> = A["length"] extends 1
  ? [A[0]]
  : A["length"] extends 2
    ? [A[0], A[1]]
    : A["length"] extends 3
      ? [A[0], A[1], A[2]]
      : A["length"] extends 4
        ? [A[0], A[1], A[2], A[3]]
        : A["length"] extends 5
          ? [A[0], A[1], A[2], A[3], A[4]]
          : A[number][];

/** The `test` that `tokiwaTest` gives. What the runner's own does not have, it has not. */
export interface TokiwaTest extends TestCallFunction<RunnerArguments> {
  readonly skip: TokiwaTest;
  readonly only: TokiwaTest;
  readonly concurrent: TokiwaTest;
  readonly sequential: TokiwaTest;
  /** Passes when the body fails. */
  readonly fails: TokiwaTest;
  todo(name: string): unknown;
  skipIf(condition: unknown): TokiwaTest;
  runIf(condition: unknown): TokiwaTest;
  /** A test for each case; a case that is an array is spread. */
  each<A extends readonly unknown[] | [unknown]>(cases: readonly A[]): TestCallFunction<Columns<A>>;
  each<T>(cases: readonly T[]): TestCallFunction<[T]>;
  /** A table, where the runner has that. */
  each(strings: TemplateStringsArray, ...values: unknown[]): TestCallFunction<RunnerArguments>;
}

/** When a test has to be over, all of its seeds together. */
interface Limit {
  readonly ms: number;
  readonly deadlineMs: number;
}

/** Waits for the test, but only so long. */
async function within<T>(limit: Limit, runtime: Runtime, main: Promise<T>): Promise<T> {
  if (limit.ms === Number.POSITIVE_INFINITY) return main;
  let timer: unknown;
  const late = new Promise<never>((_, reject) => {
    timer = host.setTimer(
      () => {
        const waiting = runtime.dump().map((task) => `  ${lineOf(task)}`);
        reject(new TestTimeoutError(Math.round(limit.ms), waiting));
      },
      Math.max(0, limit.deadlineMs - host.now()),
    );
  });
  // The runtime is shut down then, which is no news.
  main.catch(() => {});
  try {
    return await Promise.race([main, late]);
  } finally {
    host.clearTimer(timer);
  }
}

type Program = (...args: unknown[]) => PromiseLike<unknown>;

async function runOnce(
  body: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  options: TestOptions,
  seed: number,
  limit: Limit,
): Promise<void> {
  const panics: TestPanicError[] = [];
  const runtime = buildRuntime(options, seed, (task, error) => {
    panics.push(new TestPanicError(titleOf(task), error));
  });
  const leaks = options.checkLeaks === true ? new LeakCheck(runtime.handle()) : undefined;
  try {
    await within(limit, runtime, runtime.run(body as Program, ...args));
    // Whoever threw for it may have been caught.
    const failure = failureOn(runtime.handle().scheduler);
    if (failure !== undefined) throw failure;
    if (leaks !== undefined) await runtime.run(leaks.settled());
  } catch (error) {
    throw unmasked(error);
  } finally {
    runtime.shutdownBackground();
    leaks?.[Symbol.dispose]();
  }
  if (panics[0] !== undefined && options.allowPanics !== true) throw panics[0];
}

/** Says which of several seeds it was. */
function nameSeed(error: unknown, seed: number, options: TestOptions): void {
  if (options.seeds === undefined || !(error instanceof Error)) return;
  error.message += `\n(with seed ${seed}: repeat it with \`{ seed: ${seed} }\`)`;
}

async function runTest(
  body: (...args: unknown[]) => unknown,
  args: readonly unknown[],
  options: TestOptions,
  after: readonly unknown[],
): Promise<void> {
  const limitMs = limitOf(options, after, args[0]);
  const limit = { ms: limitMs, deadlineMs: host.now() + limitMs };
  for (const seed of seedsOf(options)) {
    try {
      await runOnce(body, args, options, seed, limit);
    } catch (error) {
      nameSeed(error, seed, options);
      throw error;
    }
  }
}

/**
 * What the runner is given for a body. Without parameters: some runners give a function that has any a callback to call when it is done.
 * As text it is the body: Vitest reads there which fixtures a test uses.
 */
function likeBody(
  body: (...args: unknown[]) => unknown,
  options: TestOptions,
  after: readonly unknown[],
): (...given: unknown[]) => Promise<void> {
  const run = (...given: unknown[]): Promise<void> => runTest(body, given, options, after);
  return Object.defineProperty(run, "toString", { value: () => body.toString() });
}

/** Makes the arguments of the runner's `test` from those of ours. */
function translate(args: readonly unknown[], defaults: TestOptions): unknown[] {
  const { name, options: own, body, after } = parseCall(args);
  const options: TestOptions = { ...defaults, ...own };
  const rest = runnerOptions(options);
  const translated: unknown[] = [name];
  if (Object.keys(rest).length > 0) translated.push(rest);
  if (body !== undefined) {
    seedsOf(options);
    translated.push(likeBody(body, options, after), ...after);
  }
  return translated;
}

const CHAINED = new Set<PropertyKey>([
  "skip",
  "only",
  "todo",
  "concurrent",
  "sequential",
  "fails",
  "failing",
]);
const CONDITIONS = new Set<PropertyKey>(["skipIf", "runIf"]);

function wrap(base: () => RunnerFunction, defaults: TestOptions): TokiwaTest {
  const run = (...args: unknown[]): unknown => base()(...translate(args, defaults));
  const property = (key: PropertyKey): unknown => {
    const value = base()[key];
    const call = (...args: unknown[]): RunnerFunction =>
      (value as RunnerFunction).apply(base(), args) as RunnerFunction;
    if (key === "each" && value === undefined)
      return (cases: readonly unknown[]) => wrap(() => eachOf(base(), cases), defaults);
    if (typeof value !== "function") return value;
    if (CHAINED.has(key)) return wrap(() => value as RunnerFunction, defaults);
    if (key === "each" || key === "for" || CONDITIONS.has(key))
      return (...args: unknown[]) => {
        const narrowed = call(...args);
        return wrap(() => narrowed, defaults);
      };
    return value;
  };
  // Whoever only looks at what a module exports asks for this one, and wants no runner.
  const get = (target: typeof run, key: string | symbol): unknown =>
    key === "prototype" ? Reflect.get(target, key) : property(key);
  return new Proxy(run, { get }) as unknown as TokiwaTest;
}

/**
 * Makes a `test` whose tests are coroutines, or async functions, each on a fresh current_thread runtime with every driver: by
 * default on a clock that stands at zero, and from a seed, so that a failure repeats.
 *
 * ```ts
 * import { test as base } from "vitest";
 * const test = tokiwaTest(base);
 * test("waits an hour, at once", function* () {
 *   yield* sleep({ hours: 1 });
 * });
 * ```
 *
 * A coroutine that nothing can wake any more fails with a `DeadlockError` at once. `skip`, `only`, `each` and the like are
 * the runner's, and so is what the test is called with.
 *
 * @param base the `test` of Vitest, node:test, Jest, Bun.
 * @param defaults for all of its tests; a test's own options go first.
 */
export function tokiwaTest(base: RunnerTest, defaults: TestOptions = {}): TokiwaTest {
  if (typeof base !== "function")
    throw new InvalidArgumentError("tokiwaTest(base)", base, "the `test` of a test runner");
  return wrap(() => base as unknown as RunnerFunction, defaults);
}

/**
 * {@link tokiwaTest} of the runner that this is imported in: its global `test`, or node:test.
 *
 * @throws {InvalidArgumentError} at the first test, where there is neither.
 */
export const test: TokiwaTest = /* @__PURE__ */ wrap(ownRunner, {});
