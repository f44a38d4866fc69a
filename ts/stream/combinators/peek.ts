// Looking at the next item without taking it.

import {
  type Context,
  dropAllBecause,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../../future/index.js";
import { type Source, Step } from "../source.js";

export class PeekStep<T> extends Step<T, T> {
  /** What was looked at and not taken; Pending when nothing was. */
  private peeked: Poll<T | undefined>;
  private ended: boolean;

  constructor(source: Source<T>) {
    super(source);
    this.peeked = Pending;
    this.ended = false;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    const { peeked } = this;
    if (peeked !== Pending) {
      this.peeked = Pending;
      return peeked;
    }
    if (this.ended) return undefined;
    return this.source.pollNext(cx);
  }

  pollPeek(cx: Context): Poll<T | undefined> {
    if (this.ended) return undefined;
    if (this.peeked !== Pending) return this.peeked;
    const item = this.pollSource(cx);
    if (item === undefined) this.ended = true;
    else this.peeked = item;
    return item;
  }

  /** The stream around this one sees errors only of `pollNext`, so those of a peek drop the source here. */
  private pollSource(cx: Context): Poll<T | undefined> {
    try {
      return this.source.pollNext(cx);
    } catch (error) {
      throw dropAllBecause(error, [this]);
    }
  }

  override [Symbol.dispose](): void {
    this.peeked = Pending;
    this.ended = true;
    super[Symbol.dispose]();
  }
}

export class Peek<T> extends Future<T | undefined> {
  private readonly step: PeekStep<T>;
  private readonly accept: ((item: T) => boolean) | undefined;
  private done: boolean;

  /** @param accept takes the item if this holds of it; without it nothing is taken. */
  constructor(step: PeekStep<T>, accept?: (item: T) => boolean) {
    super();
    this.step = step;
    this.accept = accept;
    this.done = false;
  }

  override poll(cx: Context): Poll<T | undefined> {
    if (this.done) throw new PolledAfterCompletionError("peek()");
    this.done = true;
    const item = this.step.pollPeek(cx);
    if (item === Pending) this.done = false;
    if (item === Pending || item === undefined || this.accept === undefined) return item;
    const { accept } = this;
    return accept(item) ? this.step.pollNext(cx) : undefined;
  }

  override waitsFor(): string | undefined {
    return this.step.waitsFor();
  }
}
