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
import { claimed, SharedHandle } from "./handle.js";
import { currentHome, type SharedHome } from "./home.js";

/** No waker has been placed: more than there are tasks. */
const NO_WAKER = 0x7fffffff;

/** Waits for a notification. Cancel-safe; the place in the line is lost. */
export class SharedNotified extends Future<void> {
  private readonly home: SharedHome;
  private readonly object: number;
  private readonly stamp: number;
  /** Keeps the object alive. */
  private readonly notify: SharedNotify;
  private claim = 0;
  private done = false;
  private slot = NO_WAKER;
  private generation = 0;

  /** @internal */
  constructor(notify: SharedNotify, home: SharedHome, object: number) {
    super();
    this.notify = notify;
    this.home = home;
    this.object = object;
    this.stamp = home.core.stampOf(object);
  }

  /** Joins the line without being polled. Returns whether it has been notified already. */
  enable(): boolean {
    if (this.done) return true;
    this.notify.held();
    // One that has been polled keeps its waker.
    if (this.slot !== NO_WAKER) return this.advance(this.slot, this.generation) !== WAITING;
    return this.advance(this.home.thisThread(), 0) !== WAITING;
  }

  private advance(slot: number, generation: number): number {
    const { core } = this.home;
    if (this.claim === 0) this.claim = claimed(core.newNotified(this.object, this.stamp));
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
    const state = this.advance(this.slot, this.generation);
    if (state === WAITING) return Pending;
    if (state === BROKEN) throw new BrokenError();
    if (!proceed(cx)) return Pending;
    this.done = true;
    if (isWatched()) forgetEntry("waker", this);
    this.forget();
    const claim = this.claim;
    this.claim = 0;
    this.home.core.endNotified(claim);
  }

  private forget(): void {
    if (this.slot < 0) this.home.forget(this.slot, this.generation);
    this.slot = NO_WAKER;
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
export class SharedNotify extends SharedHandle {
  protected override describe(): string {
    return "a Notify";
  }

  /** A future of the next notification. It hears of every `notifyWaiters` from now on, polled or not. */
  notified(): SharedNotified {
    this.held();
    return new SharedNotified(this, this.home, this.object);
  }

  /** Wakes the one who waits longest; with nobody waiting, the next who comes does not wait. */
  notifyOne(): void {
    this.held();
    this.home.core.notifyOne(this.object);
    this.home.settle();
  }

  /** Wakes the one who came last; with nobody waiting, the next who comes does not wait. */
  notifyLast(): void {
    this.held();
    this.home.core.notifyLast(this.object);
    this.home.settle();
  }

  /** Wakes everybody who waits now, and stores nothing. */
  notifyWaiters(): void {
    this.held();
    this.home.core.notifyWaiters(this.object);
    this.home.settle();
  }

  clone(): SharedNotify {
    return new SharedNotify(this.home, claimed(this.home.core.newReference(this.object)));
  }
}

export function sharedNotify(): SharedNotify {
  const home = currentHome();
  return new SharedNotify(home, claimed(home.core.newObject(KIND_NOTIFY, 0, 0)));
}
