// The future that takes permits out of a batch semaphore. What it makes of them is the subclass's.

import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  Waker,
} from "../future/index.js";
import { type BatchSemaphore, PermitWaiter } from "./batch-semaphore.js";
import { AcquireError } from "./errors.js";
import type { Loan } from "./lost.js";

/** In place of the waiter of a future that has ended. */
const ENDED: PermitWaiter = /* @__PURE__ */ new PermitWaiter(
  /* @__PURE__ */ Waker.noop(),
  0,
  0,
  undefined,
);

export abstract class Acquire<S extends BatchSemaphore, R> extends Future<R> {
  protected readonly semaphore: S;
  protected readonly wanted: number;
  private waiter: PermitWaiter | undefined;
  private readonly site: string | undefined;

  constructor(semaphore: S, wanted: number, site: string | undefined) {
    super();
    this.semaphore = semaphore;
    this.wanted = wanted;
    this.waiter = undefined;
    this.site = site;
  }

  override poll(cx: Context): Poll<R> {
    const { semaphore, wanted } = this;
    if (this.waiter !== undefined || !semaphore.has(wanted)) return this.pollInLine(cx);
    // The budget is asked first: permits that were taken must not wait for it.
    if (!proceed(cx)) return Pending;
    semaphore.take(wanted);
    this.waiter = ENDED;
    return this.acquired(semaphore.lend(wanted, cx.id ?? 0, this.site));
  }

  private pollInLine(cx: Context): Poll<R> {
    const { semaphore, waiter } = this;
    if (waiter === ENDED) throw new PolledAfterCompletionError(this.called());
    if (semaphore.isClosed()) return this.refused(cx);
    if (waiter === undefined) {
      this.waiter = new PermitWaiter(cx.waker, this.wanted, cx.id ?? 0, this.site);
      semaphore.join(this.waiter);
      return Pending;
    }
    if (waiter.missing > 0) {
      waiter.waker = cx.waker;
      waiter.holder = cx.id ?? 0;
      return Pending;
    }
    if (!proceed(cx)) return Pending;
    this.waiter = ENDED;
    return this.acquired(waiter.loan as Loan<S>);
  }

  private refused(cx: Context): Pending {
    if (!proceed(cx)) return Pending;
    this[Symbol.dispose]();
    throw new AcquireError();
  }

  /** The permits have been taken. */
  protected abstract acquired(loan: Loan<S>): R;

  /** The call that made it, for reports and errors. */
  protected abstract called(): string;

  override waitsFor(): string | undefined {
    return `${this.called()}, ${this.semaphore.describeHolders()}`;
  }

  override [Symbol.dispose](): void {
    const waiter = this.waiter;
    this.waiter = ENDED;
    if (waiter !== undefined) this.semaphore.leave(waiter);
  }
}
