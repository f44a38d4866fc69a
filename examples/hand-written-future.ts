// Two futures written by hand: a Delay, and a shared state that somebody else fills in. What `yield*` does is in here:
// it polls, and when the answer is Pending the task sleeps until the waker that the future has kept is called.
//
//   node examples/run.mjs hand-written-future

import {
  type Context,
  Future,
  join,
  main,
  Pending,
  type Poll,
  select,
  sleep,
  spawn,
  type Waker,
} from "tokiwa";

// The contract of `poll` is short:
//   1. Do nothing before the first poll: a future is lazy.
//   2. Give the value, or keep `cx.waker` where something will call it and give Pending. Pending without a waker kept
//      is a task that sleeps for ever.
//   3. Another poll may bring another waker (the future may have moved to another task): the last one counts.
//   4. When dropped, give back what was registered. `select`, `timeout` and `abort` all cancel by dropping.

/** Completes after a while. Its timer is the host's, to show the bare mechanism; a real program writes `sleep(ms)`. */
class Delay extends Future<string> {
  readonly #ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waker: Waker | undefined;
  #elapsed = false;
  #polls = 0;

  constructor(ms: number) {
    super();
    this.#ms = ms;
  }

  override poll(cx: Context): Poll<string> {
    this.#polls += 1;
    if (this.#elapsed) return `${this.#ms} ms, seen at poll ${this.#polls}`;
    this.#waker = cx.waker;
    this.#timer ??= setTimeout(() => {
      this.#elapsed = true;
      this.#waker?.wake();
    }, this.#ms);
    return Pending;
  }

  override [Symbol.dispose](): void {
    if (this.#timer !== undefined && !this.#elapsed)
      console.log(`delay of ${this.#ms} ms: dropped`);
    clearTimeout(this.#timer);
  }
}

/**
 * One value that two sides share: one fills it in, the other waits. In Rust this is the `Arc<Mutex<SharedState>>` of the
 * async book; on one thread the object is enough.
 */
class SharedState<T> {
  #value: Poll<T> = Pending;
  #waker: Waker | undefined;

  /** May come before anybody waits, or after: first the value is put down, then the waker is called. */
  complete(value: T): void {
    this.#value = value;
    this.#waker?.wake();
  }

  pollValue(cx: Context): Poll<T> {
    if (this.#value === Pending) this.#waker = cx.waker;
    return this.#value;
  }

  forget(): void {
    this.#waker = undefined;
  }
}

class SharedFuture<T> extends Future<T> {
  readonly #state: SharedState<T>;
  constructor(state: SharedState<T>) {
    super();
    this.#state = state;
  }
  override poll(cx: Context): Poll<T> {
    return this.#state.pollValue(cx);
  }
  override [Symbol.dispose](): void {
    this.#state.forget();
  }
}

/** The other side: anything may call `complete`, here a task. */
function* cook(state: SharedState<string>) {
  console.log("cook: at work");
  yield* sleep(20);
  state.complete("soup");
}

function* guest(state: SharedState<string>) {
  console.log("guest: waiting");
  const dish = yield* new SharedFuture(state);
  console.log(`guest: has ${dish}`);
}

await main(function* () {
  const lazy = new Delay(30);
  console.log("a delay was made, and no timer runs yet");
  console.log(`delay: ${yield* lazy}`);

  const state = new SharedState<string>();
  yield* join(spawn(guest, state), spawn(cook, state));

  // The loser of a select is dropped before the winner is returned: its timer is gone, and keeps no process alive.
  const winner = yield* select({ quick: new Delay(10), slow: new Delay(3_600_000) });
  console.log(`the ${winner.branch} one wins`);
});
