// Sockets and the runtime they belong to.

import {
  BlockedLoopError,
  type Context,
  join,
  main,
  NoRuntimeError,
  Pending,
  spawn,
  timeout,
  Waker,
} from "tokiwa";
import { IoError, lookupHost, TcpListener, TcpStream } from "tokiwa/net";
import { Builder, DriverDisabledError, Handle, type Runtime } from "tokiwa/runtime";
import { expect, test } from "vitest";
import {
  bytes,
  type Connected,
  connected,
  failure,
  LOOPBACK,
  NodePeer,
  netTest,
  readText,
  runNet,
  text,
  until,
  within,
} from "../support/net.js";

const noop: Context = { waker: Waker.noop() };

async function closing<T>(runtime: Runtime, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    runtime.shutdownBackground();
  }
}

test("outside of every runtime a poll throws NoRuntimeError, which names the operation", () => {
  const operations = {
    "TcpListener.bind": TcpListener.bind(LOOPBACK),
    "TcpStream.connect": TcpStream.connect("127.0.0.1:9"),
    lookupHost: lookupHost("localhost:9"),
  };
  for (const [name, operation] of Object.entries(operations)) {
    expect(() => operation.poll(noop)).toThrow(NoRuntimeError);
    expect(() => {
      throw errorOf(() => (remake(name) as { poll(cx: Context): unknown }).poll(noop));
    }).toThrow(name);
  }
});

function remake(name: string): unknown {
  if (name === "TcpListener.bind") return TcpListener.bind(LOOPBACK);
  return name === "lookupHost" ? lookupHost("localhost:9") : TcpStream.connect("127.0.0.1:9");
}

function errorOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

test("outside of every runtime `await` uses the ambient one", async () => {
  using listener = await TcpListener.bind(LOOPBACK);
  using client = await TcpStream.connect(listener.localAddr());
  const [server] = await listener.accept();
  using _server = server;
  await client.writeAll(bytes("ambient"));
  await client.shutdown();
  expect(text(await server.readToEnd())).toBe("ambient");
});

test("a runtime without the I/O driver refuses, and says which method enables it", async () => {
  const runtime = Builder.newCurrentThread().enableTime().build();
  await closing(runtime, () =>
    runtime.run(function* () {
      const operations = [
        () => TcpListener.bind(LOOPBACK),
        () => TcpStream.connect("127.0.0.1:9"),
        () => lookupHost("localhost:9"),
      ];
      for (const operation of operations) {
        const error = yield* failure(DriverDisabledError, operation);
        expect(error.message).toMatch(/enableIo\(\)/);
      }
    }),
  );
});

test("enableIo alone is enough", async () => {
  const runtime = Builder.newCurrentThread().enableIo().build();
  await closing(runtime, () =>
    runtime.run(function* () {
      using listener = yield* TcpListener.bind(LOOPBACK);
      using client = yield* TcpStream.connect(listener.localAddr());
      const [server] = yield* listener.accept();
      using _server = server;
      yield* client.writeAll(bytes("io"));
      const buffer = new Uint8Array(2);
      yield* server.readExact(buffer);
      expect(text(buffer)).toBe("io");
    }),
  );
  expect(runtime.metrics().ioHandles()).toBe(0);
});

test("under blockOn a new socket is refused instead of waited for", () => {
  const runtime = Builder.newCurrentThread().enableAll().build();
  const programs = [
    function* () {
      yield* TcpListener.bind(LOOPBACK);
    },
    function* () {
      yield* TcpStream.connect("127.0.0.1:9");
    },
    function* () {
      yield* lookupHost("localhost:9");
    },
  ];
  for (const program of programs) {
    expect(() => runtime.blockOn(program)).toThrow(BlockedLoopError);
    expect(() => runtime.blockOn(program)).toThrow(/runtime\.run/);
  }
  expect(runtime.metrics().ioHandles()).toBe(0);
  runtime.shutdownBackground();
});

test("under blockOn a socket that would have to wait is refused, and works again after", async () => {
  const runtime = Builder.newCurrentThread().enableAll().build();
  await closing(runtime, async () => {
    const pair: Connected = await runtime.run(connected);
    const waits = [
      () => pair.server.read(new Uint8Array(1)),
      () => pair.server.readToEnd(),
      () => pair.listener.accept(),
    ];
    for (const wait of waits)
      expect(() =>
        runtime.blockOn(function* () {
          yield* wait();
        }),
      ).toThrow(BlockedLoopError);
    await runtime.run(function* () {
      yield* pair.client.writeAll(bytes("again"));
      expect(yield* readText(pair.server)).toBe("again");
      pair[Symbol.dispose]();
    });
  });
});

netTest("ioHandles counts what is open, and goes back to 0", function* () {
  const metrics = Handle.current().metrics();
  expect(metrics.ioHandles()).toBe(0);
  const pair = yield* connected();
  expect(metrics.ioHandles()).toBe(3);
  pair.client[Symbol.dispose]();
  expect(metrics.ioHandles()).toBe(2);
  const [read, write] = pair.server.intoSplit();
  read[Symbol.dispose]();
  expect(metrics.ioHandles()).toBe(2);
  write[Symbol.dispose]();
  expect(metrics.ioHandles()).toBe(1);
  pair[Symbol.dispose]();
  expect(metrics.ioHandles()).toBe(0);
});

netTest("ioHandles does not count what failed", function* () {
  using listener = yield* TcpListener.bind(LOOPBACK);
  yield* failure(Error, () => TcpListener.bind(listener.localAddr()));
  expect(Handle.current().metrics().ioHandles()).toBe(1);
});

test("shutting a runtime down closes the sockets that its tasks hold", async () => {
  using peer = new NodePeer((socket) => socket.resume());
  const address = await runNet(() => peer.listen());
  const runtime = Builder.newCurrentThread().enableAll().build();
  function* holder() {
    using stream = yield* TcpStream.connect(address);
    yield* stream.read(new Uint8Array(1));
  }
  await runtime.run(function* () {
    spawn(holder);
    yield* peer.socket();
  });
  await runtime.shutdown();
  expect(runtime.metrics().ioHandles()).toBe(0);
  await runNet(() =>
    until("the peer has seen the end", () => peer.sockets[0]?.readableEnded === true),
  );
});

test("shutting a runtime down closes the sockets that nobody disposed", async () => {
  using peer = new NodePeer((socket) => socket.resume());
  const address = await runNet(() => peer.listen());
  const left: { listener?: TcpListener } = {};
  await main(function* () {
    left.listener = yield* TcpListener.bind(LOOPBACK);
    const stream = yield* TcpStream.connect(address);
    expect((stream.read(new Uint8Array(1)) as { poll(cx: Context): unknown }).poll(noop)).toBe(
      Pending,
    );
    yield* peer.socket();
  });
  await runNet(() =>
    until("the peer has seen the end", () => peer.sockets[0]?.readableEnded === true),
  );
  const abandoned = (left.listener as TcpListener).localAddr();
  await runNet(function* () {
    using again = yield* within(TcpListener.bind(abandoned));
    expect(again.localAddr()).toEqual(abandoned);
  });
});

test("a stream that outlives its runtime fails instead of hanging", async () => {
  const left: { stream?: TcpStream } = {};
  await main(function* () {
    const listener = yield* TcpListener.bind(LOOPBACK);
    left.stream = yield* TcpStream.connect(listener.localAddr());
  });
  const stream = left.stream as TcpStream;
  await expect((async () => await stream.read(new Uint8Array(1)))()).rejects.toThrow(IoError);
  await expect((async () => await stream.write(new Uint8Array(1)))()).rejects.toThrow(IoError);
  stream[Symbol.dispose]();
});

test("under a paused clock, I/O comes before the next timer", async () => {
  const runtime = Builder.newCurrentThread().enableAll().startPaused(true).build();
  await closing(runtime, () =>
    runtime.run(function* () {
      const day = 86_400_000;
      using listener = yield* timeout(day, TcpListener.bind(LOOPBACK));
      const [client, [server]] = yield* timeout(
        day,
        join(TcpStream.connect(listener.localAddr()), listener.accept()),
      );
      using _client = client;
      using _server = server;
      for (let round = 0; round < 50; round++) {
        yield* client.writeAll(bytes("ping"));
        yield* timeout(day, server.readExact(new Uint8Array(4)));
        yield* server.writeAll(bytes("pong"));
        yield* timeout(day, client.readExact(new Uint8Array(4)));
      }
    }),
  );
});

test("two runtimes talk to each other on one thread", async () => {
  const one = Builder.newCurrentThread().enableAll().build();
  const two = Builder.newCurrentThread().enableAll().build();
  function* server(listener: TcpListener) {
    using _listener = listener;
    const [socket] = yield* listener.accept();
    using _socket = socket;
    return text(yield* socket.readToEnd());
  }
  function* client(address: { host: string; port: number }) {
    using stream = yield* TcpStream.connect(address);
    yield* stream.writeAll(bytes("from two"));
  }
  await closing(one, () =>
    closing(two, async () => {
      const listener = await one.run(TcpListener.bind(LOOPBACK));
      const [heard] = await Promise.all([
        one.run(server, listener),
        two.run(client, listener.localAddr()),
      ]);
      expect(heard).toBe("from two");
      expect(one.metrics().ioHandles() + two.metrics().ioHandles()).toBe(0);
    }),
  );
});
