// Round trips over loopback TCP: an echo server with a task for each connection, and client tasks, all in one runtime.
// Connecting, accepting and closing are outside of the timed part.

import { spawn } from "tokiwa";
import { TcpListener, TcpStream } from "tokiwa/net";
import { check, outcome } from "../harness/round.mjs";
import { joinSum, run, timed } from "./runtime.mjs";

/** Echoes until the other side closes; gives the bytes echoed. */
function* echo(stream, bytes) {
  const buffer = new Uint8Array(bytes);
  let echoed = 0;
  for (;;) {
    const count = yield* stream.read(buffer);
    if (count === 0) break;
    yield* stream.writeAll(buffer.subarray(0, count));
    echoed += count;
  }
  stream[Symbol.dispose]();
  return echoed;
}

function* acceptAll(listener, { connections, bytes }) {
  const echoing = [];
  for (let i = 0; i < connections; i++) {
    const [stream] = yield* listener.accept();
    stream.setNodelay(true);
    echoing.push(spawn(echo, stream, bytes));
  }
  listener[Symbol.dispose]();
  return echoing;
}

function* connectAll(shape) {
  const listener = yield* TcpListener.bind("127.0.0.1:0");
  const address = listener.localAddr();
  const accepting = spawn(acceptAll, listener, shape);
  const streams = [];
  for (let i = 0; i < shape.connections; i++) {
    const stream = yield* TcpStream.connect(address);
    stream.setNodelay(true);
    streams.push(stream);
  }
  return { streams, echoing: yield* accepting };
}

/** Sends and reads back every message; gives the bytes that came back right. */
function* talk(stream, { messages, bytes }, mark) {
  const sent = new Uint8Array(bytes).fill(mark);
  const received = new Uint8Array(bytes);
  for (let i = 0; i < messages; i++) {
    yield* stream.writeAll(sent);
    yield* stream.readExact(received);
  }
  return Buffer.compare(received, sent) === 0 ? messages * bytes : 0;
}

function* talkAll(streams, shape) {
  const talking = streams.map((stream, i) => spawn(talk, stream, shape, (i % 255) + 1));
  return yield* joinSum(talking);
}

export const rows = {
  async echo_tcp(shape) {
    const ops = shape.connections * shape.messages;
    const { streams, echoing } = await run(connectAll, shape);
    const { elapsed, value } = await timed(talkAll, streams, shape);
    for (const stream of streams) stream[Symbol.dispose]();
    check("bytes that came back", value, ops * shape.bytes);
    check("bytes echoed", await run(joinSum, echoing), ops * shape.bytes);
    return outcome(ops, elapsed);
  },
};
