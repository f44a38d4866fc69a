// The shared twin of Notify.

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
} from "../../future/index.js";
import { BrokenError } from "../errors.js";
import { BROKEN, KIND_NOTIFY, WAITING } from "./core.js";
import { claimed, SharedWhole } from "./handle.js";
import { currentHome, type SharedHome } from "./home.js";

/** Waits for a notification. Cancel-safe; the place in the line is lost. */
export class SharedNotified extends Future<void> {
  private readonly home: SharedHome;
  private readonly stamp: number;
  /** Keeps the object alive until there is a claim. */
  private readonly notify: SharedNotify;
  private claim = 0;
  private done = false;
  /** The waker that was placed last: a slot of 0 is a task's too. */
  private isPlaced = false;
  private slot = 0;
  private generation = 0;

  /** @internal */
  constructor(notify: SharedNotify) {
    super();
    this.notify = notify;
    this.home = notify.home;
    this.stamp = notify.home.core.stampOf(notify.object);
  }

  /**
   * Joins the line without being polled. Returns whether it has been notified already.
   *
   * @throws {ClosedHandleError} when the Notify's handle was disposed before this had a place. @throws {BrokenError}
   */
  enable(): boolean {
    if (this.done) return true;
    const waker = this.isPlaced ? this.slot : this.home.thisThread();
    const state = this.advance(waker, this.generation);
    if (state === BROKEN) throw new BrokenError();
    return state !== WAITING;
  }

  private advance(slot: number, generation: number): number {
    const { core } = this.home;
    this.home.assertAlive();
    // Until it has a claim of its own it is the handle that keeps the object.
    if (this.claim === 0) this.claim = claimed(core.newNotified(this.notify.object, this.stamp));
    return core.pollNotified(this.claim, slot, generation);
  }

  override poll(cx: Context): Poll<void> {
    if (this.done) throw new PolledAfterCompletionError("notified()");
    this.home.assertAlive();
    if (isWatched()) noteEntry("waker", this);
    this.forget();
    this.home.place(cx.waker);
    this.slot = this.home.slot;
    this.generation = this.home.generation;
    this.isPlaced = true;
    const state = this.advance(this.slot, this.generation);
    if (state === WAITING) return Pending;
    if (state === BROKEN) {
      this[Symbol.dispose]();
      throw new BrokenError();
    }
    if (!proceed(cx)) return Pending;
    this.done = true;
    if (isWatched()) forgetEntry("waker", this);
    this.forget();
    const claim = this.claim;
    this.claim = 0;
    this.home.core.endNotified(claim);
  }

  private forget(): void {
    if (this.isPlaced) this.home.forget(this.slot, this.generation);
    this.isPlaced = false;
  }

  override waitsFor(): string | undefined {
    return "Notify.notified()";
  }

  /** One that was chosen alone and not seen passes the notification on. */
  override [Symbol.dispose](): void {
    this.done = true;
    if (isWatched()) forgetEntry("waker", this);
    this.forget();
    const claim = this.claim;
    this.claim = 0;
    if (claim === 0) return;
    this.home.core.dropClaim(claim);
    this.home.settle();
  }
}

/** Wakes tasks of several threads. `Send`; methods as those of `Notify`. */
export class SharedNotify extends SharedWhole {
  protected override describe(): string {
    return "a Notify";
  }

  /** A future of the next notification. It hears of every `notifyWaiters` from now on, polled or not. */
  notified(): SharedNotified {
    return new SharedNotified(this);
  }

  /** Wakes the one who waits longest; with nobody waiting, the next who comes does not wait. */
  notifyOne(): void {
    this.assertWhole();
    this.home.core.notifyOne(this.object);
    this.home.settle();
  }

  /** Wakes the one who came last; with nobody waiting, the next who comes does not wait. */
  notifyLast(): void {
    this.assertWhole();
    this.home.core.notifyLast(this.object);
    this.home.settle();
  }

  /** Wakes everybody who waits now, and stores nothing. */
  notifyWaiters(): void {
    this.assertWhole();
    this.home.core.notifyWaiters(this.object);
    this.home.settle();
  }

  /** A handle of the same Notify, for another owner. @throws {ClosedHandleError} when this one was disposed. */
  clone(): SharedNotify {
    return new SharedNotify(this.home, claimed(this.home.core.newReference(this.object)));
  }
}

export function sharedNotify(): SharedNotify {
  const home = currentHome();
  return new SharedNotify(home, claimed(home.core.newObject(KIND_NOTIFY, 0, 0)));
}
