// Dropping several futures: every one is dropped, whatever the others throw.

/** Drops each of them; throws the first error afterwards, so that one bad clean-up does not leak the rest. */
export function dropAll(futures: Iterable<Disposable | undefined>): void {
  let failed = false;
  let first: unknown;
  for (const future of futures) {
    try {
      future?.[Symbol.dispose]();
    } catch (error) {
      if (!failed) first = error;
      failed = true;
    }
  }
  if (failed) throw first;
}

/**
 * Drops each of them because of `error`, which goes first: what a drop throws is kept as its `suppressed`.
 *
 * @returns `error`, to be thrown.
 */
export function dropAllBecause(error: unknown, futures: Iterable<Disposable | undefined>): unknown {
  try {
    dropAll(futures);
  } catch (suppressed) {
    if (error instanceof Error && !("suppressed" in error))
      Object.defineProperty(error, "suppressed", { value: suppressed, configurable: true });
  }
  return error;
}
