// The test runners: how a test is told to Vitest, node:test and others that are like them.

import { host } from "#host";
import { InvalidArgumentError } from "../runtime/errors.js";

/** The `test` of a runner, as far as it is used here. */
export type RunnerTest = (...args: never[]) => unknown;

/** A runner's `test` with whatever else it has: `skip`, `only`, `each`. */
export type RunnerFunction = ((...args: unknown[]) => unknown) & Record<PropertyKey, unknown>;

/** A call of `test`, taken apart. */
export interface TestCall {
  readonly name: unknown;
  readonly options: Readonly<Record<string, unknown>>;
  readonly body: ((...args: unknown[]) => unknown) | undefined;
  /** What comes after the body: Vitest and Jest take a time limit there. */
  readonly after: readonly unknown[];
}

/** `test(name, options?, body, timeout?)`, in all forms that runners take. */
export function parseCall(args: readonly unknown[]): TestCall {
  const at = args.findIndex((argument, index) => index > 0 && typeof argument === "function");
  const options = args
    .slice(1, at < 0 ? undefined : at)
    .find((argument) => typeof argument === "object");
  return {
    name: args[0],
    options: (options ?? {}) as Record<string, unknown>,
    body: at < 0 ? undefined : (args[at] as TestCall["body"]),
    after: at < 0 ? [] : args.slice(at + 1),
  };
}

/** A name with the values of its case in place of `%s`, `%d`, `%i`, `%j`, `%o`, and its number in place of `%#`. */
function formatName(name: string, values: readonly unknown[], index: number): string {
  let next = 0;
  return name.replace(/%[sdijo#%]/g, (mark) => {
    if (mark === "%%") return "%";
    if (mark === "%#") return String(index);
    const value = values[next++];
    return mark === "%j" || mark === "%o" ? JSON.stringify(value) : String(value);
  });
}

/** `each` for a runner without: a test for each case. */
export function eachOf(base: RunnerFunction, cases: readonly unknown[]): RunnerFunction {
  if (!Array.isArray(cases))
    throw new InvalidArgumentError(
      "test.each(cases)",
      cases,
      "an array; this runner has no tables",
    );
  const run = (...args: unknown[]): void => {
    const { name, options, body } = parseCall(args);
    cases.forEach((value, index) => {
      const values = Array.isArray(value) ? value : [value];
      const own = Object.keys(options).length > 0 ? [options] : [];
      base(formatName(String(name), values, index), ...own, () => body?.(...values));
    });
  };
  return run as unknown as RunnerFunction;
}

/**
 * The runner that this code runs in: the global `test`, or node:test.
 *
 * @throws {InvalidArgumentError} where there is neither, and in a Vitest without globals.
 */
export function ownRunner(): RunnerFunction {
  const { test } = globalThis as { test?: unknown };
  if (typeof test === "function") return test as RunnerFunction;
  const inVitest = "__vitest_worker__" in globalThis;
  const builtin = inVitest ? undefined : host.builtinTest();
  if (typeof builtin === "function") return builtin as RunnerFunction;
  throw new InvalidArgumentError(
    "test",
    test,
    `a global of the test runner${inVitest ? ", and Vitest has it only with `globals: true`" : ""}. ` +
      "Import the runner's own and write `const test = tokiwaTest(base)`",
  );
}
