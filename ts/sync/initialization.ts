// One run of a cell's initialiser, of whichever kind of function.

import {
  type Context,
  describeWait,
  type Future,
  isCoroutineFunction,
  type Poll,
} from "../future/index.js";
import { CallbackContext, futureOf } from "./callback.js";

export type Initializer = (...args: unknown[]) => unknown;

export class Initialization implements Disposable {
  private readonly initializer: Initializer;
  private readonly args: readonly unknown[];
  private readonly context: CallbackContext;
  /** What the initialiser returned to be waited for. */
  private body: Future<unknown> | undefined;

  constructor(initializer: Initializer, args: readonly unknown[]) {
    this.initializer = initializer;
    this.args = args;
    this.context = new CallbackContext();
    this.body = undefined;
  }

  /** Calls the initialiser, the first time; then polls what it returned. Whoever polls has the turn, and does so until this has ended. */
  poll(cx: Context): Poll<unknown> {
    if (this.body === undefined) {
      const result = this.initializer(...this.arguments());
      this.body = futureOf(result);
      if (this.body === undefined) return result;
    }
    return this.body.poll(cx);
  }

  /** A function that declares one parameter more gets the context; rest parameters must not find it among the arguments. */
  private arguments(): readonly unknown[] {
    const { initializer, args, context } = this;
    const wantsContext = initializer.length > args.length && !isCoroutineFunction(initializer);
    return wantsContext ? [...args, context] : args;
  }

  /** What it waits for; undefined before it runs. */
  waitsFor(): string | undefined {
    return this.body === undefined ? undefined : describeWait(this.body);
  }

  /** Ends a run that is under way. */
  [Symbol.dispose](): void {
    const { body } = this;
    if (body === undefined) return;
    this.body = undefined;
    this.context.abort();
    body[Symbol.dispose]();
  }
}
