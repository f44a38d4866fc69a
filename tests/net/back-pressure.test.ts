// Who does not read stops who writes, in both directions, with little held in between. How much the systems on both sides
// hold differs from machine to machine (up to some 36 MiB by Linux's defaults), so the payload is larger than any of that,
// and no figure is expected beyond it.

import { join, spawn } from "tokiwa";
import { describe, expect } from "vitest";
import {
  connected,
  connectedToPeer,
  fill,
  netTest,
  noise,
  readCount,
  settled,
  sha256,
  until,
  within,
} from "../support/net.js";

const MIB = 1024 * 1024;
const LARGE = 64 * MIB;

describe("a peer that does not read", () => {
  netTest("makes writeAll wait, which ends once the peer reads", function* () {
    using pair = yield* connected();
    const data = noise(LARGE);
    const writing = spawn(pair.client.writeAll(data));
    const first = new Uint8Array(1);
    yield* within(pair.server.readExact(first));
    yield* settled(() => process.memoryUsage().arrayBuffers);
    expect(writing.isFinished()).toBe(false);

    const rest = yield* within(readCount(pair.server, LARGE - 1));
    yield* within(writing);
    expect(first[0]).toBe(data[0]);
    expect(sha256(rest)).toBe(sha256(data.subarray(1)));
  });

  netTest("makes write wait, and one write takes only so much", function* () {
    using pair = yield* connected();
    const piece = new Uint8Array(8 * MIB);
    const taken = yield* within(pair.client.write(piece));
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(piece.length);
    const more = yield* fill(pair.client, piece);
    expect(taken + more).toBeLessThan(LARGE);
  });

  netTest("does not make this process hold what it has not read", function* () {
    using pair = yield* connected();
    const data = new Uint8Array(LARGE);
    const before = process.memoryUsage().arrayBuffers;
    const writing = spawn(pair.client.writeAll(data));
    yield* settled(() => process.memoryUsage().arrayBuffers);
    const held = process.memoryUsage().arrayBuffers - before;
    expect(held).toBeLessThan(16 * MIB);
    writing.abort();
  });

  netTest("that is plain Node, and paused, makes a writer wait too", function* () {
    let received = 0;
    using it = yield* connectedToPeer((socket) => {
      socket.on("data", (chunk) => {
        received += chunk.length;
      });
      socket.pause();
    });
    const writing = spawn(it.stream.writeAll(new Uint8Array(LARGE)));
    yield* settled(() => it.stream.peerAddr().port + process.memoryUsage().arrayBuffers);
    expect(writing.isFinished()).toBe(false);
    it.socket.resume();
    yield* within(writing);
    yield* until("all of it has arrived", () => received === LARGE);
  });
});

describe("a reader that does not read", () => {
  netTest("makes the peer stop, before the first read and between two", function* () {
    const data = noise(LARGE, 5);
    using it = yield* connectedToPeer((socket) => {
      socket.end(data);
    });
    const { socket, stream } = it;
    yield* settled(() => socket.bytesWritten - socket.writableLength);
    expect(socket.writableFinished).toBe(false);

    const head = yield* within(readCount(stream, 10));
    yield* settled(() => socket.bytesWritten - socket.writableLength);
    expect(socket.writableFinished).toBe(false);

    const [tail] = yield* within(join(stream.readToEnd()));
    expect(tail.length + head.length).toBe(LARGE);
    expect(sha256(Buffer.concat([head, tail]))).toBe(sha256(data));
  });
});

describe("the buffer of a writer", () => {
  netTest("is free again as soon as write is done", function* () {
    using pair = yield* connected();
    const pieces = 256;
    const length = 16 * 1024;
    const writer = spawn(function* () {
      const buffer = new Uint8Array(length);
      for (let piece = 0; piece < pieces; piece++) {
        buffer.fill(piece);
        for (let sent = 0; sent < length; ) sent += yield* pair.client.write(buffer.subarray(sent));
        buffer.fill(0xee);
      }
      yield* pair.client.shutdown();
    });
    // The peer reads only after the writer has been held up (or has sent it all), so some of it had to be kept for later.
    yield* settled(() => process.memoryUsage().arrayBuffers);
    const all = yield* within(pair.server.readToEnd());
    yield* within(writer);
    expect(all.length).toBe(pieces * length);
    for (let piece = 0; piece < pieces; piece++) {
      const wrong = all
        .subarray(piece * length, (piece + 1) * length)
        .find((byte) => byte !== piece);
      expect(wrong, `piece ${piece}`).toBeUndefined();
    }
  });
});
