// The root of every error that the library throws on purpose, and those of the future protocol itself.

/**
 * A class's own name. Bundlers number one of two classes that are called alike, and put a line before one that names itself; no
 * class of this library is called so.
 */
export function nameOf(itsClass: { readonly name: string }): string {
  return itsClass.name.replace(/^_|\d+$/g, "");
}

/** Base of all errors of this library. `name` is the class's own name, so that a log line names it. */
export class TokiwaError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = nameOf(new.target);
  }
}

/** A future was polled after it had given its result. */
export class PolledAfterCompletionError extends TokiwaError {
  constructor(what: string) {
    super(
      `${what} was polled after completion. A future gives its result once: keep the result, or make a new future.`,
    );
  }
}

/** Something that is no future stood where a future is needed. The message says what to write instead. */
export class NotAFutureError extends TokiwaError {
  /** What was given. */
  readonly given: unknown;
  constructor(message: string, given: unknown) {
    super(message);
    this.given = given;
  }
}

/** `yield*` was used where nobody polls. */
export class NoContextError extends TokiwaError {
  constructor() {
    super(
      "a future was iterated outside of a task. Inside a coroutine write `yield* future`; in an async function write `await future`; " +
        "to start a coroutine write `spawn(fn, ...args)`.",
    );
  }
}

/** A coroutine waited for something while it was being dropped. */
export class AwaitWhileDroppingError extends TokiwaError {
  constructor() {
    super(
      "a coroutine tried to wait inside `finally` or a dispose while it was being cancelled. " +
        "Clean-up after cancellation must not wait: spawn a task for it, or finish the work before the cancellation point.",
    );
  }
}

/** A future was polled or dropped from inside its own poll. */
export class ReentrantPollError extends TokiwaError {
  constructor(what: string) {
    super(`a coroutine was ${what} from inside its own poll`);
  }
}

/** Something that needs this thread's event loop was polled while `blockOn` stops that loop. */
export class BlockedLoopError extends TokiwaError {
  constructor(what: string) {
    super(
      `${what} needs this thread's event loop, which \`blockOn\` stops until it returns. ` +
        "Use `await runtime.run(...)` instead; timers, channels and tasks work under `blockOn`.",
    );
  }
}

/** The time was up before the value was there. */
export class ElapsedError extends TokiwaError {
  constructor() {
    super("deadline has elapsed");
  }
}

const LONGEST_TEXT = 80;

/** A plain object as it would be written, shortened; undefined has no place in JSON and is written all the same. */
function describeObject(value: object): string {
  try {
    const fields = Object.entries(value).map(([name, field]) => `${name}: ${describe(field)}`);
    const text = `{ ${fields.join(", ")} }`;
    return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  } catch {
    return "an object";
  }
}

/** How a value reads in an error message. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object") return String(value);
  if (Object.getPrototypeOf(value) === Object.prototype) return describeObject(value);
  const name = value.constructor?.name || "object";
  return `${/^[AEIOUaeiou]/.test(name) ? "an" : "a"} ${name}`;
}
