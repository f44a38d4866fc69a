// Streams of Node as far as they are used here: any object with these methods will do, and no types of Node are needed.

import type { Readable } from "../../host/node/types.js";

// biome-ignore lint/suspicious/noExplicitAny: what an event brings is known to its listener only.
type Listener = (...values: any[]) => void;

interface Emitter {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
}

/** A readable of Node, in object mode or not. */
export interface NodeReadableLike extends Emitter {
  /** What is there, or null. */
  read(): unknown;
  destroy(error?: Error): unknown;
  readonly readableEnded?: boolean;
  readonly destroyed?: boolean;
  readonly errored?: Error | null;
}

/** A writable of Node, in object mode or not. */
export interface NodeWritableLike extends Emitter {
  /** Takes a chunk, and calls back when it is through with it; false when the next should wait for "drain". */
  // biome-ignore lint/suspicious/noExplicitAny: a method's parameter: what it takes is its own affair.
  write(chunk: any, callback: (error?: Error | null) => void): boolean;
  end(): unknown;
  destroy(error?: Error): unknown;
  readonly writableNeedDrain?: boolean;
  readonly writableEnded?: boolean;
  readonly destroyed?: boolean;
  readonly errored?: Error | null;
}

/** What is known of a `Readable` where the types of Node are not there. */
interface PlainReadable<T> extends NodeReadableLike {
  readonly readableHighWaterMark: number;
  readonly readableObjectMode: boolean;
  [Symbol.asyncIterator](): AsyncIterator<T>;
}

/**
 * What `Stream.toNode` gives: a `Readable` of `node:stream`, whose chunks are known. Without the types of Node in the program
 * `Readable` is `any`, which alone has members of every name.
 */
export type NodeReadable<T = unknown> = "no such member" extends keyof Readable
  ? PlainReadable<T>
  : PlainReadable<T> & Readable;
