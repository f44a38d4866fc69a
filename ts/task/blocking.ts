// What may block or take long, away from the tasks that must not wait for it.

import { currentScheduler } from "../runtime/context.js";
import { spawnBlockingOn } from "../runtime/spawning.js";
import { JoinHandle } from "../runtime/task/join-handle.js";
import type { SendableAsync, SendableCoroutine, SendableFunction } from "../send/sendable.js";

/**
 * Runs a sendable function on a thread of the blocking pool: for what blocks, or computes for long.
 *
 * The pool starts threads as they are needed, up to `Builder.maxBlockingThreads`, and ends those that were idle for
 * `Builder.threadKeepAlive`; what finds no thread waits in a queue without a limit.
 *
 * @param fn made by `sendable`: a plain function, or a coroutine or async function, which is then driven on that thread.
 * @returns a handle of its value. `abort()` ends it only while it waits in the queue; a shutdown waits for what has begun.
 * @throws {NoRuntimeError} outside of every runtime. @throws {ShutdownError} once the runtime is shut down.
 * @throws {SendError} when an argument cannot be sent. @throws {NotAFutureError} when `fn` is not sendable.
 */
export function spawnBlocking<A extends readonly unknown[], T>(
  fn: SendableCoroutine<A, T>,
  ...args: A
): JoinHandle<T>;
export function spawnBlocking<A extends readonly unknown[], T>(
  fn: SendableAsync<A, T>,
  ...args: A
): JoinHandle<T>;
export function spawnBlocking<A extends readonly unknown[], T>(
  fn: SendableFunction<A, T>,
  ...args: A
): JoinHandle<T>;
export function spawnBlocking(fn: unknown, ...args: unknown[]): JoinHandle<unknown> {
  const scheduler = currentScheduler("spawnBlocking");
  return new JoinHandle(spawnBlockingOn(scheduler, spawnBlocking, fn, args));
}

/**
 * Runs a function that may block, right here, and lets the rest of this worker's tasks go to others meanwhile: those that have
 * not started are taken by other workers, and another worker takes this one's place. Tasks that have started here wait, and so
 * does whatever else this task does.
 *
 * @param fn a plain function; runs at once, on this thread.
 * @returns what it returns.
 * @throws what it throws; {@link CannotBlockInPlaceError} on current_thread.
 */
export function blockInPlace<T>(fn: () => T): T {
  return currentScheduler("blockInPlace").blockInPlace(fn);
}
