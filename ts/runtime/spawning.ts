// The four forms that `spawn`, `run` and `blockOn` take, made into a task; and calls of the blocking pool.

import {
  type AsyncContext,
  type AsyncFunction,
  type Coroutine,
  type CoroutineFunction,
  CoroutineFuture,
  describe,
  Future,
  isCoroutine,
  isCoroutineFunction,
  NotAFutureError,
  type PlainAsyncFunction,
} from "../future/index.js";
import {
  type SendableAsync,
  type SendableCoroutine,
  type SendableFunction,
  sendableInfo,
} from "../send/sendable.js";
import { stackAbove } from "./reports.js";
import type { Scheduler } from "./scheduler/scheduler.js";
import { type TaskCell, type TaskDetails, UNHOOKED } from "./task/cell.js";
import { JoinHandle } from "./task/join-handle.js";

/** The call signatures of everything that starts a task and gives its handle; `P` goes before the function. */
export interface SpawnAfter<P extends readonly unknown[]> {
  /** A sendable function: runs on whichever worker is free, or here on current_thread. Arguments and result are sent. */
  <A extends readonly unknown[], T>(
    ...call: [...P, fn: SendableCoroutine<A, T>, ...args: A]
  ): JoinHandle<T>;
  <A extends readonly unknown[], T>(
    ...call: [...P, fn: SendableAsync<A, T>, ...args: A]
  ): JoinHandle<T>;
  <A extends readonly unknown[], T>(
    ...call: [...P, fn: SendableFunction<A, T>, ...args: A]
  ): JoinHandle<T>;
  // First, because the compiler fixes the type of an unannotated `{ signal }` by the first signature that could fit.
  /** An async function: gets `{ signal }`. */
  <T>(...call: [...P, fn: (context: AsyncContext) => PromiseLike<T>]): JoinHandle<T>;
  /** A coroutine function and its arguments: the form to prefer, it makes no closure. */
  <A extends readonly unknown[], T>(
    ...call: [...P, fn: CoroutineFunction<A, T>, ...args: A]
  ): JoinHandle<T>;
  /** An async function with arguments of its own: gets `{ signal }` after them, whether it asks for it or not. */
  <A extends readonly unknown[], T>(
    ...call: [...P, fn: AsyncFunction<A, T>, ...args: A]
  ): JoinHandle<T>;
  <A extends readonly unknown[], T>(
    ...call: [...P, fn: PlainAsyncFunction<A, T>, ...args: A]
  ): JoinHandle<T>;
  /** A future, or a coroutine that has not run. */
  <T>(...call: [...P, future: Future<T> | Coroutine<T>]): JoinHandle<T>;
}

/** The call signatures of `spawn`. */
export type SpawnFunction = SpawnAfter<[]>;

/** The call signatures of `spawnBlocking` with arguments `P` before the function. */
export interface SpawnBlockingAfter<P extends readonly unknown[]> {
  <A extends readonly unknown[], T>(
    ...call: [...P, fn: SendableCoroutine<A, T>, ...args: A]
  ): JoinHandle<T>;
  <A extends readonly unknown[], T>(
    ...call: [...P, fn: SendableAsync<A, T>, ...args: A]
  ): JoinHandle<T>;
  <A extends readonly unknown[], T>(
    ...call: [...P, fn: SendableFunction<A, T>, ...args: A]
  ): JoinHandle<T>;
}

/** The call signatures of `spawnBlocking`. */
export type SpawnBlockingFunction = SpawnBlockingAfter<[]>;

/** The same for what runs a main future and gives a promise of its value. */
export interface RunFunction {
  <T>(program: (context: AsyncContext) => PromiseLike<T>): Promise<T>;
  <A extends readonly unknown[], T>(program: CoroutineFunction<A, T>, ...args: A): Promise<T>;
  <A extends readonly unknown[], T>(program: AsyncFunction<A, T>, ...args: A): Promise<T>;
  <A extends readonly unknown[], T>(program: PlainAsyncFunction<A, T>, ...args: A): Promise<T>;
  <T>(program: Future<T> | Coroutine<T>): Promise<T>;
}

/** The same for what blocks until the value is there. */
export interface BlockOnFunction {
  <A extends readonly unknown[], T>(program: CoroutineFunction<A, T>, ...args: A): T;
  <T>(program: Future<T> | Coroutine<T>): T;
}

/**
 * @param what names the caller in the error, for example `spawn`.
 * @throws {NotAFutureError} when `target` is none of the forms.
 */
export function startTask(
  scheduler: Scheduler,
  what: string,
  target: unknown,
  args: readonly unknown[],
  details?: TaskDetails,
): TaskCell<unknown> {
  // What somebody waits for right here runs here.
  if (details !== UNHOOKED) {
    const info = sendableInfo(target);
    if (info !== undefined) return scheduler.spawnSendable(info, args, false, details);
  }
  if (isCoroutineFunction(target)) return scheduler.spawnCoroutine(target, args, details);
  if (target instanceof Future) return scheduler.spawnFuture(target, details);
  if (typeof target === "function")
    return scheduler.spawnAsync(
      target as (...args: unknown[]) => PromiseLike<unknown>,
      args,
      details,
    );
  if (isCoroutine(target)) return scheduler.spawnFuture(new CoroutineFuture(target), details);
  if (typeof (target as PromiseLike<unknown> | null)?.then === "function")
    throw new NotAFutureError(
      `${what} was given a promise, which is running already: write \`${what}(fromPromise(() => promise))\``,
      target,
    );
  throw new NotAFutureError(
    `${what} needs a coroutine function, an async function or a future, and was given ${describe(target)}`,
    target,
  );
}

/**
 * Spawns for one of the library's `spawn` functions.
 *
 * @param boundary that function: where the library begins on the stack.
 */
export function spawnOn(
  scheduler: Scheduler,
  boundary: (...args: never[]) => unknown,
  target: unknown,
  args: readonly unknown[],
  details?: TaskDetails,
): TaskCell<unknown> {
  if (!scheduler.options.trackSpawnSites)
    return startTask(scheduler, "spawn", target, args, details);
  const site = stackAbove(boundary);
  return startTask(scheduler, "spawn", target, args, { ...details, site });
}

/** The `spawn` of a handle or a runtime. */
export function spawnerFor(scheduler: Scheduler): SpawnFunction {
  return function spawn(target: unknown, ...args: unknown[]) {
    return new JoinHandle(spawnOn(scheduler, spawn, target, args));
  } as SpawnFunction;
}

/**
 * Starts a call of the blocking pool.
 *
 * @param boundary as of {@link spawnOn}.
 * @throws {NotAFutureError} when `fn` is not sendable.
 */
export function spawnBlockingOn(
  scheduler: Scheduler,
  boundary: (...args: never[]) => unknown,
  fn: unknown,
  args: readonly unknown[],
): TaskCell<unknown> {
  const info = sendableInfo(fn);
  if (info === undefined)
    throw new NotAFutureError(
      `spawnBlocking runs its function on another thread, and ${describe(fn)} cannot be sent there: ` +
        "export it and write `sendable(import.meta.url, name, fn)`",
      fn,
    );
  const { trackSpawnSites } = scheduler.options;
  const details = trackSpawnSites ? { site: stackAbove(boundary) } : undefined;
  return scheduler.spawnSendable(info, args, true, details);
}

/** The `spawnBlocking` of a handle or a runtime. */
export function blockingSpawnerFor(scheduler: Scheduler): SpawnBlockingFunction {
  return function spawnBlocking(fn: unknown, ...args: unknown[]) {
    return new JoinHandle(spawnBlockingOn(scheduler, spawnBlocking, fn, args));
  } as SpawnBlockingFunction;
}
