// Wakers and the context that a poll receives.

/**
 * Tells an executor that a future can make progress. May be called from anywhere, any number of times, after the task
 * has ended too.
 */
export abstract class Waker {
  /** The waker of a task of a multi_thread runtime may be sent to another thread, and wakes the task from there. */
  declare readonly "~send": true;

  /** Has the task polled again soon. Never throws. */
  abstract wake(): void;

  /**
   * Has the task polled again after every other task that is ready, and after the driver had its turn. An executor
   * without such an order wakes at once.
   */
  wakeDeferred(): void {
    this.wake();
  }

  /** Whether waking `other` would wake the same task: then a stored waker need not be replaced. */
  willWake(other: Waker): boolean {
    return this === other;
  }

  /** Whom it wakes, for reports: `task 4 "worker"`. */
  describe(): string | undefined {
    return undefined;
  }

  /** A waker that does nothing: for polling by hand. */
  static noop(): Waker {
    return NOOP;
  }

  /** A waker that calls `wake`, for executors of your own and for tests. What the function throws is printed. */
  static from(wake: () => void): Waker {
    return new CallbackWaker(wake);
  }
}

let reportError: (error: unknown) => void = (error) =>
  console.error("tokiwa: a waker threw:", error);

/** A runtime that is loaded reports what wakers throw to its host's operator. */
export function setWakerReport(report: (error: unknown) => void): void {
  reportError = report;
}

class NoopWaker extends Waker {
  override wake(): void {}
}

class CallbackWaker extends Waker {
  private readonly callback: () => void;
  constructor(callback: () => void) {
    super();
    this.callback = callback;
  }
  override wake(): void {
    try {
      this.callback();
    } catch (error) {
      // Whoever wakes has others to wake, and nothing to do with what the callback is about.
      reportError(error);
    }
  }
}

const NOOP: Waker = /* @__PURE__ */ new NoopWaker();

/** What a poll is given: above all, whom to wake. */
export interface Context {
  readonly waker: Waker;
  /** The number of the task that is polled, by which reports name it. Not every executor gives one. */
  readonly id?: number;
}
