// The script of an I/O mock: what is read, what must be written, and when.
//
// A1  The actions happen one after the other. A read waits while a write is next, and the other way round.
// A2  Whoever waits is woken when another action has become the next one, and when the script has grown or ended.
// A3  What goes wrong is remembered: whoever caught the error of a poll gets it again from `assertDone` and from the dispose.
// A4  A script with an open handle may grow, so who has come to its end waits; without one that is the end of the stream.

import { type Context, Pending, type Poll, proceed, Waker, WakerSet } from "../future/index.js";
import type { Sleep } from "../time/sleep.js";
import { sleep } from "../time/sleep.js";
import { MockError } from "./errors.js";
import { isExpected, noteFailure } from "./mock-failures.js";

type Action =
  | { readonly do: "read" | "write"; rest: Uint8Array }
  | { readonly do: "readError" | "writeError"; readonly error: unknown }
  | { readonly do: "wait"; readonly ms: number; sleep: Sleep | undefined };

const MOST_SHOWN = 40;

/** Bytes as they read best in a message: text if they are, else numbers. */
export function showBytes(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, MOST_SHOWN);
  const isText = shown.every((byte) => (byte >= 32 && byte < 127) || (byte >= 9 && byte <= 13));
  const text = isText
    ? JSON.stringify(String.fromCharCode(...shown))
    : `[${Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join(" ")}]`;
  return bytes.length > MOST_SHOWN ? `${text}… (${bytes.length} bytes)` : text;
}

function show(action: Action): string {
  if (action.do === "read" || action.do === "write")
    return `${action.do} ${showBytes(action.rest)}`;
  return action.do === "wait" ? `wait ${action.ms} ms` : action.do;
}

/** Wakes everybody who waits for the script, when its pause is over. */
class Pause extends Waker implements Context {
  private readonly waiting: WakerSet;
  constructor(waiting: WakerSet) {
    super();
    this.waiting = waiting;
  }
  get waker(): Waker {
    return this;
  }
  override wake(): void {
    this.waiting.wakeAll();
  }
}

export class Script {
  readonly name: string;
  private readonly actions: Action[] = [];
  private readonly waiting: WakerSet = new WakerSet();
  private readonly pause: Pause = new Pause(this.waiting);
  private written = 0;
  /** Whether a handle may still add to it. */
  private growing = false;
  /** Whether its handle has been disposed. */
  private complete = false;
  /** What went wrong (A3). */
  private failure: MockError | undefined;
  /** Whether `assertDone` has said so, which is not called by the code under test. */
  private said = false;
  private closed = false;

  constructor(name: string) {
    this.name = name;
  }

  /** @throws {MockError} once its handle has been disposed. */
  add(action: Action): void {
    if (this.complete)
      throw new MockError(
        this.name,
        `${show(action)} was added after its handle had been disposed, which ends the script`,
      );
    this.actions.push(action);
    this.waiting.wakeAll();
  }

  open(): void {
    this.growing = true;
  }

  /** No more is added. */
  end(): void {
    this.growing = false;
    this.complete = true;
    this.waiting.wakeAll();
  }

  forget(waiter: object): void {
    this.waiting.delete(waiter);
  }

  pollRead(cx: Context, into: Uint8Array, waiter: object): Poll<number> {
    this.assertOpen();
    const action = this.next(cx, waiter);
    if (action === Pending) return Pending;
    if (into.length === 0) return 0;
    if (action === undefined) return this.growing ? this.wait(cx, waiter) : 0;
    if (action.do === "readError") return this.fail(cx, action.error);
    if (action.do !== "read") return this.wait(cx, waiter);
    if (!proceed(cx)) return Pending;
    const count = Math.min(into.length, action.rest.length);
    into.set(action.rest.subarray(0, count));
    this.advance(action, count);
    return count;
  }

  pollWrite(cx: Context, bytes: Uint8Array, waiter: object): Poll<number> {
    this.assertOpen();
    if (bytes.length === 0) return 0;
    const action = this.next(cx, waiter);
    if (action === Pending) return Pending;
    if (action?.do === "writeError") return this.fail(cx, action.error);
    if (action?.do === "write") {
      if (!proceed(cx)) return Pending;
      return this.take(action, bytes);
    }
    if (action === undefined && this.growing) return this.wait(cx, waiter);
    if (
      !this.actions.some((later) => later.do === "write" || later.do === "writeError") &&
      !this.growing
    )
      this.complain(`${showBytes(bytes)} was written, but the script has no more writes`);
    return this.wait(cx, waiter);
  }

  /** What a reader or writer waits for, for reports. */
  describeNext(): string {
    const action = this.actions[0];
    return action === undefined ? "the end of its script" : `its script: ${show(action)}`;
  }

  /** @throws {MockError} what went wrong; or if the script has not come to its end. */
  assertDone(): void {
    this.said = true;
    if (this.failure === undefined) this.assertUsedUp();
    else if (!isExpected(this.failure)) throw this.failure;
  }

  private assertUsedUp(): void {
    const left = this.actions.filter((action) => action.do !== "wait");
    if (left.length > 0) this.complain(`its script was not used up: ${left.map(show).join(", ")}`);
  }

  /** Ends it. @throws {MockError} as {@link assertDone}, unless that has thrown it already. */
  dispose(): void {
    if (this.closed) return;
    this.close();
    if (!this.said || this.failure === undefined) this.assertDone();
  }

  private close(): void {
    this.closed = true;
    for (const action of this.actions) if (action.do === "wait") action.sleep?.[Symbol.dispose]();
    this.waiting.wakeAll();
  }

  private assertOpen(): void {
    if (this.closed) throw new MockError(this.name, "it was used after it had been disposed");
  }

  /** The action that is next, when every pause before it is over; undefined at the end. */
  private next(cx: Context, waiter: object): Poll<Action | undefined> {
    for (;;) {
      const action = this.actions[0];
      if (action?.do !== "wait") return action;
      action.sleep ??= sleep(action.ms);
      this.waiting.set(waiter, cx.waker);
      if (!action.sleep.isElapsed() && action.sleep.poll(this.pause) === Pending) return Pending;
      this.waiting.delete(waiter);
      action.sleep[Symbol.dispose]();
      this.shift();
    }
  }

  private wait(cx: Context, waiter: object): Pending {
    this.waiting.set(waiter, cx.waker);
    return Pending;
  }

  private fail(cx: Context, error: unknown): Pending {
    if (!proceed(cx)) return Pending;
    this.shift();
    throw error;
  }

  /** Takes what the script says must be written, across several writes of it. */
  private take(first: Action & { rest: Uint8Array }, bytes: Uint8Array): number {
    let taken = 0;
    for (
      let action: Action | undefined = first;
      action?.do === "write" && taken < bytes.length;
      action = this.actions[0]
    ) {
      const count = Math.min(bytes.length - taken, action.rest.length);
      this.compare(action.rest.subarray(0, count), bytes.subarray(taken, taken + count));
      taken += count;
      this.advance(action, count);
    }
    return taken;
  }

  private compare(expected: Uint8Array, actual: Uint8Array): void {
    const at = actual.findIndex((byte, index) => byte !== expected[index]);
    if (at >= 0)
      this.complain(
        `${showBytes(actual)} was written, but the script says ${showBytes(expected)}; ` +
          `they differ at byte ${this.written + at} of all that was written`,
      );
    this.written += actual.length;
  }

  private advance(action: Action & { rest: Uint8Array }, count: number): void {
    action.rest = action.rest.subarray(count);
    if (action.rest.length === 0) this.shift();
  }

  private shift(): void {
    this.actions.shift();
    this.waiting.wakeAll();
  }

  private complain(problem: string): never {
    const error = new MockError(this.name, problem);
    if (this.failure === undefined || isExpected(this.failure)) this.failure = error;
    noteFailure(error);
    throw error;
  }
}
