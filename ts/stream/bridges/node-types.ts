// Streams of Node as far as they are used here: any object with these methods will do, and no types of Node are needed.

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
  /** Takes a chunk; false when the next should wait for "drain". */
  // biome-ignore lint/suspicious/noExplicitAny: a method's parameter: what it takes is its own affair.
  write(chunk: any): boolean;
  end(): unknown;
  destroy(error?: Error): unknown;
  readonly writableNeedDrain?: boolean;
  readonly writableFinished?: boolean;
  readonly destroyed?: boolean;
  readonly errored?: Error | null;
}

declare global {
  namespace NodeJS {
    // Where a program has Node's types this adds nothing to them; elsewhere the name is at least there.
    interface ReadableStream {}
  }
}

/** What `Stream.toNode` gives: a `Readable` of `node:stream`. */
export type NodeReadable<T = unknown> = NodeJS.ReadableStream &
  NodeReadableLike & {
    readonly readableHighWaterMark: number;
    readonly readableObjectMode: boolean;
    [Symbol.asyncIterator](): AsyncIterator<T>;
  };
