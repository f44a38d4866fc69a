// A point on a runtime's clock.

import { host } from "#host";
import { type Duration, toMillis } from "../future/duration.js";
import { tryCurrentScheduler } from "../runtime/entered.js";

/** The present: of the current runtime's clock, which may stand still, or of the host's outside of every runtime. */
export function nowMs(): number {
  return tryCurrentScheduler()?.clock.now() ?? host.now();
}

/** A moment, for measuring and for deadlines. Comparable with `<` and `>`. */
export class Instant {
  private readonly ms: number;

  private constructor(ms: number) {
    this.ms = ms;
  }

  static now(): Instant {
    return new Instant(nowMs());
  }

  /** @internal */
  static fromMillis(ms: number): Instant {
    return new Instant(ms);
  }

  /** Milliseconds from `earlier` to this; 0 if `earlier` is later. */
  durationSince(earlier: Instant): number {
    return Math.max(0, this.ms - earlier.ms);
  }

  /** Milliseconds from `earlier` to this, or undefined if `earlier` is later. */
  checkedDurationSince(earlier: Instant): number | undefined {
    return earlier.ms > this.ms ? undefined : this.ms - earlier.ms;
  }

  /** Milliseconds from this to now; 0 if this lies ahead. */
  elapsed(): number {
    return Instant.now().durationSince(this);
  }

  plus(duration: Duration): Instant {
    return new Instant(this.ms + toMillis(duration, "Instant.plus(duration)"));
  }

  minus(duration: Duration): Instant {
    return new Instant(this.ms - toMillis(duration, "Instant.minus(duration)"));
  }

  /** Milliseconds on the runtime's clock, whose zero means nothing. Makes `<` and `>` work. */
  valueOf(): number {
    return this.ms;
  }
}
