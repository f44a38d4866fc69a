// Streams into sinks: the writables of the web platform and of Node.
//
// P1  An item is asked for only when the sink has room for it.
// P2  Whatever ends the pipe ends both sides: the end of the stream closes the sink, an error of the stream or a drop aborts it,
//     an error of the sink drops the stream.

import {
  borrow,
  type Context,
  type Coroutine,
  CoroutineFuture,
  dropAll,
  dropAllBecause,
  Future,
  type Poll,
  select,
} from "../../future/index.js";
import { Next } from "../next.js";
import { dropBecause } from "../reason.js";
import type { Source } from "../source.js";

export interface PipeOptions {
  /** Leaves the sink open at the end of the stream; the pipe still waits until it has taken everything. */
  readonly preventClose?: boolean;
  /** Leaves the sink as it is when the stream fails or the pipe is dropped. */
  readonly preventAbort?: boolean;
  /** Leaves the stream as it is when the sink fails or the pipe is dropped. */
  readonly preventCancel?: boolean;
}

/** What a pipe asks of the side it writes to. */
export interface Sink<T> {
  /** Waits until there is room. */
  ready(): Future<void>;
  /** Never completes, but throws when the sink has failed or was closed by somebody else. Polled again and again. */
  failed(): Future<never>;
  /** Throws when the sink has failed or was closed, where that is known already. */
  write(item: T): void;
  /** Waits until everything was taken. */
  taken(): Future<void>;
  /** Closes it, and waits until everything was taken. */
  close(): Future<void>;
  abort(reason: unknown): void;
  /** The pipe is over: listeners and locks are given back. */
  release(): void;
}

/** Waits for one thing of a pipe, while the sink may fail at any time. */
function* unlessFailed<T>(failed: Future<never>, future: Future<T>): Coroutine<T> {
  const winner = yield* select({ failed: borrow(failed), done: future }, { biased: true });
  return winner.value as T;
}

function* pump<T>(stream: Source<T>, open: () => Sink<T>, options: PipeOptions): Coroutine<void> {
  const sink = open();
  let isWhole = false;
  let reason: unknown;
  const failed = sink.failed();
  try {
    for (;;) {
      yield* unlessFailed(failed, sink.ready());
      const item = yield* unlessFailed(failed, new Next(stream));
      if (item === undefined) break;
      sink.write(item);
    }
    yield* options.preventClose === true ? sink.taken() : sink.close();
    isWhole = true;
  } catch (error) {
    reason = error;
    throw error;
  } finally {
    failed[Symbol.dispose]();
    if (!isWhole && options.preventAbort !== true) sink.abort(reason);
    sink.release();
  }
}

/** Owns the stream, also before the first poll. */
export class Pipe<T> extends Future<void> {
  private readonly pumping: CoroutineFuture<void>;
  private readonly stream: Source<T>;
  private readonly options: PipeOptions;

  constructor(stream: Source<T>, open: () => Sink<T>, options: PipeOptions) {
    super();
    this.stream = stream;
    this.options = options;
    this.pumping = new CoroutineFuture(pump(stream, open, options));
  }

  override poll(cx: Context): Poll<void> {
    try {
      return this.pumping.poll(cx);
    } catch (error) {
      throw dropAllBecause(error, [{ [Symbol.dispose]: () => this.cancelStream(error) }]);
    }
  }

  private cancelStream(reason: unknown): void {
    if (this.options.preventCancel !== true) dropBecause(reason, this.stream);
  }

  override waitsFor(): string {
    return this.pumping.waitsFor() ?? "a pipe";
  }

  override [Symbol.dispose](): void {
    dropAll([this.pumping, { [Symbol.dispose]: () => this.cancelStream(undefined) }]);
  }
}
