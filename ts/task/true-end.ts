// The end of a task in the strict sense: nothing of it runs any more. For an async function that was aborted that comes later
// than what its handle says: the engine runs it to its end, and the handle does not wait for that.

import { Waker } from "../future/index.js";
import type { TaskCell, Waiter } from "../runtime/task/cell.js";

/** Hears of the true end of one task, on whatever thread it runs. */
export abstract class TrueEnd extends Waker implements Waiter {
  readonly cell: TaskCell<unknown>;
  readonly waker: Waker;
  before: Waiter | undefined;
  after: Waiter | undefined;

  constructor(cell: TaskCell<unknown>) {
    super();
    this.cell = cell;
    this.waker = this;
    this.before = undefined;
    this.after = undefined;
  }

  /** Nothing of the task runs any more. Called once. */
  protected abstract ended(): void;

  /** Listens from here on; `ended` may be called at once. */
  watch(): void {
    if (this.cell.isFinished()) this.wake();
    else this.cell.addWaiter(this);
  }

  override wake(): void {
    this.cell.whenReturned(() => this.ended());
  }
}
