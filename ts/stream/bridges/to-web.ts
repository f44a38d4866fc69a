// A stream as a ReadableStream of the web platform.

import { captureDriver } from "../../future/index.js";
import type { Source } from "../source.js";
import { StreamIterator } from "./iterator.js";

export interface WebOptions<T = unknown> {
  /** How many chunks (or what `size` makes of them) are pulled before anybody reads. 0 unless set. */
  readonly highWaterMark?: number;
  /** How much of the mark a chunk takes: 1 unless set. Not for bytes. */
  readonly size?: (chunk: T) => number;
  /** Makes a stream of bytes, which can be read into buffers of the reader's own. The items must be `Uint8Array`s. */
  readonly bytes?: boolean;
}

type Controller<T> = Pick<ReadableStreamDefaultController<T>, "enqueue" | "close"> & {
  readonly byobRequest?: { respond(bytesWritten: number): void } | null;
};

/** A chunk that is refused ends the readable with an error, without a call of `cancel`. */
async function enqueue<T>(
  iterator: StreamIterator<T>,
  controller: Controller<T>,
  chunk: T,
): Promise<void> {
  try {
    controller.enqueue(chunk);
  } catch (error) {
    if (!iterator.cancelled) await iterator.return();
    throw error;
  }
}

async function pull<T>(iterator: StreamIterator<T>, controller: Controller<T>): Promise<void> {
  const step = await iterator.next();
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
  const cancel = async (): Promise<void> => {
    await iterator.return();
  };
  const highWaterMark = options.highWaterMark ?? 0;
  if (options.bytes === true)
    return new ReadableStream(
      {
        type: "bytes",
        pull: (controller) =>
          pull(iterator as StreamIterator<unknown>, controller as Controller<unknown>),
        cancel,
      },
      { highWaterMark },
    ) as ReadableStream<T>;
  const strategy = options.size === undefined ? {} : { size: options.size };
  return new ReadableStream<T>(
    { pull: (controller) => pull(iterator, controller), cancel },
    { highWaterMark, ...strategy },
  );
}
