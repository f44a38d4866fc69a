import { join, Pending, spawn } from "tokiwa";
import { OwnedReadHalf, OwnedWriteHalf, TcpListener, TcpStream } from "tokiwa/net";
import { Handle } from "tokiwa/runtime";
import { describe, expect } from "vitest";
import {
  bytes,
  connected,
  connectedToPeer,
  LOOPBACK,
  netTest,
  pollOnce,
  readCount,
  readText,
  text,
  until,
  within,
} from "../support/net.js";

function* echo(socket: TcpStream) {
  using _close = socket;
  const buffer = new Uint8Array(1024);
  for (;;) {
    const count = yield* socket.read(buffer);
    if (count === 0) return;
    yield* socket.writeAll(buffer.subarray(0, count));
  }
}

function* serve(listener: TcpListener) {
  for (;;) {
    const [socket] = yield* listener.accept();
    spawn(echo, socket);
  }
}

describe("connections", () => {
  netTest("bind, accept, connect, echo: the first program of the manual", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    const server = spawn(serve, listener);
    using client = yield* TcpStream.connect(listener.localAddr());
    for (const word of ["hello", "again", "and again"]) {
      yield* client.writeAll(bytes(word));
      expect(yield* readText(client)).toBe(word);
    }
    yield* client.shutdown();
    expect(yield* readText(client)).toBe("");
    server.abort();
  });

  netTest("works the same from async functions", function* () {
    yield* within(
      spawn(async () => {
        using listener = await TcpListener.bind(LOOPBACK);
        using client = await TcpStream.connect(listener.localAddr());
        const [accepted] = await listener.accept();
        using server = accepted;
        await client.writeAll(bytes("ping"));
        await client.shutdown();
        expect(text(await server.readToEnd())).toBe("ping");
      }),
    );
  });

  netTest("port 0 takes a free port, and localAddr says which", function* () {
    using one = yield* TcpListener.bind(LOOPBACK);
    using other = yield* TcpListener.bind({ host: "127.0.0.1", port: 0 });
    expect(one.localAddr().host).toBe("127.0.0.1");
    expect(one.localAddr().port).toBeGreaterThan(0);
    expect(other.localAddr().port).not.toBe(one.localAddr().port);
  });

  netTest("both sides know both addresses, also after they were closed", function* () {
    const pair = yield* connected();
    const { client, server, listener } = pair;
    const check = () => {
      expect(client.peerAddr()).toEqual(listener.localAddr());
      expect(server.localAddr()).toEqual(listener.localAddr());
      expect(server.peerAddr()).toEqual(client.localAddr());
    };
    check();
    pair[Symbol.dispose]();
    check();
  });

  netTest("accept gives the address of the peer beside the connection", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    const [client, [server, peer]] = yield* within(
      join(TcpStream.connect(listener.localAddr()), listener.accept()),
    );
    expect(peer).toEqual(client.localAddr());
    client[Symbol.dispose]();
    server[Symbol.dispose]();
  });

  netTest("nothing happens before the first poll", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    const before = Handle.current().metrics().ioHandles();
    const never = TcpStream.connect(listener.localAddr());
    using client = yield* TcpStream.connect(listener.localAddr());
    const [server, peer] = yield* within(listener.accept());
    using _server = server;
    expect(peer).toEqual(client.localAddr());
    expect(Handle.current().metrics().ioHandles()).toBe(before + 2);
    never[Symbol.dispose]();
  });

  netTest("setNodelay may be switched on and off, before and after data", function* () {
    using pair = yield* connected();
    pair.client.setNodelay(true);
    yield* pair.client.writeAll(bytes("a"));
    pair.client.setNodelay(false);
    yield* pair.client.writeAll(bytes("b"));
    yield* pair.client.shutdown();
    expect(text(yield* within(pair.server.readToEnd()))).toBe("ab");
  });
});

describe("reading", () => {
  netTest("read gives what is there, up to the size of the buffer", function* () {
    using pair = yield* connected();
    yield* pair.client.writeAll(bytes("abcdef"));
    yield* pair.client.shutdown();
    const buffer = new Uint8Array(4);
    let seen = "";
    for (;;) {
      const count = yield* within(pair.server.read(buffer));
      if (count === 0) break;
      expect(count).toBeLessThanOrEqual(4);
      seen += text(buffer.subarray(0, count));
    }
    expect(seen).toBe("abcdef");
  });

  netTest(
    "read does not wait for the buffer to be full, and leaves the rest of it alone",
    function* () {
      using pair = yield* connected();
      yield* pair.client.writeAll(bytes("xy"));
      const buffer = new Uint8Array(64).fill(7);
      const count = yield* within(pair.server.read(buffer));
      expect(count).toBeGreaterThan(0);
      expect([...buffer.subarray(count)].every((byte) => byte === 7)).toBe(true);
    },
  );

  netTest("read gives 0 at the end, again and again", function* () {
    using pair = yield* connected();
    yield* pair.client.shutdown();
    for (let times = 0; times < 3; times++)
      expect(yield* within(pair.server.read(new Uint8Array(8)))).toBe(0);
  });

  netTest("read into an empty buffer gives 0 at once and takes nothing", function* () {
    using pair = yield* connected();
    expect((yield* pollOnce(pair.server.read(new Uint8Array(0)))).outcome).toBe(0);
    yield* pair.client.writeAll(bytes("still here"));
    expect(yield* readText(pair.server)).toBe("still here");
  });

  netTest("read waits while there is nothing", function* () {
    using pair = yield* connected();
    const buffer = new Uint8Array(8);
    const read = pair.server.read(buffer);
    expect((yield* pollOnce(read)).outcome).toBe(Pending);
    yield* pair.client.writeAll(bytes("now"));
    expect(yield* within(read)).toBe(3);
    expect(text(buffer.subarray(0, 3))).toBe("now");
  });

  netTest("a view into the middle of a larger buffer is filled where it stands", function* () {
    using pair = yield* connected();
    yield* pair.client.writeAll(bytes("1234"));
    const all = new Uint8Array(12).fill(1);
    yield* within(pair.server.readExact(all.subarray(4, 8)));
    expect([...all.subarray(0, 4), ...all.subarray(8)]).toEqual(new Array(8).fill(1));
    expect(text(all.subarray(4, 8))).toBe("1234");
  });

  netTest("a Buffer of Node's is a Uint8Array like any other", function* () {
    using pair = yield* connected();
    yield* pair.client.writeAll(Buffer.from("buffer"));
    const into = Buffer.alloc(6);
    expect(yield* within(pair.server.readExact(into))).toBe(into);
    expect(into.toString()).toBe("buffer");
  });

  netTest("readExact gathers what comes in pieces and gives the buffer", function* () {
    using it = yield* connectedToPeer((socket) => {
      socket.setNoDelay(true);
      for (const letter of "pieces") socket.write(letter);
    });
    const buffer = new Uint8Array(6);
    expect(yield* within(it.stream.readExact(buffer))).toBe(buffer);
    expect(text(buffer)).toBe("pieces");
  });

  netTest("readExact leaves what comes after it", function* () {
    using pair = yield* connected();
    yield* pair.client.writeAll(bytes("headbody"));
    expect(text(yield* within(pair.server.readExact(new Uint8Array(4))))).toBe("head");
    expect(text(yield* within(pair.server.readExact(new Uint8Array(4))))).toBe("body");
  });

  netTest("readExact of nothing is there at once", function* () {
    using pair = yield* connected();
    const empty = new Uint8Array(0);
    expect((yield* pollOnce(pair.server.readExact(empty))).outcome).toBe(empty);
  });

  netTest("readToEnd gives everything up to the end", function* () {
    using pair = yield* connected();
    const reading = spawn(pair.server.readToEnd());
    for (const part of ["one ", "two ", "three"]) yield* pair.client.writeAll(bytes(part));
    expect(reading.isFinished()).toBe(false);
    yield* pair.client.shutdown();
    expect(text(yield* within(reading))).toBe("one two three");
    expect(yield* within(pair.server.readToEnd())).toHaveLength(0);
  });
});

describe("writing", () => {
  netTest("write says how many bytes were taken, and those arrive", function* () {
    using pair = yield* connected();
    const data = bytes("counted");
    const taken = yield* within(pair.client.write(data));
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThanOrEqual(data.length);
    yield* pair.client.shutdown();
    expect(yield* within(pair.server.readToEnd())).toEqual(data.subarray(0, taken));
  });

  netTest("writing nothing takes nothing", function* () {
    using pair = yield* connected();
    expect(yield* within(pair.client.write(new Uint8Array(0)))).toBe(0);
    yield* within(pair.client.writeAll(new Uint8Array(0)));
    yield* pair.client.shutdown();
    expect(yield* within(pair.server.readToEnd())).toHaveLength(0);
  });

  netTest("flush is done once everything has been handed to the system", function* () {
    using pair = yield* connected();
    yield* within(pair.client.flush());
    yield* pair.client.writeAll(bytes("flushed"));
    yield* within(pair.client.flush());
    expect(yield* readText(pair.server)).toBe("flushed");
  });

  netTest("flush wakes when a small rest goes out after the peer was slow", function* () {
    using pair = yield* connected();
    const piece = new Uint8Array(1024);
    let sent = 0;
    let flushing = pair.client.flush();
    while ((yield* pollOnce(flushing)).outcome !== Pending) {
      yield* within(pair.client.writeAll(piece));
      sent += piece.length;
      flushing = pair.client.flush();
    }
    const reading = spawn(pair.server.readToEnd());
    yield* within(flushing);
    yield* within(pair.client.shutdown());
    expect((yield* within(reading)).length).toBe(sent);
  });

  netTest("shutdown sends what was written, and then the end", function* () {
    using pair = yield* connected();
    yield* pair.client.writeAll(bytes("last words"));
    yield* within(pair.client.shutdown());
    expect(text(yield* within(pair.server.readToEnd()))).toBe("last words");
  });

  netTest("shutdown twice is harmless", function* () {
    using pair = yield* connected();
    yield* within(pair.client.shutdown());
    yield* within(pair.client.shutdown());
    expect(yield* within(pair.server.read(new Uint8Array(1)))).toBe(0);
  });
});

describe("half-close", () => {
  netTest("who has shut down can still read", function* () {
    using pair = yield* connected();
    yield* pair.client.writeAll(bytes("question"));
    yield* pair.client.shutdown();
    expect(text(yield* within(pair.server.readToEnd()))).toBe("question");
    yield* pair.server.writeAll(bytes("answer"));
    yield* pair.server.shutdown();
    expect(text(yield* within(pair.client.readToEnd()))).toBe("answer");
  });

  netTest("a peer of plain Node that ended first still gets what is written after", function* () {
    let received = "";
    using it = yield* connectedToPeer((socket) => {
      socket.on("data", (chunk) => {
        received += chunk.toString();
      });
      socket.end("bye");
    });
    expect(text(yield* within(it.stream.readToEnd()))).toBe("bye");
    for (const word of ["after ", "the ", "end"]) yield* it.stream.writeAll(bytes(word));
    yield* it.stream.shutdown();
    yield* until("the peer has read it all", () => received === "after the end");
  });
});

describe("halves", () => {
  netTest("the halves of a stream work in two tasks", function* () {
    using pair = yield* connected();
    const [read, write] = pair.client.intoSplit();
    expect(read).toBeInstanceOf(OwnedReadHalf);
    expect(write).toBeInstanceOf(OwnedWriteHalf);
    const echoing = spawn(echo, pair.server);
    const writer = spawn(function* () {
      using _half = write;
      for (let n = 0; n < 100; n++) yield* write.writeAll(bytes(`${n},`));
      yield* write.flush();
    });
    const reader = spawn(function* () {
      using _half = read;
      return text(yield* read.readToEnd());
    });
    yield* within(writer);
    const expected = Array.from({ length: 100 }, (_, n) => `${n},`).join("");
    expect(yield* within(reader)).toBe(expected);
    yield* within(echoing);
  });

  netTest("disposing the writing half ends that direction only", function* () {
    using pair = yield* connected();
    const [read, write] = pair.client.intoSplit();
    using _read = read;
    yield* write.writeAll(bytes("done"));
    write[Symbol.dispose]();
    write[Symbol.dispose]();
    expect(text(yield* within(pair.server.readToEnd()))).toBe("done");
    yield* pair.server.writeAll(bytes("not yet"));
    expect(yield* readText(read)).toBe("not yet");
  });

  netTest("disposing the reading half leaves the writing half at work", function* () {
    using pair = yield* connected();
    const [read, write] = pair.client.intoSplit();
    read[Symbol.dispose]();
    yield* write.writeAll(bytes("one way"));
    yield* write.shutdown();
    write[Symbol.dispose]();
    expect(text(yield* within(pair.server.readToEnd()))).toBe("one way");
  });

  netTest("the connection is closed when both halves are gone", function* () {
    using it = yield* connectedToPeer((socket) => socket.resume());
    const metrics = Handle.current().metrics();
    const [read, write] = it.stream.intoSplit();
    expect(metrics.ioHandles()).toBe(1);
    read[Symbol.dispose]();
    expect(metrics.ioHandles()).toBe(1);
    write[Symbol.dispose]();
    expect(metrics.ioHandles()).toBe(0);
    yield* until("the peer has seen the end", () => it.socket.readableEnded);
  });

  netTest("the halves know the addresses", function* () {
    using pair = yield* connected();
    const [local, peer] = [pair.client.localAddr(), pair.client.peerAddr()];
    const [read, write] = pair.client.intoSplit();
    for (const half of [read, write]) {
      expect(half.localAddr()).toEqual(local);
      expect(half.peerAddr()).toEqual(peer);
      half[Symbol.dispose]();
      expect(half.peerAddr()).toEqual(peer);
    }
  });
});

describe("several tasks at one stream, in the same direction", () => {
  netTest("that read: each byte goes to one of them, and all see the end", function* () {
    using pair = yield* connected();
    const received: number[] = [];
    function* reader() {
      const one = new Uint8Array(1);
      while ((yield* pair.server.read(one)) === 1) received.push(one[0] as number);
    }
    const readers = Array.from({ length: 3 }, () => spawn(reader));
    for (let byte = 0; byte < 50; byte++) {
      yield* pair.client.writeAll(new Uint8Array([byte]));
      yield* until("somebody has read it", () => received.length === byte + 1);
    }
    yield* pair.client.shutdown();
    for (const task of readers) yield* within(task);
    expect(received.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  netTest("that write: all come to their end, and so does every byte", function* () {
    using pair = yield* connected();
    const length = 4 * 1024 * 1024;
    const writers = [1, 2, 3].map((byte) =>
      spawn(pair.client.writeAll(new Uint8Array(length).fill(byte))),
    );
    const reading = spawn(pair.server.readToEnd());
    for (const task of writers) yield* within(task);
    yield* pair.client.shutdown();
    const counts = [0, 0, 0, 0];
    for (const byte of yield* within(reading)) counts[byte] = (counts[byte] as number) + 1;
    expect(counts).toEqual([0, length, length, length]);
  });

  netTest("that flush and shut down while another writes", function* () {
    using pair = yield* connected();
    const writing = spawn(pair.client.writeAll(new Uint8Array(8 * 1024 * 1024)));
    yield* until("the writer is held up", () => !writing.isFinished());
    const flushing = spawn(pair.client.flush());
    const reading = spawn(readCount(pair.server, 8 * 1024 * 1024));
    for (const task of [writing, flushing, reading]) yield* within(task as typeof flushing);
  });
});
