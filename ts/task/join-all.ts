// joinAll: the values of all tasks of a collection.

import {
  type Context,
  dropAll,
  Future,
  ownedIn,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../future/index.js";
import type { JoinResult, TaskCollection } from "./collection.js";

/**
 * Owns the tasks from its first poll on, as Tokio's does from the call: with what it has collected lost, they would run for
 * nobody.
 */
export class JoinAll<T> extends Future<T[]> {
  private readonly collection: TaskCollection<JoinResult<T>>;
  private readonly values: T[] = [];
  private begun = false;
  private done = false;

  constructor(collection: TaskCollection<JoinResult<T>>) {
    super();
    this.collection = collection;
  }

  override poll(cx: Context): Poll<T[]> {
    if (this.done) throw new PolledAfterCompletionError("joinAll()");
    this.begun = true;
    for (;;) {
      const result = this.collection.pollFor(this, cx);
      if (result === Pending) return Pending;
      if (result === undefined) {
        this.done = true;
        return this.values;
      }
      if (result.error === undefined) this.values.push(result.value);
      else this.fail(result.error);
    }
  }

  private fail(error: NonNullable<JoinResult<T>["error"]>): never {
    this[Symbol.dispose]();
    throw error.isPanic ? error.cause : error;
  }

  override waitsFor(): string {
    return this.collection.describeWait("joinAll()");
  }

  override [Symbol.dispose](): void {
    const owns = this.begun && !this.done;
    this.done = true;
    this.collection.leave(this);
    if (!owns) return;
    this.collection.abandon();
    dropAll(this.values.splice(0).flatMap(ownedIn));
  }
}
