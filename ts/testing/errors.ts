// Errors of the test kit. Their messages are for whoever reads a failed test.

import { TokiwaError } from "../future/index.js";
import type { TaskDump } from "../runtime/reports.js";

/** Something was not as a test says that it is. */
export class AssertionFailedError extends TokiwaError {
  readonly actual: unknown;
  readonly expected: unknown;
  constructor(message: string, details: { actual?: unknown; expected?: unknown; cause?: unknown }) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.actual = details.actual;
    this.expected = details.expected;
  }
}

/** A mock was used in another way than its script says, or its script has not come to its end. */
export class MockError extends TokiwaError {
  /** The name of the mock. */
  readonly mock: string;
  constructor(mock: string, problem: string) {
    super(`${mock}: ${problem}`);
    this.mock = mock;
  }
}

/** A test took longer than it may. */
export class TestTimeoutError extends TokiwaError {
  constructor(limitMs: number, waiting: readonly string[]) {
    const tasks = waiting.length === 0 ? "no task is left" : `these wait:\n${waiting.join("\n")}`;
    super(`the test has not ended after ${limitMs} ms; ${tasks}`);
  }
}

/** A task of a test threw, and nobody looked at its handle. */
export class TestPanicError extends TokiwaError {
  constructor(task: string, cause: unknown) {
    super(
      `${task} threw, and the test did not look at its handle: ${String(cause)}. ` +
        "Wait for the handle, or set `{ allowPanics: true }`.",
      { cause },
    );
  }
}

/** What has been added to a runtime since a {@link LeakCheck} was made. */
export interface Leaks {
  /** Tasks spawned since that have not ended, but for the one that asks. */
  readonly tasks: readonly TaskDump[];
  /** How many more timers there are. */
  readonly timers: number;
  /** How many sockets and listeners were opened and not closed, on this thread. */
  readonly ioHandles: number;
  /** For how many promises, signals and operations of the host something waits. */
  readonly outside: number;
  /** How many wakers stand in lists of primitives: of futures that were polled, and that neither completed nor were dropped. */
  readonly wakers: number;
  /** How many guards and permits of locks, semaphores and channels were taken and not released. */
  readonly guards: number;
  /** How many objects in shared memory have handles that were made and not disposed. */
  readonly sharedObjects: number;
  /** All of it in words, a line for each kind and each task. */
  readonly lines: readonly string[];
}

/** Something is still there that should have ended. */
export class LeakError extends TokiwaError {
  readonly leaks: Leaks;
  constructor(leaks: Leaks) {
    super(
      `something is left that should have ended:\n${leaks.lines.map((line) => `  ${line}`).join("\n")}`,
    );
    this.leaks = leaks;
  }
}
