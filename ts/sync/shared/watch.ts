// The shared twin of watch.

import { type Context, type Future, Pending, type Poll } from "../../future/index.js";
import { BrokenError, RecvError, SendError } from "../errors.js";
import { BROKEN, CLOSED, KIND_WATCH, ROLE_RECEIVER, ROLE_SENDER, WAITING } from "./core.js";
import { claimed, newEnds, SharedHandle } from "./handle.js";
import { currentHome, type SharedHome } from "./home.js";
import { AwaitParting } from "./oneshot.js";
import { Listening } from "./waits.js";

/** A value as a callback sees it: to be changed in place or replaced. */
export interface ValueSlot<T> {
  value: T;
}

/** The value of one handle: read from shared memory once for each time that it was replaced. */
abstract class WatchHandle<T> extends SharedHandle {
  private stamp: number | undefined = undefined;
  private version = 0;
  private current: T | undefined = undefined;

  /** The latest value. Shared by all who borrow it through this handle: not to be changed. */
  borrow(): T {
    this.held();
    if (this.home.core.stampOf(this.object) !== this.stamp) this.reread();
    return this.current as T;
  }

  /** The version that the last borrow saw. */
  protected borrowedVersion(): number {
    return this.version;
  }

  private reread(): void {
    const outcome = this.home.core.readValue(this.object);
    const version = this.home.resultVersion();
    const stamp = this.home.resultStamp();
    this.current = this.home.read(outcome) as T;
    this.version = version;
    this.stamp = stamp;
  }

  /** Whether both are of one channel. */
  sameChannel(other: WatchHandle<T>): boolean {
    return this.sameObject(other);
  }

  receiverCount(): number {
    return this.home.core.receiversOf(this.object);
  }

  senderCount(): number {
    return this.home.core.strongOf(this.object);
  }
}

/** Publishes values. `Send`; methods as those of `watch.Sender`. */
export class SharedWatchSender<T> extends WatchHandle<T> {
  protected override describe(): string {
    return "a watch sender";
  }

  /** @throws {SendError} with the value, which is not kept then, when there is no receiver. */
  send(value: T): void {
    this.held();
    this.home.write(value, "value");
    const { core, outcome, number } = this.home;
    const heard = core.publishToReceivers(this.object, outcome, number) !== 0;
    if (!heard) this.home.discard();
    this.home.settle();
    if (!heard) throw new SendError(value);
  }

  /** Publishes whether or not there are receivers. @returns the value before. */
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
   */
  sendModify(modify: (slot: ValueSlot<T>) => void): void {
    this.sendIfModified((slot) => {
      modify(slot);
      return true;
    });
  }

  /** The same, published only if `modify` returns true: else what it has changed is kept, and nobody is told. */
  sendIfModified(modify: (slot: ValueSlot<T>) => boolean): boolean {
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
    this.held();
    const outcome = this.home.core.readValue(this.object);
    const stamp = this.home.resultStamp();
    return { value: this.home.read(outcome) as T, stamp };
  }

  private tryReplace(stamp: number, value: T, silently: boolean): boolean {
    this.home.write(value, "value");
    const { core, outcome, number } = this.home;
    const done = core.replaceIf(this.object, stamp, outcome, number, silently ? 1 : 0) !== 0;
    if (!done) this.home.discard();
    this.home.settle();
    return done;
  }

  /** Whether there is no receiver. */
  isClosed(): boolean {
    return this.home.core.isParted(this.object) !== 0;
  }

  /** Waits until there is no receiver. Cancel-safe. */
  closed(): Future<void> {
    this.held();
    return new AwaitParting(this);
  }

  /** A receiver that has seen the present value. */
  subscribe(): SharedWatchReceiver<T> {
    this.held();
    return newReceiver(this.home, this.object);
  }

  clone(): SharedWatchSender<T> {
    this.held();
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_SENDER));
    return new SharedWatchSender(this.home, claim);
  }

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
  private first_ = true;

  constructor(receiver: SharedWatchReceiver<T>, predicate: (value: T) => boolean) {
    super(receiver);
    this.receiver = receiver;
    this.predicate = predicate;
  }
  protected override what(): string {
    return "watch.waitFor()";
  }
  protected override look(listener: number, slot: number, generation: number): Poll<T> {
    for (;;) {
      if (!this.first_) {
        const changed = this.receiver.lookForChange(listener, slot, generation);
        if (changed === Pending) return Pending;
      }
      this.first_ = false;
      const value = this.receiver.borrowAndUpdate();
      if (this.predicate(value)) return value;
    }
  }
}

/** Sees the latest value. `Send`; methods as those of `watch.Receiver`. */
export class SharedWatchReceiver<T> extends WatchHandle<T> {
  private seen: number;

  /** @internal */
  constructor(home: SharedHome, claim: number, seen: number) {
    super(home, claim);
    this.seen = seen;
  }

  protected override describe(): string {
    return "a watch receiver";
  }

  /** @internal One look: marks the value as seen if it has changed. */
  lookForChange(listener: number, slot: number, generation: number): Poll<void> {
    this.held();
    const { core } = this.home;
    const answer = core.awaitVersion(this.object, listener, this.seen, slot, generation);
    if (answer === WAITING) return Pending;
    if (answer === BROKEN) throw new BrokenError();
    if (answer === CLOSED) throw new RecvError();
    this.seen = core.versionOf(this.object);
  }

  /** Waits for a value that has not been seen, and marks it as seen. Cancel-safe. @throws {RecvError} as `watch.Receiver`. */
  changed(): Future<void> {
    this.held();
    return new Changed(this);
  }

  /** Polls for a change; keeps the waker of the last poll. */
  pollChanged(cx: Context): Poll<void> {
    this.polling ??= new Changed(this);
    const result = this.polling.poll(cx);
    if (result !== Pending) this.polling = undefined;
    return result;
  }
  private polling: Changed<T> | undefined = undefined;

  /** Whether there is a value that has not been seen. @throws {RecvError} once every sender is gone. */
  hasChanged(): boolean {
    this.held();
    if (this.isClosed()) throw new RecvError();
    return this.home.core.versionOf(this.object) !== this.seen;
  }

  /** The latest value, which has been seen now. */
  borrowAndUpdate(): T {
    const value = this.borrow();
    this.seen = this.borrowedVersion();
    return value;
  }

  /** Waits for a value, the present one first. Cancel-safe. @throws {RecvError} when every sender is gone before. */
  waitFor(predicate: (value: T) => boolean): Future<T> {
    this.held();
    return new WaitFor(this, predicate);
  }

  markChanged(): void {
    this.seen = (this.home.core.versionOf(this.object) - 1) | 0;
  }

  markUnchanged(): void {
    this.seen = this.home.core.versionOf(this.object);
  }

  /** Whether every sender is gone. */
  isClosed(): boolean {
    return this.home.core.strongOf(this.object) === 0;
  }

  /** One more receiver, which has seen what this one has. */
  clone(): SharedWatchReceiver<T> {
    this.held();
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_RECEIVER));
    return new SharedWatchReceiver(this.home, claim, this.seen);
  }

  override extra(): unknown {
    return this.seen;
  }

  override [Symbol.dispose](): void {
    this.polling?.[Symbol.dispose]();
    super[Symbol.dispose]();
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
