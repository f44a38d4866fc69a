// Delays for whoever needs time and knows no runtime. A runtime that is loaded gives its own with `setDelays`, on its own
// clock; without one a delay is a timer of the host's.

import { PolledAfterCompletionError } from "./errors.js";
import { Future } from "./future.js";
import { Pending, type Poll } from "./poll.js";
import type { Context, Waker } from "./waker.js";

/**
 * A wait that can be begun anew, also after it has elapsed. It costs no budget: that time is up must be seen even by a task
 * that has spent it all. Cancel-safe: dropping it cancels it.
 */
export abstract class Delay extends Future<void> {
  /** Elapses `delayMs` from now instead. Whoever waits for it already is woken then, and not before. */
  abstract reset(delayMs: number): void;
}

export type DelayFactory = (delayMs: number) => Delay;

/** The host's timers count at most so many milliseconds; what is longer takes several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const WAITING = 0;
const ELAPSED = 1;
const DONE = 2;

/** Over the host's `setTimeout`. */
export class HostDelay extends Delay {
  private state: number;
  private restMs: number;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waker: Waker | undefined;

  constructor(delayMs: number) {
    super();
    this.state = WAITING;
    this.restMs = 0;
    this.timer = undefined;
    this.waker = undefined;
    this.reset(delayMs);
  }

  override reset(delayMs: number): void {
    clearTimeout(this.timer);
    this.state = WAITING;
    this.restMs = delayMs;
    this.start();
  }

  private start(): void {
    const delayMs = Math.min(this.restMs, LONGEST_TIMER_MS);
    this.restMs -= delayMs;
    this.timer = setTimeout(() => this.fire(), delayMs);
  }

  private fire(): void {
    if (this.restMs > 0) {
      this.start();
      return;
    }
    this.state = ELAPSED;
    const waker = this.waker;
    this.waker = undefined;
    waker?.wake();
  }

  override poll(cx: Context): Poll<void> {
    if (this.state === DONE) throw new PolledAfterCompletionError("a delay");
    if (this.state === ELAPSED) {
      this.state = DONE;
      return;
    }
    this.waker = cx.waker;
    return Pending;
  }

  override waitsFor(): string {
    return "a timer of the host";
  }

  override [Symbol.dispose](): void {
    clearTimeout(this.timer);
    this.waker = undefined;
    this.state = DONE;
  }
}

let factory: DelayFactory = (delayMs) => new HostDelay(delayMs);

/** A delay on the clock of the runtime that polls; it begins now. */
export function newDelay(delayMs: number): Delay {
  return factory(delayMs);
}

/** A runtime's delays take the place of the host's. */
export function setDelays(next: DelayFactory): void {
  factory = next;
}
