// A task that was spawned here and runs on another thread. Its slot is given back when its end has been delivered: that is when
// nothing of it runs any more. The handle of an async function that is aborted does not wait for that.

import type { SendableInfo } from "../../../send/sendable.js";
import { TaskCell } from "../../task/cell.js";
import { isAsyncFunction } from "./sent-cells.js";

export class RemoteCell<T> extends TaskCell<T> {
  private readonly info: SendableInfo;
  /** A call of the blocking pool, which cannot be aborted once it has begun. */
  private readonly isCall: boolean;
  /** It was aborted, and has not come to its end. */
  private goesOn = false;
  private onReturn: (() => void) | undefined;

  constructor(
    owner: TaskCell<T>["owner"],
    slot: number,
    id: number,
    info: SendableInfo,
    isCall: boolean,
  ) {
    super(owner, slot, id);
    this.info = info;
    this.isCall = isCall;
  }

  get label(): string {
    return this.info.name;
  }

  /** Never called: another thread polls it. */
  run(): number {
    throw new Error("a remote task was polled here");
  }

  protected dropBody(): void {}

  /** One that has not begun has ended for those who wait, although its slot still stands in a queue. */
  override cancel(): void {
    if (this.core.cancelTask(this.slot, this.generation) !== 0) this.cancelled();
    else if (!this.isCall && !this.isFinished() && isAsyncFunction(this.info.fn)) this.leave();
    this.owner.poke();
  }

  private leave(): void {
    this.goesOn = true;
    this.cancelled();
  }

  override whenReturned(callback: () => void): void {
    if (this.goesOn) this.onReturn = callback;
    else callback();
  }

  /** Its end has been delivered, or will not be. */
  returned(): void {
    this.goesOn = false;
    this.onReturn?.();
    this.onReturn = undefined;
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
