// What mocks have found wrong, by the runtime of the test that uses them: the code under test may catch what a mock throws, and the
// test is to fail all the same.
//
// M1  A failure is remembered until the test looks at it: as the error that `assertRejects` or `assertThrows` gives.

import { tryCurrentScheduler } from "../runtime/entered.js";
import { MockError } from "./errors.js";

/** The first failure on each runtime; of a runtime that is gone nothing is kept. */
const failures: WeakMap<object, MockError> = /* @__PURE__ */ new WeakMap();
const expected: WeakSet<MockError> = /* @__PURE__ */ new WeakSet();

/** A mock is about to throw this. */
export function noteFailure(error: MockError): void {
  const scheduler = tryCurrentScheduler();
  if (scheduler !== undefined && !failures.has(scheduler)) failures.set(scheduler, error);
}

/** A test says that this was to be thrown, be it by a task that it waited for. */
export function expectFailure(error: unknown): void {
  if (error instanceof MockError) expected.add(error);
  else if (error instanceof Error && error.cause !== undefined) expectFailure(error.cause);
}

export function isExpected(error: MockError): boolean {
  return expected.has(error);
}

/** What a mock has found wrong on a runtime, unless the test expected it. */
export function failureOn(scheduler: object): MockError | undefined {
  const error = failures.get(scheduler);
  return error === undefined || isExpected(error) ? undefined : error;
}
