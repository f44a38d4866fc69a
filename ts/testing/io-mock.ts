// A byte stream that follows a script: tokio-test's `io::Builder`.

import { type Duration, toMillis } from "../future/duration.js";
import type { Context, Future, Poll } from "../future/index.js";
import { describe } from "../future/index.js";
import {
  type AsyncRead,
  type AsyncWrite,
  flush,
  read,
  readExact,
  readToEnd,
  shutdown,
  write,
  writeAll,
} from "../io/index.js";
import { InvalidArgumentError } from "../runtime/errors.js";
import { Script } from "./script.js";

/** Bytes, or text that stands for them in UTF-8. */
export type Bytes = Uint8Array | string;

function bytesOf(value: Bytes, argument: string): Uint8Array {
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (value instanceof Uint8Array) return value.slice();
  throw new InvalidArgumentError(argument, value, "a Uint8Array or a string");
}

/** What a script is made of; every method but the last ones returns the object itself. */
abstract class Scripted {
  protected readonly script: Script;

  constructor(script: Script) {
    this.script = script;
  }

  /** The next read gives these bytes, in as many pieces as it takes. */
  read(bytes: Bytes): this {
    const rest = bytesOf(bytes, "read(bytes)");
    if (rest.length > 0) this.script.add({ do: "read", rest });
    return this;
  }

  /** The next read throws. */
  readError(error: unknown): this {
    this.script.add({ do: "readError", error });
    return this;
  }

  /** These bytes must be written next, in as many pieces as the writer likes. */
  write(bytes: Bytes): this {
    const rest = bytesOf(bytes, "write(bytes)");
    if (rest.length > 0) this.script.add({ do: "write", rest });
    return this;
  }

  /** The next write throws. */
  writeError(error: unknown): this {
    this.script.add({ do: "writeError", error });
    return this;
  }

  /** Nothing can be read or written for a while, on the runtime's clock; from the first read or write that comes to this. */
  wait(duration: Duration): this {
    const ms = toMillis(duration, "wait(duration)");
    this.script.add({ do: "wait", ms, sleep: undefined });
    return this;
  }
}

/**
 * Adds to the script of a mock that is in use. Until it is disposed, a read at the end of the script waits; from then on each of its
 * methods throws a {@link MockError}.
 */
export class IoMockHandle extends Scripted implements Disposable {
  /** Ends the script: after what is in it comes the end of the stream. */
  [Symbol.dispose](): void {
    this.script.end();
  }
}

/**
 * A stream of bytes in both directions that follows a script. It has the methods of a `TcpStream` for reading and writing.
 *
 * @throws {MockError} (from a write's poll) when other bytes are written than the script says.
 */
export class IoMock implements AsyncRead, AsyncWrite, Disposable {
  private readonly script: Script;

  /** @internal */
  constructor(script: Script) {
    this.script = script;
  }

  /** Its name, where a socket has an address. */
  get address(): string {
    return this.script.name;
  }

  pollRead(cx: Context, into: Uint8Array, waiter: object): Poll<number> {
    return this.script.pollRead(cx, into, waiter);
  }

  cancelRead(waiter: object): void {
    this.script.forget(waiter);
  }

  pollWrite(cx: Context, bytes: Uint8Array, waiter: object): Poll<number> {
    return this.script.pollWrite(cx, bytes, waiter);
  }

  pollFlush(_cx: Context, _waiter: object): Poll<void> {}

  pollShutdown(_cx: Context, _waiter: object): Poll<void> {}

  cancelWrite(waiter: object): void {
    this.script.forget(waiter);
  }

  /** Reads what is there: how many bytes; 0 at the end. Cancel-safe. */
  read(into: Uint8Array): Future<number> {
    return read(this, into);
  }

  /** Fills the buffer. Not cancel-safe. @throws {UnexpectedEofError} (from the poll) when the script has less. */
  readExact(into: Uint8Array): Future<Uint8Array> {
    return readExact(this, into);
  }

  /** Reads up to the end. Not cancel-safe. */
  readToEnd(): Future<Uint8Array> {
    return readToEnd(this);
  }

  /** Writes some of the bytes: how many. Cancel-safe. */
  write(bytes: Uint8Array): Future<number> {
    return write(this, bytes);
  }

  /** Writes all of the bytes. Not cancel-safe. */
  writeAll(bytes: Uint8Array): Future<void> {
    return writeAll(this, bytes);
  }

  /** Over at once: a mock holds nothing back. */
  flush(): Future<void> {
    return flush(this);
  }

  /** Over at once. The script goes on: what is written after it is compared as before. */
  shutdown(): Future<void> {
    return shutdown(this);
  }

  /** What waits for this mock waits for, in words. */
  waitsFor(): string {
    return `${this.script.name}, with ${this.script.describeNext()}`;
  }

  /** @throws {MockError} what a write has thrown already, whoever caught it; or if something of the script is left but pauses. */
  assertDone(): void {
    this.script.assertDone();
  }

  /** Ends it. @throws {MockError} as {@link assertDone}, unless that has thrown it already. Once. */
  [Symbol.dispose](): void {
    this.script.dispose();
  }
}

/**
 * Writes the script of an {@link IoMock}:
 *
 * ```ts
 * using mock = ioMock().read("ping\n").write("pong\n").build();
 * ```
 */
export class IoMockBuilder extends Scripted {
  private used = false;

  /** The mock. Once. */
  build(): IoMock {
    if (this.used)
      throw new InvalidArgumentError("build()", this.script.name, "called once for each ioMock()");
    this.used = true;
    return new IoMock(this.script);
  }

  /** The mock, and a handle that adds to its script while it is in use. Once. */
  buildWithHandle(): [IoMock, IoMockHandle] {
    const mock = this.build();
    this.script.open();
    return [mock, new IoMockHandle(this.script)];
  }
}

/**
 * Begins the script of a byte stream: what it gives to reads, and what must be written to it, in this order.
 *
 * @param name for messages.
 */
export function ioMock(name = "the I/O mock"): IoMockBuilder {
  if (typeof name !== "string" || name === "")
    throw new InvalidArgumentError(
      "ioMock(name)",
      name,
      `a string that is not empty, and not ${describe(name)}`,
    );
  return new IoMockBuilder(new Script(name));
}
