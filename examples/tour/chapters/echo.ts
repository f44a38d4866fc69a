// A TCP echo server: first one request with each of its steps named, then a thousand clients at once.

import { connect as connectSocket } from "node:net";
import { type Context, Future, join, Pending, type Poll, sleep, spawn, Waker } from "tokiwa";
import { TcpListener, TcpStream } from "tokiwa/net";
import { Handle } from "tokiwa/runtime";
import { affordableConnections } from "../file-limit.js";
import { Diary, quantile, stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { nodeSleep, onTokiwa } from "../runtime.js";
import { connectMany, LOCALHOST, startNodeServer } from "../slow-server.js";
import { count } from "../units.js";

// ── One request ────────────────────────────────────────────────────────────────────────────────────────────────────

const STEPS = "bind register suspend ready wake poll write done";

/** Polls another future and writes down what is said between it, the socket and the runtime. */
class Watched extends Future<number> {
  private readonly inner: Future<number>;
  private readonly diary: Diary;
  private polls = 0;

  constructor(inner: Future<number>, diary: Diary) {
    super();
    this.inner = inner;
    this.diary = diary;
  }

  override poll(cx: Context): Poll<number> {
    this.polls += 1;
    const value = this.inner.poll({ waker: Waker.from(() => this.wake(cx.waker)) });
    if (value === Pending)
      this.diary.note(
        "register",
        "the task polls read(): no bytes yet, the socket keeps its waker",
      );
    else this.diary.note("poll", `the runtime polls the task again: read() gives ${value} bytes`);
    return value;
  }

  private wake(waker: Waker): void {
    this.diary.note("ready", "the bytes have arrived: the socket calls the waker that it kept");
    waker.wake();
    const queued = Handle.tryCurrent()?.metrics().globalQueueDepth();
    this.diary.note(
      "wake",
      `the waker puts the task into the run queue${queued ? "" : ", which was empty"}`,
    );
  }

  override [Symbol.dispose](): void {
    this.inner[Symbol.dispose]();
  }
}

function* echoOnce(listener: TcpListener, diary: Diary) {
  const [stream] = yield* listener.accept();
  using socket = stream;
  const buffer = new Uint8Array(64);
  const length = yield* new Watched(socket.read(buffer), diary);
  yield* socket.writeAll(buffer.subarray(0, length));
  diary.note("write", `the task writes the ${length} bytes back`);
}

/** What the runtime itself says of a task. */
function stateOf(id: number): string {
  return (
    Handle.current()
      .dump()
      .find((task) => task.id === id)?.state ?? "gone"
  );
}

function* oneRequest(diary: Diary) {
  using listener = yield* TcpListener.bind({ host: LOCALHOST, port: 0 });
  const { host, port } = listener.localAddr();
  diary.note("bind", `the server listens on ${host}:${port}`);
  const server = spawn(echoOnce, listener, diary);
  using client = yield* TcpStream.connect({ host, port });
  while (diary.indexOf("register") < 0 || stateOf(server.id) !== "waiting") yield* sleep(1);
  diary.note("suspend", "the task stands at its `yield*` and takes no time until it is woken");
  const request = Buffer.from("tokiwa: evergreen");
  yield* client.writeAll(request);
  const reply = yield* client.readExact(new Uint8Array(request.length));
  diary.note("done", `the client has "${Buffer.from(reply)}" again`);
  yield* server;
  return request.equals(reply);
}

// ── A thousand clients ─────────────────────────────────────────────────────────────────────────────────────────────

const CLIENTS = 1_000;
const ROUNDS = 20;
const MESSAGE_BYTES = 64;
/** Run before measuring, so that whoever comes first does not pay for compiling what both use. */
const WARM_UP = 50;

class Tally {
  readonly total: number;
  accepted = 0;
  wallMs = 0;
  wrong = 0;
  done = 0;
  readonly waitsMs: Float64Array;

  constructor(clients: number) {
    this.total = clients * ROUNDS;
    this.waitsMs = new Float64Array(this.total);
  }

  echoed(sent: Buffer, back: Uint8Array, waitedMs: number): void {
    if (!sent.equals(back)) this.wrong += 1;
    this.waitsMs[this.done] = waitedMs;
    this.done += 1;
  }
}

function message(client: number, round: number): Buffer {
  return Buffer.alloc(MESSAGE_BYTES, `client ${client}, message ${round}. `);
}

function* acceptAndEcho(listener: TcpListener, tally: Tally) {
  for (;;) {
    const [socket] = yield* listener.accept();
    tally.accepted += 1;
    spawn(echo, socket);
  }
}

function* echo(socket: TcpStream) {
  using _close = socket;
  const buffer = new Uint8Array(1024);
  for (;;) {
    const length = yield* socket.read(buffer);
    if (length === 0) return;
    yield* socket.writeAll(buffer.subarray(0, length));
  }
}

function* client(socket: TcpStream, number: number, tally: Tally) {
  using _close = socket;
  const back = new Uint8Array(MESSAGE_BYTES);
  for (let round = 0; round < ROUNDS; round++) {
    const sent = message(number, round);
    const waited = stopwatch();
    yield* socket.writeAll(sent);
    yield* socket.readExact(back);
    tally.echoed(sent, back, waited());
  }
}

function* program(clients: number, tally: Tally) {
  const listener = yield* TcpListener.bind({ host: LOCALHOST, port: 0 });
  spawn(acceptAndEcho, listener, tally);
  const sockets = yield* connectMany(listener.localAddr().port, clients);
  while (tally.accepted < clients) yield* sleep(1);
  const time = stopwatch();
  yield* join(...sockets.map((socket, number) => spawn(client, socket, number, tally)));
  tally.wallMs = time();
}

/** By hand: callbacks, and a buffer for what has come so far. */
function nodeClient(port: number, number: number, tally: Tally) {
  const socket = connectSocket({ host: LOCALHOST, port });
  const back = Buffer.alloc(MESSAGE_BYTES);
  let filled = 0;
  let round = 0;
  let sent = message(number, 0);
  let waited = stopwatch();
  const send = (): void => {
    sent = message(number, round);
    waited = stopwatch();
    socket.write(sent);
  };
  const connected = new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", resolve);
  });
  const chat = (): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.on("data", (chunk) => {
        filled += chunk.copy(back, filled);
        if (filled < MESSAGE_BYTES) return;
        filled = 0;
        tally.echoed(sent, back, waited());
        round += 1;
        if (round < ROUNDS) return send();
        socket.destroy();
        resolve();
      });
      send();
    });
  return { connected, chat };
}

async function nodeProgram(clients: number, tally: Tally) {
  const server = await startNodeServer((socket) => {
    tally.accepted += 1;
    socket.on("data", (chunk) => socket.write(chunk));
    socket.on("end", () => socket.end());
  });
  const all: ReturnType<typeof nodeClient>[] = [];
  while (all.length < clients) {
    const size = Math.min(100, clients - all.length);
    const group = Array.from({ length: size }, (_, index) =>
      nodeClient(server.port, all.length + index, tally),
    );
    await Promise.all(group.map((each) => each.connected));
    all.push(...group);
  }
  while (tally.accepted < clients) await nodeSleep(1);
  const time = stopwatch();
  await Promise.all(all.map((each) => each.chat()));
  tally.wallMs = time();
  server.close();
}

async function measure(page: Page, clients: number, whole: (tally: Tally) => Promise<void>) {
  const tally = new Tally(clients);
  using _progress = page.progress(
    () => `${count(tally.done)} of ${count(tally.total)} messages echoed`,
    () => tally.done / tally.total,
  );
  await whole(tally);
  return tally;
}

async function run(page: Page): Promise<void> {
  const diary = new Diary();
  const same = await onTokiwa(oneRequest, diary);
  page.steps(diary.steps);
  page.check(
    "the eight steps came in this order, and the bytes came back as they were sent",
    same && diary.names().join(" ") === STEPS,
    diary.names().join(" "),
  );

  const clients = affordableConnections(page, CLIENTS);
  page.say(
    `Now ${count(clients)} clients at once, each sending ${ROUNDS} messages of ${MESSAGE_BYTES} bytes and waiting for ` +
      "each to come back. Beside it node:net written by hand, in callbacks.",
  );
  const few = Math.min(WARM_UP, clients);
  await onTokiwa(program, few, new Tally(few));
  await nodeProgram(few, new Tally(few));
  const mine = await measure(page, clients, (tally) => onTokiwa(program, clients, tally));
  const node = await measure(page, clients, (tally) => nodeProgram(clients, tally));
  page.figures([
    {
      label: `all ${count(mine.total)} messages there and back`,
      unit: "ms",
      tokiwa: mine.wallMs,
      plainNode: node.wallMs,
      compare: "time",
    },
    {
      label: "  for one of them, both ends",
      unit: "µs",
      tokiwa: (mine.wallMs * 1000) / mine.total,
      plainNode: (node.wallMs * 1000) / node.total,
    },
    {
      label: "half of the waits were shorter than",
      unit: "ms",
      tokiwa: quantile(mine.waitsMs, 0.5),
      plainNode: quantile(node.waitsMs, 0.5),
    },
    {
      label: "99 of 100 waits were shorter than",
      unit: "ms",
      tokiwa: quantile(mine.waitsMs, 0.99),
      plainNode: quantile(node.waitsMs, 0.99),
    },
  ]);
  page.check(
    `all ${count(mine.total)} messages came back as they were sent, and in order`,
    mine.done === mine.total && mine.wrong === 0,
    `${count(mine.done)} came, ${mine.wrong} were wrong`,
  );
}

export const echoServer: Chapter = {
  name: "echo",
  title: "A TCP echo server, step by step and then with 1,000 clients",
  intro: "One request, and what happens to the server's task on its way:",
  run,
};
