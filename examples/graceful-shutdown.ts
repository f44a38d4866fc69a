// Graceful shutdown: on SIGINT, SIGTERM or after a while, stop accepting, let what is in flight finish up to a deadline,
// then abort the rest. A request is a number of milliseconds, and the server works that long before it answers.
//
//   node examples/run.mjs graceful-shutdown                 serves on 127.0.0.1:7779 (or PORT) until Ctrl-C
//   node examples/run.mjs graceful-shutdown --seconds 10    or that long
//   node examples/run.mjs graceful-shutdown --demo          three requests, then a SIGTERM to itself

import {
  ElapsedError,
  type Future,
  fromPromise,
  type JoinHandle,
  join,
  main,
  select,
  sleep,
  spawn,
  timeout,
} from "tokiwa";
import { IoError, type SocketAddress, TcpListener, TcpStream } from "tokiwa/net";

const DEADLINE_MS = 1_000;

const demo = process.argv.includes("--demo");
const port = demo ? 0 : Number(process.env.PORT ?? 7779);
const secondsAt = process.argv.indexOf("--seconds");
const limitMs = secondsAt < 0 ? undefined : Number(process.argv[secondsAt + 1]) * 1_000;

await main(function* () {
  const listener = yield* TcpListener.bind({ host: "127.0.0.1", port });
  const address = listener.localAddr();
  console.log(`listening on ${address.host}:${address.port}`);
  const requests = new Set<JoinHandle<void>>();
  const visitors = demo ? spawn(visit, address, requests) : undefined;

  // `serve` never ends. It loses to the others, is dropped, and its `using` closes the listener.
  const stop = yield* select({
    serving: serve(listener, requests),
    signal: firstSignal("SIGINT", "SIGTERM"),
    time: limitMs !== undefined && sleep(limitMs),
  });
  const why = stop.branch === "signal" ? stop.value : "time is up";
  console.log(`${why}: no longer accepting, ${unfinished(requests).length} in flight`);

  yield* drain(requests);
  if (visitors !== undefined) yield* visitors;
});

function* serve(listener: TcpListener, requests: Set<JoinHandle<void>>) {
  using _listener = listener;
  for (;;) {
    const [socket] = yield* listener.accept();
    for (const request of requests) if (request.isFinished()) requests.delete(request);
    requests.add(spawn(answer, socket));
  }
}

function* answer(socket: TcpStream) {
  using _close = socket;
  try {
    const buffer = new Uint8Array(16);
    const count = yield* socket.read(buffer);
    const ms = Number(new TextDecoder().decode(buffer.subarray(0, count)));
    yield* sleep(ms > 0 ? ms : 0);
    yield* socket.writeAll(new TextEncoder().encode(`done after ${ms} ms\n`));
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    console.error(error.message);
  }
}

/** Waits for all that is in flight; what is still there at the deadline is aborted, which closes its connection. */
function* drain(requests: Set<JoinHandle<void>>) {
  try {
    yield* timeout(DEADLINE_MS, join(...requests));
    console.log("all finished");
  } catch (error) {
    if (!(error instanceof ElapsedError)) throw error;
    const late = unfinished(requests);
    for (const request of late) request.abort();
    console.log(`the deadline has come: ${late.length} aborted`);
  }
}

function unfinished(requests: Set<JoinHandle<void>>): JoinHandle<void>[] {
  return [...requests].filter((request) => !request.isFinished());
}

/** The first of these signals. Dropped or done, it takes its listeners back: a second Ctrl-C ends the process at once. */
function firstSignal(...names: NodeJS.Signals[]): Future<NodeJS.Signals> {
  return fromPromise(
    (dropped) =>
      new Promise((resolve) => {
        const stop = () => {
          for (const name of names) process.off(name, heard);
        };
        const heard = (name: NodeJS.Signals) => {
          stop();
          resolve(name);
        };
        for (const name of names) process.on(name, heard);
        dropped.addEventListener("abort", stop);
      }),
  );
}

/** The demonstration: one request that is done before the signal, one that finishes after it, one that never would. */
function* visit(address: SocketAddress, requests: Set<JoinHandle<void>>) {
  console.log(`quick: ${yield* ask(address, 1)}`);
  const slow = spawn(ask, address, 800);
  const endless = spawn(ask, address, 3_600_000);
  while (unfinished(requests).length < 2) yield* sleep(1);
  process.kill(process.pid, "SIGTERM");
  console.log(`slow: ${yield* slow}`);
  console.log(`endless: ${yield* endless}`);
}

function* ask(address: SocketAddress, ms: number) {
  using socket = yield* TcpStream.connect(address);
  yield* socket.writeAll(new TextEncoder().encode(`${ms}`));
  const reply = new TextDecoder().decode(yield* socket.readToEnd()).trim();
  return reply || "no answer, the connection was closed";
}
