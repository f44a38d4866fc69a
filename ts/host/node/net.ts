// Sockets over node:net, turned from pushing into being asked.
//
// N1  At most HIGH_WATER bytes wait here unread; then the socket is paused, the kernel's buffer fills, and the peer stops.
// N2  `write` copies, so the caller's buffer is free at once; it takes what node's own buffer has room for below its mark.
// N3  An error is kept and thrown by the next call, in the order in which the bytes and the error came.
// N4  A socket that is closed still sends what it took, as long as the peer takes it.

import { lookup as resolveName } from "node:dns";
import {
  type AddressInfo,
  createServer,
  connect as openSocket,
  type Server,
  type Socket,
} from "node:net";
import {
  type Cancel,
  type Completion,
  type HostListener,
  type HostNet,
  type HostSocket,
  type SocketAddress,
  WOULD_BLOCK,
} from "../types.js";

/** As much as a kernel's own receive buffer starts with; pausing costs two system calls, so it should be rare. */
const HIGH_WATER = 64 * 1024;

class NodeSocket implements HostSocket {
  readonly peerAddress: SocketAddress;
  onReadable: (() => void) | undefined;
  onWritable: (() => void) | undefined;
  private readonly socket: Socket;
  /** Chunks that have arrived, the first of them read up to `offset`. */
  private readonly chunks: Uint8Array[] = [];
  private offset = 0;
  private buffered = 0;
  private flowing = false;
  private ended = false;
  private finished = false;
  private error: unknown;

  /** A piece has been handed to the system: there is room, and perhaps nothing left (node's "drain" tells only the first). */
  private readonly wrote = (): void => this.onWritable?.();

  /** The local address once it was asked for, or while it could still be asked. */
  private local: SocketAddress | undefined;

  constructor(socket: Socket, peerAddress: SocketAddress) {
    this.socket = socket;
    this.peerAddress = peerAddress;
    socket.on("data", (chunk: Uint8Array) => this.arrived(chunk));
    socket.pause();
    socket.on("end", () => {
      this.ended = true;
      this.onReadable?.();
    });
    socket.on("finish", () => {
      this.finished = true;
      this.onWritable?.();
    });
    socket.on("error", (error) => this.failed(error));
    socket.on("close", () => this.closed());
  }

  /** A system call, so it is made when somebody asks, and before the socket forgets. */
  get localAddress(): SocketAddress {
    this.local ??= addressOf(this.socket.localAddress, this.socket.localPort);
    return this.local;
  }

  private arrived(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    if (this.buffered >= HIGH_WATER) {
      this.flowing = false;
      this.socket.pause();
    }
    this.onReadable?.();
  }

  private failed(error: unknown): void {
    this.error = error;
    this.onReadable?.();
    this.onWritable?.();
  }

  private closed(): void {
    this.ended = true;
    this.onReadable?.();
    this.onWritable?.();
  }

  read(into: Uint8Array): number {
    if (this.buffered > 0) return this.take(into);
    if (this.error !== undefined) throw this.error;
    if (this.ended) return 0;
    this.flow();
    return WOULD_BLOCK;
  }

  private flow(): void {
    if (this.flowing) return;
    this.flowing = true;
    this.socket.resume();
  }

  private take(into: Uint8Array): number {
    let filled = 0;
    while (filled < into.length && this.buffered > 0) {
      const chunk = this.chunks[0] as Uint8Array;
      const count = Math.min(into.length - filled, chunk.length - this.offset);
      into.set(
        count === chunk.length ? chunk : chunk.subarray(this.offset, this.offset + count),
        filled,
      );
      filled += count;
      this.offset += count;
      this.buffered -= count;
      if (this.offset === chunk.length) {
        this.chunks.shift();
        this.offset = 0;
      }
    }
    if (this.buffered === 0) this.flow();
    return filled;
  }

  write(bytes: Uint8Array): number {
    if (this.error !== undefined) throw this.error;
    if (this.socket.writableEnded || this.socket.destroyed) throw brokenPipe();
    const room = this.socket.writableHighWaterMark - this.socket.writableLength;
    if (room <= 0) return WOULD_BLOCK;
    const count = Math.min(room, bytes.length);
    this.socket.write(
      Buffer.from(count === bytes.length ? bytes : bytes.subarray(0, count)),
      this.wrote,
    );
    return count;
  }

  isFlushed(): boolean {
    if (this.error !== undefined) throw this.error;
    return this.socket.writableLength === 0;
  }

  shutdown(): void {
    if (!this.socket.writableEnded) this.socket.end();
  }

  isShutDown(): boolean {
    if (this.error !== undefined) throw this.error;
    return this.finished || this.socket.destroyed;
  }

  setNodelay(enabled: boolean): void {
    this.socket.setNoDelay(enabled);
  }

  close(): void {
    this.onReadable = undefined;
    this.onWritable = undefined;
    if (!this.socket.destroyed) void this.localAddress;
    if (this.socket.writableLength === 0 && !this.socket.writableEnded) {
      this.socket.destroy();
      return;
    }
    this.socket.destroySoon();
    lingerWhileItMoves(this.socket);
  }
}

/** A peer that takes nothing for so long, twice in a row, will not get the rest: it must not keep the process alive for ever. */
const LINGER_MS = 1000;

/**
 * One look is not enough: after a while in which the process stood still (it was suspended, or its thread was busy) timers come
 * before everything that has happened at the sockets.
 */
function lingerWhileItMoves(socket: Socket): void {
  let left = socket.writableLength;
  let looksInVain = 0;
  const check = setInterval(() => {
    looksInVain = socket.writableLength < left ? 0 : looksInVain + 1;
    left = socket.writableLength;
    if (looksInVain < 2 && !socket.destroyed) return;
    clearInterval(check);
    socket.destroy();
  }, LINGER_MS);
  check.unref();
  socket.once("close", () => clearInterval(check));
}

function addressOf(host: string | undefined, port: number | undefined): SocketAddress {
  return { host: host ?? "", port: port ?? 0 };
}

function brokenPipe(): Error {
  return Object.assign(new Error("write after the stream was shut down"), { code: "EPIPE" });
}

class NodeListener implements HostListener {
  readonly localAddress: SocketAddress;
  onAcceptable: (() => void) | undefined;
  private readonly server: Server;
  private readonly waiting: NodeSocket[] = [];
  private error: unknown;

  constructor(server: Server) {
    this.server = server;
    const { address, port } = server.address() as AddressInfo;
    this.localAddress = { host: address, port };
    server.on("connection", (socket) => {
      // Made at once: a connection that breaks before it is accepted keeps its peer's address and its error.
      this.waiting.push(new NodeSocket(socket, addressOf(socket.remoteAddress, socket.remotePort)));
      this.onAcceptable?.();
    });
    server.on("error", (error) => {
      this.error = error;
      this.onAcceptable?.();
    });
  }

  accept(): HostSocket | undefined {
    const socket = this.waiting.shift();
    if (socket !== undefined) return socket;
    if (this.error !== undefined) throw this.error;
    return undefined;
  }

  close(): void {
    this.onAcceptable = undefined;
    this.server.close();
    for (const socket of this.waiting.splice(0)) socket.close();
  }
}

function ignore(): void {}

/** What both kinds of socket are made with. */
const OPTIONS = { allowHalfOpen: true, highWaterMark: HIGH_WATER } as const;

/**
 * Waits for one of two events of an emitter that is being opened.
 *
 * @param give makes the value; called when `event` comes.
 * @param abandon gets rid of an emitter that nobody wants any more.
 */
function opening<E extends Server | Socket, T>(
  emitter: E,
  event: "listening" | "connect",
  done: Completion<T>,
  give: () => T,
  abandon: () => void,
): Cancel {
  const failed = (error: unknown): void => {
    emitter.off(event, opened);
    done.reject(error);
  };
  const opened = (): void => {
    emitter.off("error", failed);
    done.resolve(give());
  };
  emitter.once("error", failed);
  emitter.once(event, opened);
  return () => {
    emitter.off(event, opened);
    emitter.off("error", failed);
    emitter.on("error", ignore);
    abandon();
  };
}

function listen(address: SocketAddress, backlog: number, done: Completion<HostListener>): Cancel {
  const server = createServer({ ...OPTIONS, pauseOnConnect: true });
  const cancel = opening(
    server,
    "listening",
    done,
    () => new NodeListener(server),
    () => server.close(),
  );
  server.listen({ host: address.host, port: address.port, backlog });
  return cancel;
}

function connect(address: SocketAddress, done: Completion<HostSocket>): Cancel {
  const socket = openSocket({ ...OPTIONS, host: address.host, port: address.port });
  return opening(
    socket,
    "connect",
    done,
    () => new NodeSocket(socket, address),
    () => socket.destroy(),
  );
}

function lookup(name: string, done: Completion<string[]>): Cancel {
  let cancelled = false;
  resolveName(name, { all: true, verbatim: true }, (error, addresses) => {
    if (cancelled) return;
    if (error) done.reject(error);
    else done.resolve(addresses.map((entry) => entry.address));
  });
  return () => {
    cancelled = true;
  };
}

export const net: HostNet = { listen, connect, lookup };
