// A task that runs a plain function. Most end in their first poll; one that returns a promise or a coroutine goes on with it.

import {
  type Coroutine,
  CoroutineFuture,
  describeWait,
  type Future,
  fromPromise,
  isCoroutine,
  Pending,
} from "../../future/index.js";
import type { AnyFunction } from "../starting.js";
import { pendingOutcome, TaskCell, type TaskOwner } from "./cell.js";

export class FunctionCell extends TaskCell<unknown> {
  private readonly fn: AnyFunction;
  private readonly args: readonly unknown[];
  private rest: Future<unknown> | undefined;

  constructor(
    owner: TaskOwner,
    slot: number,
    id: number,
    fn: AnyFunction,
    args: readonly unknown[],
  ) {
    super(owner, slot, id);
    this.fn = fn;
    this.args = args;
    this.rest = undefined;
  }

  get label(): string {
    return this.fn.name;
  }

  run(): number {
    try {
      const rest = this.rest;
      return rest === undefined ? this.call() : this.poll(rest);
    } catch (error) {
      this.rest = undefined;
      return this.panicked(error);
    }
  }

  private call(): number {
    const result = (this.fn as (...args: readonly unknown[]) => unknown)(...this.args);
    if (typeof result !== "object" || result === null) return this.completed(result);
    if (isCoroutine(result)) return this.poll(new CoroutineFuture(result as Coroutine<unknown>));
    if (typeof (result as PromiseLike<unknown>).then === "function")
      return this.poll(fromPromise(result as PromiseLike<unknown>));
    return this.completed(result);
  }

  private poll(rest: Future<unknown>): number {
    this.rest = rest;
    const value = rest.poll(this);
    if (value === Pending) return pendingOutcome();
    this.rest = undefined;
    return this.completed(value);
  }

  override waitsFor(): string | undefined {
    return this.rest && describeWait(this.rest);
  }

  protected dropBody(): void {
    const rest = this.rest;
    this.rest = undefined;
    rest?.[Symbol.dispose]();
  }
}
