// Futures that wait at an object in shared memory.
//
// A claim that stands in a line holds the waker as two numbers; another thread that grants it calls that waker and nothing of
// this thread runs until then. Each future has its own claim, made when it first has to wait, which keeps the object from then on.
//
// Y1  Who waits by a handle that is the only one of its part, a receiver, hears of the end of that handle: it is woken then, and what it
//     gets at its next poll is its own.

import {
  type Context,
  Future,
  forgetEntry,
  isWatched,
  noteEntry,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  refund,
  type Waker,
} from "../../future/index.js";
import { BrokenError } from "../errors.js";
import { type WaitList, WaitNode } from "../waiters.js";
import { BROKEN, HELD, STATE_MASK, WAITING } from "./core.js";
import { claimed } from "./handle.js";
import type { SharedHome } from "./home.js";

/** Nothing has been placed: see SharedHome.forget. */
const NO_WAKER = 0;

/** A handle, as far as a wait needs it. */
export interface Place {
  readonly home: SharedHome;
  /** @throws {ClosedHandleError} once it has been disposed. @throws {ShutdownError} */
  readonly object: number;
  /** @throws as `object` */
  held(): number;
  /** Writes a value for the object, which it returns. @throws as `object`, also when it was disposed by the value being written. @throws {SendError} */
  written(value: unknown, what: string): number;
  /** Who waits by it (Y1). */
  readonly waits: WaitList | undefined;
}

/** Remembers the waker that stands in a claim, so that a poll with the same one changes nothing. */
abstract class Waiting<T> extends Future<T> {
  /** Keeps the object alive until there is a claim of its own. */
  protected readonly place: Place;
  protected readonly home: SharedHome;
  protected readonly object: number;
  protected claim: number;
  protected done: boolean;
  private slot: number;
  private generation: number;
  /** In the line of its handle. */
  private node: WaitNode | undefined;

  constructor(place: Place) {
    super();
    this.place = place;
    this.home = place.home;
    this.object = place.object;
    this.claim = 0;
    this.done = false;
    this.slot = NO_WAKER;
    this.generation = NO_WAKER;
    this.node = undefined;
  }

  protected abstract what(): string;

  protected assertPollable(): void {
    if (this.done) throw new PolledAfterCompletionError(this.what());
    if (this.claim === 0) this.place.held();
    else this.home.assertAlive();
  }

  /** Leaves the waker in home.slot and home.generation. */
  protected placeWaker(cx: Context): void {
    if (isWatched()) noteEntry("waker", this);
    this.forget();
    this.home.place(cx.waker);
    this.slot = this.home.slot;
    this.generation = this.home.generation;
    if (this.place.waits !== undefined) this.waitBy(this.place.waits, cx.waker);
  }

  private waitBy(waits: WaitList, waker: Waker): void {
    this.node ??= new WaitNode(waker);
    this.node.waker = waker;
    if (!this.node.linked) waits.push(this.node);
  }

  protected forget(): void {
    if (this.slot < 0) this.home.forget(this.slot, this.generation);
    this.slot = NO_WAKER;
  }

  /** It gives its result, or is dropped. */
  protected end(): void {
    this.done = true;
    if (isWatched()) forgetEntry("waker", this);
    this.forget();
    if (this.node !== undefined) this.place.waits?.remove(this.node);
    const claim = this.claim;
    this.claim = 0;
    if (claim !== 0) this.release(claim);
  }

  protected release(claim: number): void {
    this.home.core.dropClaim(claim);
    this.home.settle();
  }

  override waitsFor(): string | undefined {
    return this.what();
  }

  override [Symbol.dispose](): void {
    if (!this.done || this.claim !== 0) this.end();
  }
}

/** Looks, and waits to look again. */
export abstract class Listening<T> extends Waiting<T> {
  /**
   * One look. With a listener of 0 it only looks; else the listener joins the line if there is nothing, with home.slot and
   * home.generation as its waker.
   *
   * @returns the result, or Pending.
   */
  protected abstract look(listener: number, slot: number, generation: number): Poll<T>;

  override poll(cx: Context): Poll<T> {
    this.assertPollable();
    if (!proceed(cx)) return Pending;
    let ended = true;
    try {
      const result = this.claim === 0 ? this.first(cx) : this.again(cx);
      if (result === Pending) {
        ended = false;
        refund();
      }
      return result;
    } finally {
      if (ended) this.end();
      this.home.settle();
    }
  }

  private first(cx: Context): Poll<T> {
    const result = this.look(0, 0, 0);
    if (result !== Pending) return result;
    this.claim = claimed(this.home.core.newListener(this.object));
    return this.again(cx);
  }

  private again(cx: Context): Poll<T> {
    this.placeWaker(cx);
    return this.look(this.claim, this.home.slot, this.home.generation);
  }
}

/** Waits for permits. */
export abstract class Acquiring<T> extends Waiting<T> {
  protected readonly wanted: number;

  constructor(place: Place, wanted: number) {
    super(place);
    this.wanted = wanted;
  }

  /** They are there; the claim is the receiver's from here on. */
  protected abstract acquired(claim: number): T;
  /** There will be none any more: a result all the same, or an error that is thrown. */
  protected abstract closed(): T;

  override poll(cx: Context): Poll<T> {
    this.assertPollable();
    // The place in the line does not depend on the budget; the result does.
    const state = this.claim === 0 ? this.join(cx) : this.look(cx);
    if (state === WAITING || !proceed(cx)) return Pending;
    if (state !== HELD) {
      this.end();
      if (state === BROKEN) throw new BrokenError();
      return this.closed();
    }
    const claim = this.claim;
    this.claim = 0;
    this.end();
    return this.acquired(claim);
  }

  private join(cx: Context): number {
    this.placeWaker(cx);
    const { core, slot, generation } = this.home;
    const answer = claimed(core.acquirePermits(this.object, this.wanted, slot, generation));
    this.claim = answer & ~STATE_MASK;
    return answer & STATE_MASK;
  }

  private look(cx: Context): number {
    this.placeWaker(cx);
    const { core, slot, generation } = this.home;
    return core.pollPermits(this.claim, slot, generation);
  }
}

/** A future that is polled by hand, and made anew when it has ended. */
export class PolledByHand<F extends Future<unknown>> implements Disposable {
  private readonly make: () => F;
  private future: F | undefined;

  constructor(make: () => F) {
    this.make = make;
    this.future = undefined;
  }

  /** The one that is to be polled. */
  current(): F {
    this.future ??= this.make();
    return this.future;
  }

  poll(cx: Context): ReturnType<F["poll"]> {
    let ended = true;
    try {
      const result = this.current().poll(cx);
      ended = result !== Pending;
      return result as ReturnType<F["poll"]>;
    } finally {
      if (ended) this.future = undefined;
    }
  }

  [Symbol.dispose](): void {
    this.future?.[Symbol.dispose]();
    this.future = undefined;
  }
}
