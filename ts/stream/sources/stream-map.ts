// StreamMap: any number of streams by their keys, as one.
//
// M1  A poll begins with a random one of the streams and asks each at most once, so that none is starved by another that is
//     always ready.
// M2  A stream that has ended is dropped and its key is free. The map ends when it is empty; a stream that is inserted later
//     brings it back to life.
// M3  No item is lost: where one stream throws when others have given something, that is returned first.

import {
  type Context,
  dropAll,
  dropAllBecause,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  randomBelow,
  type Waker,
} from "../../future/index.js";
import { checkCount } from "../errors.js";
import { checkStream, Stream } from "../stream.js";

interface Entry<K, V> {
  readonly key: K;
  readonly stream: Stream<V>;
}

class NextMany<K, V> extends Future<[K, V][]> {
  private readonly map: StreamMap<K, V>;
  private readonly limit: number;
  private done = false;

  constructor(map: StreamMap<K, V>, limit: number) {
    super();
    this.map = map;
    this.limit = limit;
  }

  override poll(cx: Context): Poll<[K, V][]> {
    if (this.done) throw new PolledAfterCompletionError("nextMany()");
    this.done = true;
    const items = this.map.pollNextMany(cx, this.limit);
    if (items === Pending) this.done = false;
    return items;
  }

  override waitsFor(): string | undefined {
    return this.map.waitsFor();
  }
}

/**
 * Streams by their keys, as one stream of `[key, item]`. For streams that come and go: a chat's rooms, a server's peers. For a
 * few that stay, `merge` is simpler. A poll asks all of them, so it costs as much as there are streams.
 *
 * Keys are compared as those of a `Map`.
 */
export class StreamMap<K, V> extends Stream<[K, V]> {
  private readonly list: Entry<K, V>[] = [];
  /** Where the stream of a key stands in `list`; in the order of insertion, which the list does not keep. */
  private readonly places: Map<K, number> = new Map();
  /** What a stream threw while others had given something (M3). */
  private failure: { readonly error: unknown } | undefined = undefined;

  /** Of who polled last. A map may change while somebody waits for it: then they look again. */
  private waker: Waker | undefined = undefined;

  /** @returns the stream that had the key before; it is the caller's, to be kept or dropped. */
  insert(key: K, stream: Stream<V>): Stream<V> | undefined {
    checkStream("insert(key, stream)", stream);
    const previous = this.put(key, stream);
    this.waker?.wake();
    return previous;
  }

  private put(key: K, stream: Stream<V>): Stream<V> | undefined {
    const place = this.places.get(key);
    if (place === undefined) {
      this.places.set(key, this.list.push({ key, stream }) - 1);
      return undefined;
    }
    const previous = this.at(place);
    this.list[place] = { key, stream };
    return previous.stream;
  }

  /** Takes a stream out; it is the caller's then. undefined if there is none. */
  remove(key: K): Stream<V> | undefined {
    const place = this.places.get(key);
    if (place === undefined) return undefined;
    const { stream } = this.at(place);
    this.removeAt(place);
    this.waker?.wake();
    return stream;
  }

  containsKey(key: K): boolean {
    return this.places.has(key);
  }

  get(key: K): Stream<V> | undefined {
    const place = this.places.get(key);
    return place === undefined ? undefined : this.list[place]?.stream;
  }

  /** The keys, in the order in which they were inserted. */
  keys(): IterableIterator<K> {
    return this.places.keys();
  }

  /** The streams, in the order of {@link keys}. */
  *values(): IterableIterator<Stream<V>> {
    for (const place of this.places.values()) yield this.at(place).stream;
  }

  /** The keys with their streams, in the order of {@link keys}. The map itself is iterated for its items, as any stream. */
  *entries(): IterableIterator<[K, Stream<V>]> {
    for (const [key, place] of this.places) yield [key, this.at(place).stream];
  }

  private at(place: number): Entry<K, V> {
    return this.list[place] as Entry<K, V>;
  }

  /** How many streams there are. */
  len(): number {
    return this.list.length;
  }

  isEmpty(): boolean {
    return this.list.length === 0;
  }

  /** Drops all streams. */
  clear(): void {
    const streams = this.takeAll();
    this.waker?.wake();
    dropAll(streams);
  }

  private takeAll(): Stream<V>[] {
    const streams = this.list.map((entry) => entry.stream);
    this.list.length = 0;
    this.places.clear();
    return streams;
  }

  /** The last entry takes the place of the one that goes. */
  private removeAt(place: number): void {
    const last = this.list.pop() as Entry<K, V>;
    const gone = this.list[place] ?? last;
    this.places.delete(gone.key);
    if (gone === last) return;
    this.list[place] = last;
    this.places.set(last.key, place);
  }

  override pollNext(cx: Context): Poll<[K, V] | undefined> {
    const items = this.pollNextMany(cx, 1);
    return items === Pending ? Pending : items[0];
  }

  /**
   * Waits until a stream has an item and takes what there is, up to `limit`; an empty array when the map is empty, or for a limit
   * of 0. Cancel-safe.
   *
   * @throws {StreamArgumentError} at the call, when the limit is no whole number from 0 on.
   */
  nextMany(limit: number): Future<[K, V][]> {
    checkCount("nextMany(limit)", limit, 0);
    return new NextMany(this, limit);
  }

  /** Polls for items, see {@link nextMany}. */
  pollNextMany(cx: Context, limit: number): Poll<[K, V][]> {
    const items: [K, V][] = [];
    if (limit === 0) return items;
    this.throwFailure();
    this.waker = cx.waker;
    // As long as every round brings something: streams that are ready give all they have.
    for (let before = -1; before < items.length && items.length < limit; ) {
      before = items.length;
      if (!this.pollRound(cx, limit, items)) break;
    }
    if (items.length === 0 && !this.isEmpty()) return Pending;
    this.waker = undefined;
    return items;
  }

  /** Asks each stream once, from a random one on (M1). Returns whether all is well. */
  private pollRound(cx: Context, limit: number, items: [K, V][]): boolean {
    const { list } = this;
    const first = list.length < 2 ? 0 : randomBelow(list.length);
    let place = first;
    for (let left = list.length; left > 0 && items.length < limit; left--) {
      // A function that a stream calls may have changed the map.
      if (place >= list.length) place = 0;
      const entry = list[place];
      if (entry === undefined) break;
      try {
        place = this.pollEntry(entry, cx, items) ? place + 1 : this.afterRemoval(place, first);
      } catch (error) {
        this.fail(error);
        if (items.length === 0) this.throwFailure();
        return false;
      }
    }
    return true;
  }

  /** The place to go on at when the entry of `place` has gone: the last one has moved there. */
  private afterRemoval(place: number, first: number): number {
    // Before the place where the round began, the one that moved was asked at the round's start.
    return place < first && first <= this.list.length ? place + 1 : place;
  }

  /** Asks one stream; false when it has ended, and is gone. */
  private pollEntry({ key, stream }: Entry<K, V>, cx: Context, items: [K, V][]): boolean {
    const item = stream.pollNext(cx);
    if (item === Pending) return true;
    if (item !== undefined) {
      items.push([key, item]);
      return true;
    }
    const place = this.places.get(key);
    const isThere = place !== undefined && this.list[place]?.stream === stream;
    if (isThere) this.removeAt(place);
    stream[Symbol.dispose]();
    return !isThere;
  }

  private fail(error: unknown): void {
    const streams = this.takeAll();
    this.failure = { error: dropAllBecause(error, streams) };
  }

  private throwFailure(): void {
    const { failure } = this;
    this.failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  override waitsFor(): string {
    return `any of ${this.len()} streams`;
  }

  /** Drops all streams. */
  override [Symbol.dispose](): void {
    this.failure = undefined;
    this.clear();
  }
}
