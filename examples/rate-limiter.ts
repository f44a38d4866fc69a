// A rate limiter: a semaphore whose permits are used up, and a task that puts new ones in at a steady pace. So many calls a second, with
// bursts up to a limit, and first come first served.
//
//   node examples/run.mjs rate-limiter

import { interval, join, main, spawn } from "tokiwa";
import { Semaphore } from "tokiwa/sync";
import { AbortOnDropHandle } from "tokiwa/task";
import { Instant } from "tokiwa/time";

/** A bucket of tokens. Full at first; refilled until it is disposed. */
class RateLimiter implements Disposable {
  private readonly tokens: Semaphore;
  private readonly refilling: AbortOnDropHandle<void>;

  constructor(perSecond: number, burst: number) {
    this.tokens = new Semaphore(burst);
    this.refilling = new AbortOnDropHandle(spawn(refill, this.tokens, 1_000 / perSecond, burst));
  }

  /** Waits for its turn. Dropped on the way, it takes nothing. */
  *acquire() {
    const token = yield* this.tokens.acquire();
    token.forget(); // it does not come back: the refill makes new ones
  }

  [Symbol.dispose](): void {
    this.refilling[Symbol.dispose]();
  }
}

function* refill(tokens: Semaphore, periodMs: number, burst: number) {
  using ticks = interval(periodMs);
  yield* ticks.tick(); // the first comes at once
  for (;;) {
    yield* ticks.tick();
    if (tokens.availablePermits() < burst) tokens.addPermits(1);
  }
}

function* call(limiter: RateLimiter, name: string, begun: string[]) {
  yield* limiter.acquire();
  begun.push(`${name} ${Instant.now().valueOf()}`);
}

// The clock stands, and moves when everybody waits: the program is over at once.
await main({ startPaused: true }, function* () {
  using limiter = new RateLimiter(10, 3);
  const begun: string[] = [];
  yield* join(...[..."abcdefgh"].map((name) => call(limiter, name, begun)));
  console.log(`begun, at milliseconds: ${begun.join(", ")}`);
});
