// Finds data races: two accesses to one word, one of them a plain one and one of them a write, that nothing puts in an order.
// The search looks only at orders of atomic accesses, which is exact as long as there are no races; so each run is checked.
//
// Vector clocks, after FastTrack (Flanagan and Freund 2009). A thread's clock counts its releases. An atomic read takes over
// what the word's last atomic write published; an update does both. A compare-and-swap that failed counts as an update, so
// an order may be seen where there is none: what is reported is a race, but not every race need be reported.
//
// A word's record: run, clocks published there, then the clock of each thread's last plain write, plain read, atomic write,
// atomic read. It is stale if `run` is not the present one.

import { isWide, kindOf, READ, WRITE } from "./access.js";

const PLAIN_WRITE = 0;
const PLAIN_READ = 1;
const ATOMIC_WRITE = 2;
const ATOMIC_READ = 3;
const CLASSES = 4;

const CLASS_NAMES = ["plain write", "plain read", "atomic write", "atomic read"];
/** Which earlier accesses an access of each class must come after. */
const CONFLICTS: readonly (readonly number[])[] = [
  [PLAIN_WRITE, PLAIN_READ, ATOMIC_WRITE, ATOMIC_READ],
  [PLAIN_WRITE, ATOMIC_WRITE],
  [PLAIN_WRITE, PLAIN_READ],
  [PLAIN_WRITE],
];

export class DataRace extends Error {
  override readonly name = "DataRace";
  readonly address: number;

  constructor(address: number, message: string) {
    super(message);
    this.address = address;
  }
}

/** An update of which it is not known yet whether it has changed the word. */
interface Update {
  readonly thread: number;
  readonly word: number;
  readonly clock: number;
  readonly before: number;
}

export class RaceDetector {
  private readonly threads: number;
  private readonly stride: number;
  private readonly records: Int32Array;
  /** The clock of thread t as thread s knows it stands at s × threads + t. */
  private readonly clocks: Int32Array;
  private readonly words: Int32Array;
  private readonly updates: Update[] = [];
  private readonly isMeant: (address: number) => boolean;
  private readonly meant = new Map<number, boolean>();
  private run = 0;

  constructor(threads: number, words: Int32Array, isMeant: (address: number) => boolean) {
    this.threads = threads;
    this.stride = 1 + threads * (1 + CLASSES);
    this.words = words;
    this.records = new Int32Array(words.length * this.stride);
    this.clocks = new Int32Array(threads * threads);
    this.isMeant = isMeant;
  }

  /** What was done before the threads begin comes before everything. */
  begin(): void {
    this.run++;
    this.updates.length = 0;
    this.clocks.fill(0);
    for (let thread = 0; thread < this.threads; thread++)
      this.clocks[thread * this.threads + thread] = 1;
  }

  private recordOf(word: number): number {
    const record = word * this.stride;
    if (this.records[record] === this.run) return record;
    this.records.fill(0, record, record + this.stride);
    this.records[record] = this.run;
    return record;
  }

  atomic(thread: number, address: number, access: number): void {
    this.settle();
    const kind = kindOf(access);
    const first = address >>> 2;
    const last = isWide(access) ? first + 1 : first;
    for (let word = first; kind !== WRITE && word <= last; word++) {
      const record = this.recordOf(word);
      this.acquire(thread, record + 1);
      this.touch(thread, word, record, ATOMIC_READ);
    }
    if (kind === READ) return;
    for (let word = first; word <= last; word++) {
      const record = this.recordOf(word);
      if (kind === WRITE) this.touch(thread, word, record, ATOMIC_WRITE);
      this.publish(thread, record + 1);
    }
    if (kind !== WRITE) this.update(thread, first, last);
    this.tick(thread);
  }

  private update(thread: number, first: number, last: number): void {
    const clock = this.clocks[thread * this.threads + thread] as number;
    for (let word = first; word <= last; word++)
      this.updates.push({ thread, word, clock, before: this.words[word] as number });
  }

  /** Updates that have changed their word were writes. */
  private settle(): void {
    if (this.updates.length === 0) return;
    for (const { thread, word, clock, before } of this.updates.splice(0))
      if (this.words[word] !== before)
        this.touch(thread, word, this.recordOf(word), ATOMIC_WRITE, clock);
  }

  plain(thread: number, address: number, bytes: number, isWrite: boolean): void {
    this.settle();
    const last = (address + bytes - 1) >>> 2;
    for (let word = address >>> 2; word <= last; word++)
      this.touch(thread, word, this.recordOf(word), isWrite ? PLAIN_WRITE : PLAIN_READ);
  }

  /** What `from` has done so far comes before what `to` does from now on: a wake from a sleep. */
  order(from: number, to: number): void {
    this.settle();
    for (let other = 0; other < this.threads; other++) {
      const seen = this.clocks[from * this.threads + other] as number;
      const own = to * this.threads + other;
      if (seen > (this.clocks[own] as number)) this.clocks[own] = seen;
    }
    this.tick(from);
  }

  private tick(thread: number): void {
    const own = thread * this.threads + thread;
    this.clocks[own] = (this.clocks[own] as number) + 1;
  }

  private acquire(thread: number, published: number): void {
    const { clocks, records, threads } = this;
    for (let other = 0; other < threads; other++) {
      const clock = records[published + other] as number;
      const own = thread * threads + other;
      if (clock > (clocks[own] as number)) clocks[own] = clock;
    }
  }

  private publish(thread: number, published: number): void {
    const { clocks, records, threads } = this;
    for (let other = 0; other < threads; other++)
      records[published + other] = clocks[thread * threads + other] as number;
  }

  private touch(
    thread: number,
    word: number,
    record: number,
    kind: number,
    clock: number = this.clocks[thread * this.threads + thread] as number,
  ): void {
    const { clocks, records, threads } = this;
    const own = thread * threads;
    for (const other of CONFLICTS[kind] as readonly number[]) {
      const base = record + 1 + threads * (1 + other);
      for (let peer = 0; peer < threads; peer++)
        if (peer !== thread && (records[base + peer] as number) > (clocks[own + peer] as number))
          this.report(word << 2, thread, kind, peer, other);
    }
    records[record + 1 + threads * (1 + kind) + thread] = clock;
  }

  private report(address: number, thread: number, kind: number, peer: number, other: number): void {
    let meant = this.meant.get(address);
    if (meant === undefined) {
      meant = this.isMeant(address);
      this.meant.set(address, meant);
    }
    if (meant) return;
    throw new DataRace(
      address,
      `${CLASS_NAMES[kind]} by thread ${thread} and ${CLASS_NAMES[other]} by thread ${peer}, in no order`,
    );
  }
}
