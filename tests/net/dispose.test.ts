// Closing a stream.

import { spawn } from "tokiwa";
import { IoError, type TcpStream } from "tokiwa/net";
import { Handle } from "tokiwa/runtime";
import { expect, vi } from "vitest";
import {
  bytes,
  connected,
  connectedToPeer,
  failure,
  fill,
  netTest,
  suspended,
  text,
  until,
  within,
} from "../support/net.js";

netTest("the peer of a disposed stream sees the end", function* () {
  using pair = yield* connected();
  pair.client[Symbol.dispose]();
  expect(yield* within(pair.server.read(new Uint8Array(1)))).toBe(0);
});

netTest("a reader that waits already sees it too", function* () {
  using pair = yield* connected();
  const reading = yield* suspended(pair.server.read(new Uint8Array(1)));
  pair.client[Symbol.dispose]();
  expect(yield* within(reading)).toBe(0);
});

netTest("disposing twice, and after shutdown, is harmless", function* () {
  using pair = yield* connected();
  yield* pair.client.shutdown();
  for (let times = 0; times < 3; times++) pair.client[Symbol.dispose]();
  for (let times = 0; times < 3; times++) pair.server[Symbol.dispose]();
  expect(Handle.current().metrics().ioHandles()).toBe(1);
});

netTest("what was written before still arrives", function* () {
  using pair = yield* connected();
  yield* pair.client.writeAll(bytes("and then nothing"));
  pair.client[Symbol.dispose]();
  expect(text(yield* within(pair.server.readToEnd()))).toBe("and then nothing");
});

netTest("what was written before still arrives at a peer that reads late", function* () {
  using pair = yield* connected();
  const taken = yield* fill(pair.client, new Uint8Array(48 * 1024).fill(3));
  pair.client[Symbol.dispose]();
  const received = yield* within(pair.server.readToEnd());
  expect(received.length).toBe(taken);
  expect(received.every((byte) => byte === 3)).toBe(true);
});

netTest(
  "and although this thread was held up: one look at a peer that took nothing is not enough",
  function* () {
    const looks: (() => void)[] = [];
    const set = globalThis.setInterval;
    using pair = yield* connected();
    const taken = yield* fill(pair.client, new Uint8Array(48 * 1024).fill(3));
    const spy = vi.spyOn(globalThis, "setInterval").mockImplementation(((
      look: () => void,
      ms: number,
    ) => {
      looks.push(look);
      return set(look, ms);
    }) as never);
    pair.client[Symbol.dispose]();
    spy.mockRestore();
    // As after a pause: the timer comes before anything of the sockets.
    for (const look of looks) look();
    expect(looks).toHaveLength(1);
    expect(yield* within(pair.server.readToEnd())).toHaveLength(taken);
  },
);

netTest("the end of a `using` block closes", function* () {
  using it = yield* connectedToPeer((socket) => socket.resume());
  {
    using _stream = it.stream;
    yield* it.stream.writeAll(bytes("inside"));
  }
  yield* until("the peer has seen the end", () => it.socket.readableEnded);
  expect(it.socket.bytesRead).toBe(6);
});

netTest("a throw through a `using` block closes", function* () {
  using it = yield* connectedToPeer((socket) => socket.resume());
  function* failing(stream: TcpStream) {
    using _close = stream;
    throw new RangeError("on purpose");
  }
  yield* failure(RangeError, () => spawn(failing, it.stream));
  yield* until("the peer has seen the end", () => it.socket.readableEnded);
});

netTest("who still waits in a read or a write of it learns that it was closed here", function* () {
  using pair = yield* connected();
  yield* fill(pair.client, new Uint8Array(48 * 1024));
  const reading = yield* suspended(pair.client.read(new Uint8Array(1)));
  const writing = yield* suspended(pair.client.write(new Uint8Array(1)));
  pair.client[Symbol.dispose]();
  for (const task of [reading, writing]) {
    const error = yield* failure(IoError, () => task);
    expect(error.code).toBe("EBADF");
  }
});

netTest("who still waits in a write of a half learns that it was disposed", function* () {
  using pair = yield* connected();
  yield* fill(pair.client, new Uint8Array(48 * 1024));
  const [read, write] = pair.client.intoSplit();
  using _read = read;
  const writing = yield* suspended(write.write(new Uint8Array(1)));
  write[Symbol.dispose]();
  const error = yield* failure(IoError, () => writing);
  expect(error.code).toMatch(/^(EBADF|EPIPE)$/);
});

netTest("a stream that was split is used up, its halves are not", function* () {
  using pair = yield* connected();
  const { client } = pair;
  const [read, write] = client.intoSplit();
  const uses = [
    () => client.read(new Uint8Array(1)),
    () => client.write(new Uint8Array(1)),
    () => client.shutdown(),
    () => void client.intoSplit(),
  ];
  for (const use of uses) {
    const error = yield* failure(IoError, use);
    expect(error.code).toBe("EBADF");
    expect(error.message).toMatch(/split/);
  }
  client[Symbol.dispose]();
  yield* write.writeAll(bytes("alive"));
  yield* write.shutdown();
  expect(text(yield* within(pair.server.readToEnd()))).toBe("alive");
  read[Symbol.dispose]();
  write[Symbol.dispose]();
});
