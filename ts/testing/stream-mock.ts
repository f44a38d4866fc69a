// A stream that follows a script: tokio-test's `StreamMockBuilder`.

import { type Duration, toMillis } from "../future/duration.js";
import { type Context, Pending, type Poll, proceed } from "../future/index.js";
import { InvalidArgumentError } from "../runtime/errors.js";
import { Stream } from "../stream/index.js";
import { type Sleep, sleep } from "../time/sleep.js";
import { MockError } from "./errors.js";
import { isExpected, noteFailure } from "./mock-failures.js";

type Action<T> = { readonly item: T } | { readonly error: unknown } | { readonly waitMs: number };

/** Gives the items of its script, with the pauses of its script, and must be used up. */
export class StreamMock<T> extends Stream<T> {
  private readonly actions: Action<T>[];
  private readonly name: string;
  private pause: Sleep | undefined;
  private disposed = false;
  private failure: MockError | undefined;
  /** Whether `assertDone` has said so: the dispose need not say it again. */
  private said = false;

  /** @internal */
  constructor(name: string, actions: Action<T>[]) {
    super();
    this.name = name;
    this.actions = actions;
  }

  override pollNext(cx: Context): Poll<T | undefined> {
    while (this.actions[0] !== undefined && "waitMs" in this.actions[0]) {
      this.pause ??= sleep(this.actions[0].waitMs);
      if (this.pause.poll(cx) === Pending) return Pending;
      this.pause = undefined;
      this.actions.shift();
    }
    if (!proceed(cx)) return Pending;
    const action = this.actions.shift();
    if (action === undefined) return undefined;
    if ("error" in action) throw action.error;
    return (action as { readonly item: T }).item;
  }

  override waitsFor(): string {
    return `${this.name}, which pauses`;
  }

  /** @throws {MockError} if items or errors of the script are left; after the dispose, if they were, whoever caught its error. */
  assertDone(): void {
    this.said = true;
    if (this.failure === undefined) this.assertUsedUp();
    else if (!isExpected(this.failure)) throw this.failure;
  }

  private assertUsedUp(): void {
    const left = this.actions.filter((action) => !("waitMs" in action)).length;
    if (left === 0) return;
    const what = left === 1 ? "an item or error is" : `${left} items or errors are`;
    this.failure = new MockError(this.name, `its script was not used up: ${what} left`);
    noteFailure(this.failure);
    throw this.failure;
  }

  /** Ends it. @throws {MockError} if items or errors of the script are left. */
  override [Symbol.dispose](): void {
    if (this.disposed) return;
    this.disposed = true;
    this.pause?.[Symbol.dispose]();
    try {
      if (!this.said || this.failure === undefined) this.assertDone();
    } finally {
      this.actions.length = 0;
    }
  }
}

/** Writes the script of a {@link StreamMock}. */
export class StreamMockBuilder<T> {
  private readonly name: string;
  private readonly actions: Action<T>[] = [];

  /** @internal */
  constructor(name: string) {
    this.name = name;
  }

  /** The next item. @throws {InvalidArgumentError} for undefined, which is the end of a stream and no item. */
  next(item: T): this {
    if (item === undefined)
      throw new InvalidArgumentError("next(item)", item, "an item: undefined is the end");
    this.actions.push({ item });
    return this;
  }

  /** The stream fails instead of giving an item. */
  error(error: unknown): this {
    this.actions.push({ error });
    return this;
  }

  /** A pause before the next item, from the poll that comes to it. */
  wait(duration: Duration): this {
    this.actions.push({ waitMs: toMillis(duration, "wait(duration)") });
    return this;
  }

  /** The stream. */
  build(): StreamMock<T> {
    return new StreamMock(this.name, [...this.actions]);
  }
}

/**
 * Begins the script of a stream: `streamMock<number>().next(1).wait(5).next(2).build()`.
 *
 * @param name for messages.
 */
export function streamMock<T>(name = "the stream mock"): StreamMockBuilder<T> {
  return new StreamMockBuilder(name);
}
