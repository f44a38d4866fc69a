// The shared twin of broadcast.

import { type Context, type Future, type Owned, Pending, type Poll } from "../../future/index.js";
import { allReceived, noReceiver } from "../broadcast/refusals.js";
import { BrokenError, CapacityError, LaggedError, RecvError, TryRecvError } from "../errors.js";
import { WaitList } from "../waiters.js";
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
import { assertWhole, claimed, newEnds, SharedHandle } from "./handle.js";
import { currentHome, type SharedHome } from "./home.js";
import { AwaitParting } from "./parting.js";
import { Listening, PolledByHand } from "./waits.js";

/** The ring is one block of the core's heap, 16 bytes a slot. */
const MOST_SLOTS: number = 2 ** 20;

abstract class BroadcastSide extends SharedHandle {
  /** Senders that have not been disposed, on all threads. @throws {ClosedHandleError} when this was disposed. */
  strongCount(): number {
    return this.home.core.strongOf(this.object);
  }

  /** Weak senders that have not been disposed, on all threads. @throws {ClosedHandleError} when this was disposed. */
  weakCount(): number {
    return this.home.core.weakOf(this.object);
  }
}

/** Sends to every receiver. `Send`; methods as those of `broadcast.Sender`. */
export class SharedBroadcastSender<T> extends BroadcastSide {
  protected override describe(): string {
    return "a broadcast sender";
  }

  /**
   * Sends; never waits.
   *
   * @returns how many receivers it reaches. @throws {SendError} with the value, when there are none or it cannot be sent.
   * @throws {ClosedHandleError} when this sender was disposed. @throws {BrokenError}
   */
  send(value: T): number {
    const object = this.written(value, "value");
    const { core, outcome, number } = this.home;
    const receivers = core.broadcast(object, outcome, number);
    if (receivers === 0) this.home.discard();
    this.home.settle();
    if (receivers > 0) return receivers;
    assertWhole(this.home, object);
    throw noReceiver(value);
  }

  /** Whether both send into the same channel. @throws {ClosedHandleError} when one of them was disposed. */
  sameChannel(other: SharedBroadcastSender<T>): boolean {
    return this.sameObject(other);
  }

  /** A receiver of what is sent from now on. @throws {ClosedHandleError} when this sender was disposed. */
  subscribe(): SharedBroadcastReceiver<T> {
    return newReceiver(this.home, this.object);
  }

  /** Values that some receiver has not received yet. @throws {ClosedHandleError} when this sender was disposed. */
  len(): number {
    return this.home.core.keptIn(this.object);
  }

  /** Whether there are none. @throws {ClosedHandleError} when this sender was disposed. */
  isEmpty(): boolean {
    return this.len() === 0;
  }

  /** Receivers that have not been disposed, on all threads. @throws {ClosedHandleError} when this sender was disposed. */
  receiverCount(): number {
    return this.home.core.receiversOf(this.object);
  }

  /** Waits until there is no receiver. Cancel-safe. @throws {ClosedHandleError} when this sender was disposed. */
  closed(): Future<void> {
    return new AwaitParting(this, "broadcast.closed()");
  }

  /** A handle that does not keep the channel open. @throws {ClosedHandleError} when this sender was disposed. */
  downgrade(): SharedBroadcastWeakSender<T> {
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_WEAK));
    return new SharedBroadcastWeakSender(this.home, claim);
  }

  /** Another sender, for another owner. @throws {ClosedHandleError} when this sender was disposed. */
  clone(): SharedBroadcastSender<T> {
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_SENDER));
    return new SharedBroadcastSender(this.home, claim);
  }

  /** Gives the handle up. When the last one is, receivers get what is left and then a `RecvError`. */
  close(): void {
    this[Symbol.dispose]();
  }
}

/** A sender that does not keep the channel open. `Send`. */
export class SharedBroadcastWeakSender<T> extends BroadcastSide {
  protected override describe(): string {
    return "a weak broadcast sender";
  }

  protected override instead(): string {
    return "make one for each owner with `downgrade()`";
  }

  /** A sender, or undefined once all of them are gone. @throws {ClosedHandleError} when this was disposed. */
  upgrade(): SharedBroadcastSender<T> | undefined {
    const claim = this.home.core.upgradeWeak(this.object);
    return claim === 0 ? undefined : new SharedBroadcastSender(this.home, claim);
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
export class SharedBroadcastReceiver<T> extends SharedHandle implements Owned, AsyncIterable<T> {
  private polling: PolledByHand<Recv<T>> | undefined = undefined;
  override readonly waits: WaitList = new WaitList();

  /** Goes with whoever has it. */
  get "~owned"(): true {
    return true;
  }

  protected override describe(): string {
    return "a broadcast receiver";
  }

  protected override instead(): string {
    return "make one for each owner with `resubscribe()`";
  }

  /** @internal One look. */
  take(listener: number, slot: number, generation: number): Poll<T> {
    const { home } = this;
    const outcome = home.core.receiveNext(this.held(), listener, slot, generation);
    if (outcome > OUTCOME_EMPTY) return home.read(outcome) as T;
    if (outcome === OUTCOME_EMPTY) return Pending;
    if (outcome === LAGGED) throw new LaggedError(home.result());
    throw outcome === SHATTERED_RING ? new BrokenError() : allReceived();
  }

  /**
   * Waits for the next value. Cancel-safe.
   *
   * @throws {LaggedError} (from the poll) once, when values were overwritten before they were received.
   * @throws {RecvError} (from the poll) when every sender is gone and every value was received.
   * @throws {ClosedHandleError} when this receiver was disposed; from the poll, when it is meanwhile. @throws {BrokenError}
   */
  recv(): Future<T> {
    return new Recv(this);
  }

  /** The same by hand; keeps the waker of the last poll. @throws as {@link recv} */
  pollRecv(cx: Context): Poll<T> {
    this.polling ??= new PolledByHand(() => new Recv(this));
    return this.polling.poll(cx);
  }

  /**
   * Takes a value that is there.
   *
   * @throws {TryRecvError} when there is none, or none any more. @throws {LaggedError} as {@link recv}
   * @throws {ClosedHandleError} when this receiver was disposed. @throws {BrokenError}
   */
  tryRecv(): T {
    const { home } = this;
    try {
      const outcome = home.core.receiveNext(this.held(), 0, 0, 0);
      if (outcome > OUTCOME_EMPTY) return home.read(outcome) as T;
      if (outcome === LAGGED) throw new LaggedError(home.result());
      if (outcome === SHATTERED_RING) throw new BrokenError();
      throw new TryRecvError(outcome === ALL_READ);
    } finally {
      // Last: wakers that are called there may use the core's result.
      home.settle();
    }
  }

  /** Values that wait for this receiver, those that it has missed included; 0 once it is disposed. */
  len(): number {
    return this.isHeld() ? this.home.core.unreadBy(this.held()) : 0;
  }

  /** Whether there are none. */
  isEmpty(): boolean {
    return this.len() === 0;
  }

  /** Whether every sender is gone. Values may be left to receive. @throws {ClosedHandleError} when this receiver was disposed. */
  isClosed(): boolean {
    return this.home.core.strongOf(this.object) === 0;
  }

  /** Senders that have not been disposed, on all threads. @throws {ClosedHandleError} when this receiver was disposed. */
  senderStrongCount(): number {
    return this.home.core.strongOf(this.object);
  }

  /** Weak senders that have not been disposed, on all threads. @throws {ClosedHandleError} when this receiver was disposed. */
  senderWeakCount(): number {
    return this.home.core.weakOf(this.object);
  }

  /** Another receiver, of what is sent from now on. @throws {ClosedHandleError} when this receiver was disposed. */
  resubscribe(): SharedBroadcastReceiver<T> {
    return newReceiver(this.home, this.object);
  }

  /** Whether both receive from the same channel. @throws {ClosedHandleError} when one of them was disposed. */
  sameChannel(other: SharedBroadcastReceiver<T>): boolean {
    return this.sameObject(other);
  }

  /**
   * For `for await`. Ends when the channel is closed. Leaving the loop early disposes the receiver; a `LaggedError` that comes out of
   * the loop does not: begin another loop to go on.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    let lagged = false;
    try {
      for (;;) yield await this.recv();
    } catch (error) {
      if (error instanceof RecvError) return;
      lagged = error instanceof LaggedError;
      throw error;
    } finally {
      if (!lagged) this[Symbol.dispose]();
    }
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.polling?.[Symbol.dispose]();
  }
}

/** @param capacity a whole number from 1 to 2²⁰; rounded up to a power of two. @throws {CapacityError} otherwise. */
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
