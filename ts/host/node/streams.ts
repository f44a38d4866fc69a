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

function readable(source: ChunkSource, options: HostReadableOptions): Readable {
  return new Readable({
    objectMode: options.objectMode,
    highWaterMark: options.highWaterMark,
    read(): void {
      source.pull().then(
        (step) => push(this, step),
        (error) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    destroy(error, callback): void {
      source.cancel().then(
        () => callback(error),
        (failure) => callback(error ?? failure),
      );
    },
  });
}

export const streams: HostStreams = { readable };
