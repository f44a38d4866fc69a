// A task that drives a future for an `await`. In reports it is no task of its own: what it waits for the async function waits for
// that awaits, and what it has taken, a lock say, is that one's, for it goes on when the driver has ended.

import { type Context, type Future, replaceContext, Waker } from "../../future/index.js";
import type { AsyncCell } from "./async-cell.js";
import { FutureCell, type TaskOwner } from "./cell.js";

export class DrivenCell<T> extends FutureCell<T> {
  /** The async function that awaits, as far as the host can tell. */
  readonly parent: AsyncCell<unknown> | undefined;
  private readonly context: Context;

  constructor(
    owner: TaskOwner,
    slot: number,
    id: number,
    future: Future<T>,
    parent: AsyncCell<unknown> | undefined,
  ) {
    super(owner, slot, id, future);
    this.parent = parent;
    this.context = parent === undefined ? { waker: this } : { waker: this, id: parent.id };
  }

  override run(): number {
    replaceContext(this.context);
    return this.pollWith(this.context);
  }

  /** The await was given up: what is driven for it is dropped, and whoever waits for all of the async function waits for that. */
  abandoned(): void {
    const dropped = this.parent?.owner.outlived(this.parent);
    if (dropped !== undefined)
      this.addWaiter({ waker: Waker.from(dropped), before: undefined, after: undefined });
    this.cancel();
  }

  /** Whether a report that tells of its parent tells of it too. */
  isToldBy(owner: TaskOwner): boolean {
    return this.parent?.owner === owner && !this.parent.isFinished();
  }

  override awaitedAs(): string {
    return this.waitsFor() ?? super.awaitedAs();
  }
}
