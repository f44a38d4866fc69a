// An AbortSignal as the source of a token. It is listened to only while somebody needs to be told, so a token that is forgotten
// leaves no listener on a signal that lives longer.

import { beginOutside, endOutside } from "../../future/index.js";
import type { Cancellable, CancellationSource } from "./source.js";

export class SignalSource implements CancellationSource {
  readonly wantsCancels: boolean = false;
  private readonly signal: AbortSignal;
  private node: Cancellable | undefined = undefined;
  private readonly onAbort = (): void => this.node?.cancel(this.signal.reason);

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  isCancelled(): boolean {
    return this.signal.aborted;
  }

  reason(): unknown {
    return this.signal.reason;
  }

  begin(node: Cancellable): void {
    this.node = node;
    this.signal.addEventListener("abort", this.onAbort);
    beginOutside(this, "an AbortSignal");
  }

  end(): void {
    this.node = undefined;
    this.signal.removeEventListener("abort", this.onAbort);
    endOutside(this);
  }

  cancelled(_reason: unknown): void {}
}
