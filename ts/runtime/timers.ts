// The time driver of one runtime: deadlines in, wakes out. Timers whose waker is a task of this runtime's core are woken
// inside Wasm; only foreign wakers are remembered here.

import type { Waker } from "../future/index.js";
import type { Clock } from "./clock.js";
import { type CoreExports, FOREIGN } from "./core/binding.js";
import { DriverDisabledError, LimitError, ShutdownError } from "./errors.js";
import { TaskCell } from "./task/cell.js";

export class Timers {
  readonly clock: Clock;
  private readonly core: CoreExports;
  private readonly enabled: boolean;
  private readonly limit: number;
  private readonly foreign = new Map<number, Waker>();
  private lastKey = 0;
  private closed = false;
  private lastTurn = 0;
  private readonly reportError: (what: string, error: unknown) => void;
  private readonly changed: () => void;

  /**
   * @param reportError is told what a foreign waker throws.
   * @param changed is called after each registration: whoever sleeps until the next timer may have to sleep for less.
   */
  constructor(
    core: CoreExports,
    clock: Clock,
    enabled: boolean,
    limit: number,
    reportError: (what: string, error: unknown) => void,
    changed: () => void,
  ) {
    this.reportError = reportError;
    this.changed = changed;
    this.core = core;
    this.clock = clock;
    this.enabled = enabled;
    this.limit = limit;
  }

  /** @throws {DriverDisabledError} unless the runtime was built with timers. */
  assertEnabled(): void {
    if (!this.enabled) throw new DriverDisabledError("timers");
  }

  /** A key for the next registration; keys are positive and come again only after 2^31 others. */
  newKey(): number {
    this.lastKey = this.lastKey >= 0x3fffffff ? 1 : this.lastKey + 1;
    return this.lastKey;
  }

  /**
   * @returns the entry; with the key it names the registration.
   * @throws {LimitError} when there is no room.
   * @throws {ShutdownError} once the runtime is shut down: nothing would ever fire it.
   */
  register(deadline: number, key: number, waker: Waker): number {
    if (this.closed) this.refuse();
    const tick = this.clock.tickAtOrAfter(deadline);
    const own = waker instanceof TaskCell && waker.core === this.core;
    const entry = own
      ? this.core.insertTimer(tick, waker.slot, waker.generation, key)
      : this.core.insertTimer(tick, FOREIGN, 0, key);
    if (entry < 0) throw new LimitError("timer", this.limit);
    if (!own) this.foreign.set(key, waker);
    this.changed();
    return entry;
  }

  /**
   * Whether a moment has passed for certain. Reads no clock of the host: while time runs, one that has passed since the last
   * driver turn is found by the next.
   */
  isPast(deadline: number): boolean {
    return deadline <= (this.clock.isPaused() ? this.clock.now() : this.lastTurn);
  }

  private wake(waker: Waker): void {
    try {
      waker.wake();
    } catch (error) {
      this.reportError("a waker threw", error);
    }
  }

  isPending(entry: number, key: number): boolean {
    return this.core.isTimerPending(entry, key) !== 0;
  }

  /** The future has moved to another task. */
  retarget(entry: number, key: number, waker: Waker): void {
    if (waker instanceof TaskCell && waker.core === this.core) {
      this.foreign.delete(key);
      this.core.retargetTimer(entry, key, waker.slot, waker.generation);
    } else {
      this.foreign.set(key, waker);
      this.core.retargetTimer(entry, key, FOREIGN, 0);
    }
  }

  cancel(entry: number, key: number): void {
    this.core.cancelTimer(entry, key);
    if (this.foreign.size > 0) this.foreign.delete(key);
  }

  /** The runtime is shut down: who waits for a timer of it is woken, and told at its next poll. */
  close(): void {
    this.closed = true;
    const wakers = [...this.foreign.values()];
    this.foreign.clear();
    for (const waker of wakers) this.wake(waker);
  }

  isClosed(): boolean {
    return this.closed;
  }

  /** @throws {ShutdownError} always. */
  refuse(): never {
    throw new ShutdownError("a timer was refused");
  }

  /** Fires what is due; wakes inside the core, then the foreign wakers, each in the order of their deadlines. */
  driverTurn(now: number): void {
    this.lastTurn = now;
    this.core.driver(this.clock.tickOf(now));
    this.wakeForeign();
  }

  private wakeForeign(): void {
    if (this.foreign.size === 0) return;
    const keys: number[] = [];
    for (let key = this.core.takeForeignFired(); key !== 0; key = this.core.takeForeignFired())
      keys.push(key);
    for (const key of keys.reverse()) {
      const waker = this.foreign.get(key);
      this.foreign.delete(key);
      if (waker !== undefined) this.wake(waker);
    }
  }
}
