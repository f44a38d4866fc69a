// fromCoroutine: a stream that is written as a coroutine.
//
// C1  The coroutine runs only while an item is wanted: what stands behind an `emit` runs when the next item is asked for.
// C2  One item at a time: an `emit` waits for room if two run at once, in a `join`.

import {
  type Context,
  type Coroutine,
  CoroutineFuture,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  type Waker,
  WakerSet,
} from "../../future/index.js";
import { checkFunction, UndefinedItemError } from "../errors.js";
import { Stream } from "../stream.js";

/** Gives an item to the stream, and waits until the next one is asked for. */
export type Emit<T> = (item: T) => Future<void>;

const NEW = 0;
/** Its item stands in the slot, or has been taken. */
const PLACED = 1;
const DONE = 2;

/** The place of the item that is given next. */
class Slot<T> {
  item: T | undefined = undefined;
  owner: object | undefined = undefined;
  /** Of the emit whose item was taken: it goes on when the next is asked for. */
  resumed: Waker | undefined = undefined;
  readonly waiting: WakerSet = new WakerSet();

  isFree(): boolean {
    return this.owner === undefined;
  }

  put(owner: object, item: T): void {
    this.owner = owner;
    this.item = item;
  }

  take(): T | undefined {
    const { item } = this;
    this.item = undefined;
    this.owner = undefined;
    return item;
  }
}

class Emission<T> extends Future<void> {
  private readonly slot: Slot<T>;
  private readonly item: T;
  private state: number;

  constructor(slot: Slot<T>, item: T) {
    super();
    this.slot = slot;
    this.item = item;
    this.state = NEW;
  }

  override poll(cx: Context): Poll<void> {
    const { slot } = this;
    if (this.state === DONE) throw new PolledAfterCompletionError("emit()");
    if (this.state === PLACED && slot.owner !== this) {
      this.state = DONE;
      return;
    }
    if (this.state === NEW && slot.isFree()) {
      this.state = PLACED;
      slot.put(this, this.item);
    }
    if (this.state === PLACED) slot.resumed = cx.waker;
    else slot.waiting.set(this, cx.waker);
    return Pending;
  }

  override waitsFor(): string {
    return "the next item to be asked for";
  }

  override [Symbol.dispose](): void {
    this.state = DONE;
    this.slot.waiting.delete(this);
    // An item that nobody has taken goes with the emit that was given up.
    if (this.slot.owner === this) this.slot.take();
  }
}

class CoroutineStream<T> extends Stream<T> {
  private body: Future<unknown> | undefined;
  private readonly slot: Slot<T>;

  constructor(body: Future<unknown>, slot: Slot<T>) {
    super();
    this.body = body;
    this.slot = slot;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    const { body, slot } = this;
    if (body === undefined) return undefined;
    this.resume(cx);
    this.body = undefined;
    if (body.poll(cx) !== Pending) return slot.take();
    this.body = body;
    return slot.isFree() ? Pending : slot.take();
  }

  /** Tells who waits inside of the coroutine under a waker of its own; the others are polled anyway. */
  private resume(cx: Context): void {
    const { slot } = this;
    const { resumed } = slot;
    slot.resumed = undefined;
    if (resumed?.willWake(cx.waker) === false) resumed.wake();
    slot.waiting.wakeAll();
  }

  override waitsFor(): string | undefined {
    return this.body?.waitsFor();
  }

  override [Symbol.dispose](): void {
    const { body } = this;
    this.body = undefined;
    body?.[Symbol.dispose]();
  }
}

/**
 * A stream that is written as a coroutine: it gives an item with `yield* emit(item)` and may wait for any future in between. It
 * ends when the coroutine returns, and throws what that throws. Dropping the stream drops the coroutine where it stands.
 *
 * Nothing of it runs before the first poll.
 *
 * @param fn is given `emit` before its own arguments. State the type of the items, at `emit` or before all:
 *   `fromCoroutine(function* (emit: Emit<number>, from: number) …, 1)`, `fromCoroutine<number>(function* (emit) …)`. The latter leaves
 *   the arguments unchecked, if there are any.
 */
export function fromCoroutine<T, A extends readonly unknown[]>(
  fn: (emit: Emit<T>, ...args: A) => Coroutine<unknown>,
  ...args: A
): Stream<T>;
// Whoever states T cannot leave A to be inferred. Without a stated T this one fits nothing: it is `never` then.
export function fromCoroutine<T = never>(
  // biome-ignore lint/suspicious/noExplicitAny: parameters that state their own types.
  fn: (emit: Emit<NoInfer<T>>, ...args: any[]) => Coroutine<unknown>,
  ...args: unknown[]
): Stream<T>;
export function fromCoroutine<T>(
  fn: (emit: Emit<T>, ...args: unknown[]) => Coroutine<unknown>,
  ...args: unknown[]
): Stream<T> {
  checkFunction("fromCoroutine(fn)", fn);
  const slot = new Slot<T>();
  const emit: Emit<T> = (item) => {
    if (item === undefined) throw new UndefinedItemError("`emit(item)`");
    return new Emission(slot, item);
  };
  return new CoroutineStream<T>(new CoroutineFuture(fn(emit, ...args)), slot);
}
