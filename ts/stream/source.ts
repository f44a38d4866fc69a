// What a combinator knows of the stream it stands on: no methods, only where items come from. Combinators are sources
// themselves, so that one stands on another without a stream in between; `Derived` in stream.ts makes a stream of the last.

import type { Context, Poll } from "../future/index.js";

/** Where items come from. */
export interface Source<T> extends Disposable {
  /** The next item, undefined at the end, or Pending. Not asked again after it has ended or thrown. */
  pollNext(cx: Context): Poll<T | undefined>;
  /** See `Stream.waitsFor`. */
  waitsFor(): string | undefined;
}

/** A combinator on one source: it has nothing else to give back, and waits for nothing else. */
export abstract class Step<T, U> implements Source<U> {
  protected readonly source: Source<T>;

  constructor(source: Source<T>) {
    this.source = source;
  }

  abstract pollNext(cx: Context): Poll<U | undefined>;

  waitsFor(): string | undefined {
    return this.source.waitsFor();
  }

  [Symbol.dispose](): void {
    this.source[Symbol.dispose]();
  }
}

/** A value or an error, as an item: for streams that go on after an error. */
export type Result<T, E = unknown> =
  | { readonly value: T; readonly error?: never }
  | { readonly error: E; readonly value?: never };

/** What is taken for a {@link Result}: other parts of the library have their own. */
export type ResultLike<T> = { readonly value: T } | { readonly error: unknown };

/** @throws the error, if the result is one. */
export function takeValue<T>(result: ResultLike<T>): T {
  if ("value" in result) return result.value;
  throw result.error;
}
