// The shared twin of broadcast.

import { type Context, type Future, Pending, type Poll } from "../../future/index.js";
import {
  BrokenError,
  CapacityError,
  LaggedError,
  RecvError,
  SendError,
  TryRecvError,
} from "../errors.js";
import {
  ALL_READ,
  KIND_BROADCAST,
  LAGGED,
  OUTCOME_EMPTY,
  ROLE_RECEIVER,
  ROLE_SENDER,
  ROLE_WEAK,
  SHATTERED_RING,
} from "./core.js";
import { claimed, newEnds, SharedHandle } from "./handle.js";
import { currentHome, type SharedHome } from "./home.js";
import { AwaitParting } from "./oneshot.js";
import { Listening } from "./waits.js";

/** The ring is one block of the core's heap. */
const MOST_SLOTS: number = 2 ** 20;

abstract class BroadcastHandle extends SharedHandle {
  strongCount(): number {
    return this.home.core.strongOf(this.object);
  }

  weakCount(): number {
    return this.home.core.weakOf(this.object);
  }

  sameChannel(other: BroadcastHandle): boolean {
    return this.sameObject(other);
  }
}

/** Sends to every receiver. `Send`; methods as those of `broadcast.Sender`. */
export class SharedBroadcastSender<T> extends BroadcastHandle {
  protected override describe(): string {
    return "a broadcast sender";
  }

  /** Sends; never waits. @returns how many receivers it reaches. @throws {SendError} with the value when there are none. */
  send(value: T): number {
    this.held();
    this.home.write(value, "value");
    const { core, outcome, number } = this.home;
    const receivers = core.broadcast(this.object, outcome, number);
    if (receivers === 0) this.home.discard();
    this.home.settle();
    if (receivers === 0) throw new SendError(value);
    return receivers;
  }

  /** A receiver of what is sent from now on. */
  subscribe(): SharedBroadcastReceiver<T> {
    this.held();
    return newReceiver(this.home, this.object);
  }

  /** Values that are kept because some receiver has not read them. */
  len(): number {
    return this.home.core.keptIn(this.object);
  }

  isEmpty(): boolean {
    return this.len() === 0;
  }

  receiverCount(): number {
    return this.home.core.receiversOf(this.object);
  }

  /** Waits until there is no receiver. Cancel-safe. */
  closed(): Future<void> {
    this.held();
    return new AwaitParting(this);
  }

  downgrade(): SharedBroadcastWeakSender<T> {
    this.held();
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_WEAK));
    return new SharedBroadcastWeakSender(this.home, claim);
  }

  clone(): SharedBroadcastSender<T> {
    this.held();
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_SENDER));
    return new SharedBroadcastSender(this.home, claim);
  }

  close(): void {
    this[Symbol.dispose]();
  }
}

/** Does not keep the channel open. */
export class SharedBroadcastWeakSender<T> extends BroadcastHandle {
  protected override describe(): string {
    return "a weak sender";
  }

  /** A sender, or undefined once all of them are gone. */
  upgrade(): SharedBroadcastSender<T> | undefined {
    this.held();
    const claim = this.home.core.upgradeWeak(this.object);
    return claim === 0 ? undefined : new SharedBroadcastSender(this.home, claim);
  }

  clone(): SharedBroadcastWeakSender<T> {
    this.held();
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_WEAK));
    return new SharedBroadcastWeakSender(this.home, claim);
  }
}

function newReceiver<T>(home: SharedHome, object: number): SharedBroadcastReceiver<T> {
  return new SharedBroadcastReceiver(home, claimed(home.core.newEnd(object, ROLE_RECEIVER)));
}

class Recv<T> extends Listening<T> {
  private readonly receiver: SharedBroadcastReceiver<T>;
  constructor(receiver: SharedBroadcastReceiver<T>) {
    super(receiver);
    this.receiver = receiver;
  }
  protected override what(): string {
    return "broadcast.recv()";
  }
  protected override look(listener: number, slot: number, generation: number): Poll<T> {
    return this.receiver.take(listener, slot, generation);
  }
}

/** Receives what is sent. `Send`, by moving; methods as those of `broadcast.Receiver`. */
export class SharedBroadcastReceiver<T> extends BroadcastHandle implements AsyncIterable<T> {
  private polling: Recv<T> | undefined = undefined;

  protected override describe(): string {
    return "a broadcast receiver";
  }

  protected override instead(): string {
    return "there is only one of it, and one that was sent is the other thread's";
  }

  /** @internal One look. */
  take(listener: number, slot: number, generation: number): Poll<T> {
    const { home } = this;
    const outcome = home.core.receiveNext(this.held(), listener, slot, generation);
    if (outcome > OUTCOME_EMPTY) return home.read(outcome) as T;
    if (outcome === OUTCOME_EMPTY) return Pending;
    if (outcome === LAGGED) throw new LaggedError(home.result());
    throw outcome === SHATTERED_RING ? new BrokenError() : new RecvError();
  }

  /** Waits for the next value. Cancel-safe. @throws {LaggedError} once when values were missed. @throws {RecvError} */
  recv(): Future<T> {
    this.held();
    return new Recv(this);
  }

  /** Polls for the next value; keeps the waker of the last poll. */
  pollRecv(cx: Context): Poll<T> {
    this.polling ??= new Recv(this);
    let ended = true;
    try {
      const value = this.polling.poll(cx);
      ended = value !== Pending;
      return value;
    } finally {
      if (ended) this.polling = undefined;
    }
  }

  /** Takes a value that is there. @throws {TryRecvError} when there is none. @throws {LaggedError} */
  tryRecv(): T {
    const { home } = this;
    const outcome = home.core.receiveNext(this.held(), 0, 0, 0);
    home.settle();
    if (outcome > OUTCOME_EMPTY) return home.read(outcome) as T;
    if (outcome === LAGGED) throw new LaggedError(home.result());
    if (outcome === SHATTERED_RING) throw new BrokenError();
    throw new TryRecvError(outcome === ALL_READ);
  }

  /** Values that wait for this receiver. */
  len(): number {
    return this.home.core.unreadBy(this.held());
  }

  isEmpty(): boolean {
    return this.len() === 0;
  }

  isClosed(): boolean {
    return this.home.core.strongOf(this.object) === 0;
  }

  /** A receiver of what is sent from now on. */
  resubscribe(): SharedBroadcastReceiver<T> {
    this.held();
    return newReceiver(this.home, this.object);
  }

  /** For `for await`; a LaggedError is thrown out of it. Leaving the loop early disposes the receiver. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    try {
      for (;;) yield await this.recv();
    } catch (error) {
      if (!(error instanceof RecvError)) throw error;
    } finally {
      this[Symbol.dispose]();
    }
  }

  override [Symbol.dispose](): void {
    this.polling?.[Symbol.dispose]();
    this.polling = undefined;
    super[Symbol.dispose]();
  }
}

/** @throws {CapacityError} */
export function sharedBroadcast<T>(
  capacity: number,
): [SharedBroadcastSender<T>, SharedBroadcastReceiver<T>] {
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > MOST_SLOTS)
    throw new CapacityError(
      "broadcast.shared(capacity)",
      capacity,
      `a whole number from 1 to ${MOST_SLOTS}`,
    );
  const home = currentHome();
  const slots = 2 ** Math.ceil(Math.log2(capacity));
  const claim = claimed(home.core.newObject(KIND_BROADCAST, 0, slots));
  const { sender, receiver } = newEnds(home, claim);
  return [
    new SharedBroadcastSender<T>(home, sender),
    new SharedBroadcastReceiver<T>(home, receiver),
  ];
}
