// StreamNotifyClose: the end as an item, for streams in a `StreamMap`, which forgets a stream that has ended.

import { type Context, Pending, type Poll } from "../../future/index.js";
import { Stream } from "../stream.js";

/** The item that says that the stream has ended. */
export const Closed: unique symbol = Symbol("tokiwa.Closed");
export type Closed = typeof Closed;

/** The items of a stream, then {@link Closed}, and then the end. */
export class StreamNotifyClose<T> extends Stream<T | Closed> {
  private inner: Stream<T> | undefined;

  constructor(inner: Stream<T>) {
    super();
    this.inner = inner;
  }

  override pollNext(cx: Context): Poll<T | Closed | undefined> {
    const { inner } = this;
    if (inner === undefined) return undefined;
    this.inner = undefined;
    const item = inner.pollNext(cx);
    if (item === undefined) return Closed;
    this.inner = inner;
    return item === Pending ? Pending : item;
  }

  /** The stream it stands on, or undefined once that has ended. It is the caller's then. */
  intoInner(): Stream<T> | undefined {
    const { inner } = this;
    this.inner = undefined;
    return inner;
  }

  override waitsFor(): string | undefined {
    return this.inner?.waitsFor();
  }

  override [Symbol.dispose](): void {
    const { inner } = this;
    this.inner = undefined;
    inner?.[Symbol.dispose]();
  }
}
