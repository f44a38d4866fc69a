// A server that answers late, written twice: as tokiwa tasks, and by hand over node:net. Several chapters ask it.
//
// A request is eight bytes: how many milliseconds to wait, and a number. The answer is twice that number, in four bytes.

import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join, select, sleep, spawn } from "tokiwa";
import { IoError, TcpListener, TcpStream } from "tokiwa/net";

export const LOCALHOST = "127.0.0.1";

/** What the server saw. */
export class ServerTally {
  open = 0;
  waiting = 0;
  mostWaiting = 0;
  answered = 0;
  /** Requests whose client left before the answer. */
  abandoned = 0;

  waits(): void {
    this.waiting += 1;
    this.mostWaiting = Math.max(this.mostWaiting, this.waiting);
  }
}

function request(delayMs: number, number: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(delayMs, 0);
  bytes.writeUInt32BE(number, 4);
  return bytes;
}

// ── With tokiwa ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Accepts connections and gives each a task of its own. */
export function* serveSlowly(listener: TcpListener, tally: ServerTally) {
  for (;;) {
    const [socket] = yield* listener.accept();
    spawn(answerSlowly, socket, tally);
  }
}

function* answerSlowly(socket: TcpStream, tally: ServerTally) {
  using _close = socket;
  tally.open += 1;
  try {
    const bytes = Buffer.from((yield* socket.readExact(new Uint8Array(8))).buffer);
    tally.waits();
    const outcome = yield* select({
      due: sleep(bytes.readUInt32BE(0)),
      left: socket.read(new Uint8Array(1)),
    });
    tally.waiting -= 1;
    if (outcome.branch === "left") {
      tally.abandoned += 1;
      return;
    }
    const answer = Buffer.alloc(4);
    answer.writeUInt32BE(bytes.readUInt32BE(4) * 2);
    yield* socket.writeAll(answer);
    tally.answered += 1;
  } catch (error) {
    // A client that is gone is no reason for a server to complain.
    if (!(error instanceof IoError)) throw error;
  } finally {
    tally.open -= 1;
  }
}

/** Starts the server as a task of this runtime; gives its port. */
export function* startSlowServer(tally: ServerTally) {
  const listener = yield* TcpListener.bind({ host: LOCALHOST, port: 0 });
  spawn(serveSlowly, listener, tally);
  return listener.localAddr().port;
}

/** Asks over a connection that stands. */
export function* askOver(socket: TcpStream, delayMs: number, number: number) {
  yield* socket.writeAll(request(delayMs, number));
  const answer = yield* socket.readExact(new Uint8Array(4));
  return Buffer.from(answer.buffer).readUInt32BE();
}

/** Connects, asks, and closes: also when it is dropped on the way. */
export function* ask(port: number, delayMs: number, number: number) {
  using socket = yield* TcpStream.connect({ host: LOCALHOST, port });
  return yield* askOver(socket, delayMs, number);
}

/** Connections are opened in groups, because a system's queue for new ones is short. */
const GROUP = 100;

export function* connectMany(port: number, count: number) {
  const sockets: TcpStream[] = [];
  while (sockets.length < count) {
    const size = Math.min(GROUP, count - sockets.length);
    const group = Array.from({ length: size }, () => TcpStream.connect({ host: LOCALHOST, port }));
    sockets.push(...(yield* join(...group)));
  }
  return sockets;
}

// ── With plain Node ────────────────────────────────────────────────────────────────────────────────────────────────

export interface NodeServer {
  readonly port: number;
  close(): void;
}

/** A node:net server that hands each connection to `serve`. */
export function startNodeServer(serve: (socket: Socket) => void): Promise<NodeServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    serve(socket);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: LOCALHOST, port: 0, backlog: 1024 }, () => {
      const close = (): void => {
        server.close();
        for (const socket of sockets) socket.destroy();
      };
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}

/** Serves one connection as `answerSlowly` does. */
export function answerSlowlyInNode(tally: ServerTally): (socket: Socket) => void {
  return (socket) => {
    tally.open += 1;
    let timer: NodeJS.Timeout | undefined;
    let answered = false;
    socket.once("data", (bytes) => {
      tally.waits();
      timer = setTimeout(() => {
        const answer = Buffer.alloc(4);
        answer.writeUInt32BE(bytes.readUInt32BE(4) * 2);
        socket.end(answer);
        answered = true;
        tally.waiting -= 1;
        tally.answered += 1;
      }, bytes.readUInt32BE(0));
    });
    socket.once("close", () => {
      clearTimeout(timer);
      tally.open -= 1;
      if (answered || timer === undefined) return;
      tally.waiting -= 1;
      tally.abandoned += 1;
    });
  };
}

export function connectInNode(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: LOCALHOST, port });
    socket.once("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}

export function askOverInNode(socket: Socket, delayMs: number, number: number): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("data", (answer) => resolve(answer.readUInt32BE()));
    socket.write(request(delayMs, number));
  });
}

export async function askInNode(port: number, delayMs: number, number: number): Promise<number> {
  const socket = await connectInNode(port);
  try {
    return await askOverInNode(socket, delayMs, number);
  } finally {
    socket.destroy();
  }
}

export async function connectManyInNode(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const size = Math.min(GROUP, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: size }, () => connectInNode(port)))));
  }
  return sockets;
}
