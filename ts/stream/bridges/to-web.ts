// A stream as a ReadableStream of the web platform.

import { captureDriver } from "../../future/index.js";
import type { Source } from "../source.js";
import { StreamIterator } from "./iterator.js";

export interface WebOptions<T = unknown> {
  /** How many chunks (or what `size` makes of them) are pulled before anybody reads. 0 unless set. */
  readonly highWaterMark?: number;
  /** How much of the mark a chunk takes: 1 unless set. Not for bytes. */
  readonly size?: (chunk: T) => number;
  /**
   * Makes a stream of bytes, which can be read into buffers of the reader's own. The items must be `Uint8Array`s: one that has its
   * buffer to itself goes to the reader and is empty afterwards, another is copied. Empty ones are left out.
   */
  readonly bytes?: boolean;
}

type Controller<T> = Pick<ReadableStreamDefaultController<T>, "enqueue" | "close"> & {
  readonly byobRequest?: { respond(bytesWritten: number): void } | null;
};

/**
 * A chunk's buffer goes to the reader, and is detached here. One that others have a part in, as most of Node's do, and one that is
 * shared between threads, is copied. What is no bytes is left to be refused.
 */
function withOwnBuffer(chunk: unknown): unknown {
  if (!ArrayBuffer.isView(chunk)) return chunk;
  const { buffer, byteOffset, byteLength } = chunk;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) return chunk;
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}

/** The next chunk of bytes. One that is empty would be refused, and is left out. */
async function nextBytes(
  iterator: StreamIterator<unknown>,
): Promise<IteratorResult<unknown, undefined>> {
  for (;;) {
    const step = await iterator.next();
    if (step.done === true) return step;
    if (ArrayBuffer.isView(step.value) && step.value.byteLength === 0) continue;
    return { done: false, value: withOwnBuffer(step.value) };
  }
}

/** A chunk that is refused ends the readable with an error, without a call of `cancel`. */
async function enqueue<T>(
  iterator: StreamIterator<T>,
  controller: Controller<T>,
  chunk: T,
): Promise<void> {
  try {
    controller.enqueue(chunk);
  } catch (error) {
    if (!iterator.cancelled) await iterator.cancel(error);
    throw error;
  }
}

async function pull<T>(
  iterator: StreamIterator<T>,
  controller: Controller<T>,
  next: Promise<IteratorResult<T, undefined>>,
): Promise<void> {
  const step = await next;
  if (step.done !== true) {
    await enqueue(iterator, controller, step.value);
    return;
  }
  // A cancelled stream is closed already.
  if (iterator.cancelled) return;
  controller.close();
  // A reader that brought a buffer waits until it is handed back.
  controller.byobRequest?.respond(0);
}

/** See `Stream.toWeb`. */
export function toWeb<T>(stream: Source<T>, options: WebOptions<T>): ReadableStream<T> {
  const iterator = new StreamIterator(stream, captureDriver());
  const cancel = async (reason: unknown): Promise<void> => {
    await iterator.cancel(reason);
  };
  const highWaterMark = options.highWaterMark ?? 0;
  if (options.bytes === true)
    return new ReadableStream(
      {
        type: "bytes",
        pull: (controller) => {
          const bytes = iterator as StreamIterator<unknown>;
          return pull(bytes, controller as Controller<unknown>, nextBytes(bytes));
        },
        cancel,
      },
      { highWaterMark },
    ) as ReadableStream<T>;
  const strategy = options.size === undefined ? {} : { size: options.size };
  return new ReadableStream<T>(
    { pull: (controller) => pull(iterator, controller, iterator.next()), cancel },
    { highWaterMark, ...strategy },
  );
}
