// oneshot: one value, once.

import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  requireContext,
  type Suspension,
  suspend,
  type Waker,
} from "../future/index.js";
import { ClosedHandleError, RecvError, SendError, TryRecvError } from "./errors.js";
import {
  type SharedOneshotReceiver,
  type SharedOneshotSender,
  sharedOneshot,
} from "./shared/oneshot.js";

export {
  SharedOneshotReceiver as SharedReceiver,
  SharedOneshotSender as SharedSender,
} from "./shared/oneshot.js";

/** No value was sent yet. */
const EMPTY = 0;
/** A value waits to be received. */
const SENT = 1;
/** The value was received, or can never come. */
const DONE = 2;

class Cell<T> {
  state: number;
  value: T | undefined;
  senderOpen: boolean;
  receiverOpen: boolean;
  receiver: Waker | undefined;
  sender: Waker | undefined;
  /** The future that left that waker: only it may take it back. */
  closing: object | undefined;

  constructor() {
    this.state = EMPTY;
    this.value = undefined;
    this.senderOpen = true;
    this.receiverOpen = true;
    this.receiver = undefined;
    this.sender = undefined;
    this.closing = undefined;
  }
}

function wakeReceiver(cell: Cell<unknown>): void {
  const waker = cell.receiver;
  cell.receiver = undefined;
  waker?.wake();
}

class Closed extends Future<void> {
  private readonly cell: Cell<unknown>;
  private done = false;
  constructor(cell: Cell<unknown>) {
    super();
    this.cell = cell;
  }
  override poll(cx: Context): Poll<void> {
    if (this.done) throw new PolledAfterCompletionError("closed()");
    if (this.cell.receiverOpen) {
      this.cell.sender = cx.waker;
      this.cell.closing = this;
      return Pending;
    }
    if (!proceed(cx)) return Pending;
    this.done = true;
  }
  override waitsFor(): string {
    return "oneshot.closed()";
  }
  override [Symbol.dispose](): void {
    this.done = true;
    if (this.cell.closing === this) this.cell.sender = undefined;
  }
}

/** Sends the one value. */
export class Sender<T> implements Disposable {
  private readonly cell: Cell<T>;

  /** @internal */
  constructor(cell: Cell<T>) {
    this.cell = cell;
  }

  /**
   * Sends; never waits.
   *
   * @throws {SendError} with the value, when the receiver is closed or dropped.
   * @throws {ClosedHandleError} when it has sent already, or was disposed.
   */
  send(value: T): void {
    const cell = this.cell;
    if (!cell.senderOpen) throw new ClosedHandleError("a oneshot sender");
    cell.senderOpen = false;
    if (!cell.receiverOpen) throw new SendError(value);
    cell.value = value;
    cell.state = SENT;
    wakeReceiver(cell as Cell<unknown>);
  }

  /** Whether the receiver is closed or dropped. */
  isClosed(): boolean {
    return !this.cell.receiverOpen;
  }

  /** Waits until the receiver is closed or dropped. Cancel-safe. */
  closed(): Future<void> {
    return new Closed(this.cell as Cell<unknown>);
  }

  /** Goes without sending: the receiver gets a `RecvError`. */
  [Symbol.dispose](): void {
    if (!this.cell.senderOpen) return;
    this.cell.senderOpen = false;
    wakeReceiver(this.cell as Cell<unknown>);
  }
}

/**
 * Receives the one value: itself the future of it. Cancel-safe by `borrow`: dropping it closes the channel.
 *
 * @throws {RecvError} (from the poll) when the sender is dropped without having sent.
 */
export class Receiver<T> extends Future<T> {
  private readonly cell: Cell<T>;

  /** @internal */
  constructor(cell: Cell<T>) {
    super();
    this.cell = cell;
  }

  override poll(cx: Context): Poll<T> {
    const cell = this.cell;
    if (cell.state === DONE) throw new PolledAfterCompletionError("a oneshot receiver");
    if (cell.state === SENT) return proceed(cx) ? this.take() : Pending;
    if (!cell.senderOpen || !cell.receiverOpen) {
      if (!proceed(cx)) return Pending;
      cell.state = DONE;
      throw new RecvError();
    }
    cell.receiver = cx.waker;
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
    cell.state = DONE;
    return value;
  }

  /** The value if it is there. @throws {TryRecvError} when there is none, or none any more. */
  tryRecv(): T {
    const cell = this.cell;
    if (cell.state === SENT) return this.take();
    // Nothing can come any more: that was this receiver's answer, as the error of a poll is.
    if (!cell.senderOpen || !cell.receiverOpen) cell.state = DONE;
    throw new TryRecvError(cell.state === DONE);
  }

  /** Refuses a value from now on; one that was sent before can still be had with `tryRecv`. */
  close(): void {
    const cell = this.cell;
    if (!cell.receiverOpen) return;
    cell.receiverOpen = false;
    const waker = cell.sender;
    cell.sender = undefined;
    waker?.wake();
    // Whoever waits for the value by reference has its answer too.
    wakeReceiver(cell as Cell<unknown>);
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
    this.cell.receiver = undefined;
    this.close();
    this.cell.value = undefined;
    this.cell.state = DONE;
  }
}

/** A channel for one value. */
export function channel<T>(): [Sender<T>, Receiver<T>] {
  const cell = new Cell<T>();
  return [new Sender(cell), new Receiver(cell)];
}

/** A channel for one value between threads: both ends are `Send`, by moving, with the same methods. */
export function shared<T>(): [SharedOneshotSender<T>, SharedOneshotReceiver<T>] {
  return sharedOneshot();
}
