// A flag in memory that threads share as the source of a token: the same token on several threads. Raised by whoever cancels, on
// whatever thread; everybody else asks it, and is woken through it.

import { type Context, replaceBudget, UNLIMITED, Waker } from "../../future/index.js";
import type { SharedFlag } from "../shared/flag.js";
import type { Cancellable, CancellationSource } from "./source.js";

export class FlagSource implements CancellationSource {
  readonly flag: SharedFlag;
  private node: Cancellable | undefined = undefined;
  private raised: ReturnType<SharedFlag["raised"]> | undefined = undefined;
  private readonly context: Context = { waker: Waker.from(() => this.look()) };

  constructor(flag: SharedFlag) {
    this.flag = flag;
  }

  /** Other threads hear of an ancestor's cancel only by the flag, as long as one of them has it. */
  get wantsCancels(): boolean {
    return this.flag.isElsewhere();
  }

  isCancelled(): boolean {
    return this.flag.isRaised();
  }

  reason(): unknown {
    return this.flag.reason();
  }

  begin(node: Cancellable): void {
    this.node = node;
    if (!this.flag.isRaised()) this.raised = this.flag.raised();
    this.look();
  }

  /** Waits by the flag; the budget of the poll under way, if any, is not this wait's. */
  private look(): void {
    const { node, raised } = this;
    if (node === undefined) return;
    if (this.flag.isRaised()) {
      node.cancel(this.reason());
      return;
    }
    if (raised === undefined) return;
    const budget = replaceBudget(UNLIMITED);
    try {
      if (raised.poll(this.context) === undefined) node.cancel(this.reason());
    } finally {
      replaceBudget(budget);
    }
  }

  end(): void {
    this.node = undefined;
    this.raised?.[Symbol.dispose]();
    this.raised = undefined;
  }

  cancelled(reason: unknown): void {
    this.flag.raise(reason);
  }
}
