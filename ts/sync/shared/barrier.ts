// The shared twin of Barrier: its version is the number of the round.
//
// A1, A2  As for the plain one (ts/sync/barrier.ts).

import type { Future, Poll } from "../../future/index.js";
import type { BarrierWaitResult } from "../barrier-wait-result.js";
import { checkWhole } from "../checks.js";
import { AwaitVersion, newCell } from "./await-version.js";
import { claimed, SharedWhole } from "./handle.js";
import { currentHome } from "./home.js";

class BarrierWait extends AwaitVersion<BarrierWaitResult> {
  private arrived = false;

  constructor(barrier: SharedBarrier) {
    super(barrier, 0);
  }

  protected override what(): string {
    return "Barrier.wait()";
  }

  protected override look(
    listener: number,
    slot: number,
    generation: number,
  ): Poll<BarrierWaitResult> {
    if (!this.arrived) {
      this.arrived = true;
      this.seen = this.home.core.arrive(this.object);
      if (this.seen === -1) return { isLeader: true };
    }
    return super.look(listener, slot, generation);
  }

  protected override changed(): BarrierWaitResult {
    return { isLeader: false };
  }
}

/** A barrier at which tasks of several threads meet. `Send`; methods as those of `Barrier`. */
export class SharedBarrier extends SharedWhole {
  protected override describe(): string {
    return "a Barrier";
  }

  /** As `Barrier.wait`. Not cancel-safe: who has arrived stays counted. */
  wait(): Future<BarrierWaitResult> {
    return new BarrierWait(this);
  }

  /** A handle of the same barrier, for another owner. @throws {ClosedHandleError} when this one was disposed. */
  clone(): SharedBarrier {
    return new SharedBarrier(this.home, claimed(this.home.core.newReference(this.object)));
  }
}

export function sharedBarrier(count: number): SharedBarrier {
  checkWhole("Barrier.shared(count)", count, 0, 2 ** 30);
  const home = currentHome();
  return new SharedBarrier(home, newCell(home, Math.max(1, count)));
}
