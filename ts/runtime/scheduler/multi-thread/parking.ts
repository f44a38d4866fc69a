// How one thread of a runtime with threads sleeps: blocked on its word in shared memory, or with its event loop going on, which hears
// of that word. The protocol is the core's (assembly/core/threads/parking.md).
//
// W1  Between `beginPark` and `endPark` of the core the thread is announced as asleep, and whoever has something for it wakes it.
// W2  Of waits that the event loop hears of at most one is open: one that an earlier sleep has left serves the next one too.
// W3  A thread that looks away is not announced, and wakes by itself.

import type { Host } from "../../../host/types.js";
import { type Core, PARKED, type ThreadsExports } from "../../core/binding.js";

/** Ends that come faster than this after each other are taken together, after LAZY_MS, twice that, and so on to the most. */
const LAZY_BELOW_MS = 0.5;
export const LAZY_MS = 1;
const MOST_LAZY_MS = 4;
/** With fewer tasks under way each one may be what somebody waits for. */
export const LAZY_FROM = 16;

export class Parking {
  private readonly core: ThreadsExports;
  private readonly host: Host;
  private readonly wake: () => void;
  private readonly words: Int32Array;
  private readonly index: number;
  private announced = false;
  private waitsAsync = false;
  private parkedAt = 0;
  private sleptAt = 0;
  private sleptWith = 0;
  private delivered = 0;
  private lazy = 0;

  /** @param wake is called when the event loop hears that something has come. */
  constructor(wasm: Core<ThreadsExports>, host: Host, thread: number, wake: () => void) {
    this.core = wasm.exports;
    this.host = host;
    this.wake = wake;
    this.words = new Int32Array(wasm.memory.buffer);
    this.index = this.core.parkIndex(thread);
  }

  /** The end of a task has come from elsewhere. */
  noteDelivery(): void {
    this.delivered += 1;
  }

  /**
   * For how long to look away instead of being woken for each end; 0: not at all. Many tasks are under way and end faster than
   * this thread could be woken, so it looks now and then, less often the longer that goes on. One that slept until nothing was
   * left to wait for has slept too long.
   */
  lazyMs(outstanding: number, closed: boolean): number {
    const now = this.host.now();
    const ends = this.delivered;
    const often = now - this.sleptAt < ends * LAZY_BELOW_MS;
    const overslept = ends >= this.sleptWith;
    this.sleptAt = now;
    this.sleptWith = outstanding;
    this.delivered = 0;
    const lazy = often && !overslept && outstanding >= LAZY_FROM && !closed;
    this.lazy = lazy ? Math.min(Math.max(2 * this.lazy, LAZY_MS), MOST_LAZY_MS) : 0;
    return this.lazy;
  }

  /** Blocks the thread, for at most `limitMs`. False when it did not sleep, because something had come. */
  block(limitMs: number | undefined): boolean {
    if (this.core.beginPark() === 0) return false;
    const start = this.host.now();
    this.host.threads?.wait(this.words, this.index, PARKED, limitMs);
    this.core.endPark(this.host.now() - start);
    return true;
  }

  /** The event loop goes on, and hears when something has come; false: it has. @param lazyMs above 0, for how long to look away. */
  sleep(lazyMs: number): boolean {
    if (lazyMs > 0) {
      this.host.setBackgroundTimer(this.wake, lazyMs);
      return true;
    }
    if (this.core.beginPark() === 0) return false;
    this.announced = true;
    this.parkedAt = this.host.now();
    if (this.waitsAsync) return true;
    this.waitsAsync = true;
    this.host.threads?.waitAsync(this.words, this.index, PARKED, this.onNotified);
    return true;
  }

  private readonly onNotified = (): void => {
    this.waitsAsync = false;
    this.wake();
  };

  /** The thread is awake. */
  end(): void {
    if (!this.announced) return;
    this.announced = false;
    this.core.endPark(this.host.now() - this.parkedAt);
  }
}
