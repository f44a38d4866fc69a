// The shared twin of SetOnce: its version is 0 until it is set.

import type { Future } from "../../future/index.js";
import { SetError } from "../errors.js";
import { AwaitVersion, newCell } from "./await-version.js";
import { ROLE_SENDER } from "./core.js";
import { assertWhole, claimed, SharedWhole } from "./handle.js";
import { currentHome } from "./home.js";

class AwaitSet<T> extends AwaitVersion<T> {
  private readonly cell: SharedSetOnce<T>;

  constructor(cell: SharedSetOnce<T>) {
    super(cell, 0);
    this.cell = cell;
  }

  protected override what(): string {
    return "SetOnce.wait()";
  }

  protected override changed(): T {
    return this.cell.get() as T;
  }
}

/** A cell that is set once, by whichever thread. `Send`; methods as those of `SetOnce`. */
export class SharedSetOnce<T> extends SharedWhole {
  private read = false;
  private value: T | undefined = undefined;

  protected override describe(): string {
    return "a SetOnce";
  }

  /** @throws {SetError} with the value, when there is one already. @throws {SendError} when the value cannot be sent. */
  set(value: T): void {
    const object = this.written(value, "value");
    const { core, outcome, number } = this.home;
    const accepted = core.publishOnce(object, outcome, number) !== 0;
    if (!accepted) this.home.discard();
    this.home.settle();
    if (accepted) return;
    assertWhole(this.home, object);
    throw new SetError(value, false);
  }

  /** The value, read from shared memory once for each handle, or undefined. */
  get(): T | undefined {
    const { object } = this;
    if (this.read) return this.value;
    if (this.home.core.versionOf(object) === 0) {
      this.assertWhole();
      return undefined;
    }
    this.value = this.home.read(this.home.core.readValue(object)) as T;
    this.read = true;
    return this.value;
  }

  /** Whether there is a value. @throws {ClosedHandleError} when this handle was disposed. */
  isInitialized(): boolean {
    return this.home.core.versionOf(this.object) !== 0;
  }

  /** Waits for the value. Cancel-safe. */
  wait(): Future<T> {
    return new AwaitSet(this);
  }

  /** A handle of the same cell, for another owner. @throws {ClosedHandleError} when this one was disposed. */
  clone(): SharedSetOnce<T> {
    const claim = claimed(this.home.core.newEnd(this.object, ROLE_SENDER));
    return new SharedSetOnce(this.home, claim);
  }
}

export function sharedSetOnce<T>(): SharedSetOnce<T> {
  const home = currentHome();
  return new SharedSetOnce(home, newCell(home, 0));
}
