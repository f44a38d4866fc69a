// Wakers that have been sent to another thread. A waker names a task by slot and id, so what crosses is that; the wake goes into the
// inbox of the task's home.

import { Waker } from "../../../future/index.js";
import { registerSendable } from "../../../send/codec.js";
import { SendError } from "../../../send/errors.js";
import { AsyncCell } from "../../task/async-cell.js";
import { CoroutineCell, FutureCell, generationOf, type TaskCell } from "../../task/cell.js";
import { FunctionCell } from "../../task/function-cell.js";
import { partOf } from "./attached.js";
import { MultiThread } from "./multi-thread.js";

/** Wakes a task of another thread. Copying it is free, and waking a task that has ended does nothing. */
class SentWaker extends Waker {
  readonly runtime: string;
  readonly slot: number;
  readonly id: number;

  constructor(runtime: string, slot: number, id: number) {
    super();
    this.runtime = runtime;
    this.slot = slot;
    this.id = id;
  }

  override wake(): void {
    const part = partOf(this.runtime);
    // A runtime that is closed has no task to wake.
    if (!(part instanceof MultiThread)) return;
    part.core.wakeTask(this.slot, generationOf(this.id));
    part.poke();
  }

  override willWake(other: Waker): boolean {
    return (
      other instanceof SentWaker &&
      other.runtime === this.runtime &&
      other.slot === this.slot &&
      other.id === this.id
    );
  }
}

interface Sent {
  readonly runtime: string;
  readonly slot: number;
  readonly id: number;
}

function encodeCell(cell: TaskCell<unknown>): Sent {
  const { owner, slot, id } = cell;
  if (owner instanceof MultiThread) return { runtime: owner.membership.id, slot, id };
  throw new SendError(
    "a waker",
    cell,
    "of a current_thread runtime cannot be sent to another thread",
  );
}

function decode(sent: unknown): SentWaker {
  const { runtime, slot, id } = sent as Sent;
  return new SentWaker(runtime, slot, id);
}

let registered = false;

/** Makes the wakers of tasks sendable. Once is enough. */
export function registerWakers(): void {
  if (registered) return;
  registered = true;
  const cells = { CoroutineCell, FutureCell, AsyncCell, FunctionCell };
  for (const [name, cell] of Object.entries(cells))
    registerSendable(`waker of ${name}`, cell as never, encodeCell as never, decode as never);
  registerSendable("waker", SentWaker, ({ runtime, slot, id }) => ({ runtime, slot, id }), decode);
}
