// A function and its arguments, made into a task of this thread.

import { type CoroutineFunction, isCoroutineFunction } from "../future/index.js";
import type { AsyncCell } from "./task/async-cell.js";
import type { TaskCell, TaskDetails } from "./task/cell.js";

/** What spawns on this thread. */
export interface LocalSpawner {
  spawnCoroutine<T>(
    fn: CoroutineFunction<readonly unknown[], T>,
    args: readonly unknown[],
    details?: TaskDetails,
  ): TaskCell<T>;
  spawnAsync<T>(
    call: (...args: unknown[]) => PromiseLike<T>,
    args: readonly unknown[],
    details?: TaskDetails,
  ): AsyncCell<T>;
}

export type AnyFunction = (...args: never[]) => unknown;

/** Starts a coroutine function, an async function or a plain one. The latter two get `{ signal }` at the end. */
export function startFunction(
  spawner: LocalSpawner,
  fn: AnyFunction,
  args: readonly unknown[],
  details?: TaskDetails,
): TaskCell<unknown> {
  if (isCoroutineFunction(fn)) return spawner.spawnCoroutine(fn, args, details);
  return spawner.spawnAsync(
    fn as unknown as (...args: unknown[]) => PromiseLike<unknown>,
    args,
    details,
  );
}
