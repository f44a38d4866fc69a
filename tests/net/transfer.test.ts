// Much at once: bytes in both directions, and connections.

import { join, spawn } from "tokiwa";
import { TcpListener, TcpStream } from "tokiwa/net";
import { Handle } from "tokiwa/runtime";
import { expect } from "vitest";
import { connected, LOOPBACK, netTest, noise, sha256, within } from "../support/net.js";

/** Sends in one task, receives in another; what was received. */
function* exchange(stream: TcpStream, data: Uint8Array) {
  const [read, write] = stream.intoSplit();
  using _read = read;
  const sender = spawn(function* () {
    using _write = write;
    // Pieces of odd sizes, so that they meet no boundary of a buffer.
    for (let at = 0; at < data.length; at += 77_777)
      yield* write.writeAll(data.subarray(at, at + 77_777));
    yield* write.shutdown();
  });
  const received = yield* read.readToEnd();
  yield* sender;
  return received;
}

netTest("32 MiB each way at once arrive as they were sent", function* () {
  using pair = yield* connected();
  const up = noise(32 * 1024 * 1024, 11);
  const down = noise(32 * 1024 * 1024 + 3, 12);
  const [atClient, atServer] = yield* within(
    join(exchange(pair.client, up), exchange(pair.server, down)),
  );
  expect(sha256(atServer)).toBe(sha256(up));
  expect(sha256(atClient)).toBe(sha256(down));
});

netTest("a stream read a byte at a time loses nothing", function* () {
  using pair = yield* connected();
  const data = noise(100_000, 13);
  const writing = spawn(function* () {
    yield* pair.client.writeAll(data);
    yield* pair.client.shutdown();
  });
  const received: number[] = [];
  yield* within(
    spawn(function* () {
      const one = new Uint8Array(1);
      while ((yield* pair.server.read(one)) === 1) received.push(one[0] as number);
    }),
  );
  yield* within(writing);
  expect(sha256(Uint8Array.from(received))).toBe(sha256(data));
});

const CONNECTIONS = 1000;

function* answer(socket: TcpStream) {
  using _close = socket;
  const question = yield* socket.readExact(new Uint8Array(4));
  yield* socket.writeAll(question.reverse());
  yield* socket.shutdown();
}

function* serve(listener: TcpListener) {
  for (;;) {
    const [socket] = yield* listener.accept();
    spawn(answer, socket);
  }
}

function* ask(listener: TcpListener, id: number) {
  using socket = yield* TcpStream.connect(listener.localAddr());
  yield* socket.writeAll(new Uint8Array([id >> 8, id & 255, 7, 9]));
  return yield* socket.readToEnd();
}

netTest(
  "1,000 connections at once: each gets its own answer, and all are given back",
  function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    const metrics = Handle.current().metrics();
    const server = spawn(serve, listener);
    const clients = Array.from({ length: CONNECTIONS }, (_, id) => ask(listener, id));
    const answers = yield* within(join(...clients));
    answers.forEach((given, id) => {
      expect([...given], `client ${id}`).toEqual([9, 7, id & 255, id >> 8]);
    });
    server.abort();
    yield* within(join());
    expect(metrics.ioHandles()).toBe(1);
  },
);
