// A stream as a readable of Node.

import { streams } from "#streams";
import { captureDriver } from "../../future/index.js";
import type { Source } from "../source.js";
import { StreamIterator } from "./iterator.js";
import type { NodeReadable } from "./node-types.js";

export interface NodeOptions {
  /** Chunks are values of any kind; false: bytes or strings. True unless set. */
  readonly objectMode?: boolean;
  /** How many chunks (or bytes) are pulled before anybody reads. 0 unless set. */
  readonly highWaterMark?: number;
}

/** See `Stream.toNode`. */
export function toNode<T>(stream: Source<T>, options: NodeOptions): NodeReadable<T> {
  const iterator = new StreamIterator(stream, captureDriver());
  const source = {
    pull: () => iterator.next(),
    cancel: (reason: unknown) => iterator.cancel(reason),
  };
  return streams.readable(source, {
    objectMode: options.objectMode ?? true,
    highWaterMark: options.highWaterMark ?? 0,
  }) as NodeReadable<T>;
}
