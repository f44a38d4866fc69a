// The shared twin of oneshot.

import {
  type Context,
  type Future,
  type Owned,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../../future/index.js";
import { BrokenError, RecvError, SendError, TryRecvError } from "../errors.js";
import { WaitList } from "../waiters.js";
import { BROKEN, KIND_ONESHOT, OUTCOME_EMPTY, WAITING } from "./core.js";
import { claimed, newEnds, SharedHandle } from "./handle.js";
import { currentHome } from "./home.js";
import { AwaitParting } from "./parting.js";
import { Listening, PolledByHand } from "./waits.js";

/** What is said of either end that is used again. */
const INSTEAD = "there is only one of it, and one that was sent is the other thread's";

/** Who has sent has no more to wait for. */
class AwaitReceiverGone extends AwaitParting {
  private readonly sender: SharedHandle;
  constructor(sender: SharedHandle) {
    super(sender, "oneshot.closed()");
    this.sender = sender;
  }
  protected override look(listener: number, slot: number, generation: number): Poll<void> {
    if (super.look(listener, slot, generation) !== Pending) return;
    this.sender.held();
    return Pending;
  }
}

/** Sends the one value. `Send`, by moving; methods as those of `oneshot.Sender`. */
export class SharedOneshotSender<T> extends SharedHandle implements Owned {
  override readonly waits: WaitList = new WaitList();
  private polling: PolledByHand<Future<void>> | undefined = undefined;

  /** Goes with whoever has it. */
  get "~owned"(): true {
    return true;
  }

  protected override describe(): string {
    return "a oneshot sender";
  }

  protected override instead(): string {
    return INSTEAD;
  }

  /**
   * Sends; never waits.
   *
   * @throws {SendError} with the value, when the receiver is closed or dropped, or it cannot be sent.
   * @throws {ClosedHandleError} when it has sent, or was disposed.
   */
  send(value: T): void {
    this.assertWhole();
    if (this.isClosed()) {
      this[Symbol.dispose]();
      throw new SendError(value);
    }
    const object = this.written(value, "value");
    const { core, outcome, number } = this.home;
    const accepted = core.publishOnce(object, outcome, number) !== 0;
    if (!accepted) this.home.discard();
    this[Symbol.dispose]();
    this.home.settle();
    if (!accepted) throw new SendError(value);
  }

  /** Whether the receiver is closed or dropped. @throws {ClosedHandleError} when it has sent, or was disposed. */
  isClosed(): boolean {
    return this.home.core.isParted(this.object) !== 0;
  }

  /**
   * Waits until the receiver is closed or dropped. Cancel-safe.
   *
   * @throws {ClosedHandleError} at the call when it has sent or was disposed; from the poll, when it does so meanwhile.
   */
  closed(): Future<void> {
    return new AwaitReceiverGone(this);
  }

  /** The same by hand; keeps the waker of the last poll. @throws as {@link closed} */
  pollClosed(cx: Context): Poll<void> {
    this.polling ??= new PolledByHand(() => this.closed());
    return this.polling.poll(cx);
  }

  /** Goes without sending: the receiver gets a `RecvError`. Harmless when it has sent. */
  close(): void {
    this[Symbol.dispose]();
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.polling?.[Symbol.dispose]();
  }
}

/** Receives the one value: itself the future of it. `Send`, by moving; methods as those of `oneshot.Receiver`. */
export class SharedOneshotReceiver<T> extends Listening<T> implements Owned {
  declare readonly "~send": true;
  private readonly handle: OneshotReceiverHandle;
  private terminated = false;

  /** @internal */
  constructor(handle: OneshotReceiverHandle) {
    super(handle);
    this.handle = handle;
  }

  /** Goes with whoever has it. */
  get "~owned"(): true {
    return true;
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
    this.home.assertAlive();
    const { core } = this.home;
    const answer = core.awaitVersion(this.object, 0, 0, 0, 0);
    if (answer === BROKEN) throw new BrokenError();
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
    if (this.terminated || !this.handle.isOpen()) return true;
    this.home.assertAlive();
    return this.home.core.versionOf(this.object) === 0;
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
  protected override instead(): string {
    return INSTEAD;
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
