// Helpers of the network tests.
//
// A wait here is bounded and ends on a condition. `within` runs the operation as a task of its own: a plain `timeout` polls
// what it guards once more when the time is up, and so would hide a wake that never came.

import { createHash } from "node:crypto";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import {
  type Context,
  type Coroutine,
  type Future,
  JoinError,
  type JoinHandle,
  join,
  Pending,
  type Poll,
  pollFn,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from "tokiwa";
import { TcpListener, TcpStream } from "tokiwa/net";
import { Builder, Handle } from "tokiwa/runtime";
import { expect, test } from "vitest";
import { PATIENCE_MS } from "./patience.js";

export const LOOPBACK = "127.0.0.1:0";

export const hasIpv6: boolean = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

/** Runs a program on a runtime of its own and sees to it that it leaves no socket and no timer behind. */
export async function runNet<T>(program: () => Coroutine<T>): Promise<T> {
  const runtime = Builder.newCurrentThread().enableAll().build();
  try {
    const value = await runtime.run(program);
    expect({
      ioHandles: runtime.metrics().ioHandles(),
      timers: runtime.metrics().numTimers(),
    }).toEqual({ ioHandles: 0, timers: 0 });
    return value;
  } finally {
    runtime.shutdownBackground();
  }
}

export function netTest(name: string, program: () => Coroutine<void>): void {
  test(name, () => runNet(program));
}

/** Waits for an operation, on a task of its own, and throws what the operation throws. */
export function* within<T>(operation: Future<T> | Coroutine<T>): Coroutine<T> {
  const task = spawn(operation);
  try {
    return yield* timeout(PATIENCE_MS, task);
  } catch (error) {
    throw panicOf(error);
  } finally {
    task.abort();
  }
}

/** What a task threw, through the handles of those who waited for it. */
function panicOf(error: unknown): unknown {
  return error instanceof JoinError && error.isPanic ? panicOf(error.cause) : error;
}

/** Waits until a condition holds, which events of the host's make true. */
export function* until(what: string, holds: () => boolean): Coroutine<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited too long until ${what}`);
    yield* sleep(1);
  }
}

/**
 * Waits until a number has stopped growing. Should a slow machine only make it look so, the number is smaller than it might
 * become; no test here passes or fails by that.
 */
export function* settled(read: () => number, turns = 40): Coroutine<number> {
  let last = read();
  for (let calm = 0; calm < turns; calm++) {
    yield* sleep(2);
    if (read() !== last) calm = 0;
    last = read();
  }
  return last;
}

/** What an operation fails with. The operation is called here, so errors thrown at the call count too. */
export function* failure<E extends Error>(
  type: abstract new (...args: never[]) => E,
  operation: () => Future<unknown> | Coroutine<unknown> | undefined | void,
): Coroutine<E> {
  try {
    const future = operation();
    if (future !== undefined) yield* within(future);
  } catch (error) {
    expect(error).toBeInstanceOf(type);
    return error as E;
  }
  throw new Error(`expected a ${type.name}, but nothing was thrown`);
}

/** One poll with this task's waker, without waiting for the outcome. */
export function pollOnce<T>(inner: Future<T>): Future<{ readonly outcome: Poll<T> }> {
  return pollFn((cx) => ({ outcome: inner.poll(cx) }));
}

/** Starts a task that waits, and is back when it does. */
export function* suspended<T>(operation: Future<T> | Coroutine<T>): Coroutine<JoinHandle<T>> {
  const task = spawn(operation);
  yield* yieldNow();
  const polls = Handle.current()
    .dump()
    .find(({ id }) => id === task.id)?.polls;
  expect({ finished: task.isFinished(), polls }).toEqual({ finished: false, polls: 1 });
  return task;
}

/** Polls once, and completes when the future wakes, without polling it again: the moment at which a loser may be dropped. */
export function wokenButNotPolled(inner: Future<unknown>): Future<void> {
  let polled = false;
  return pollFn((cx: Context): Poll<void> => {
    if (polled) return;
    polled = true;
    if (inner.poll(cx) !== Pending) throw new Error("was ready at the first poll");
    return Pending;
  });
}

/** A listener and one connection to it. Disposing closes all three. */
export class Connected implements Disposable {
  readonly listener: TcpListener;
  readonly client: TcpStream;
  readonly server: TcpStream;
  constructor(listener: TcpListener, client: TcpStream, server: TcpStream) {
    this.listener = listener;
    this.client = client;
    this.server = server;
  }
  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
    this.server[Symbol.dispose]();
    this.listener[Symbol.dispose]();
  }
}

export function* connected(): Coroutine<Connected> {
  const listener = yield* TcpListener.bind(LOOPBACK);
  const [client, [server]] = yield* within(
    join(TcpStream.connect(listener.localAddr()), listener.accept()),
  );
  return new Connected(listener, client, server);
}

/** A server of plain Node: a peer that shares no code with what is tested. */
export class NodePeer implements Disposable {
  readonly sockets: Socket[] = [];
  closed = 0;
  private readonly server: Server;

  constructor(onConnection: (socket: Socket) => void = () => {}) {
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.closed += 1;
      });
      onConnection(socket);
    });
  }

  *listen(): Coroutine<{ host: string; port: number }> {
    this.server.listen(0, "127.0.0.1");
    yield* until("the peer listens", () => this.server.listening);
    return { host: "127.0.0.1", port: (this.server.address() as AddressInfo).port };
  }

  /** The connection that came `index`th. */
  *socket(index = 0): Coroutine<Socket> {
    yield* until(`connection ${index} has come`, () => this.sockets.length > index);
    return this.sockets[index] as Socket;
  }

  [Symbol.dispose](): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

/** A peer of plain Node and a stream connected to it. */
export class WithPeer implements Disposable {
  readonly peer: NodePeer;
  readonly stream: TcpStream;
  readonly socket: Socket;
  readonly address: string;
  constructor(peer: NodePeer, stream: TcpStream, socket: Socket) {
    this.peer = peer;
    this.stream = stream;
    this.socket = socket;
    this.address = `127.0.0.1:${stream.peerAddr().port}`;
  }
  [Symbol.dispose](): void {
    this.stream[Symbol.dispose]();
    this.peer[Symbol.dispose]();
  }
}

export function* connectedToPeer(
  onConnection: (socket: Socket) => void = () => {},
): Coroutine<WithPeer> {
  const peer = new NodePeer(onConnection);
  const { host, port } = yield* peer.listen();
  const stream = yield* within(TcpStream.connect({ host, port }));
  return new WithPeer(peer, stream, yield* peer.socket());
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const text = (from: Uint8Array): string => new TextDecoder().decode(from);

/** Bytes that repeat nowhere near each other: a chunk lost, doubled or out of place changes the hash. */
export function noise(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

export function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Reads what comes next, as text. */
export function* readText(stream: { read(into: Uint8Array): Future<number> }): Coroutine<string> {
  const buffer = new Uint8Array(4096);
  const count = yield* within(stream.read(buffer));
  return text(buffer.subarray(0, count));
}

/** Reads on until so many bytes have come. */
export function* readCount(
  stream: { read(into: Uint8Array): Future<number> },
  count: number,
): Coroutine<Uint8Array> {
  const buffer = new Uint8Array(count);
  for (let filled = 0; filled < count; ) {
    const more = yield* stream.read(buffer.subarray(filled));
    if (more === 0) throw new Error(`the stream ended after ${filled} of ${count} bytes`);
    filled += more;
  }
  return buffer;
}

/** More than the 200 ms after which Linux sends once more what a peer without room has thrown away: there may be room then. */
const TURNS_UNTIL_FULL = 200;

/** Writes until the peer holds it up; how many bytes were taken. The write that had to wait is dropped. */
export function* fill(stream: TcpStream, piece: Uint8Array): Coroutine<number> {
  let taken = 0;
  const writer = spawn(function* () {
    for (;;) taken += yield* stream.write(piece);
  });
  yield* settled(() => taken, TURNS_UNTIL_FULL);
  writer.abort();
  yield* until("the writer has gone", () => writer.isFinished());
  return taken;
}
