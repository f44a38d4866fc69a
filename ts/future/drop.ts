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
