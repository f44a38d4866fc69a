// Streams polled by hand, and one that is fed from outside and records what is done to it.

import { type Context, Pending, type Poll, Waker } from "tokiwa";
import { Stream } from "tokiwa/stream";

/** A stream with a waker of its own, as by Tokio's `task::spawn` for tests. */
export class Polled<T> {
  readonly stream: Stream<T>;
  /** Wakes since the last poll. */
  wakes = 0;
  private readonly cx: Context = {
    waker: Waker.from(() => {
      this.wakes += 1;
    }),
  };

  constructor(stream: Stream<T>) {
    this.stream = stream;
  }

  next(): Poll<T | undefined> {
    this.wakes = 0;
    return this.stream.pollNext(this.cx);
  }

  isPending(): boolean {
    return this.next() === Pending;
  }

  /** Items that are there now; "end" or "pending" is the last. */
  rest(): unknown[] {
    const items: unknown[] = [];
    for (;;) {
      const item = this.next();
      if (item === Pending) return [...items, "pending"];
      if (item === undefined) return [...items, "end"];
      items.push(item);
    }
  }
}

/** Everything that a stream has now; "end" or "pending" is the last. */
export function restOf<T>(stream: Stream<T>): unknown[] {
  return new Polled(stream).rest();
}

/** A stream that is fed from outside. */
export class Fed<T> extends Stream<T> {
  polls = 0;
  drops = 0;
  private readonly queue: ({ item: T } | { error: unknown } | "end")[] = [];
  private waker: Waker | undefined;

  constructor(...items: T[]) {
    super();
    for (const item of items) this.queue.push({ item });
  }

  push(...items: T[]): this {
    for (const item of items) this.queue.push({ item });
    this.wake();
    return this;
  }

  fail(error: unknown): this {
    this.queue.push({ error });
    this.wake();
    return this;
  }

  end(): this {
    this.queue.push("end");
    this.wake();
    return this;
  }

  private wake(): void {
    const { waker } = this;
    this.waker = undefined;
    waker?.wake();
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    this.polls += 1;
    if (this.drops > 0) return undefined;
    const next = this.queue.shift();
    if (next === undefined) {
      this.waker = cx.waker;
      return Pending;
    }
    // Not fused: what was pushed after an end comes after it.
    if (next === "end") return undefined;
    if ("error" in next) throw next.error;
    return next.item;
  }

  override [Symbol.dispose](): void {
    this.drops += 1;
  }
}

/** A stream that has all its items now, and ends. */
export function fed<T>(...items: T[]): Fed<T> {
  return new Fed(...items).end();
}

/** What `action` throws. Fails if it does not throw. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
