// What a test has really failed with. A mock that is disposed because the test fails complains of what is left of its script, and the
// language then throws a SuppressedError which names neither: tokio-test's mocks say nothing while a thread panics.

import { MockError } from "./errors.js";

/** The language's SuppressedError, or what a compiler puts in its place. */
interface Suppressed {
  /** What was thrown last, by a dispose. */
  readonly error: unknown;
  /** What was under way then. */
  readonly suppressed: unknown;
}

function isSuppressed(error: unknown): error is Suppressed {
  return error instanceof Error && error.name === "SuppressedError" && "suppressed" in error;
}

/** Appends to an error's message what a mock said besides. */
function addNote(error: unknown, mock: MockError): void {
  if (error instanceof Error && error !== mock)
    error.message += `\n(and when it was disposed, ${mock.message})`;
}

/** The error itself, or, where a mock's complaint hides another, that one with a note of the complaint. */
export function unmasked(error: unknown): unknown {
  if (!isSuppressed(error) || !(error.error instanceof MockError)) return error;
  const real = unmasked(error.suppressed);
  addNote(real, error.error);
  return real;
}
