// Combinators on two sources, and the fuse they need.

import { type Context, describeWaits, dropAll, Pending, type Poll } from "../../future/index.js";
import type { Source } from "../source.js";

/** A source that is dropped at its end, and stays at it. */
export class Fused<T> implements Source<T> {
  private source: Source<T> | undefined;

  constructor(source: Source<T>) {
    this.source = source;
  }

  get ended(): boolean {
    return this.source === undefined;
  }

  pollNext(cx: Context): Poll<T | undefined> {
    const item = this.source?.pollNext(cx);
    if (item === undefined) this[Symbol.dispose]();
    return item;
  }

  waitsFor(): string | undefined {
    return this.source?.waitsFor();
  }

  [Symbol.dispose](): void {
    const source = this.source;
    this.source = undefined;
    source?.[Symbol.dispose]();
  }
}

/** Both at once. Which of them is asked first alternates from poll to poll, so that neither starves the other. */
export class Merged<T> implements Source<T> {
  private readonly first: Fused<T>;
  private readonly second: Fused<T>;
  private isFirstsTurn = true;

  constructor(first: Source<T>, second: Source<T>) {
    this.first = new Fused(first);
    this.second = new Fused(second);
  }

  pollNext(cx: Context): Poll<T | undefined> {
    const isFirstsTurn = this.isFirstsTurn;
    this.isFirstsTurn = !isFirstsTurn;
    return isFirstsTurn
      ? this.pollBoth(this.first, this.second, cx)
      : this.pollBoth(this.second, this.first, cx);
  }

  private pollBoth(one: Fused<T>, other: Fused<T>, cx: Context): Poll<T | undefined> {
    const item = one.pollNext(cx);
    if (item !== Pending && item !== undefined) return item;
    const second = other.pollNext(cx);
    // The end is only where both have ended.
    return second === undefined ? item : second;
  }

  waitsFor(): string | undefined {
    const waits = [this.first.waitsFor(), this.second.waitsFor()];
    return describeWaits(
      "any",
      waits.map((wait) => wait ?? "a stream"),
    );
  }

  [Symbol.dispose](): void {
    dropAll([this.first, this.second]);
  }
}

/** One after the other. */
export class Chained<T> implements Source<T> {
  private readonly first: Fused<T>;
  private readonly second: Source<T>;

  constructor(first: Source<T>, second: Source<T>) {
    this.first = new Fused(first);
    this.second = second;
  }

  pollNext(cx: Context): Poll<T | undefined> {
    if (!this.first.ended) {
      const item = this.first.pollNext(cx);
      if (item !== undefined) return item;
    }
    return this.second.pollNext(cx);
  }

  waitsFor(): string | undefined {
    return this.first.ended ? this.second.waitsFor() : this.first.waitsFor();
  }

  [Symbol.dispose](): void {
    dropAll([this.first, this.second]);
  }
}
