// What each task waits for, kept only by runtimes whose reports are to say so: deterministic ones, and those that track where
// tasks were spawned. A coroutine cannot be asked where it stands, so the futures that it stops at are noted as it does.

import { describeWait } from "../../future/index.js";
import { pollingTask, type TaskCell } from "../task/cell.js";

export class Stops {
  /** By slot. A coroutine inside of a task's future stops first, the task's own, if it has one, last. */
  private readonly futures: (object | undefined)[] = [];

  /** The task that is being polled stops at `future`. */
  readonly note = (future: object | undefined): void => {
    const slot = pollingTask()?.slot ?? -1;
    while (this.futures.length < slot) this.futures.push(undefined);
    if (slot >= 0) this.futures[slot] = future;
  };

  forget(cell: TaskCell<unknown>): void {
    if (cell.slot < this.futures.length) this.futures[cell.slot] = undefined;
  }

  /** What a task of a coroutine waits for. */
  of(cell: TaskCell<unknown>): string | undefined {
    const future = this.futures[cell.slot];
    return future && describeWait(future);
  }
}
