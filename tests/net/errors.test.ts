// What goes wrong, and what the error says: code, address, and what to do.

import { spawn, TokiwaError } from "tokiwa";
import { type AddressLike, IoError, TcpListener, TcpStream, UnexpectedEofError } from "tokiwa/net";
import { InvalidArgumentError } from "tokiwa/runtime";
import { describe, expect } from "vitest";
import {
  bytes,
  connected,
  connectedToPeer,
  failure,
  fill,
  LOOPBACK,
  netTest,
  suspended,
  text,
  within,
} from "../support/net.js";

/** Writes until it fails: a peer that has gone is noticed only by a write that follows the first. */
function* writeUntilRefused(stream: TcpStream) {
  for (;;) yield* stream.writeAll(new Uint8Array(1024));
}

/** An address that nobody listens on. */
function* deserted() {
  const listener = yield* TcpListener.bind(LOOPBACK);
  const { host, port } = listener.localAddr();
  listener[Symbol.dispose]();
  return `${host}:${port}`;
}

describe("the system's refusals", () => {
  netTest("EADDRINUSE: the port is in use", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    const address = `127.0.0.1:${listener.localAddr().port}`;
    const error = yield* failure(IoError, () => TcpListener.bind(address));
    expect(error).toBeInstanceOf(TokiwaError);
    expect(error).toMatchObject({ name: "IoError", code: "EADDRINUSE", address });
    expect(error.message).toContain(address);
    expect(error.message).toMatch(/EADDRINUSE.*(choose another|port 0|any that is free)/);
    expect(error.cause).toMatchObject({ code: "EADDRINUSE" });
  });

  netTest("EADDRINUSE: the first listener goes on", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    yield* failure(IoError, () => TcpListener.bind(listener.localAddr()));
    using _client = yield* within(TcpStream.connect(listener.localAddr()));
    const [server] = yield* within(listener.accept());
    server[Symbol.dispose]();
  });

  netTest("ECONNREFUSED: nobody listens", function* () {
    const address = yield* deserted();
    const error = yield* failure(IoError, () => TcpStream.connect(address));
    expect(error).toMatchObject({ name: "IoError", code: "ECONNREFUSED", address });
    expect(error.message).toContain(address);
    expect(error.message).toMatch(/connecting.*ECONNREFUSED.*nobody listens/);
    expect(error.cause).toMatchObject({ code: "ECONNREFUSED" });
  });

  netTest("ECONNREFUSED of a name carries the address that was tried last", function* () {
    const port = (yield* deserted()).split(":")[1];
    const error = yield* failure(IoError, () => TcpStream.connect(`localhost:${port}`));
    expect(error.code).toBe("ECONNREFUSED");
    expect(error.address).toMatch(new RegExp(`^(127\\.0\\.0\\.1|\\[::1\\]):${port}$`));
  });

  netTest("EADDRNOTAVAIL: no interface has that address", function* () {
    const error = yield* failure(IoError, () => TcpListener.bind("192.0.2.1:0"));
    expect(error).toMatchObject({ code: "EADDRNOTAVAIL", address: "192.0.2.1:0" });
    expect(error.message).toMatch(/no interface/);
  });

  netTest("a name that does not exist", function* () {
    for (const connectOrBind of [TcpStream.connect, TcpListener.bind] as const) {
      const make = connectOrBind as (address: AddressLike) => ReturnType<typeof TcpStream.connect>;
      const error = yield* failure(IoError, () => make("no-such-name.invalid:80"));
      // ENOTFOUND where a resolver answers, EAI_AGAIN where there is none.
      expect(error.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
      expect(error.address).toContain("no-such-name.invalid");
      expect(error.message).toContain("no-such-name.invalid");
    }
  });
});

describe("a connection that breaks", () => {
  netTest("ECONNRESET in a read that waits, and in every one after it", function* () {
    using it = yield* connectedToPeer();
    const reading = yield* suspended(it.stream.read(new Uint8Array(8)));
    it.socket.resetAndDestroy();
    const { address } = it;
    for (const read of [() => reading, () => it.stream.read(new Uint8Array(8))]) {
      const error = yield* failure(IoError, () => within(read()));
      expect(error).toMatchObject({ code: "ECONNRESET", address });
      expect(error.message).toContain(address);
      expect(error.message).toMatch(/reading.*ECONNRESET.*the peer broke the connection/);
    }
  });

  netTest("what came before the break can still be read", function* () {
    using it = yield* connectedToPeer();
    const reading = yield* suspended(it.stream.readExact(new Uint8Array(6)));
    it.socket.write("before");
    expect(text(yield* within(reading))).toBe("before");
    it.socket.resetAndDestroy();
    const error = yield* failure(IoError, () => it.stream.read(new Uint8Array(8)));
    expect(error.code).toBe("ECONNRESET");
  });

  netTest("in a write that waits for a peer that does not read", function* () {
    using it = yield* connectedToPeer((socket) => socket.pause());
    yield* fill(it.stream, new Uint8Array(48 * 1024));
    const writing = yield* suspended(it.stream.write(new Uint8Array(8)));
    it.socket.resetAndDestroy();
    const error = yield* failure(IoError, () => within(writing));
    expect(error.code).toMatch(/^(EPIPE|ECONNRESET)$/);
    expect(error.address).toBe(it.address);
  });

  netTest("in a flush and a shutdown that wait for a peer that does not read", function* () {
    for (const make of ["flush", "shutdown"] as const) {
      using it = yield* connectedToPeer((socket) => socket.pause());
      yield* fill(it.stream, new Uint8Array(48 * 1024));
      const waiting = yield* suspended(it.stream[make]());
      it.socket.resetAndDestroy();
      const error = yield* failure(IoError, () => within(waiting));
      expect(error.code, make).toMatch(/^(EPIPE|ECONNRESET)$/);
      expect(error.address).toBe(it.address);
    }
  });

  netTest("a writer to a peer that has gone fails instead of writing for ever", function* () {
    using pair = yield* connected();
    pair.server[Symbol.dispose]();
    const error = yield* failure(IoError, () => spawn(writeUntilRefused, pair.client));
    expect(error.code).toMatch(/^(EPIPE|ECONNRESET)$/);
    expect(error.address).toBe(`127.0.0.1:${pair.client.peerAddr().port}`);
    expect(error.message).toMatch(/the peer/);
  });
});

describe("EPIPE", () => {
  netTest("a write after shutdown", function* () {
    using pair = yield* connected();
    yield* pair.client.shutdown();
    for (const write of [
      () => pair.client.write(bytes("more")),
      () => pair.client.writeAll(bytes("more")),
    ]) {
      const error = yield* failure(IoError, write);
      expect(error.code).toBe("EPIPE");
      expect(error.address).toBe(`127.0.0.1:${pair.client.peerAddr().port}`);
      expect(error.message).toMatch(/writing.*EPIPE.*shut down/);
    }
  });

  netTest("leaves reading as it was", function* () {
    using pair = yield* connected();
    yield* pair.client.shutdown();
    yield* failure(IoError, () => pair.client.write(bytes("more")));
    yield* pair.server.writeAll(bytes("go on"));
    yield* pair.server.shutdown();
    expect(text(yield* within(pair.client.readToEnd()))).toBe("go on");
  });
});

describe("a stream that ends too early", () => {
  netTest("readExact says how much had come, and has it in the buffer", function* () {
    using pair = yield* connected();
    yield* pair.client.writeAll(bytes("abc"));
    yield* pair.client.shutdown();
    const buffer = new Uint8Array(8);
    const error = yield* failure(UnexpectedEofError, () => pair.server.readExact(buffer));
    expect(error).toBeInstanceOf(IoError);
    expect(error.received).toBe(3);
    expect(text(buffer.subarray(0, 3))).toBe("abc");
    expect(error.message).toMatch(/3 of 8 bytes/);
    expect(error.name).toBe("UnexpectedEofError");
  });

  netTest("readExact of a stream that ends at once has received 0", function* () {
    using pair = yield* connected();
    yield* pair.client.shutdown();
    const error = yield* failure(UnexpectedEofError, () =>
      pair.server.readExact(new Uint8Array(1)),
    );
    expect(error.received).toBe(0);
  });

  netTest("the error carries code and address, as every IoError of a stream", function* () {
    using pair = yield* connected();
    yield* pair.client.shutdown();
    const error = yield* failure(UnexpectedEofError, () =>
      pair.server.readExact(new Uint8Array(1)),
    );
    expect(error.code).toBeTruthy();
    expect(error.address).toBe(`127.0.0.1:${pair.client.localAddr().port}`);
  });
});

describe("use after dispose", () => {
  netTest("of a stream: EBADF, with the address", function* () {
    using pair = yield* connected();
    const { client } = pair;
    client[Symbol.dispose]();
    const uses = {
      read: () => client.read(new Uint8Array(1)),
      readExact: () => client.readExact(new Uint8Array(1)),
      readToEnd: () => client.readToEnd(),
      write: () => client.write(new Uint8Array(1)),
      writeAll: () => client.writeAll(new Uint8Array(1)),
      flush: () => client.flush(),
      shutdown: () => client.shutdown(),
      setNodelay: () => client.setNodelay(true),
      intoSplit: () => void client.intoSplit(),
    };
    for (const [name, use] of Object.entries(uses)) {
      const error = yield* failure(IoError, use);
      expect(error.code, name).toBe("EBADF");
      expect(error.address, name).toBe(`127.0.0.1:${client.peerAddr().port}`);
      expect(error.message, name).toMatch(/disposed|closed/);
    }
  });

  netTest("of a half: EBADF", function* () {
    using pair = yield* connected();
    const [read, write] = pair.client.intoSplit();
    read[Symbol.dispose]();
    write[Symbol.dispose]();
    const uses = [
      () => read.read(new Uint8Array(1)),
      () => read.readToEnd(),
      () => write.write(new Uint8Array(1)),
      () => write.flush(),
      () => write.shutdown(),
    ];
    for (const use of uses) expect((yield* failure(IoError, use)).code).toBe("EBADF");
  });

  netTest("of a stream, with a future that was made before", function* () {
    using pair = yield* connected();
    const read = pair.client.read(new Uint8Array(1));
    pair.client[Symbol.dispose]();
    expect((yield* failure(IoError, () => read)).code).toBe("EBADF");
  });

  netTest("of a listener: EBADF, with the address", function* () {
    const listener = yield* TcpListener.bind(LOOPBACK);
    listener[Symbol.dispose]();
    const error = yield* failure(IoError, () => listener.accept());
    expect(error.code).toBe("EBADF");
    expect(error.address).toBe(`127.0.0.1:${listener.localAddr().port}`);
  });
});

describe("arguments", () => {
  netTest("what is no Uint8Array is refused at the call, by name", function* () {
    using pair = yield* connected();
    const { client } = pair;
    const wrong = ["text", 42, null, undefined, [1, 2], new ArrayBuffer(4), new Uint16Array(4)];
    for (const value of wrong) {
      const bad = value as unknown as Uint8Array;
      const calls = {
        read: () => client.read(bad),
        readExact: () => client.readExact(bad),
        write: () => client.write(bad),
        writeAll: () => client.writeAll(bad),
      };
      for (const [name, call] of Object.entries(calls)) {
        expect(call, `${name}(${String(value)})`).toThrow(InvalidArgumentError);
        expect(call).toThrow(name);
        expect(call).toThrow(/Uint8Array/);
      }
    }
  });
});
