// Readables over node:stream.
//
// N1  A chunk is pulled when Node asks for one, and the next not before it has been handed over.
// N2  A readable that is destroyed cancels its source; a source that fails destroys its readable with the error.

import { Readable } from "node:stream";
import type { ChunkSource, HostReadableOptions, HostStreams } from "../types.js";

/** Hands a chunk over. Node's streams say "ended" with null, so it cannot be a chunk. */
function push(readable: Readable, { done, value }: IteratorResult<unknown, unknown>): void {
  if (done === true) readable.push(null);
  else if (value === null)
    readable.destroy(new TypeError("null cannot be a chunk of a Node stream: it means the end"));
  else readable.push(value);
}

/** Of bytes and strings one can be empty, and is nothing at all: handed over, it would keep Node from asking again. */
function isNothing({ done, value }: IteratorResult<unknown, unknown>): boolean {
  return done !== true && (value as { length?: unknown } | null)?.length === 0;
}

function pull(readable: Readable, source: ChunkSource, options: HostReadableOptions): void {
  source.pull().then(
    (step) => {
      if (!options.objectMode && isNothing(step)) pull(readable, source, options);
      else push(readable, step);
    },
    (error) => readable.destroy(error instanceof Error ? error : new Error(String(error))),
  );
}

function readable(source: ChunkSource, options: HostReadableOptions): Readable {
  return new Readable({
    objectMode: options.objectMode,
    highWaterMark: options.highWaterMark,
    read(): void {
      pull(this, source, options);
    },
    destroy(error, callback): void {
      source.cancel(error ?? undefined).then(
        () => callback(error),
        (failure) => callback(error ?? failure),
      );
    },
  });
}

export const streams: HostStreams = { readable };
