import { connect } from "node:net";
import { join, spawn } from "tokiwa";
import { IoError, TcpListener, TcpStream } from "tokiwa/net";
import { mpsc } from "tokiwa/sync";
import { describe, expect } from "vitest";
import {
  failure,
  LOOPBACK,
  netTest,
  readText,
  suspended,
  until,
  within,
  wokenButNotPolled,
} from "../support/net.js";

describe("several tasks that accept from one listener", () => {
  netTest("each connection goes to exactly one of them", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    const [tx, rx] = mpsc.unbounded<number>();
    function* acceptor() {
      for (;;) {
        const [socket, peer] = yield* listener.accept();
        using _close = socket;
        tx.send(peer.port);
      }
    }
    const acceptors = Array.from({ length: 8 }, () => spawn(acceptor));
    const connections = 200;
    const clients = yield* within(
      join(...Array.from({ length: connections }, () => TcpStream.connect(listener.localAddr()))),
    );
    const accepted: number[] = [];
    while (accepted.length < connections) accepted.push((yield* within(rx.recv())) as number);
    for (const task of acceptors) task.abort();
    const ports = clients.map((client) => client.localAddr().port);
    expect(accepted.sort()).toEqual(ports.sort());
    expect(rx.isEmpty()).toBe(true);
    for (const client of clients) client[Symbol.dispose]();
  });

  netTest("one that was woken and gives up leaves the connection to another", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    const quitter = listener.accept();
    const woken = yield* suspended(wokenButNotPolled(quitter));
    const other = yield* suspended(listener.accept());
    using client = yield* within(TcpStream.connect(listener.localAddr()));
    yield* within(woken);
    quitter[Symbol.dispose]();
    const [server, peer] = yield* within(other);
    using _server = server;
    expect(peer).toEqual(client.localAddr());
  });
});

describe("a listener", () => {
  netTest("keeps connections, and what they have sent, until they are accepted", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    const clients: TcpStream[] = [];
    for (const word of ["first", "second"]) {
      const client = yield* within(TcpStream.connect(listener.localAddr()));
      yield* client.writeAll(new TextEncoder().encode(word));
      clients.push(client);
    }
    clients[0]?.[Symbol.dispose]();
    for (const word of ["first", "second"]) {
      const [server] = yield* within(listener.accept());
      using _server = server;
      expect(yield* readText(server)).toBe(word);
    }
    clients[1]?.[Symbol.dispose]();
  });

  netTest("knows where a connection came from that broke before it was accepted", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    const client = connect(listener.localAddr().port, "127.0.0.1");
    const from: { port?: number | undefined } = {};
    client.on("connect", () => {
      from.port = client.localPort;
    });
    yield* until("it is connected", () => from.port !== undefined);
    // Another one that is accepted proves that the first has come.
    using second = yield* within(TcpStream.connect(listener.localAddr()));
    let closed = false;
    client.on("close", () => {
      closed = true;
    });
    client.resetAndDestroy();
    yield* until("it is closed", () => closed);
    const [broken, peer] = yield* within(listener.accept());
    using _broken = broken;
    expect(peer).toEqual({ host: "127.0.0.1", port: from.port });
    expect(broken.peerAddr()).toEqual(peer);
    const error = yield* failure(IoError, () => broken.read(new Uint8Array(1)));
    expect(error).toMatchObject({ code: "ECONNRESET", address: `127.0.0.1:${from.port}` });
    const [other] = yield* within(listener.accept());
    using _other = other;
    expect(other.peerAddr()).toEqual(second.localAddr());
  });

  netTest("that is disposed fails who waits in accept, and whoever comes after", function* () {
    const listener = yield* TcpListener.bind(LOOPBACK);
    const waiting = [yield* suspended(listener.accept()), yield* suspended(listener.accept())];
    listener[Symbol.dispose]();
    listener[Symbol.dispose]();
    for (const accept of waiting)
      expect((yield* failure(IoError, () => within(accept))).code).toBe("EBADF");
    expect((yield* failure(IoError, () => listener.accept())).code).toBe("EBADF");
  });

  netTest("that is disposed refuses new connections and keeps the accepted ones", function* () {
    const listener = yield* TcpListener.bind(LOOPBACK);
    const [client, [server]] = yield* within(
      join(TcpStream.connect(listener.localAddr()), listener.accept()),
    );
    using _client = client;
    using _server = server;
    const address = listener.localAddr();
    listener[Symbol.dispose]();
    expect(listener.localAddr()).toEqual(address);
    yield* client.writeAll(new TextEncoder().encode("still on"));
    expect(yield* readText(server)).toBe("still on");
    const refused = yield* failure(IoError, () => TcpStream.connect(address));
    expect(refused.code).toBe("ECONNREFUSED");
  });

  netTest("that is disposed ends the connections that nobody accepted", function* () {
    const listener = yield* TcpListener.bind(LOOPBACK);
    const accepting = spawn(listener.accept());
    using first = yield* within(TcpStream.connect(listener.localAddr()));
    using second = yield* within(TcpStream.connect(listener.localAddr()));
    const [server] = yield* within(accepting);
    using _server = server;
    expect(server.peerAddr()).toEqual(first.localAddr());
    listener[Symbol.dispose]();
    let ended = false;
    const reading = spawn(function* () {
      try {
        yield* second.read(new Uint8Array(1));
      } catch {}
      ended = true;
    });
    yield* until("the connection nobody accepted has ended", () => ended);
    yield* within(reading);
  });

  netTest("frees its port at once", function* () {
    const listener = yield* TcpListener.bind(LOOPBACK);
    const address = listener.localAddr();
    for (let times = 0; times < 5; times++) {
      listener[Symbol.dispose]();
      using again = yield* within(TcpListener.bind(address));
      expect(again.localAddr()).toEqual(address);
    }
  });

  netTest("takes a port again whose connections were closed just now", function* () {
    const listener = yield* TcpListener.bind(LOOPBACK);
    const address = listener.localAddr();
    const [client, [server]] = yield* within(join(TcpStream.connect(address), listener.accept()));
    // Closed here first, so that the port stays in TIME_WAIT: SO_REUSEADDR must be set.
    server[Symbol.dispose]();
    expect(yield* within(client.read(new Uint8Array(1)))).toBe(0);
    client[Symbol.dispose]();
    listener[Symbol.dispose]();
    using again = yield* within(TcpListener.bind(address));
    expect(again.localAddr()).toEqual(address);
  });
});
