// The cooperative budget: how much progress a task may make in one poll before the others get their turn.
//
// Every leaf operation that is about to give a result asks `proceed`. With the budget spent it answers no, the leaf returns
// Pending, and the task runs again after the others: so a task that always finds its channel full of messages, its socket
// full of bytes or its timers elapsed starves nobody. Only progress costs; a Pending is free. (Tokio takes a unit first and
// gives it back on Pending, which comes to the same.)

import type { Context } from "./waker.js";

/** Tokio's figure. */
export const TASK_BUDGET = 128;

/** Outside of tasks nothing limits a poll. Never reached by counting down. */
export const UNLIMITED: number = 2 ** 30;

let budget: number = UNLIMITED;

/** Sets what is left; returns what was left before, to be put back. */
export function replaceBudget(units: number): number {
  const previous = budget;
  budget = units;
  return previous;
}

/** Whether the poll under way may still make progress. */
export function hasBudgetRemaining(): boolean {
  return budget > 0;
}

/** Takes a unit for a result that is about to be given; false when none is left, and then the task has been woken. */
export function proceed(cx: Context): boolean {
  if (budget > 0) {
    budget -= 1;
    return true;
  }
  cx.waker.wakeDeferred();
  return false;
}

/** Gives a unit back that {@link proceed} took for a result that then did not come. */
export function refund(): void {
  budget += 1;
}
