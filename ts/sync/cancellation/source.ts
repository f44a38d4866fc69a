// What can cancel a token from outside of the tree of tokens.

/** A token, as its source sees it. */
export interface Cancellable {
  cancel(reason?: unknown): void;
}

/**
 * Something outside of the tree that cancels a token, and may want to be told when the token is cancelled here: an `AbortSignal`, or
 * a flag in memory that threads share; see CancellationNode.bind.
 */
export interface CancellationSource {
  /**
   * Whether it wants to hear when an ancestor is cancelled though nobody waits by the node here: the node is attached then until it
   * is left, or until the source does not want to any more and says so (CancellationNode.review). Otherwise it hears of that only
   * while somebody waits, and of `cancel` on the node itself always.
   */
  readonly wantsCancels: boolean;
  /** Whether it is to be listened to from the start, though nobody waits by the node here: it tells somebody else. */
  readonly relays?: boolean;
  /** Asked whenever the node or a descendant is asked whether it is cancelled. Must not call anybody. */
  isCancelled(): boolean;
  /** What signals give as their reason; undefined for the usual AbortError. */
  reason(): unknown;
  /**
   * Somebody needs to be told: from now until {@link end} the source calls `node.cancel(reason)` when it is cancelled; at once, if it
   * has been already. Called with the tree in order.
   */
  begin(node: Cancellable): void;
  /** Nobody needs to be told any more. Must not call anybody. */
  end(node: Cancellable): void;
  /** The node was cancelled, whoever did it. Called after all descendants are marked, before anybody is told. */
  cancelled(reason: unknown): void;
}

/** Two of them: a signal that a token was made from, and the flag by which it reaches other threads. */
export class BothSources implements CancellationSource {
  private readonly first: CancellationSource;
  private readonly second: CancellationSource;

  constructor(first: CancellationSource, second: CancellationSource) {
    this.first = first;
    this.second = second;
  }

  get wantsCancels(): boolean {
    return this.first.wantsCancels || this.second.wantsCancels;
  }

  /** What one of them says, the other must hear of, whoever waits here. */
  get relays(): boolean {
    return this.wantsCancels;
  }

  isCancelled(): boolean {
    return this.first.isCancelled() || this.second.isCancelled();
  }

  reason(): unknown {
    return this.first.isCancelled() ? this.first.reason() : this.second.reason();
  }

  begin(node: Cancellable): void {
    this.first.begin(node);
    this.second.begin(node);
  }

  end(node: Cancellable): void {
    this.first.end(node);
    this.second.end(node);
  }

  cancelled(reason: unknown): void {
    this.first.cancelled(reason);
    this.second.cancelled(reason);
  }
}
