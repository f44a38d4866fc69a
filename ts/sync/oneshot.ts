// oneshot: one value, once. An end that is lost to the garbage collector closes (tether.ts).

import { sharedForms } from "../doors/shared.js";
import {
  type Context,
  dropOwned,
  Future,
  forgetEntry,
  isWatched,
  noteEntry,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  requireContext,
  type Suspension,
  suspend,
  type Waker,
  WakerSet,
} from "../future/index.js";
import type { OnlySend } from "../send/send.js";
import { ClosedHandleError, RecvError, SendError, TryRecvError } from "./errors.js";
import type { SharedOneshotReceiver, SharedOneshotSender } from "./shared/oneshot.js";
import { type Losable, returnTether, type Tether, takeTether } from "./tether.js";

export {
  SharedOneshotReceiver as SharedReceiver,
  SharedOneshotSender as SharedSender,
} from "../doors/shared.js";

/** No value was sent yet. */
const EMPTY = 0;
/** A value waits to be received. */
const SENT = 1;
/** The value was received, or can never come. */
const DONE = 2;

/** The ends, as tethers tell them apart. */
const SENDER = 0;
const RECEIVER = 1;

function usedSender(): ClosedHandleError {
  return new ClosedHandleError("a oneshot sender", "it sends once; make a channel for each value");
}

class Cell<T> implements Losable {
  state: number;
  value: T | undefined;
  senderOpen: boolean;
  receiverOpen: boolean;
  receiver: Waker | undefined;
  /** Who waits for the receiver's end. Made for the first. */
  closing: WakerSet | undefined;

  constructor() {
    this.state = EMPTY;
    this.value = undefined;
    this.senderOpen = true;
    this.receiverOpen = true;
    this.receiver = undefined;
    this.closing = undefined;
  }

  wakeReceiver(): void {
    const waker = this.receiver;
    this.receiver = undefined;
    if (isWatched()) forgetEntry("waker", this);
    waker?.wake();
  }

  /** The sender has sent, or goes: who waits by it has no more to wait for. */
  closeSender(): void {
    this.senderOpen = false;
    this.wakeReceiver();
    this.closing?.wakeAll();
  }

  /** Takes no value from now on. */
  closeReceiver(): void {
    if (!this.receiverOpen) return;
    this.receiverOpen = false;
    this.closing?.wakeAll();
    // Whoever waits for the value by reference has its answer too.
    this.wakeReceiver();
  }

  /** The receiver goes, and with it a value that it has not taken. */
  dropReceiver(): void {
    this.receiver = undefined;
    if (isWatched()) forgetEntry("waker", this);
    this.closeReceiver();
    const { value } = this;
    this.value = undefined;
    this.state = DONE;
    if (value !== undefined) dropOwned(value);
  }

  lose(end: number): void {
    if (end === SENDER) this.closeSender();
    else this.dropReceiver();
  }

  /** Waits for the receiver's end. @param future by whose name. */
  pollClosed(cx: Context, future: object): Poll<void> {
    if (this.receiverOpen) {
      if (!this.senderOpen) throw usedSender();
      this.closing ??= new WakerSet();
      this.closing.set(future, cx.waker);
      return Pending;
    }
    if (!proceed(cx)) return Pending;
  }
}

class Closed extends Future<void> {
  /** The handle and not its cell, see T1 in tether.ts. */
  private readonly sender: Sender<unknown>;
  private done: boolean;
  constructor(sender: Sender<unknown>) {
    super();
    this.sender = sender;
    this.done = false;
  }
  override poll(cx: Context): Poll<void> {
    if (this.done) throw new PolledAfterCompletionError("closed()");
    let ended = true;
    try {
      ended = this.sender.cell.pollClosed(cx, this) !== Pending;
    } finally {
      if (ended) this[Symbol.dispose]();
    }
    return ended ? undefined : Pending;
  }
  override waitsFor(): string {
    return "oneshot.closed()";
  }
  override [Symbol.dispose](): void {
    this.done = true;
    this.sender.cell.closing?.delete(this);
  }
}

/** Sends the one value. */
export class Sender<T> implements Disposable {
  /** @internal */
  readonly cell: Cell<T>;
  private tether: Tether | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make the channel by `oneshot.shared`";
  }

  /** @internal */
  constructor(cell: Cell<T>) {
    this.cell = cell;
    this.tether = takeTether(cell, SENDER);
  }

  /** @internal */
  get "~owned"(): true {
    return true;
  }

  /** Gives the handle up; the cell, whose sender is not closed yet. @throws {ClosedHandleError} when it was before. */
  private surrender(): Cell<T> {
    const tether = this.tether;
    if (tether === undefined) throw usedSender();
    this.tether = undefined;
    returnTether(tether);
    return this.cell;
  }

  /**
   * Sends; never waits. A value that is not received, because the receiver is dropped, is dropped with it: guards, permits and
   * ends of channels in it are disposed.
   *
   * @throws {SendError} with the value, when the receiver is closed or dropped.
   * @throws {ClosedHandleError} when it has sent already, or was disposed.
   */
  send(value: T): void {
    const cell = this.surrender();
    if (cell.receiverOpen) {
      cell.value = value;
      cell.state = SENT;
      cell.closeSender();
      return;
    }
    cell.senderOpen = false;
    throw new SendError(value);
  }

  /** Whether the receiver is closed or dropped. */
  isClosed(): boolean {
    return !this.cell.receiverOpen;
  }

  /**
   * Waits until the receiver is closed or dropped. Cancel-safe.
   *
   * @throws {ClosedHandleError} at the call, when it has sent or was disposed; from the poll, when it does so meanwhile.
   */
  closed(): Future<void> {
    if (this.tether === undefined) throw usedSender();
    return new Closed(this as Sender<unknown>);
  }

  /** The same by hand; keeps the waker of the last poll. @throws as {@link closed} */
  pollClosed(cx: Context): Poll<void> {
    return this.cell.pollClosed(cx, this);
  }

  /** Goes without sending: the receiver gets a `RecvError`. Harmless when it has sent. */
  close(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.tether !== undefined) this.surrender().closeSender();
  }
}

/**
 * Receives the one value: itself the future of it. Cancel-safe by `borrow`: dropping it closes the channel.
 *
 * @throws {RecvError} (from the poll) when the sender is dropped without having sent.
 */
export class Receiver<T> extends Future<T> {
  private readonly cell: Cell<T>;
  private tether: Tether | undefined;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make the channel by `oneshot.shared`";
  }

  /** @internal */
  constructor(cell: Cell<T>) {
    super();
    this.cell = cell;
    this.tether = takeTether(cell, RECEIVER);
  }

  /** @internal */
  get "~owned"(): true {
    return true;
  }

  override poll(cx: Context): Poll<T> {
    const cell = this.cell;
    if (cell.state === DONE) throw new PolledAfterCompletionError("a oneshot receiver");
    if (cell.state === SENT) return proceed(cx) ? this.take() : Pending;
    if (!cell.senderOpen || !cell.receiverOpen) {
      if (!proceed(cx)) return Pending;
      this.finish();
      throw new RecvError();
    }
    cell.receiver = cx.waker;
    if (isWatched()) noteEntry("waker", cell, "a oneshot receiver");
    return Pending;
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, T> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  private take(): T {
    const cell = this.cell;
    const value = cell.value as T;
    cell.value = undefined;
    this.finish();
    return value;
  }

  /** It has its answer: losing it is no loss from here on. */
  private finish(): void {
    this.cell.state = DONE;
    const tether = this.tether;
    this.tether = undefined;
    if (tether !== undefined) returnTether(tether);
  }

  /** The value if it is there. @throws {TryRecvError} when there is none, or none any more. */
  tryRecv(): T {
    const cell = this.cell;
    if (cell.state === SENT) return this.take();
    // Nothing can come any more: that was this receiver's answer, as the error of a poll is.
    if (!cell.senderOpen || !cell.receiverOpen) this.finish();
    throw new TryRecvError(cell.state === DONE);
  }

  /** Refuses a value from now on; one that was sent before can still be had with `tryRecv`. */
  close(): void {
    this.cell.closeReceiver();
  }

  /** Whether no value waits. */
  isEmpty(): boolean {
    return this.cell.state !== SENT;
  }

  /** Whether it has given its value, or its error. */
  isTerminated(): boolean {
    return this.cell.state === DONE;
  }

  override waitsFor(): string {
    return "a oneshot receiver";
  }

  override [Symbol.dispose](): void {
    this.finish();
    this.cell.dropReceiver();
  }
}

/** A channel for one value. */
export function channel<T>(): [Sender<T>, Receiver<T>] {
  const cell = new Cell<T>();
  return [new Sender(cell), new Receiver(cell)];
}

/**
 * A channel for one value between threads: both ends are `Send`, by moving, with the same methods. A T that cannot be sent is an error
 * of the compiler.
 */
export function shared<T>(
  ..._onlySend: OnlySend<T>
): [SharedOneshotSender<T>, SharedOneshotReceiver<T>] {
  return sharedForms().sharedOneshot();
}
