// Round trips over loopback TCP with node:net and its events, as one writes it for speed. Connecting, accepting and closing
// are outside of the timed part.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { check, outcome } from "../harness/round.mjs";

/** Echoes what every connection sends; counts the bytes. */
function makeServer() {
  const counter = { echoed: 0 };
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("data", (bytes) => {
      counter.echoed += bytes.length;
      socket.write(bytes);
    });
  });
  return { server, counter };
}

async function connectAll(connections, port) {
  const sockets = [];
  for (let i = 0; i < connections; i++) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    sockets.push(socket);
  }
  return sockets;
}

/** Sends and reads back every message; tells `done` how many bytes came back right. */
function talk(socket, { messages, bytes }, mark, done) {
  const sent = Buffer.alloc(bytes, mark);
  const received = Buffer.alloc(bytes);
  let filled = 0;
  let left = messages;
  socket.on("data", (chunk) => {
    filled += chunk.copy(received, filled);
    if (filled < bytes) return;
    filled = 0;
    left -= 1;
    if (left > 0) socket.write(sent);
    else done(received.equals(sent) ? messages * bytes : 0);
  });
  socket.write(sent);
}

function talkAll(sockets, shape) {
  return new Promise((resolve, reject) => {
    let left = sockets.length;
    let total = 0;
    const done = (bytes) => {
      total += bytes;
      left -= 1;
      if (left === 0) resolve(total);
    };
    for (const [i, socket] of sockets.entries()) {
      socket.on("error", reject);
      talk(socket, shape, (i % 255) + 1, done);
    }
  });
}

export const rows = {
  async echo_tcp(shape) {
    const ops = shape.connections * shape.messages;
    const { server, counter } = makeServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const sockets = await connectAll(shape.connections, server.address().port);
    const start = performance.now();
    const back = await talkAll(sockets, shape);
    const elapsed = performance.now() - start;
    for (const socket of sockets) socket.end();
    server.close();
    await once(server, "close");
    check("bytes that came back", back, ops * shape.bytes);
    check("bytes echoed", counter.echoed, ops * shape.bytes);
    return outcome(ops, elapsed);
  },
};
