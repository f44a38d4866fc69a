// Errors of runtimes: settings, context, life cycle, limits.

import { describe, TokiwaError } from "../future/index.js";
import { titleOf } from "./task/title.js";

/** A setting or an argument was refused at the call. */
export class InvalidArgumentError extends TokiwaError {
  /** The setting or argument. */
  readonly argument: string;
  readonly given: unknown;
  /** What it may be, in words. */
  readonly allowed: string;
  constructor(argument: string, given: unknown, allowed: string) {
    super(`${argument} was given ${describe(given)}, but must be ${allowed}`);
    this.argument = argument;
    this.given = given;
    this.allowed = allowed;
  }
}

/** Something that needs a runtime was used outside of every runtime. */
export class NoRuntimeError extends TokiwaError {
  constructor(what: string) {
    super(
      `there is no runtime here: ${what} must be called from the context of a tokiwa runtime. ` +
        "Start one with `main(function* () { … })` or `runtime.run(…)`, or enter one with `using _ = runtime.enter()`. " +
        "(An async function keeps its runtime across `await` only where the host has AsyncLocalStorage.)",
    );
  }
}

/** A runtime was asked to block a thread that is polling tasks. */
export class NestedRuntimeError extends TokiwaError {
  constructor(what: string) {
    super(
      `Cannot start a runtime from within a runtime. This happens because a function (like \`${what}\`) attempted to ` +
        "block the current thread while the thread is being used to drive asynchronous tasks.",
    );
  }
}

/** This thread may not be blocked. */
export class CannotBlockError extends TokiwaError {
  constructor(hostName: string) {
    super(
      `\`blockOn\` cannot block this thread of ${hostName}: use \`await runtime.run(…)\` instead`,
    );
  }
}

/** The runtime has been shut down, or is being shut down. */
export class ShutdownError extends TokiwaError {
  constructor(what: string, options?: ErrorOptions) {
    super(`${what}: the runtime is being shut down, or has been. Make a new runtime.`, options);
  }
}

/** A task panicked and the runtime was configured to shut down then. */
export class UnhandledPanicError extends TokiwaError {
  constructor(cause: unknown) {
    super("a spawned task panicked and the runtime is configured to shut down on unhandled panic", {
      cause,
    });
  }
}

/** A driver that is needed was not enabled when the runtime was built. */
export class DriverDisabledError extends TokiwaError {
  constructor(driver: "timers" | "IO") {
    const method = driver === "timers" ? "enableTime()" : "enableIo()";
    super(
      `A tokiwa context was found, but ${driver} are disabled. Call \`${method}\` or \`enableAll()\` on the runtime builder.`.replace(
        "IO are",
        "IO is",
      ),
    );
  }
}

const LIMITS = {
  task: "Wait for some to end, or raise `Builder.maxTasks`.",
  timer: "Wait for some to end, or raise `Builder.maxTimers`.",
  "sendable function":
    "A function counts once, however often it is spawned: make it outside of loops.",
  "entry of a delay queue": "Wait for some to expire, or remove some.",
  thread: "Let some of the threads that use this runtime end.",
  "result of a task": "Give less back at once.",
  "argument of a task": "Wait for some tasks to end, or send less at once.",
  "value in shared memory": "Receive what is queued, or keep less in shared memory.",
};

/** As many tasks or timers are alive as the runtime may hold. */
export class LimitError extends TokiwaError {
  readonly limit: number;
  constructor(what: keyof typeof LIMITS, limit: number) {
    super(
      `no room for another ${what}: ${limit} are alive, or memory is at its maximum. ${LIMITS[what]}`,
    );
    this.limit = limit;
  }
}

/** A task that waits for what can never come. */
export interface WaitingTask {
  readonly id: number;
  readonly name: string | undefined;
  /** The name of the function or future it runs. */
  readonly fn: string;
  /** The stack of the `spawn`, when the runtime was built with `trackSpawnSites()`. */
  readonly site: string | undefined;
  /**
   * What it waits for. Known of every task when the runtime has a seed, a clock that started paused, or `trackSpawnSites()`;
   * else only of tasks that are futures.
   */
  readonly waitsFor: string | undefined;
}

/** How many tasks the message of a {@link DeadlockError} names. */
const TASKS_NAMED = 16;

function lineOf(task: WaitingTask): string {
  const wait = task.waitsFor === undefined ? "" : ` waits for ${task.waitsFor}`;
  return `  ${titleOf(task)}${wait}${task.site === undefined ? "" : `, spawned${task.site}`}`;
}

function waitingText(waiting: readonly WaitingTask[]): string {
  if (waiting.length === 0) return " the main future";
  const lines = waiting.slice(0, TASKS_NAMED).map(lineOf);
  if (waiting.length > TASKS_NAMED) lines.push(`  and ${waiting.length - TASKS_NAMED} more`);
  return `\n${lines.join("\n")}`;
}

/** Nothing is left that could ever wake the main future. */
export class DeadlockError extends TokiwaError {
  /** Every task that has not ended, by id, and what it waits for. */
  readonly waiting: readonly WaitingTask[];
  constructor(waiting: readonly WaitingTask[]) {
    super(
      "nothing can make progress any more: no task is ready, no timer is set, and no I/O is under way. " +
        `Still waiting:${waitingText(waiting)}`,
    );
    this.waiting = waiting;
  }
}

/** The clock was asked for something its state does not allow. */
export class ClockError extends TokiwaError {}

/** Guards of `enter()` were disposed in another order than the reverse of their making. */
export class EnterOrderError extends TokiwaError {
  constructor() {
    super(
      "`EnterGuard` values dropped out of order. Guards returned by `enter()` must be disposed in the reverse order of their making.",
    );
  }
}

/** A worker could not find a sendable function. */
export class ModuleLoadError extends TokiwaError {
  /** The module. */
  readonly url: string;
  /** The export that was looked for. */
  readonly exportName: string;
  constructor(url: string, exportName: string, problem: string, cause?: unknown) {
    super(
      `a worker cannot run ${JSON.stringify(exportName)}: ${url} ${problem}. ` +
        "`sendable(import.meta.url, name, fn)` must stand in the module that exports `fn` by that name.",
      cause === undefined ? undefined : { cause },
    );
    this.url = url;
    this.exportName = exportName;
  }
}

/** The threads of a runtime could not be started, or keep dying before they do anything. */
export class WorkerStartError extends TokiwaError {}

/** `blockInPlace` was called where no other worker could take over. */
export class CannotBlockInPlaceError extends TokiwaError {
  constructor() {
    super(
      "can call blocking only when running on the multi-threaded runtime: on current_thread everything would stand still. " +
        "Use `spawnBlocking`, or `Builder.newMultiThread()`.",
    );
  }
}

/** This place has no threads. */
export class NoThreadsError extends TokiwaError {
  constructor(hostName: string) {
    super(`${hostName} gives this library no threads: use \`Builder.newCurrentThread()\``);
  }
}
