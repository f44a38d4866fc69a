// The flag by which a CancellationToken reaches other threads: its version is 0 until it is raised.

import type { Future } from "../../future/index.js";
import { AwaitVersion, newCell } from "./await-version.js";
import { OUTCOME_NONE } from "./core.js";
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
  private read = false;
  private value: unknown = undefined;

  protected override describe(): string {
    return "a CancellationToken";
  }

  /** Tokens are asked, and cancelled, by whoever clears up: also once the runtime is gone. */
  isRaised(): boolean {
    const object = this.reachable();
    return object !== 0 && this.home.core.versionOf(object) !== 0;
  }

  /** Whether there is a handle of it on another thread, or on its way: those of this thread stand on one claim (handle.ts, H3). */
  isElsewhere(): boolean {
    const object = this.reachable();
    return object !== 0 && this.home.core.strongOf(object) > 1;
  }

  /** What it was raised with, read from shared memory once; undefined until then, and where that could not be sent. */
  reason(): unknown {
    const object = this.reachable();
    if (this.read || object === 0 || !this.isRaised()) return this.value;
    this.read = true;
    try {
      this.value = this.home.read(this.home.core.readValue(object));
    } catch {
      // A cancel is heard of, whatever it was given.
    }
    return this.value;
  }

  /** Does nothing to one that is raised. */
  raise(reason?: unknown): void {
    if (this.reachable() === 0 || this.isRaised()) return;
    const written = reason !== undefined && this.writeReason(reason);
    // Encoding runs the program's code, which may give the handle up.
    const object = this.reachable();
    const { core, outcome, number } = this.home;
    if (!written && object !== 0) core.publishOnce(object, OUTCOME_NONE, 0);
    if (written && (object === 0 || core.publishOnce(object, outcome, number) === 0))
      this.home.discard();
    this.home.settle();
  }

  private writeReason(reason: unknown): boolean {
    try {
      this.home.write(reason, "the reason of a cancel");
      return true;
    } catch {
      return false;
    }
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
