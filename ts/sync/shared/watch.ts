// The shared twin of watch.

import { type Context, type Future, Pending, type Poll } from "../../future/index.js";
import { checkFunction } from "../checks.js";
import { BrokenError } from "../errors.js";
import { WaitList } from "../waiters.js";
import { AT_ONCE, type AtOnce, checkAtOnce } from "../watch/at-once.js";
import { noOtherValue, noReceiver, sendersGone } from "../watch/refusals.js";
import {
  BROKEN,
  CLOSED,
  KIND_WATCH,
  OUTCOME_EMPTY,
  ROLE_RECEIVER,
  ROLE_SENDER,
  WAITING,
} from "./core.js";
import { assertWhole, claimed, newEnds, SharedHandle } from "./handle.js";
import { currentHome, type SharedHome } from "./home.js";
import { AwaitParting } from "./parting.js";
import { Listening, PolledByHand } from "./waits.js";

/** A value as a callback sees it: to be changed in place or replaced. */
export interface ValueSlot<T> {
  value: T;
}

/** The value of one handle: read from shared memory once for each time that it was replaced. */
abstract class WatchHandle<T> extends SharedHandle {
  private stamp: number | undefined = undefined;
  private version = 0;
  private current: T | undefined = undefined;

  /**
   * The latest value. Shared by all who borrow it through this handle: not to be changed.
   *
   * @throws {ClosedHandleError} when this handle was disposed. @throws {BrokenError}
   */
  borrow(): T {
    const { object } = this;
    if (this.home.core.stampOf(object) !== this.stamp) this.reread(object);
    return this.current as T;
  }

  /** @internal The version that the last borrow saw. */
  borrowedVersion(): number {
    return this.version;
  }

  private reread(object: number): void {
    const outcome = this.home.core.readValue(object);
    if (outcome === OUTCOME_EMPTY) this.assertWhole();
    const version = this.home.resultVersion();
    const stamp = this.home.resultStamp();
    this.current = this.home.read(outcome) as T;
    this.version = version;
    this.stamp = stamp;
  }

  /** Whether both are of one channel. @throws {ClosedHandleError} when one of them was disposed. */
  sameChannel(other: WatchHandle<T>): boolean {
    return this.sameObject(other);
  }
}

/** Publishes values. `Send`; methods as those of `watch.Sender`. */
export class SharedWatchSender<T> extends WatchHandle<T> {
  protected override describe(): string {
    return "a watch sender";
  }

  /** Receivers that have not been disposed, on all threads. @throws {ClosedHandleError} when this sender was disposed. */
  receiverCount(): number {
    return this.home.core.receiversOf(this.object);
  }

  /** Senders that have not been disposed, on all threads. @throws {ClosedHandleError} when this sender was disposed. */
  senderCount(): number {
    return this.home.core.strongOf(this.object);
  }

  /**
   * Publishes a value, if somebody watches.
   *
   * @throws {SendError} with the value, which is not kept, when there is no receiver or it cannot be sent.
   * @throws {ClosedHandleError} when this sender was disposed. @throws {BrokenError}
   */
  send(value: T): void {
    const object = this.written(value, "value");
    const { core, outcome, number } = this.home;
    const heard = core.publishToReceivers(object, outcome, number) !== 0;
    if (!heard) this.home.discard();
    this.home.settle();
    if (heard) return;
    assertWhole(this.home, object);
    throw noReceiver(value);
  }

  /**
   * Publishes whether or not there are receivers.
   *
   * @returns the value before. @throws {ClosedHandleError} when this sender was disposed. @throws {BrokenError}
   */
  sendReplace(value: T): T {
    for (;;) {
      const before = this.fresh();
      if (this.tryReplace(before.stamp, value, false)) return before.value;
    }
  }

  /**
   * Publishes a changed value.
   *
   * @param modify changes `slot.value`. Called again with a fresh value when another thread has replaced it in between, so it should
   * do nothing else. If it throws, what it has changed is kept and not published.
   * @throws what `modify` throws. @throws {SyncArgumentError} when it is no function, or one that waits.
   * @throws {ClosedHandleError} when this sender was disposed. @throws {BrokenError}
   */
  sendModify<R>(modify: (slot: ValueSlot<T>) => R, ..._refused: AtOnce<R>): void {
    checkFunction("sendModify(modify)", modify, AT_ONCE);
    this.change((slot) => {
      checkAtOnce("sendModify(modify)", modify, modify(slot));
      return true;
    });
  }

  /** The same, published only if `modify` returns true: else what it has changed is kept, and nobody is told. */
  sendIfModified(modify: (slot: ValueSlot<T>) => boolean): boolean {
    checkFunction("sendIfModified(modify)", modify, AT_ONCE);
    return this.change((slot) => {
      const modified = modify(slot);
      checkAtOnce("sendIfModified(modify)", modify, modified);
      return modified;
    });
  }

  private change(modify: (slot: ValueSlot<T>) => boolean): boolean {
    for (;;) {
      const { value, stamp } = this.fresh();
      const slot: ValueSlot<T> = { value };
      let modified = false;
      try {
        modified = modify(slot);
      } catch (error) {
        this.tryReplace(stamp, slot.value, true);
        throw error;
      }
      if (this.tryReplace(stamp, slot.value, !modified)) return modified;
    }
  }

  /** A copy of the value that nobody else has. */
  private fresh(): { value: T; stamp: number } {
    const outcome = this.home.core.readValue(this.object);
    if (outcome === OUTCOME_EMPTY) this.assertWhole();
    const stamp = this.home.resultStamp();
    return { value: this.home.read(outcome) as T, stamp };
  }

  /** False when another thread has replaced it since. @throws {BrokenError} */
  private tryReplace(stamp: number, value: T, silently: boolean): boolean {
    const object = this.written(value, "value");
    const { core, outcome, number } = this.home;
    const done = core.replaceIf(object, stamp, outcome, number, silently ? 1 : 0) !== 0;
    if (!done) this.home.discard();
    this.home.settle();
    if (!done) assertWhole(this.home, object);
    return done;
  }

  /** Whether there is no receiver now. @throws {ClosedHandleError} when this sender was disposed. */
  isClosed(): boolean {
    return this.home.core.isParted(this.object) !== 0;
  }

  /** Waits until there is no receiver. Cancel-safe. @throws {ClosedHandleError} when this sender was disposed. */
  closed(): Future<void> {
    return new AwaitParting(this, "watch.closed()");
  }

  /** A receiver that has seen the present value. @throws {ClosedHandleError} when this sender was disposed. */
  subscribe(): SharedWatchReceiver<T> {
    return newReceiver(this.home, this.object);
  }

  /** Another sender, for another owner. @throws {ClosedHandleError} when this sender was disposed. */
  clone(): SharedWatchSender<T> {
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_SENDER));
    return new SharedWatchSender(this.home, claim);
  }

  /** Gives the handle up. When the last one is, receivers that have seen the last value get a `RecvError`. */
  close(): void {
    this[Symbol.dispose]();
  }
}

function newReceiver<T>(home: SharedHome, object: number): SharedWatchReceiver<T> {
  const claim = claimed(home.core.newEnd(object, ROLE_RECEIVER));
  return new SharedWatchReceiver(home, claim, home.core.versionOf(object));
}

class Changed<T> extends Listening<void> {
  private readonly receiver: SharedWatchReceiver<T>;
  constructor(receiver: SharedWatchReceiver<T>) {
    super(receiver);
    this.receiver = receiver;
  }
  protected override what(): string {
    return "watch.changed()";
  }
  protected override look(listener: number, slot: number, generation: number): Poll<void> {
    return this.receiver.lookForChange(listener, slot, generation);
  }
}

class WaitFor<T> extends Listening<T> {
  private readonly receiver: SharedWatchReceiver<T>;
  private readonly predicate: (value: T) => boolean;
  /** The version that the predicate was last asked about. Its own, so that nothing else that this receiver does hides one. */
  private asked: number | undefined;

  constructor(receiver: SharedWatchReceiver<T>, predicate: (value: T) => boolean) {
    super(receiver);
    this.receiver = receiver;
    this.predicate = predicate;
    this.asked = undefined;
  }
  protected override what(): string {
    return "watch.waitFor()";
  }
  protected override look(listener: number, slot: number, generation: number): Poll<T> {
    const { receiver } = this;
    while (
      this.asked === undefined ||
      receiver.lookPast(this.asked, listener, slot, generation) !== Pending
    ) {
      const value = receiver.borrowAndUpdate();
      this.asked = receiver.borrowedVersion();
      if (this.predicate(value)) return value;
    }
    return Pending;
  }
}

/** Sees the latest value. `Send`; methods as those of `watch.Receiver`. */
export class SharedWatchReceiver<T> extends WatchHandle<T> {
  private seen: number;
  private polling: PolledByHand<Changed<T>> | undefined = undefined;
  override readonly waits: WaitList = new WaitList();

  /** @internal */
  constructor(home: SharedHome, claim: number, seen: number) {
    super(home, claim);
    this.seen = seen;
  }

  protected override describe(): string {
    return "a watch receiver";
  }

  /** @internal One look for another version than `seen`. @throws {RecvError} when none can come. */
  lookPast(seen: number, listener: number, slot: number, generation: number): Poll<void> {
    const answer = this.home.core.awaitVersion(this.object, listener, seen, slot, generation);
    if (answer === WAITING) return Pending;
    if (answer === BROKEN) throw new BrokenError();
    if (answer === CLOSED) throw noOtherValue();
  }

  /** @internal The same for one that has not been seen, which is marked as seen. */
  lookForChange(listener: number, slot: number, generation: number): Poll<void> {
    if (this.lookPast(this.seen, listener, slot, generation) === Pending) return Pending;
    this.seen = this.home.core.versionOf(this.object);
  }

  /**
   * Waits for a value that has not been seen, and marks it as seen. Cancel-safe.
   *
   * @throws {RecvError} (from the poll) when every sender is gone and the last value was seen.
   * @throws {ClosedHandleError} when this receiver was disposed; from the poll, when it is meanwhile. @throws {BrokenError}
   */
  changed(): Future<void> {
    return new Changed(this);
  }

  /** The same by hand; keeps the waker of the last poll. @throws as {@link changed} */
  pollChanged(cx: Context): Poll<void> {
    this.polling ??= new PolledByHand(() => new Changed(this));
    return this.polling.poll(cx);
  }

  /**
   * Whether there is a value that has not been seen.
   *
   * @throws {RecvError} once every sender is gone. @throws {ClosedHandleError} when this receiver was disposed. @throws {BrokenError}
   */
  hasChanged(): boolean {
    this.assertWhole();
    if (this.isClosed()) throw sendersGone();
    return this.home.core.versionOf(this.object) !== this.seen;
  }

  /** The latest value, marked as seen. @throws {ClosedHandleError} when this receiver was disposed. @throws {BrokenError} */
  borrowAndUpdate(): T {
    const value = this.borrow();
    this.seen = this.borrowedVersion();
    return value;
  }

  /**
   * Waits until `predicate` says yes to a value, the present one first. Every value that it is asked about is marked as seen.
   * Cancel-safe.
   *
   * @param predicate what it throws, the future fails with.
   * @throws {RecvError} (from the poll) when every sender is gone, and the last value was refused.
   * @throws {ClosedHandleError} when this receiver was disposed; from the poll, when it is meanwhile. @throws {BrokenError}
   */
  waitFor<S extends T>(predicate: (value: T) => value is S): Future<S>;
  waitFor(predicate: (value: T) => boolean): Future<T>;
  waitFor(predicate: (value: T) => boolean): Future<T> {
    checkFunction("waitFor(predicate)", predicate);
    return new WaitFor(this, predicate);
  }

  /** Acts as if the latest value had not been seen. @throws {ClosedHandleError} when this receiver was disposed. */
  markChanged(): void {
    this.seen = (this.home.core.versionOf(this.object) - 1) | 0;
  }

  /** Acts as if the latest value had been seen. @throws {ClosedHandleError} when this receiver was disposed. */
  markUnchanged(): void {
    this.seen = this.home.core.versionOf(this.object);
  }

  /** Whether every sender is gone. @throws {ClosedHandleError} when this receiver was disposed. */
  isClosed(): boolean {
    return this.home.core.strongOf(this.object) === 0;
  }

  /** One more receiver, which has seen what this one has. @throws {ClosedHandleError} when this receiver was disposed. */
  clone(): SharedWatchReceiver<T> {
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_RECEIVER));
    return new SharedWatchReceiver(this.home, claim, this.seen);
  }

  /** @internal */
  override extra(): unknown {
    return this.seen;
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.polling?.[Symbol.dispose]();
  }
}

export function sharedWatch<T>(initial: T): [SharedWatchSender<T>, SharedWatchReceiver<T>] {
  const home = currentHome();
  const { core } = home;
  home.write(initial, "value");
  const { outcome, number } = home;
  const claim = core.newObject(KIND_WATCH, 0, 0);
  if (claim === 0) home.discard();
  const object = core.objectOf(claimed(claim));
  core.setValue(object, outcome, number);
  home.settle();
  const { sender, receiver } = newEnds(home, claim);
  const version = core.versionOf(object);
  return [
    new SharedWatchSender<T>(home, sender),
    new SharedWatchReceiver<T>(home, receiver, version),
  ];
}
