// Runtimes whose clock stands still at zero and moves only when nothing is runnable.

import { type Coroutine, type CoroutineFunction, sleep } from "tokiwa";
import { Builder, Handle, type Runtime } from "tokiwa/runtime";
import { Instant } from "tokiwa/time";

export const SECOND = 1000;
export const DAY = 86_400_000;
export const YEAR = 365 * DAY;

/** A sleep that is made inside: none of its time goes by, on a clock that runs, before the first poll of the task. */
export function* pause(ms: number): Coroutine<void> {
  yield* sleep(ms);
}

/** A current_thread runtime under virtual time. */
export function pausedRuntime(): Runtime {
  return Builder.newCurrentThread().enableAll().startPaused(true).build();
}

/** Runs a program under virtual time, blocking, and shuts its runtime down. */
export function runPaused<T>(program: CoroutineFunction<[], T>): T {
  const runtime = pausedRuntime();
  try {
    return runtime.blockOn(program);
  } finally {
    runtime.shutdownBackground();
  }
}

/** The same on the thread's event loop, for programs with promises in them. */
export async function runPausedOnLoop<T>(program: CoroutineFunction<[], T>): Promise<T> {
  const runtime = pausedRuntime();
  try {
    return await runtime.run(program);
  } finally {
    runtime.shutdownBackground();
  }
}

/** Milliseconds on the clock of the runtime that this is called in. */
export function now(): number {
  return Instant.now().valueOf();
}

/** Timers that the current runtime's wheel holds. */
export function timers(): number {
  return Handle.current().metrics().numTimers();
}

/** What `action` throws. Fails if it does not throw. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
