// An echo server: a task for each connection, which sends back what it receives.
//
//   node examples/run.mjs echo-server           serves on 127.0.0.1:7777 (or PORT); try `nc 127.0.0.1 7777`
//   node examples/run.mjs echo-server --demo    three clients of its own talk to it at once, and it ends

import { join, main, spawn } from "tokiwa";
import { IoError, type SocketAddress, TcpListener, TcpStream } from "tokiwa/net";

const demo = process.argv.includes("--demo");
const port = demo ? 0 : Number(process.env.PORT ?? 7777);

await main(function* () {
  using listener = yield* TcpListener.bind({ host: "127.0.0.1", port });
  const address = listener.localAddr();
  console.log(`listening on ${address.host}:${address.port}`);
  const server = spawn(serve, listener);
  if (demo) yield* talk(address);
  else yield* server;
});

function* serve(listener: TcpListener) {
  for (;;) {
    const [socket, peer] = yield* listener.accept();
    spawn(echo, socket, peer);
  }
}

/** Owns the socket: however it ends, `using` closes the connection. */
function* echo(socket: TcpStream, peer: SocketAddress) {
  using _close = socket;
  const buffer = new Uint8Array(4096);
  try {
    for (;;) {
      const count = yield* socket.read(buffer);
      if (count === 0) return;
      yield* socket.writeAll(buffer.subarray(0, count));
    }
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    console.error(`port ${peer.port}: ${error.message}`);
  }
}

/** The demonstration: three clients at once, on one task. */
function* talk(address: SocketAddress) {
  const words = ["evergreen", "pine", "cedar"];
  const answers = yield* join(...words.map((word) => ask(address, word)));
  for (const [index, answer] of answers.entries()) console.log(`${words[index]} -> ${answer}`);
}

function* ask(address: SocketAddress, word: string) {
  using socket = yield* TcpStream.connect(address);
  yield* socket.writeAll(new TextEncoder().encode(word));
  // Half closed: we are done speaking, and still listen.
  yield* socket.shutdown();
  return new TextDecoder().decode(yield* socket.readToEnd());
}
