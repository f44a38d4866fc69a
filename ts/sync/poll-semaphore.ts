// PollSemaphore: a semaphore for hand-written futures and streams, which keep their place in the line from poll to poll.

import { type Context, type Future, Pending, type Poll } from "../future/index.js";
import { AcquireError, SyncArgumentError } from "./errors.js";
import type { SemaphorePermit } from "./semaphore.js";

/** What {@link PollSemaphore} needs of a semaphore. */
export interface PollableSemaphore<P> {
  acquire(count?: number): Future<P>;
  availablePermits(): number;
  addPermits(count: number): void;
  close(): void;
  isClosed(): boolean;
}

/** Acquires by polling. One for each who waits; several may be of one semaphore. */
export class PollSemaphore<
  P = SemaphorePermit,
  S extends PollableSemaphore<P> = PollableSemaphore<P>,
> implements Disposable
{
  private readonly semaphore: S;
  private acquiring: Future<P> | undefined = undefined;
  private wanted = 0;

  /** @throws {SyncArgumentError} for what is no semaphore. */
  constructor(semaphore: S & PollableSemaphore<P>) {
    if (typeof semaphore?.acquire !== "function")
      throw new SyncArgumentError("PollSemaphore(semaphore)", semaphore, "a semaphore");
    this.semaphore = semaphore;
  }

  /**
   * Polls for permits. A pending one keeps its place in the line until the next poll, unless that one asks for another number.
   *
   * @param count how many, one by default.
   * @returns the permit; undefined when the semaphore is closed, now and at every later poll.
   * @throws {CapacityError} for a count that is none.
   */
  pollAcquire(cx: Context, count = 1): Poll<P | undefined> {
    if (this.acquiring !== undefined && this.wanted !== count) this[Symbol.dispose]();
    this.acquiring ??= this.semaphore.acquire(count);
    this.wanted = count;
    return this.pollPermit(cx, this.acquiring);
  }

  private pollPermit(cx: Context, acquiring: Future<P>): Poll<P | undefined> {
    let ended = true;
    try {
      const permit = acquiring.poll(cx);
      ended = permit !== Pending;
      return permit;
    } catch (error) {
      if (error instanceof AcquireError) return undefined;
      throw error;
    } finally {
      if (ended) this.acquiring = undefined;
    }
  }

  /** Permits that are free now. */
  availablePermits(): number {
    return this.semaphore.availablePermits();
  }

  /** Brings new permits into the world. @throws {CapacityError} as `Semaphore.addPermits` */
  addPermits(count: number): void {
    this.semaphore.addPermits(count);
  }

  /** Closes the semaphore, for everybody. */
  close(): void {
    this.semaphore.close();
  }

  isClosed(): boolean {
    return this.semaphore.isClosed();
  }

  /** The semaphore. */
  getRef(): S {
    return this.semaphore;
  }

  /** Another one of the same semaphore, that does not wait. */
  clone(): PollSemaphore<P, S> {
    return new PollSemaphore<P, S>(this.semaphore);
  }

  /** Leaves the line. The semaphore stays as it is, and this can be used again. */
  [Symbol.dispose](): void {
    const { acquiring } = this;
    this.acquiring = undefined;
    acquiring?.[Symbol.dispose]();
  }
}
