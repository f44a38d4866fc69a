// What mocks have found wrong, by the runtime of the test that uses them: the code under test may catch what a mock throws, and the
// test is to fail all the same.
//
// M1  A failure is remembered until the test looks at it: as the error that `assertRejects` or `assertThrows` gives.

import { tryCurrentScheduler } from "../runtime/entered.js";
import { MockError } from "./errors.js";

/** The failures on each runtime; of a runtime that is gone nothing is kept. */
const failures: WeakMap<object, MockError[]> = /* @__PURE__ */ new WeakMap();
const expected: WeakSet<MockError> = /* @__PURE__ */ new WeakSet();

/** A mock is about to throw this. */
export function noteFailure(error: MockError): void {
  const scheduler = tryCurrentScheduler();
  if (scheduler === undefined) return;
  const before = failures.get(scheduler);
  if (before === undefined) failures.set(scheduler, [error]);
  else before.push(error);
}

/** A test says that this was to be thrown, be it by a task that it waited for. */
export function expectFailure(error: unknown): void {
  if (error instanceof MockError) expected.add(error);
  else if (error instanceof Error && error.cause !== undefined) expectFailure(error.cause);
}

export function isExpected(error: MockError): boolean {
  return expected.has(error);
}

/** What mocks have found wrong first on a runtime, but for what the test expected. */
export function failureOn(scheduler: object): MockError | undefined {
  return failures.get(scheduler)?.find((error) => !isExpected(error));
}
