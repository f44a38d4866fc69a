// Cells for tasks that another thread has spawned.

import { isCoroutineFunction } from "../../../future/index.js";
import { PENDING } from "../../core/binding.js";
import type { AnyFunction } from "../../starting.js";
import { AsyncCell, type AsyncOwner } from "../../task/async-cell.js";
import { CoroutineCell, TaskCell } from "../../task/cell.js";
import { FunctionCell } from "../../task/function-cell.js";
import { allowBlocking } from "../blocking.js";

/** Holds the slot of a task that cannot be polled yet. */
export class LoadingCell extends TaskCell<unknown> {
  readonly label: string;
  private readonly restart: (slot: number) => void;

  /** @param restart has the core hand the task out once more, as if it had never been polled. */
  constructor(
    owner: AsyncOwner,
    slot: number,
    id: number,
    label: string,
    restart: (slot: number) => void,
  ) {
    super(owner, slot, id);
    this.label = label;
    this.restart = restart;
  }

  run(): number {
    this.restart(this.slot);
    return PENDING;
  }

  protected dropBody(): void {}
}

const AsyncFunctionPrototype: object = Object.getPrototypeOf(async () => {});

export function isAsyncFunction(fn: (...args: never[]) => unknown): boolean {
  return Object.getPrototypeOf(fn) === AsyncFunctionPrototype;
}

export function newCell(
  owner: AsyncOwner,
  slot: number,
  id: number,
  fn: AnyFunction,
  args: readonly unknown[],
  blocks: boolean,
): TaskCell<unknown> {
  if (isCoroutineFunction(fn)) return new CoroutineCell(owner, slot, id, fn, args);
  if (isAsyncFunction(fn)) return new AsyncCell(owner, slot, id, fn as AsyncCall, args);
  // A plain call of the blocking pool may block: that is what it is for.
  const call = blocks ? mayBlock(fn) : fn;
  return new FunctionCell(owner, slot, id, call, args);
}

function mayBlock(fn: AnyFunction): AnyFunction {
  const call = (...args: never[]): unknown => allowBlocking(() => fn(...args));
  Object.defineProperty(call, "name", { value: fn.name });
  return call;
}

type AsyncCall = (...args: unknown[]) => PromiseLike<unknown>;

/** A task that ends with an error at its first poll. */
export function failingCell(
  owner: AsyncOwner,
  slot: number,
  id: number,
  error: unknown,
): TaskCell<unknown> {
  const fail = (): never => {
    throw error;
  };
  return new FunctionCell(owner, slot, id, fail, []);
}
