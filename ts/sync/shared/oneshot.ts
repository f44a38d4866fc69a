// The shared twin of oneshot.

import { type Future, Pending, type Poll, PolledAfterCompletionError } from "../../future/index.js";
import { BrokenError, RecvError, SendError, TryRecvError } from "../errors.js";
import { BROKEN, KIND_ONESHOT, OUTCOME_EMPTY, READY, WAITING } from "./core.js";
import { claimed, newEnds, SharedHandle } from "./handle.js";
import { currentHome } from "./home.js";
import { Listening } from "./waits.js";

/** Waits until no receiver is left. */
export class AwaitParting extends Listening<void> {
  protected override what(): string {
    return "closed()";
  }
  protected override look(listener: number, slot: number, generation: number): Poll<void> {
    const answer = this.home.core.awaitParting(this.object, listener, slot, generation);
    if (answer === READY) return;
    if (answer === BROKEN) throw new BrokenError();
    return Pending;
  }
}

/** Sends the one value. `Send`, by moving; methods as those of `oneshot.Sender`. */
export class SharedOneshotSender<T> extends SharedHandle {
  protected override describe(): string {
    return "a oneshot sender";
  }

  protected override instead(): string {
    return "there is only one of it, and one that was sent is the other thread's";
  }

  /** Sends; never waits. @throws {SendError} with the value, when the receiver is closed or dropped, or it cannot be sent. */
  send(value: T): void {
    this.held();
    if (this.isClosed()) {
      this[Symbol.dispose]();
      throw new SendError(value);
    }
    this.home.write(value, "value");
    const { core, outcome, number } = this.home;
    const accepted = core.publishOnce(this.object, outcome, number) !== 0;
    if (!accepted) this.home.discard();
    this[Symbol.dispose]();
    this.home.settle();
    if (!accepted) throw new SendError(value);
  }

  isClosed(): boolean {
    return this.home.core.isParted(this.object) !== 0;
  }

  /** Waits until the receiver is closed or dropped. Cancel-safe. */
  closed(): Future<void> {
    this.held();
    return new AwaitParting(this);
  }
}

/** Receives the one value: itself the future of it. `Send`, by moving; methods as those of `oneshot.Receiver`. */
export class SharedOneshotReceiver<T> extends Listening<T> {
  declare readonly "~send": true;
  private readonly handle: OneshotReceiverHandle;
  private terminated = false;

  /** @internal */
  constructor(handle: OneshotReceiverHandle) {
    super(handle);
    this.handle = handle;
  }

  protected override what(): string {
    return "a oneshot receiver";
  }

  /** The handle may have gone with the answer: what is wrong then is that it was polled. */
  protected override assertPollable(): void {
    if (this.terminated) throw new PolledAfterCompletionError(this.what());
    super.assertPollable();
  }

  protected override look(listener: number, slot: number, generation: number): Poll<T> {
    if (this.terminated || !this.handle.isOpen()) throw new PolledAfterCompletionError(this.what());
    const { core } = this.home;
    const answer = core.awaitVersion(this.object, listener, 0, slot, generation);
    if (answer === WAITING) return Pending;
    if (answer === BROKEN) throw new BrokenError();
    const outcome = core.takeValue(this.object);
    return this.consume(outcome, false);
  }

  /** The value if it is there. @throws {TryRecvError} when there is none, or none any more. */
  tryRecv(): T {
    if (this.terminated || !this.handle.isOpen()) throw new TryRecvError(true);
    const { core } = this.home;
    const answer = core.awaitVersion(this.object, 0, 0, 0, 0);
    if (answer === WAITING) throw new TryRecvError(false);
    const outcome = core.takeValue(this.object);
    return this.consume(outcome, true);
  }

  /** It has its answer: nothing of it stays in shared memory. */
  private consume(outcome: number, tried: boolean): T {
    this.terminated = true;
    try {
      if (outcome === OUTCOME_EMPTY) throw tried ? new TryRecvError(true) : new RecvError();
      return this.home.read(outcome) as T;
    } finally {
      this.handle[Symbol.dispose]();
    }
  }

  /** Refuses a value from now on; one that was sent before can still be had with `tryRecv`. */
  close(): void {
    if (!this.handle.isOpen()) return;
    this.home.core.closeObject(this.object);
    this.home.settle();
  }

  /** Whether no value waits. */
  isEmpty(): boolean {
    return this.terminated || this.home.core.versionOf(this.object) === 0;
  }

  /** Whether it has given its value, or its error. */
  isTerminated(): boolean {
    return this.terminated;
  }

  /** @internal */
  sent(): unknown {
    return this.handle.sent();
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.terminated = true;
    this.handle[Symbol.dispose]();
  }
}

/** The receiver's claim; the receiver itself is a future. */
export class OneshotReceiverHandle extends SharedHandle {
  protected override describe(): string {
    return "a oneshot receiver";
  }
  isOpen(): boolean {
    return this.isHeld();
  }
}

export function sharedOneshot<T>(): [SharedOneshotSender<T>, SharedOneshotReceiver<T>] {
  const home = currentHome();
  const { sender, receiver } = newEnds(home, claimed(home.core.newObject(KIND_ONESHOT, 0, 0)));
  const handle = new OneshotReceiverHandle(home, receiver);
  return [new SharedOneshotSender<T>(home, sender), new SharedOneshotReceiver<T>(handle)];
}
