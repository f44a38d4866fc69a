// Helpers for the tests of futures, tasks and runtimes: probes that record what was done to them, and bounded waits.

import { execFile } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Context, Future, Pending, type Poll, pollFn, Waker } from "tokiwa";
import { Builder, type Runtime } from "tokiwa/runtime";
import { vi } from "vitest";
import { PATIENCE_MS } from "./patience.js";

/** A current_thread runtime on a virtual clock, seeded. */
export function paused(configure: (builder: Builder) => Builder = (builder) => builder): Runtime {
  return configure(Builder.newCurrentThread().enableAll().startPaused(true).rngSeed(1)).build();
}

/** A current_thread runtime on the real clock. */
export function real(configure: (builder: Builder) => Builder = (builder) => builder): Runtime {
  return configure(Builder.newCurrentThread().enableAll()).build();
}

/** Counts its wakes. */
export class CountingWaker extends Waker {
  wakes = 0;
  override wake(): void {
    this.wakes += 1;
  }
}

/** Polls once by hand. */
export function pollOnce<T>(future: Future<T>, waker: Waker = Waker.noop()): Poll<T> {
  return future.poll({ waker });
}

/** A future that is completed from outside and records what is done to it. */
export class Probe<T = void> extends Future<T> {
  polls = 0;
  drops = 0;
  waker: Waker | undefined;
  private outcome: { value: T } | { error: unknown } | undefined;
  private readonly log: string[];
  private readonly name: string;

  constructor(log: string[] = [], name = "probe") {
    super();
    this.log = log;
    this.name = name;
  }

  complete(value: T): void {
    this.outcome = { value };
    this.waker?.wake();
  }

  fail(error: unknown): void {
    this.outcome = { error };
    this.waker?.wake();
  }

  poll(cx: Context): Poll<T> {
    this.polls += 1;
    this.log.push(`poll ${this.name}`);
    if (this.outcome === undefined) {
      this.waker = cx.waker;
      return Pending;
    }
    if ("error" in this.outcome) throw this.outcome.error;
    return this.outcome.value;
  }

  override [Symbol.dispose](): void {
    this.drops += 1;
    this.log.push(`drop ${this.name}`);
  }
}

/** A future whose dispose throws. */
export class BadDispose extends Future<never> {
  private readonly error: unknown;
  constructor(error: unknown) {
    super();
    this.error = error;
  }
  poll(_cx: Context): Poll<never> {
    return Pending;
  }
  override [Symbol.dispose](): void {
    throw this.error;
  }
}

/** The context of the task that polls it. */
export function currentPoll(): Future<Context> {
  return pollFn((cx) => cx);
}

/** What `fn` throws. Fails if it throws nothing. */
export function thrown(fn: () => unknown): Error {
  try {
    fn();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

/** What `promise` rejects with. Fails if it does not. */
export async function rejection(promise: PromiseLike<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("the promise did not reject");
}

/** Waits for a promise, but not for ever: one that is lost fails its test with a name. */
export async function settles<T>(promise: PromiseLike<T>, limitMs = PATIENCE_MS): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the promise never settled")), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Gives the host's event loop some whole turns. */
export async function loopTurns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Collects what nothing holds any more. */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round++) {
    await loopTurns(1);
    collect();
  }
}

/** Collects until nothing holds any more what should be gone, but not for ever. */
export async function untilCollected(what: string, isGone: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!isGone()) {
    if (performance.now() > end) throw new Error(`never collected: ${what}`);
    await collectGarbage();
  }
}

/** Runs `fn` and gives what was written to stderr meanwhile. */
export async function stderrOf(fn: () => unknown): Promise<string> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
  try {
    await fn();
  } finally {
    spy.mockRestore();
  }
  return written.join("");
}

/** How often `needle` stands in `text`. */
export function count(text: string, needle: string): number {
  return text.split(needle).length - 1;
}

export interface ScriptResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether it had to be killed because it did not end. */
  readonly hung: boolean;
}

/**
 * Runs a program in a process of its own.
 *
 * @param project the Vitest project: the program gets the same build as the test.
 * @param text a module that imports `tokiwa` by name.
 */
export function runScript(
  project: string,
  text: string,
  limitMs = PATIENCE_MS,
): Promise<ScriptResult> {
  const folder = new URL(
    project === "check" ? "../../build/check/" : "../../dist/",
    import.meta.url,
  );
  const module = text.replace(
    /"tokiwa(?:\/(\w+))?"/g,
    (_, entry: string | undefined) => `"${new URL(`${entry ?? "index"}.js`, folder).href}"`,
  );
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--input-type=module", "--eval", module],
      { timeout: limitMs, killSignal: "SIGKILL" },
      (error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr, hung: error?.killed === true }),
    );
  });
}
