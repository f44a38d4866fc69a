// What blocks, beside a server that must not: each login hashes a password for a tenth of a second or so, with a function that
// blocks its thread. On the blocking pool it blocks a thread that has nothing else to do, and the server goes on answering.
//
//   node examples/run.mjs blocking

import { type Coroutine, main, sleep, spawn } from "tokiwa";
import { TcpListener, TcpStream } from "tokiwa/net";
import { spawnBlocking } from "tokiwa/task";
import { hashPassword } from "./tasks/hash.js";

const LOGINS = 4;
const ROUNDS = 100_000;

/** What a client sees that asks all the time whether the server is well. */
class Health {
  answers = 0;
  slowestMs = 0;
}

let health = new Health();

await main(function* () {
  const listener = yield* TcpListener.bind("127.0.0.1:0");
  const server = spawn(serve, listener);
  const client = spawn(ping, listener.localAddr().port);
  console.log(`on the server's own thread: ${yield* watched(hashHere)}`);
  console.log(`on the blocking pool:       ${yield* watched(hashOnThePool)}`);
  client.abort();
  server.abort();
});

function* hashHere() {
  for (let login = 0; login < LOGINS; login++) {
    hashPassword(`secret ${login}`, "salt", ROUNDS);
    yield* sleep(1); // the server has its turn between two logins
  }
}

function* hashOnThePool() {
  const hashes = Array.from({ length: LOGINS }, (_, login) =>
    spawnBlocking(hashPassword, `secret ${login}`, "salt", ROUNDS),
  );
  for (const hash of hashes) yield* hash;
}

/** How the server did while something else was going on. */
function* watched(work: () => Coroutine<void>) {
  yield* sleep(50);
  health = new Health();
  const start = performance.now();
  yield* work();
  const ms = performance.now() - start;
  const { answers } = health;
  yield* sleep(50); // a ping that had to wait is answered now
  const slowest = health.slowestMs.toFixed(0);
  return `${LOGINS} logins in ${ms.toFixed(0)} ms, ${answers} pings answered meanwhile, the slowest in ${slowest} ms`;
}

function* serve(listener: TcpListener) {
  using server = listener;
  for (;;) {
    const [stream] = yield* server.accept();
    spawn(answer, stream);
  }
}

function* answer(socket: TcpStream) {
  using stream = socket;
  const byte = new Uint8Array(1);
  while ((yield* stream.read(byte)) > 0) yield* stream.writeAll(byte);
}

function* ping(port: number) {
  using stream = yield* TcpStream.connect({ host: "127.0.0.1", port });
  const byte = new Uint8Array(1);
  for (;;) {
    const sent = performance.now();
    yield* stream.writeAll(byte);
    yield* stream.readExact(byte);
    health.answers += 1;
    health.slowestMs = Math.max(health.slowestMs, performance.now() - sent);
    yield* sleep(2);
  }
}
