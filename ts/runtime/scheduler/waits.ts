// The promises that drive a runtime: each `run` and each `await` from outside holds one. While there are any the event loop
// gives the runtime its turns; without any it stands still, as Tokio's current_thread does outside of `block_on`.

import { Waker } from "../../future/index.js";
import type { TaskCell } from "../task/cell.js";

/** A promise that waits for a task, as the scheduler keeps it. */
export interface OpenWait {
  /** Gives up on the task: it can never end. */
  fail(error: unknown): void;
}

/** Settles a promise when its task ends. */
export class PromiseWait<T> extends Waker implements OpenWait {
  readonly promise: Promise<T>;
  private readonly cell: TaskCell<unknown>;
  private readonly take: () => T;
  private readonly release: (wait: OpenWait) => void;
  private resolve: (value: T) => void = () => {};
  private reject: (error: unknown) => void = () => {};

  /** @param take gives the value of a task that has ended, or throws. @param release is called once, before that. */
  constructor(cell: TaskCell<unknown>, take: () => T, release: (wait: OpenWait) => void) {
    super();
    this.cell = cell;
    this.take = take;
    this.release = release;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  override wake(): void {
    this.release(this);
    try {
      this.resolve(this.take());
    } catch (error) {
      this.reject(error);
    }
  }

  fail(error: unknown): void {
    this.release(this);
    this.cell.removeWaiter(this);
    this.reject(error);
  }
}
