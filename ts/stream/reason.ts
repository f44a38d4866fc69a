// Why a stream is dropped: for sources that pass a reason on, as a readable of the web platform does to its own source.
//
// Dropping is synchronous and goes through combinators of whatever make, so the reason stands here while it lasts.

let current: unknown;

/** Drops a stream for a reason, which every source below it can ask for meanwhile. */
export function dropBecause(reason: unknown, stream: Disposable): void {
  const outer = current;
  current = reason;
  try {
    stream[Symbol.dispose]();
  } finally {
    current = outer;
  }
}

/** Why what is being dropped is dropped; undefined where nobody has said so. */
export function dropReason(): unknown {
  return current;
}
