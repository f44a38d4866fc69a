// Accepting TCP connections.

import {
  assertLoopRuns,
  type Context,
  type Coroutine,
  CoroutineFuture,
  Future,
  Pending,
  type Poll,
  PolledAfterCompletionError,
  proceed,
  refund,
  WakerSet,
} from "../future/index.js";
import type { HostListener, HostSocket, SocketAddress } from "../host/types.js";
import { IoError, ioError } from "../io/errors.js";
import type { Scheduler } from "../runtime/scheduler/scheduler.js";
import { type AddressLike, formatAddress, parseAddress } from "./address.js";
import { closeHandle, currentNet, HostOperation } from "./driver.js";
import { resolveAddresses } from "./lookup.js";
import { streamOver, type TcpStream } from "./tcp-stream.js";

/** How many connections the system holds that nobody has accepted yet. Tokio's figure. */
const BACKLOG = 1024;

/** A connection and the address it came from. */
export type Accepted = [TcpStream, SocketAddress];

class Accept extends Future<Accepted> {
  private listener: TcpListener | undefined;
  constructor(listener: TcpListener) {
    super();
    this.listener = listener;
  }
  override poll(cx: Context): Poll<Accepted> {
    if (this.listener === undefined) throw new PolledAfterCompletionError("accept");
    const accepted = this.listener.pollAccept(cx, this);
    if (accepted !== Pending) this.listener = undefined;
    return accepted;
  }
  override waitsFor(): string {
    return "TcpListener.accept()";
  }
  override [Symbol.dispose](): void {
    this.listener?.cancelAccept(this);
    this.listener = undefined;
  }
}

/** A port that takes connections. Several tasks may wait for one: each connection goes to one of them. */
export class TcpListener implements Disposable {
  private readonly socket: HostListener;
  private readonly scheduler: Scheduler;
  private readonly waiting: WakerSet = new WakerSet();
  private open = true;

  /** @internal */
  constructor(socket: HostListener, scheduler: Scheduler) {
    this.socket = socket;
    this.scheduler = scheduler;
    scheduler.ioOpened(this);
    socket.onAcceptable = () => this.waiting.wakeAll();
  }

  /** @internal */
  describeForCensus(): string {
    return `a listener on ${formatAddress(this.socket.localAddress)}`;
  }

  /**
   * Listens on an address; port 0 takes any that is free. Tries the addresses of a name one after the other.
   *
   * @throws {AddressError} at the call. @throws {IoError} with `code` "EADDRINUSE" and the like, and `address`.
   */
  static bind(address: AddressLike): Future<TcpListener> {
    return new CoroutineFuture(bind(parseAddress(address)));
  }

  /** The address it listens on. */
  localAddr(): SocketAddress {
    return this.socket.localAddress;
  }

  /** Waits for a connection. Cancel-safe. @throws {IoError} */
  accept(): Future<Accepted> {
    return new Accept(this);
  }

  /**
   * Polls for a connection. Keeps the wakers of all who wait.
   *
   * @param waiter who waits: one waker is kept for each. Without one, for each task.
   */
  pollAccept(cx: Context, waiter: object = cx.waker): Poll<Accepted> {
    const address = formatAddress(this.localAddr());
    if (!this.open)
      throw new IoError(
        `accept failed: EBADF: the listener on ${address} was closed here`,
        "EBADF",
        address,
      );
    if (!proceed(cx)) return Pending;
    const socket = this.attempt(address);
    if (socket !== undefined) {
      this.waiting.delete(waiter);
      return [streamOver(socket, this.scheduler), socket.peerAddress];
    }
    refund();
    assertLoopRuns("a listener");
    this.waiting.set(waiter, cx.waker);
    return Pending;
  }

  /** Somebody waits no longer. */
  cancelAccept(waiter: object): void {
    this.waiting.delete(waiter);
  }

  private attempt(address: string): HostSocket | undefined {
    try {
      return this.socket.accept();
    } catch (error) {
      throw ioError(error, `accepting on ${address}`, address);
    }
  }

  /** Stops listening. Connections that were accepted go on. */
  [Symbol.dispose](): void {
    if (!this.open) return;
    this.open = false;
    this.scheduler.ioClosed(this);
    this.socket.close();
    this.waiting.wakeAll();
  }
}

function* bind(address: SocketAddress): Coroutine<TcpListener> {
  const { net, scheduler } = currentNet("TcpListener.bind");
  let failure: unknown;
  for (const candidate of yield* resolveAddresses(net, address)) {
    const text = formatAddress(candidate);
    try {
      const socket = yield* new HostOperation<HostListener>(
        `binding ${text}`,
        text,
        (done) => net.listen(candidate, BACKLOG, done),
        closeHandle,
      );
      return new TcpListener(socket, scheduler);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
