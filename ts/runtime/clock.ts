// A runtime's clock: the host's, or one that stands still until it is moved.
//
// C1  The wheel counts ticks of 1 ms from `base`. A deadline is rounded up to a tick and the present down, so nothing is early.
// C2  What was set outside of every runtime is on the host's clock, until a runtime takes it. A clock that runs counts what has
//     passed meanwhile. One that stands does not: no time has passed on it, and what has for real would differ from run to run.

import type { Host } from "../host/types.js";
import { ClockError } from "./errors.js";

export class Clock {
  private readonly host: Host;
  private readonly base: number;
  private readonly changed: () => void;
  /** The time at which the clock stands, or -1 while it runs. */
  private frozen = -1;
  /** What to add to the host's time: how far `advance` was ahead of it. */
  private offset = 0;

  /** @param changed is called when the clock is stopped, moved or let go. */
  constructor(host: Host, startPaused: boolean, changed: () => void) {
    this.host = host;
    this.changed = changed;
    // Whole milliseconds, so that a paused clock and its deadlines are whole too. A clock that starts paused starts at
    // zero: two runs of one program then see the same times.
    this.base = startPaused ? 0 : Math.floor(host.now());
    if (startPaused) this.frozen = 0;
  }

  now(): number {
    return this.frozen >= 0 ? this.frozen : this.host.now() + this.offset;
  }

  isPaused(): boolean {
    return this.frozen >= 0;
  }

  /** The tick that has begun at `time`. */
  tickOf(time: number): number {
    return Math.floor(time - this.base);
  }

  /** The first tick that is not before `time`. */
  tickAtOrAfter(time: number): number {
    return Math.ceil(time - this.base);
  }

  timeOf(tick: number): number {
    return this.base + tick;
  }

  /**
   * Where a deadline stands on this clock that was set outside of every runtime: C2.
   *
   * @param hostMs when it is, on the host's clock.
   * @param delayMs how far ahead that was when it was set: `hostMs` less what the clock showed need not be that to the last bit.
   */
  takeOver(hostMs: number, delayMs: number): number {
    return this.isPaused() ? this.frozen + delayMs : hostMs + this.offset;
  }

  pause(): void {
    if (this.isPaused())
      throw new ClockError("time is already frozen: `pause()` was called twice without `resume()`");
    this.frozen = Math.ceil(this.now());
    this.changed();
  }

  resume(): void {
    if (!this.isPaused())
      throw new ClockError("time is not frozen: `resume()` needs `pause()` or `startPaused` first");
    this.offset = this.frozen - this.host.now();
    this.frozen = -1;
    this.changed();
  }

  /** Moves a clock that stands. Never backwards. */
  moveTo(time: number): void {
    if (!this.isPaused())
      throw new ClockError(
        "time is not frozen: `advance(ms)` needs `pause()` or `startPaused` first",
      );
    if (time > this.frozen) this.frozen = time;
    this.changed();
  }
}
