// Reading and writing bytes: what a stream has to offer, and the operations built on it.

import {
  type Context,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
} from "../future/index.js";
import { UnexpectedEofError, WriteZeroError } from "./errors.js";

/** A source of bytes. */
export interface AsyncRead {
  /** Where the bytes come from, for errors. */
  readonly address?: string;
  /**
   * Fills `into` with what is there: how many bytes, or 0 at the end of the stream (and for an empty buffer).
   *
   * @param waiter the future that waits; each has a waker of its own.
   */
  pollRead(cx: Context, into: Uint8Array, waiter: object): Poll<number>;
  /** A future waits for bytes no longer. */
  cancelRead(waiter: object): void;
  /** What a read of it waits for, for reports of deadlocks. */
  waitsFor?(): string;
}

/** A sink of bytes. */
export interface AsyncWrite {
  /** Where the bytes go, for errors. */
  readonly address?: string;
  /** Takes bytes: how many, which may be fewer than given. They are copied or gone when it returns. */
  pollWrite(cx: Context, bytes: Uint8Array, waiter: object): Poll<number>;
  /** Waits until everything taken has been handed on. */
  pollFlush(cx: Context, waiter: object): Poll<void>;
  /** Says that nothing more will come, and waits until that has been handed on. */
  pollShutdown(cx: Context, waiter: object): Poll<void>;
  /** A future waits for room no longer. */
  cancelWrite(waiter: object): void;
  /** What a write to it waits for, for reports of deadlocks. */
  waitsFor?(): string;
}

/** An operation that may take several polls. A dropped operation takes its waker back. */
abstract class Operation<T> extends Future<T> {
  private waiting = false;
  private done = false;

  override poll(cx: Context): Poll<T> {
    if (this.done) throw new PolledAfterCompletionError("a read or a write");
    let ended = true;
    try {
      const value = this.advance(cx);
      ended = value !== Pending;
      return value;
    } finally {
      this.done = ended;
      this.waiting = !ended;
    }
  }

  protected abstract advance(cx: Context): Poll<T>;
  protected abstract cancel(): void;

  override [Symbol.dispose](): void {
    this.done = true;
    if (this.waiting) this.cancel();
    this.waiting = false;
  }
}

abstract class ReadOperation<T> extends Operation<T> {
  protected readonly source: AsyncRead;
  constructor(source: AsyncRead) {
    super();
    this.source = source;
  }
  protected override cancel(): void {
    this.source.cancelRead(this);
  }
  override waitsFor(): string {
    const { address } = this.source;
    return `a read from ${this.source.waitsFor?.() ?? address ?? "a stream of bytes"}`;
  }
}

class Read extends ReadOperation<number> {
  private readonly into: Uint8Array;
  constructor(source: AsyncRead, into: Uint8Array) {
    super(source);
    this.into = into;
  }
  protected override advance(cx: Context): Poll<number> {
    return this.source.pollRead(cx, this.into, this);
  }
}

class ReadExact extends ReadOperation<Uint8Array> {
  private readonly into: Uint8Array;
  private filled = 0;
  constructor(source: AsyncRead, into: Uint8Array) {
    super(source);
    this.into = into;
  }
  protected override advance(cx: Context): Poll<Uint8Array> {
    while (this.filled < this.into.length) {
      const count = this.source.pollRead(cx, this.into.subarray(this.filled), this);
      if (count === Pending) return Pending;
      if (count === 0)
        throw new UnexpectedEofError(this.filled, this.into.length, this.source.address);
      this.filled += count;
    }
    return this.into;
  }
}

const READ_TO_END_BUFFER = 64 * 1024;

class ReadToEnd extends ReadOperation<Uint8Array> {
  private chunks: Uint8Array[] = [];
  private total = 0;
  private readonly buffer = new Uint8Array(READ_TO_END_BUFFER);
  protected override advance(cx: Context): Poll<Uint8Array> {
    for (;;) {
      const count = this.source.pollRead(cx, this.buffer, this);
      if (count === Pending) return Pending;
      if (count === 0) return this.joined();
      this.chunks.push(this.buffer.slice(0, count));
      this.total += count;
    }
  }
  private joined(): Uint8Array {
    const all = new Uint8Array(this.total);
    let offset = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    this.chunks = [];
    return all;
  }
}

abstract class WriteOperation<T> extends Operation<T> {
  protected readonly sink: AsyncWrite;
  constructor(sink: AsyncWrite) {
    super();
    this.sink = sink;
  }
  protected override cancel(): void {
    this.sink.cancelWrite(this);
  }
  override waitsFor(): string {
    const { address } = this.sink;
    return `a write to ${this.sink.waitsFor?.() ?? address ?? "a stream of bytes"}`;
  }
}

class Write extends WriteOperation<number> {
  private readonly bytes: Uint8Array;
  constructor(sink: AsyncWrite, bytes: Uint8Array) {
    super(sink);
    this.bytes = bytes;
  }
  protected override advance(cx: Context): Poll<number> {
    return this.sink.pollWrite(cx, this.bytes, this);
  }
}

class WriteAll extends WriteOperation<void> {
  private rest: Uint8Array;
  constructor(sink: AsyncWrite, bytes: Uint8Array) {
    super(sink);
    this.rest = bytes;
  }
  protected override advance(cx: Context): Poll<void> {
    while (this.rest.length > 0) {
      const count = this.sink.pollWrite(cx, this.rest, this);
      if (count === Pending) return Pending;
      if (count === 0) throw new WriteZeroError(this.sink.address);
      this.rest = this.rest.subarray(count);
    }
  }
}

class Flush extends WriteOperation<void> {
  protected override advance(cx: Context): Poll<void> {
    return this.sink.pollFlush(cx, this);
  }
}

class Shutdown extends WriteOperation<void> {
  protected override advance(cx: Context): Poll<void> {
    return this.sink.pollShutdown(cx, this);
  }
}

export function read(source: AsyncRead, into: Uint8Array): Future<number> {
  return new Read(source, into);
}

export function readExact(source: AsyncRead, into: Uint8Array): Future<Uint8Array> {
  return new ReadExact(source, into);
}

export function readToEnd(source: AsyncRead): Future<Uint8Array> {
  return new ReadToEnd(source);
}

export function write(sink: AsyncWrite, bytes: Uint8Array): Future<number> {
  return new Write(sink, bytes);
}

export function writeAll(sink: AsyncWrite, bytes: Uint8Array): Future<void> {
  return new WriteAll(sink, bytes);
}

export function flush(sink: AsyncWrite): Future<void> {
  return new Flush(sink);
}

export function shutdown(sink: AsyncWrite): Future<void> {
  return new Shutdown(sink);
}
