// A WritableStream of the web platform as the end of a pipe.

import { type Future, fromPromise, ready } from "../../future/index.js";
import { ClosedSinkError, PipeDroppedError } from "../errors.js";
import type { Sink } from "./pipe.js";

function ignore(): void {}

export class WebSink<T> implements Sink<T> {
  private readonly writer: WritableStreamDefaultWriter<T>;
  /** Of the chunk that was written last; they are taken in order. */
  private written: Promise<void> | undefined = undefined;

  /** @throws {TypeError} when somebody else holds the writable's lock. */
  constructor(writable: WritableStream<T>) {
    this.writer = writable.getWriter();
  }

  ready(): Future<void> {
    if ((this.writer.desiredSize ?? 0) > 0) return ready(undefined);
    return fromPromise(this.writer.ready as Promise<unknown>) as Future<void>;
  }

  failed(): Future<never> {
    return fromPromise(
      this.writer.closed.then((): never => {
        throw new ClosedSinkError();
      }),
    );
  }

  write(item: T): void {
    // A write that fails breaks the whole writable, which `failed` tells.
    this.written = this.writer.write(item);
    this.written.catch(ignore);
  }

  taken(): Future<void> {
    return this.written === undefined ? ready(undefined) : fromPromise(this.written);
  }

  close(): Future<void> {
    return fromPromise(this.writer.close());
  }

  abort(reason: unknown): void {
    this.writer.abort(reason ?? new PipeDroppedError()).catch(ignore);
  }

  release(): void {
    // From here on these two are nobody's, and would be reported as rejections that nobody handles.
    this.writer.closed.catch(ignore);
    this.writer.ready.catch(ignore);
    this.writer.releaseLock();
    this.writer.closed.catch(ignore);
    this.writer.ready.catch(ignore);
  }
}
