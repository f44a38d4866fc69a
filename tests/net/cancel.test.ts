// Giving up an operation: nothing is lost, and nothing is left behind.

import {
  ElapsedError,
  join,
  Pending,
  ready,
  select,
  spawn,
  timeout,
  Waker,
  yieldNow,
} from "tokiwa";
import { TcpListener, TcpStream } from "tokiwa/net";
import { Handle } from "tokiwa/runtime";
import { hasBudgetRemaining } from "tokiwa/task";
import { describe, expect } from "vitest";
import {
  bytes,
  connected,
  connectedToPeer,
  failure,
  fill,
  LOOPBACK,
  NodePeer,
  netTest,
  pollOnce,
  readText,
  suspended,
  until,
  within,
  wokenButNotPolled,
} from "../support/net.js";

/** A context by hand: how often it was woken. */
function counting() {
  const count = { wakes: 0, waker: Waker.noop() };
  count.waker = Waker.from(() => {
    count.wakes += 1;
  });
  return count;
}

describe("a read that is given up", () => {
  netTest("in a select that another branch wins, leaves the bytes to the next", function* () {
    using pair = yield* connected();
    const buffer = new Uint8Array(16);
    for (let times = 0; times < 100; times++) {
      const { branch } = yield* select(
        { data: pair.server.read(buffer), stop: ready("stop") },
        { biased: true },
      );
      expect(branch).toBe("stop");
    }
    yield* pair.client.writeAll(bytes("kept"));
    expect(yield* readText(pair.server)).toBe("kept");
  });

  netTest("when its time is up, leaves the bytes to the next", function* () {
    using pair = yield* connected();
    yield* failure(ElapsedError, () => timeout(1, pair.server.read(new Uint8Array(16))));
    yield* pair.client.writeAll(bytes("late"));
    expect(yield* readText(pair.server)).toBe("late");
  });

  netTest("with its task aborted, leaves the bytes to the next", function* () {
    using pair = yield* connected();
    const reading = yield* suspended(pair.server.read(new Uint8Array(16)));
    reading.abort();
    yield* until("it has gone", () => reading.isFinished());
    yield* pair.client.writeAll(bytes("mine"));
    expect(yield* readText(pair.server)).toBe("mine");
  });

  netTest("after it was woken, leaves the bytes to the next", function* () {
    using pair = yield* connected();
    const buffer = new Uint8Array(16).fill(1);
    const read = pair.server.read(buffer);
    const woken = yield* suspended(wokenButNotPolled(read));
    yield* pair.client.writeAll(bytes("seen by the next"));
    yield* within(woken);
    read[Symbol.dispose]();
    expect([...buffer]).toEqual(new Array(16).fill(1));
    expect(yield* readText(pair.server)).toBe("seen by the next");
  });

  netTest("is not woken any more", function* () {
    using pair = yield* connected();
    const context = counting();
    const read = pair.server.read(new Uint8Array(4));
    expect(read.poll(context)).toBe(Pending);
    read[Symbol.dispose]();
    read[Symbol.dispose]();
    yield* pair.client.writeAll(bytes("data"));
    expect(yield* readText(pair.server)).toBe("data");
    expect(context.wakes).toBe(0);
  });

  netTest("a thousand times adds no listener to anything", function* () {
    const warnings: Error[] = [];
    const warn = (warning: Error) => warnings.push(warning);
    process.on("warning", warn);
    using pair = yield* connected();
    for (let times = 0; times < 1000; times++) {
      const read = pair.server.read(new Uint8Array(4));
      expect((yield* pollOnce(read)).outcome).toBe(Pending);
      read[Symbol.dispose]();
    }
    yield* pair.client.writeAll(bytes("fine"));
    expect(yield* readText(pair.server)).toBe("fine");
    process.off("warning", warn);
    expect(warnings).toEqual([]);
  });
});

describe("a read that waits", () => {
  netTest("wakes the last waker it was polled with, and only that", function* () {
    using pair = yield* connected();
    const first = counting();
    const last = counting();
    const read = pair.server.read(new Uint8Array(4));
    read.poll(first);
    read.poll(last);
    yield* pair.client.writeAll(bytes("wake"));
    yield* until("somebody was woken", () => first.wakes + last.wakes > 0);
    expect({ first: first.wakes, last: last.wakes }).toEqual({ first: 0, last: 1 });
    read[Symbol.dispose]();
  });

  netTest("spends no budget: only progress does", function* () {
    using pair = yield* connected();
    const read = pair.server.read(new Uint8Array(4));
    const accept = pair.listener.accept();
    for (let polls = 0; polls < 300; polls++) {
      expect((yield* pollOnce(read)).outcome).toBe(Pending);
      expect((yield* pollOnce(accept)).outcome).toBe(Pending);
    }
    expect(hasBudgetRemaining()).toBe(true);
    read[Symbol.dispose]();
    accept[Symbol.dispose]();
  });
});

netTest("a task that waits for more idle sockets than it has budget sleeps", function* () {
  using pair = yield* connected();
  const reads = Array.from({ length: 200 }, (_, n) => [
    `${n}`,
    pair.server.read(new Uint8Array(1)),
  ]);
  const waiting = spawn(select(Object.fromEntries(reads)));
  const polls = () =>
    Handle.current()
      .dump()
      .find(({ id }) => id === waiting.id)?.polls;
  yield* until("it has been polled", () => (polls() ?? 0) > 0);
  for (let turns = 0; turns < 50; turns++) yield* yieldNow();
  expect(polls()).toBe(1);
  yield* pair.client.writeAll(bytes("x"));
  yield* within(waiting);
});

describe("a write that is given up", () => {
  netTest("has written nothing", function* () {
    using pair = yield* connected();
    const taken = yield* fill(pair.client, new Uint8Array(32 * 1024).fill(9));
    const reading = spawn(pair.server.readToEnd());
    yield* within(pair.client.shutdown());
    expect((yield* within(reading)).length).toBe(taken);
  });

  netTest("is not woken any more", function* () {
    using pair = yield* connected();
    const taken = yield* fill(pair.client, new Uint8Array(32 * 1024));
    const context = counting();
    const write = pair.client.write(bytes("never"));
    expect(write.poll(context)).toBe(Pending);
    write[Symbol.dispose]();
    const reading = spawn(pair.server.readToEnd());
    yield* within(pair.client.shutdown());
    expect((yield* within(reading)).length).toBe(taken);
    expect(context.wakes).toBe(0);
  });
});

describe("an accept that is given up", () => {
  netTest("leaves the connection to the next", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    for (let times = 0; times < 100; times++)
      yield* select({ conn: listener.accept(), stop: ready(0) }, { biased: true });
    yield* failure(ElapsedError, () => timeout(1, listener.accept()));
    using client = yield* within(TcpStream.connect(listener.localAddr()));
    const [server, peer] = yield* within(listener.accept());
    using _server = server;
    expect(peer).toEqual(client.localAddr());
  });

  netTest("after it was woken, leaves the connection to the next", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    const accept = listener.accept();
    const woken = yield* suspended(wokenButNotPolled(accept));
    using client = yield* within(TcpStream.connect(listener.localAddr()));
    yield* within(woken);
    accept[Symbol.dispose]();
    const [server, peer] = yield* within(listener.accept());
    using _server = server;
    expect(peer).toEqual(client.localAddr());
  });

  netTest("is not woken any more", function* () {
    using listener = yield* TcpListener.bind(LOOPBACK);
    const context = counting();
    const accept = listener.accept();
    expect(accept.poll(context)).toBe(Pending);
    accept[Symbol.dispose]();
    accept[Symbol.dispose]();
    using _client = yield* within(TcpStream.connect(listener.localAddr()));
    const [server] = yield* within(listener.accept());
    using _server = server;
    expect(context.wakes).toBe(0);
  });
});

describe("of two accepts by one task, one that is given up", () => {
  for (const first of ["the one that stays", "the one that goes"])
    netTest(`takes nothing from the other (polled first: ${first})`, function* () {
      using listener = yield* TcpListener.bind(LOOPBACK);
      const stays = listener.accept();
      const goes = listener.accept();
      let dropped = false;
      function* giveUp() {
        try {
          yield* timeout(1, goes);
        } catch {
          dropped = true;
        }
      }
      const order = first === "the one that stays" ? [stays, giveUp()] : [giveUp(), stays];
      const waiting = spawn(join(...order));
      yield* until("one has been given up", () => dropped);
      using client = yield* within(TcpStream.connect(listener.localAddr()));
      const accepted = (yield* within(waiting)).find((value) => value !== undefined);
      const [server, peer] = accepted ?? [];
      expect(peer).toEqual(client.localAddr());
      server?.[Symbol.dispose]();
    });
});

describe("a connect that is given up", () => {
  netTest("under way, leaves no connection", function* () {
    using peer = new NodePeer((socket) => socket.resume());
    const address = yield* peer.listen();
    for (let times = 0; times < 20; times++) {
      const connect = TcpStream.connect(address);
      expect((yield* pollOnce(connect)).outcome).toBe(Pending);
      connect[Symbol.dispose]();
      connect[Symbol.dispose]();
    }
    // The last one is meant: what came before it has come by now, and must go again.
    using last = yield* within(TcpStream.connect(address));
    const isLast = (port: number | undefined) => port === last.localAddr().port;
    yield* until("the last has come", () => peer.sockets.some((s) => isLast(s.remotePort)));
    yield* until("the others have gone", () => peer.closed === peer.sockets.length - 1);
    expect(Handle.current().metrics().ioHandles()).toBe(1);
  });

  netTest("when it had just succeeded, closes the connection", function* () {
    using peer = new NodePeer((socket) => socket.resume());
    const connect = TcpStream.connect(yield* peer.listen());
    yield* within(wokenButNotPolled(connect));
    connect[Symbol.dispose]();
    yield* peer.socket();
    yield* until("the peer has seen the end", () => peer.sockets[0]?.readableEnded === true);
  });

  netTest("in a select that another branch wins, leaves nothing", function* () {
    using peer = new NodePeer((socket) => socket.resume());
    const address = yield* peer.listen();
    const connect = TcpStream.connect(address);
    const { branch } = yield* select({ connect, stop: ready(0) }, { biased: true });
    expect(branch).toBe("stop");
    using _last = yield* within(TcpStream.connect(address));
    yield* until("only the last is left", () => peer.closed === peer.sockets.length - 1);
    expect(Handle.current().metrics().ioHandles()).toBe(1);
  });
});

describe("a bind that is given up", () => {
  netTest("when it had just succeeded, frees the port", function* () {
    const listener = yield* TcpListener.bind(LOOPBACK);
    const address = listener.localAddr();
    listener[Symbol.dispose]();
    const bind = TcpListener.bind(address);
    yield* within(wokenButNotPolled(bind));
    bind[Symbol.dispose]();
    using again = yield* within(TcpListener.bind(address));
    expect(again.localAddr()).toEqual(address);
  });

  netTest("under way, frees the port", function* () {
    const listener = yield* TcpListener.bind(LOOPBACK);
    const address = listener.localAddr();
    listener[Symbol.dispose]();
    const bind = TcpListener.bind(address);
    expect((yield* pollOnce(bind)).outcome).toBe(Pending);
    bind[Symbol.dispose]();
    using again = yield* within(TcpListener.bind(address));
    expect(again.localAddr()).toEqual(address);
  });
});

describe("a shutdown or a flush that is given up", () => {
  netTest("may be taken up again", function* () {
    using pair = yield* connected();
    yield* fill(pair.client, new Uint8Array(32 * 1024));
    const flush = pair.client.flush();
    const shutdown = pair.client.shutdown();
    for (const operation of [flush, shutdown]) {
      expect((yield* pollOnce(operation)).outcome).toBe(Pending);
      operation[Symbol.dispose]();
    }
    const reading = spawn(pair.server.readToEnd());
    yield* within(pair.client.shutdown());
    yield* within(reading);
  });
});

netTest("a task that is aborted closes its stream, and the peer sees the end", function* () {
  using it = yield* connectedToPeer((socket) => socket.resume());
  function* holder(stream: TcpStream) {
    using _close = stream;
    yield* stream.writeAll(bytes("held"));
    yield* stream.read(new Uint8Array(1));
  }
  const task = spawn(holder, it.stream);
  yield* until("it has written", () => it.socket.bytesRead === 4);
  task.abort();
  yield* until("the peer has seen the end", () => it.socket.readableEnded);
});
