// The promises that drive a runtime: each `run` and each `await` from outside holds one. While there are any the event loop
// gives the runtime its turns; without any it stands still, as Tokio's current_thread does outside of `block_on`.

import { Waker } from "../../future/index.js";
import type { AsyncCell, Awaited } from "../task/async-cell.js";
import type { TaskCell, Waiter } from "../task/cell.js";

/** A promise that waits for a task, as the event loop keeps it. */
export type OpenWait = Awaited;

/** Settles a promise when its task ends. */
export class PromiseWait<T> extends Waker implements OpenWait, Waiter {
  readonly waker: Waker = this;
  before: Waiter | undefined;
  after: Waiter | undefined;
  readonly promise: Promise<T>;
  private readonly cell: TaskCell<unknown>;
  private readonly take: () => T;
  private readonly release: (wait: OpenWait) => void;
  private readonly parent: AsyncCell<unknown> | undefined;
  private readonly abandoned: (() => void) | undefined;
  private resolve: (value: T) => void = () => {};
  private reject: (error: unknown) => void = () => {};

  /**
   * @param take gives the value of a task that has ended, or throws.
   * @param release is called once, before the promise settles.
   * @param parent the async function that awaits: its abort abandons the wait.
   * @param abandoned is called when the wait is.
   */
  constructor(
    cell: TaskCell<unknown>,
    take: () => T,
    release: (wait: OpenWait) => void,
    parent: AsyncCell<unknown> | undefined,
    abandoned: (() => void) | undefined,
  ) {
    super();
    this.cell = cell;
    this.take = take;
    this.release = release;
    this.parent = parent;
    this.abandoned = abandoned;
    parent?.await(this);
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  override wake(): void {
    this.end();
    try {
      this.resolve(this.take());
    } catch (error) {
      this.reject(error);
    }
  }

  /** Gives up on the task: nobody wants its value any more, or it can never end. */
  abandon(error: unknown): void {
    this.end();
    this.cell.removeWaiter(this);
    this.abandoned?.();
    this.reject(error);
  }

  waitsFor(): string {
    return this.cell.awaitedAs();
  }

  private end(): void {
    this.release(this);
    this.parent?.awaited(this);
  }
}
