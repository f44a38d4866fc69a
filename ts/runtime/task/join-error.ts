// How a task ended other than by giving its value.

import { TokiwaError } from "../../future/index.js";

/** A task did not give its value: it was cancelled, it panicked (threw), or its thread was lost. */
export class JoinError extends TokiwaError {
  /** The id of the task. */
  readonly id: number;
  /** Whether the task was aborted, or its runtime shut down. */
  readonly isCancelled: boolean;
  /** Whether the task threw; `cause` is what it threw. */
  readonly isPanic: boolean;
  /** Whether the thread that ran it has died. */
  readonly isWorkerLost: boolean;

  constructor(
    id: number,
    name: string | undefined,
    panic: { readonly cause: unknown } | undefined,
    workerLost = false,
  ) {
    const task = name === undefined ? `task ${id}` : `task ${id} "${name}"`;
    super(
      workerLost
        ? `${task} was lost: the worker thread that ran it has died`
        : panic === undefined
          ? `${task} was cancelled`
          : `${task} panicked with message ${messageOf(panic.cause)}`,
      panic,
    );
    this.id = id;
    this.isCancelled = panic === undefined && !workerLost;
    this.isPanic = panic !== undefined;
    this.isWorkerLost = workerLost;
  }
}

function messageOf(cause: unknown): string {
  if (cause instanceof Error) return JSON.stringify(cause.message);
  try {
    return JSON.stringify(String(cause));
  } catch {
    return "(a value that has no text)";
  }
}
