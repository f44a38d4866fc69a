// Polling by hand, for both forms: see ../polled.ts. Wakes of the shared form arrive after `form.settle()`.

import { type Future, Pending } from "tokiwa";
import { Polled } from "../polled.js";

export { Polled, readyNow, waiting } from "../polled.js";

/** What a future that is ready fails with. */
export function failing(future: Future<unknown>): Error {
  const polled = new Polled(future);
  let value: unknown;
  try {
    value = polled.poll();
  } catch (error) {
    return error as Error;
  }
  throw new Error(`the future was ${value === Pending ? "pending" : `ready: ${String(value)}`}`);
}

/** What an action throws. */
export function thrownBy(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

export function drop(...handles: (Disposable | undefined)[]): void {
  for (const handle of handles) handle?.[Symbol.dispose]();
}

/** What a guard guards; releases it. */
export function guarded<T>(guard: { readonly value: T; release(): void }): T {
  try {
    return guard.value;
  } finally {
    guard.release();
  }
}

/** The numbers from 0, in order. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
