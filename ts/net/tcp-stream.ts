// TCP connections.
//
// Several tasks may wait for one direction: all of them are woken, and each tries again. The two halves of a split stream share it; the connection is
// closed when the last of them is given up.

import {
  assertLoopRuns,
  type Context,
  type Coroutine,
  CoroutineFuture,
  type Future,
  Pending,
  type Poll,
  proceed,
  refund,
  WakerSet,
} from "../future/index.js";
import { type HostSocket, type SocketAddress, WOULD_BLOCK } from "../host/types.js";
import { IoError, ioError } from "../io/errors.js";
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
} from "../io/stream.js";
import { InvalidArgumentError } from "../runtime/errors.js";
import type { Scheduler } from "../runtime/scheduler/scheduler.js";
import { type AddressLike, formatAddress, parseAddress } from "./address.js";
import { closeHandle, currentNet, HostOperation } from "./driver.js";
import { resolveAddresses } from "./lookup.js";

/** A connection and who waits for it; owned by a stream or by its two halves. */
class Connection implements AsyncRead, AsyncWrite, Disposable {
  readonly socket: HostSocket;
  readonly address: string;
  private readonly scheduler: Scheduler;
  private readonly readers: WakerSet = new WakerSet();
  private readonly writers: WakerSet = new WakerSet();
  private owners: number;
  private open: boolean;

  constructor(socket: HostSocket, scheduler: Scheduler) {
    this.socket = socket;
    this.scheduler = scheduler;
    this.address = formatAddress(socket.peerAddress);
    this.owners = 1;
    this.open = true;
    scheduler.ioOpened(this);
    socket.onReadable = () => this.readers.wakeAll();
    socket.onWritable = () => this.writers.wakeAll();
  }

  /** For leak checks. */
  describeForCensus(): string {
    return `a connection to ${this.address}`;
  }

  pollRead(cx: Context, into: Uint8Array, waiter: object): Poll<number> {
    this.assertOpen("reading");
    if (into.length === 0) return 0;
    if (!proceed(cx)) return Pending;
    const count = this.attempt("reading", () => this.socket.read(into));
    if (count !== WOULD_BLOCK) return count;
    refund();
    assertLoopRuns("a socket");
    this.readers.set(waiter, cx.waker);
    return Pending;
  }

  pollWrite(cx: Context, bytes: Uint8Array, waiter: object): Poll<number> {
    this.assertOpen("writing");
    if (bytes.length === 0) return 0;
    if (!proceed(cx)) return Pending;
    const count = this.attempt("writing", () => this.socket.write(bytes));
    if (count !== WOULD_BLOCK) return count;
    refund();
    return this.waitWritable(cx, waiter);
  }

  pollFlush(cx: Context, waiter: object): Poll<void> {
    this.assertOpen("flushing");
    const flushed = this.attempt("flushing", () => this.socket.isFlushed());
    if (!flushed) return this.waitWritable(cx, waiter);
  }

  pollShutdown(cx: Context, waiter: object): Poll<void> {
    this.assertOpen("shutting down");
    this.socket.shutdown();
    const finished = this.attempt("shutting down", () => this.socket.isShutDown());
    if (!finished) return this.waitWritable(cx, waiter);
  }

  /** The writing half is given up: nothing more is written, and who waits to write is told. */
  endWriting(): void {
    this.socket.shutdown();
    this.writers.wakeAll();
  }

  private waitWritable(cx: Context, waiter: object): Pending {
    assertLoopRuns("a socket");
    this.writers.set(waiter, cx.waker);
    return Pending;
  }

  cancelRead(waiter: object): void {
    this.readers.delete(waiter);
  }

  cancelWrite(waiter: object): void {
    this.writers.delete(waiter);
  }

  private attempt<T>(what: string, operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw ioError(error, `${what} on the connection to ${this.address}`, this.address);
    }
  }

  assertOpen(what: string): void {
    if (!this.open)
      throw new IoError(
        `${what} failed: EBADF: the connection to ${this.address} was closed here`,
        "EBADF",
        this.address,
      );
  }

  addOwner(): void {
    this.owners += 1;
  }

  /** One owner less; the last one closes. */
  release(): void {
    this.owners -= 1;
    if (this.owners === 0) this[Symbol.dispose]();
  }

  /** Closes, whoever owns it: the runtime has ended, or the last owner let go. */
  [Symbol.dispose](): void {
    if (!this.open) return;
    this.open = false;
    this.scheduler.ioClosed(this);
    this.socket.close();
    // Whoever is suspended in an operation learns of the close at its next poll.
    this.readers.wakeAll();
    this.writers.wakeAll();
  }
}

function checkBytes(value: unknown, argument: string): void {
  if (!(value instanceof Uint8Array))
    throw new InvalidArgumentError(argument, value, "a Uint8Array");
}

/** What a stream and its halves have: a connection that can be given up once. */
abstract class Owner implements Disposable {
  private readonly connection: Connection;
  private held = true;

  /** @internal */
  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** The address of the other side. */
  peerAddr(): SocketAddress {
    return this.connection.socket.peerAddress;
  }

  /** The address of this side. */
  localAddr(): SocketAddress {
    return this.connection.socket.localAddress;
  }

  /** @internal The connection, of an owner that still has it. @throws {IoError} with `code` "EBADF". */
  protected owned(): Connection {
    if (this.held) return this.connection;
    throw new IoError(
      `using a stream that was disposed or split (it was connected to ${this.connection.address})`,
      "EBADF",
      this.connection.address,
    );
  }

  /** @internal */
  protected isOwner(): boolean {
    return this.held;
  }

  /** @internal Gives the connection to somebody else. */
  protected surrender(): Connection {
    const connection = this.owned();
    this.held = false;
    return connection;
  }

  /** Closes the connection when this was its last owner. What was written is still sent. */
  [Symbol.dispose](): void {
    if (!this.held) return;
    this.held = false;
    this.connection.release();
  }
}

abstract class Reading extends Owner {
  /**
   * Reads what is there, up to the size of the buffer.
   *
   * @returns how many bytes; 0 at the end of the stream. @throws {IoError} with `code` and `address`. Cancel-safe.
   */
  read(into: Uint8Array): Future<number> {
    checkBytes(into, "read(into)");
    return read(this.owned(), into);
  }

  /**
   * Fills the buffer. Not cancel-safe: what was read by then is lost to the next reader.
   *
   * @returns the buffer. @throws {UnexpectedEofError} when the stream ends first. @throws {IoError}
   */
  readExact(into: Uint8Array): Future<Uint8Array> {
    checkBytes(into, "readExact(into)");
    return readExact(this.owned(), into);
  }

  /** Reads until the other side has shut down. Not cancel-safe. @throws {IoError} */
  readToEnd(): Future<Uint8Array> {
    return readToEnd(this.owned());
  }
}

/** The writing operations: a stream has them, and its writing half. */
export interface TcpWrite {
  /**
   * Writes some of the bytes, waiting while the peer does not keep up.
   *
   * @returns how many were taken; they are copied, the buffer is free. @throws {IoError} with `code` and `address`.
   * Cancel-safe.
   */
  write(bytes: Uint8Array): Future<number>;
  /** Writes all of the bytes. Not cancel-safe: some may have been sent. @throws {IoError} */
  writeAll(bytes: Uint8Array): Future<void>;
  /** Waits until everything written has been handed to the system. Cancel-safe. @throws {IoError} */
  flush(): Future<void>;
  /**
   * Says that nothing more will be written, and waits until that is sent. Reading goes on: the connection is half closed.
   * Cancel-safe. @throws {IoError}
   */
  shutdown(): Future<void>;
}

/** The reading half of a stream. */
export class OwnedReadHalf extends Reading {}

/** The writing half of a stream. Disposing it shuts that direction down. */
export class OwnedWriteHalf extends Owner implements TcpWrite {
  write(bytes: Uint8Array): Future<number> {
    checkBytes(bytes, "write(bytes)");
    return write(this.owned(), bytes);
  }

  writeAll(bytes: Uint8Array): Future<void> {
    checkBytes(bytes, "writeAll(bytes)");
    return writeAll(this.owned(), bytes);
  }

  flush(): Future<void> {
    return flush(this.owned());
  }

  shutdown(): Future<void> {
    return shutdown(this.owned());
  }

  override [Symbol.dispose](): void {
    if (this.isOwner()) this.owned().endWriting();
    super[Symbol.dispose]();
  }
}

/**
 * A TCP connection. Pull-based: nothing is read that nobody asks for, so a reader that does not read makes the peer stop,
 * and a writer waits while the peer does not read. The end of one direction is not the end of the other.
 */
export class TcpStream extends Reading implements TcpWrite {
  /**
   * Connects. Tries the addresses of a name one after the other.
   *
   * @throws {AddressError} at the call. @throws {IoError} with `code` and `address`: that of the last address tried.
   * Cancel-safe: dropping it gives up the attempt.
   */
  static connect(address: AddressLike): Future<TcpStream> {
    return new CoroutineFuture(connect(parseAddress(address)));
  }

  write(bytes: Uint8Array): Future<number> {
    checkBytes(bytes, "write(bytes)");
    return write(this.owned(), bytes);
  }

  writeAll(bytes: Uint8Array): Future<void> {
    checkBytes(bytes, "writeAll(bytes)");
    return writeAll(this.owned(), bytes);
  }

  flush(): Future<void> {
    return flush(this.owned());
  }

  shutdown(): Future<void> {
    return shutdown(this.owned());
  }

  /** Whether small writes are sent at once instead of being collected (TCP_NODELAY). */
  setNodelay(enabled: boolean): void {
    this.owned().socket.setNodelay(enabled);
  }

  /** Splits into halves that may go to different tasks. The stream itself is used up. */
  intoSplit(): [OwnedReadHalf, OwnedWriteHalf] {
    const connection = this.surrender();
    connection.addOwner();
    return [new OwnedReadHalf(connection), new OwnedWriteHalf(connection)];
  }
}

/** @internal A stream over a socket that is connected. */
export function streamOver(socket: HostSocket, scheduler: Scheduler): TcpStream {
  return new TcpStream(new Connection(socket, scheduler));
}

function* connect(address: SocketAddress): Coroutine<TcpStream> {
  const { net, scheduler } = currentNet("TcpStream.connect");
  let failure: unknown;
  for (const candidate of yield* resolveAddresses(net, address)) {
    const text = formatAddress(candidate);
    try {
      const socket = yield* new HostOperation<HostSocket>(
        `connecting to ${text}`,
        text,
        (done) => net.connect(candidate, done),
        closeHandle,
      );
      return streamOver(socket, scheduler);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
