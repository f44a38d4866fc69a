// A task that was spawned here and runs on another thread. Its slot is given back when its end has been delivered.

import { TaskCell } from "../../task/cell.js";

export class RemoteCell<T> extends TaskCell<T> {
  readonly label: string;

  constructor(owner: TaskCell<T>["owner"], slot: number, id: number, label: string) {
    super(owner, slot, id);
    this.label = label;
  }

  /** Never called: another thread polls it. */
  run(): number {
    throw new Error("a remote task was polled here");
  }

  protected dropBody(): void {}

  /** One that has not begun has ended for those who wait, although its slot still stands in a queue. */
  override cancel(): void {
    if (this.core.cancelTask(this.slot, this.generation) !== 0) this.cancelled();
    this.owner.poke();
  }

  succeeded(value: T): void {
    if (!this.isFinished()) this.completed(value);
  }

  failed(error: unknown): void {
    if (!this.isFinished()) this.panicked(error);
  }

  cancelled(): void {
    if (!this.isFinished()) this.drop();
  }

  workerLost(): void {
    if (!this.isFinished()) this.lost();
  }
}
