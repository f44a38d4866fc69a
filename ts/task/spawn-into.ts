// How collections of tasks start them: every form that `spawn` takes, typed by the value that the collection collects.

import type {
  AsyncContext,
  AsyncFunction,
  Coroutine,
  CoroutineFunction,
  Future,
  PlainAsyncFunction,
} from "../future/index.js";
import { currentScheduler } from "../runtime/context.js";
import { stackAbove } from "../runtime/reports.js";
import { spawnBlockingOn, spawnOn } from "../runtime/spawning.js";
import type { TaskCell } from "../runtime/task/cell.js";
import type { JoinHandle } from "../runtime/task/join-handle.js";
import type { SendableAsync, SendableCoroutine, SendableFunction } from "../send/sendable.js";
import { type TaskOptions, taskBuilder } from "./builder.js";

/** The call signatures of `spawn` for tasks with value `T`: it gives `R`, and `P` goes before the function. */
export interface SpawnInto<T, R, P extends readonly unknown[] = []> {
  /** A sendable function: runs on whichever worker is free, or here on current_thread. */
  <A extends readonly unknown[]>(...call: [...P, fn: SendableCoroutine<A, T>, ...args: A]): R;
  <A extends readonly unknown[]>(...call: [...P, fn: SendableAsync<A, T>, ...args: A]): R;
  <A extends readonly unknown[]>(...call: [...P, fn: SendableFunction<A, T>, ...args: A]): R;
  /** An async function: gets `{ signal }`. */
  (...call: [...P, fn: (context: AsyncContext) => PromiseLike<T>]): R;
  /** A coroutine function and its arguments: the form to prefer, it makes no closure. */
  <A extends readonly unknown[]>(...call: [...P, fn: CoroutineFunction<A, T>, ...args: A]): R;
  /** An async function with arguments of its own: gets `{ signal }` after them. */
  <A extends readonly unknown[]>(...call: [...P, fn: AsyncFunction<A, T>, ...args: A]): R;
  <A extends readonly unknown[]>(...call: [...P, fn: PlainAsyncFunction<A, T>, ...args: A]): R;
  /** A future, or a coroutine that has not run. */
  (...call: [...P, future: Future<T> | Coroutine<T>]): R;
}

/** The same for `spawnBlocking`. */
export interface SpawnBlockingInto<T, R, P extends readonly unknown[] = []> {
  <A extends readonly unknown[]>(...call: [...P, fn: SendableCoroutine<A, T>, ...args: A]): R;
  <A extends readonly unknown[]>(...call: [...P, fn: SendableAsync<A, T>, ...args: A]): R;
  <A extends readonly unknown[]>(...call: [...P, fn: SendableFunction<A, T>, ...args: A]): R;
}

/** Something that spawns: a `Handle` or a `Runtime`. */
export interface Spawner {
  readonly spawn: unknown;
}

/** Something with a blocking pool: a `Handle` or a `Runtime`. */
export interface BlockingSpawner {
  readonly spawnBlocking: unknown;
}

export type Boundary = (...args: never[]) => unknown;
type AnySpawn = (target: unknown, ...args: readonly unknown[]) => JoinHandle<unknown>;

/** Starts a task on the current runtime. @param boundary the library's function that was called. */
export function startHere(
  what: string,
  boundary: Boundary,
  target: unknown,
  args: readonly unknown[],
): TaskCell<unknown> {
  return spawnOn(currentScheduler(what), boundary, target, args);
}

/** Where a task was spawned is where `boundary` was called, not where that called the library on. */
function resite(cell: TaskCell<unknown>, boundary: Boundary): TaskCell<unknown> {
  if (cell.details?.site !== undefined)
    cell.details = { ...cell.details, site: stackAbove(boundary) };
  return cell;
}

/** Starts a task on the runtime of a handle. */
export function startOn(
  spawner: Spawner,
  boundary: Boundary,
  target: unknown,
  args: readonly unknown[],
): TaskCell<unknown> {
  return resite((spawner.spawn as AnySpawn)(target, ...args).joined(), boundary);
}

/** Starts a call of the blocking pool. */
export function startBlocking(
  boundary: Boundary,
  fn: unknown,
  args: readonly unknown[],
): TaskCell<unknown> {
  return spawnBlockingOn(currentScheduler("spawnBlocking"), boundary, fn, args);
}

/** Starts a call of the blocking pool of a handle's runtime. */
export function startBlockingOn(
  spawner: BlockingSpawner,
  boundary: Boundary,
  fn: unknown,
  args: readonly unknown[],
): TaskCell<unknown> {
  return resite((spawner.spawnBlocking as AnySpawn)(fn, ...args).joined(), boundary);
}

/** Starts a task with a name, or with a signal. */
export function startBuilt(
  options: TaskOptions,
  boundary: Boundary,
  target: unknown,
  args: readonly unknown[],
): TaskCell<unknown> {
  return startOn(taskBuilder(options), boundary, target, args);
}

/** The ways to spawn into a collection. */
export interface Spawners<T, R> {
  readonly spawn: SpawnInto<T, R>;
  readonly spawnOn: SpawnInto<T, R, [spawner: Spawner]>;
  readonly spawnBlocking: SpawnBlockingInto<T, R>;
  readonly spawnBlockingOn: SpawnBlockingInto<T, R, [spawner: BlockingSpawner]>;
}

/**
 * @param what names `spawn` in errors.
 * @param open is called first, and throws when nothing can be spawned any more.
 * @param admit takes the task in.
 */
export function spawnersInto<T, R>(
  what: string,
  open: () => void,
  admit: (cell: TaskCell<unknown>) => R,
): Spawners<T, R> {
  const spawn = (target: unknown, ...args: unknown[]): R => {
    open();
    return admit(startHere(what, spawn, target, args));
  };
  const elsewhere = (spawner: Spawner, target: unknown, ...args: unknown[]): R => {
    open();
    return admit(startOn(spawner, elsewhere, target, args));
  };
  const blocking = (fn: unknown, ...args: unknown[]): R => {
    open();
    return admit(startBlocking(blocking, fn, args));
  };
  const blockingElsewhere = (spawner: BlockingSpawner, fn: unknown, ...args: unknown[]): R => {
    open();
    return admit(startBlockingOn(spawner, blockingElsewhere, fn, args));
  };
  return {
    spawn: spawn as SpawnInto<T, R>,
    spawnOn: elsewhere as SpawnInto<T, R, [Spawner]>,
    spawnBlocking: blocking as SpawnBlockingInto<T, R>,
    spawnBlockingOn: blockingElsewhere as SpawnBlockingInto<T, R, [BlockingSpawner]>,
  };
}
