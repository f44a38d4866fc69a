// The flag by which a CancellationToken reaches other threads: its version is 0 until it is raised.

import type { Future } from "../../future/index.js";
import { AwaitVersion, newCell } from "./await-version.js";
import { OUTCOME_EMPTY, OUTCOME_NONE } from "./core.js";
import { SharedWhole } from "./handle.js";
import { destinationHome } from "./home.js";

class AwaitFlag extends AwaitVersion<void> {
  protected override what(): string {
    return "CancellationToken.cancelled()";
  }
  protected override changed(): void {}
}

/** Raised once, seen by all threads: what a CancellationToken is to other threads. */
export class SharedFlag extends SharedWhole {
  protected override describe(): string {
    return "a CancellationToken";
  }

  /** Tokens are asked, and cancelled, by whoever clears up: also once the runtime is gone. */
  isRaised(): boolean {
    const object = this.reachable();
    return object !== 0 && this.home.core.versionOf(object) !== 0;
  }

  raise(): void {
    const object = this.reachable();
    if (object === 0) return;
    this.home.core.publishOnce(object, OUTCOME_NONE, OUTCOME_EMPTY);
    this.home.settle();
  }

  /** Waits until it is raised. Cancel-safe. */
  raised(): Future<void> {
    return new AwaitFlag(this, 0);
  }
}

export function sharedFlag(): SharedFlag {
  const home = destinationHome();
  return new SharedFlag(home, newCell(home, 0));
}
