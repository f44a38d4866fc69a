// Errors of collections of tasks, scopes and task-local values.

import { TokiwaError } from "../future/index.js";

/** A task-local value was asked for where no `scope` has set it. */
export class AccessError extends TokiwaError {
  constructor(name: string) {
    super(
      `task-local value not set: "${name}" has a value only inside of \`${name}.scope(value, future)\`. ` +
        "A spawned task does not inherit it, and an async function has it only up to its first `await`.",
    );
  }
}

/** A task was spawned into a collection that was disposed, which has aborted its tasks and would abort this one. */
export class DisposedCollectionError extends TokiwaError {
  constructor(what: string) {
    super(`a ${what} was disposed and takes no more tasks: make a new one`);
  }
}

/** A task was spawned into a scope that has ended, or that is ending because something in it failed. */
export class ScopeEndedError extends TokiwaError {
  constructor() {
    super(
      "a scope that has ended, or that ends because something in it failed, takes no more tasks: nothing may outlive it. " +
        "Spawn before its body returns, or with `spawn` for a task that is to live on.",
    );
  }
}
