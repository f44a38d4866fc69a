// Functions that change a watched value: they have done so when they return.

import { type Coroutine, isCoroutine } from "../../future/index.js";
import { isPromise } from "../callback.js";
import { SyncArgumentError } from "../errors.js";

/** In place of arguments, for a function that waits. */
export type AtOnce<R> = [R] extends [never]
  ? []
  : R extends PromiseLike<unknown> | Coroutine<unknown>
    ? [
        refused: "async functions and coroutines cannot change the value: it must be done when they return",
      ]
    : [];

/** What is asked for. */
export const AT_ONCE: string =
  "a function that changes the value at once: no async function, no coroutine";

/** @throws {SyncArgumentError} when a function has given something to wait for. */
export function checkAtOnce(argument: string, fn: unknown, result: unknown): void {
  if (!isPromise(result) && !isCoroutine(result)) return;
  // That it will hardly get on without its slot is no news.
  if (result instanceof Promise) result.catch(() => {});
  throw new SyncArgumentError(argument, fn, AT_ONCE);
}
