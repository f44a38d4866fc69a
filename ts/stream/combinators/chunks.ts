// chunksTimeout: items in arrays, each as long as it may be or as old as it may be.
//
// C1  No item is lost: what was collected before the source threw comes as a chunk, and the error after it; what is left when
//     the stream is given up can be had with `takeItems`.
// C2  The time of a chunk begins with its first item, and there is no empty chunk.

import { type Context, type Delay, newDelay, Pending, type Poll } from "../../future/index.js";
import { type Source, Step } from "../source.js";

export class ChunksStep<T> extends Step<T, T[]> {
  private readonly limit: number;
  private readonly timeoutMs: number;
  private items: T[];
  private delay: Delay | undefined;
  private ended: boolean;
  /** What the source threw while there were items (C1). */
  private failure: { readonly error: unknown } | undefined;

  constructor(source: Source<T>, limit: number, timeoutMs: number) {
    super(source);
    this.limit = limit;
    this.timeoutMs = timeoutMs;
    this.items = [];
    this.delay = undefined;
    this.ended = false;
    this.failure = undefined;
  }

  override pollNext(cx: Context): Poll<T[] | undefined> {
    if (this.failure !== undefined) throw this.failure.error;
    while (!this.ended) {
      const item = this.pollItem(cx);
      if (item === Pending) return this.pollAge(cx);
      if (item === undefined) this.ended = true;
      else if (this.add(item) === this.limit) return this.takeItems();
    }
    return this.items.length > 0 ? this.takeItems() : undefined;
  }

  private pollItem(cx: Context): Poll<T | undefined> {
    try {
      return this.source.pollNext(cx);
    } catch (error) {
      if (this.items.length === 0) throw error;
      this.failure = { error };
      return undefined;
    }
  }

  private add(item: T): number {
    if (this.items.length === 0) {
      if (this.delay === undefined) this.delay = newDelay(this.timeoutMs);
      else this.delay.reset(this.timeoutMs);
    }
    return this.items.push(item);
  }

  /** The source has nothing more now: whether what there is is old enough. */
  private pollAge(cx: Context): Poll<T[]> {
    if (this.items.length === 0) return Pending;
    return (this.delay as Delay).poll(cx) === Pending ? Pending : this.takeItems();
  }

  /** What has been collected. */
  takeItems(): T[] {
    const { items } = this;
    this.items = [];
    return items;
  }

  override [Symbol.dispose](): void {
    this.ended = true;
    this.delay?.[Symbol.dispose]();
    super[Symbol.dispose]();
  }
}
