// A receiving side of a watch channel: the version it has seen, and the futures that wait by it for another.

import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  refund,
  requireContext,
  type Suspension,
  suspend,
} from "../../future/index.js";
import { checkFunction } from "../checks.js";
import { ClosedHandleError } from "../errors.js";
import { Listener } from "../listeners.js";
import { returnTether, type Tether, takeTether } from "../tether.js";
import { type Channel, RECEIVER } from "./channel.js";
import { noOtherValue, sendersGone } from "./refusals.js";

/** The version of a receiver that has seen nothing. */
const NOTHING = -1;

/** What one receiver has seen. */
class View<T> {
  readonly channel: Channel<T>;
  readonly listener: Listener = new Listener();
  private tether: Tether | undefined;
  seen: number;

  constructor(channel: Channel<T>, seen: number) {
    this.channel = channel;
    this.tether = takeTether(channel.distant, RECEIVER);
    this.seen = seen;
    channel.receivers += 1;
  }

  assertOpen(): void {
    if (this.tether === undefined) throw new ClosedHandleError("a watch receiver");
  }

  /** Whether there is a version that `seen` is not; waits for one. @throws {RecvError} when none can come (W4). */
  poll(cx: Context, future: object, seen: number): Poll<true> {
    this.assertOpen();
    const { channel } = this;
    if (seen !== channel.version) return proceed(cx) ? true : Pending;
    if (channel.isClosed()) {
      if (!proceed(cx)) return Pending;
      throw noOtherValue();
    }
    this.listener.join(channel.waiting, future, cx.waker);
    return Pending;
  }

  markSeen(): void {
    this.seen = this.channel.version;
  }

  close(): void {
    const { channel, listener, tether } = this;
    if (tether === undefined) return;
    this.tether = undefined;
    returnTether(tether);
    channel.waiting.remove(listener);
    channel.dropReceiver();
    // Futures that wait by this receiver hear of its end at their next poll.
    listener.wake();
  }
}

/** What waits by a receiver: completes once, and takes its waker back. */
abstract class Wait<T, R> extends Future<R> {
  protected readonly view: View<T>;
  private done: boolean;

  constructor(view: View<T>) {
    super();
    this.view = view;
    this.done = false;
  }

  override poll(cx: Context): Poll<R> {
    if (this.done) throw new PolledAfterCompletionError(this.waitsFor());
    let ended = true;
    try {
      const value = this.advance(cx);
      ended = value !== Pending;
      return value;
    } finally {
      if (ended) this[Symbol.dispose]();
    }
  }

  protected abstract advance(cx: Context): Poll<R>;
  abstract override waitsFor(): string;

  override [Symbol.dispose](): void {
    this.done = true;
    this.view.listener.leave(this);
  }
}

class Changed<T> extends Wait<T, void> {
  protected override advance(cx: Context): Poll<void> {
    const { view } = this;
    if (view.poll(cx, this, view.seen) === Pending) return Pending;
    view.markSeen();
  }

  // See Future.next.
  protected override next(): IteratorResult<Suspension, void> {
    const value = this.poll(requireContext());
    return value === Pending ? suspend(this) : { done: true, value };
  }

  override waitsFor(): string {
    return "watch.changed()";
  }
}

class WaitFor<T> extends Wait<T, T> {
  private readonly predicate: (value: T) => boolean;
  /** The version that the predicate was last asked about. Its own, so that nothing else that this receiver does hides one. */
  private asked = NOTHING;

  constructor(view: View<T>, predicate: (value: T) => boolean) {
    super(view);
    this.predicate = predicate;
  }

  protected override advance(cx: Context): Poll<T> {
    const { view } = this;
    while (view.poll(cx, this, this.asked) !== Pending) {
      const { value, version } = view.channel;
      this.asked = version;
      view.seen = version;
      if (this.predicate(value)) return value;
      refund();
    }
    return Pending;
  }

  override waitsFor(): string {
    return "watch.waitFor()";
  }
}

/**
 * Watches the last value. Starts with the value that it finds as seen. One for each owner: `clone()`. One that is lost to the garbage
 * collector closes, late.
 */
export class Receiver<T> implements Disposable {
  private readonly view: View<T>;

  /** @internal What to write instead when somebody tries to send it to another thread. */
  get "~instead"(): string {
    return "make the channel by `watch.shared`";
  }

  /** @internal */
  constructor(channel: Channel<T>, seen: number = channel.version) {
    this.view = new View(channel, seen);
  }

  /** The view, of a receiver that has not been disposed. */
  private opened(): View<T> {
    this.view.assertOpen();
    return this.view;
  }

  /**
   * Waits until there is a value that has not been seen, and marks it as seen. However many came meanwhile, it is one change.
   * Cancel-safe.
   *
   * @throws {RecvError} (from the poll) when every sender is gone and the last value was seen.
   * @throws {ClosedHandleError} when this receiver was disposed.
   */
  changed(): Future<void> {
    return new Changed(this.opened());
  }

  /** The same by hand; keeps the waker of the last poll. @throws as {@link changed} */
  pollChanged(cx: Context): Poll<void> {
    const { view } = this;
    if (view.poll(cx, this, view.seen) === Pending) return Pending;
    view.markSeen();
  }

  /**
   * Waits until `predicate` says yes to a value, the current one first, and gives that value. Every value that it is asked about is
   * marked as seen; values that were overtaken are not asked about. Cancel-safe.
   *
   * @param predicate what it throws, the future fails with. One that asserts a type gives its value that type.
   * @throws {SyncArgumentError} at the call, when that is no function.
   * @throws {RecvError} (from the poll) when every sender is gone, and the last value was refused.
   * @throws {ClosedHandleError} when this receiver was disposed.
   */
  waitFor<S extends T>(predicate: (value: T) => value is S): Future<S>;
  waitFor(predicate: (value: T) => boolean): Future<T>;
  waitFor(predicate: (value: T) => boolean): Future<T> {
    checkFunction("waitFor(predicate)", predicate);
    return new WaitFor(this.opened(), predicate);
  }

  /**
   * Whether there is a value that has not been seen.
   *
   * @throws {RecvError} when every sender is gone, seen or not; the last value can be had with {@link borrow}.
   * @throws {ClosedHandleError} when this receiver was disposed.
   */
  hasChanged(): boolean {
    const { channel, seen } = this.opened();
    if (channel.isClosed()) throw sendersGone();
    return seen !== channel.version;
  }

  /** The last value. Does not mark it as seen. @throws {ClosedHandleError} when this receiver was disposed. */
  borrow(): T {
    return this.opened().channel.value;
  }

  /** The last value, marked as seen. @throws {ClosedHandleError} when this receiver was disposed. */
  borrowAndUpdate(): T {
    const view = this.opened();
    view.markSeen();
    return view.channel.value;
  }

  /** Acts as if the current value had not been seen: the next `changed` completes at once. */
  markChanged(): void {
    this.opened().seen = NOTHING;
  }

  /** Acts as if the current value had been seen. */
  markUnchanged(): void {
    this.opened().markSeen();
  }

  /** Whether every sender is gone. */
  isClosed(): boolean {
    return this.view.channel.isClosed();
  }

  /** Another receiver, that has seen what this one has. @throws {ClosedHandleError} when this receiver was disposed. */
  clone(): Receiver<T> {
    const { channel, seen } = this.opened();
    return new Receiver(channel, seen);
  }

  /** Whether both receive from the same channel. */
  sameChannel(other: Receiver<T>): boolean {
    return this.view.channel === other.view.channel;
  }

  [Symbol.dispose](): void {
    this.view.close();
  }
}
