// A chat server: the first line of a client is its name, every line after that goes to all the others.
// The room has a channel to each client, so one that reads slowly holds nobody up.
//
//   node examples/run.mjs chat-server           serves on 127.0.0.1:7778 (or PORT); try `nc 127.0.0.1 7778`, twice
//   node examples/run.mjs chat-server --demo    three visitors come, talk and go, and it ends

import { main, select, spawn } from "tokiwa";
import { IoError, type SocketAddress, TcpListener, TcpStream } from "tokiwa/net";
import { mpsc, TrySendError } from "tokiwa/sync";

/** Lines that may wait for a client; one that lets more of them wait misses some. */
const BACKLOG = 64;
const LONGEST_LINE = 4096;

const demo = process.argv.includes("--demo");
const port = demo ? 0 : Number(process.env.PORT ?? 7778);

/** Who is here. All tasks share one thread, so a plain Map needs no lock. */
class Room {
  readonly #members = new Map<string, mpsc.Sender<string>>();

  has(name: string): boolean {
    return this.#members.has(name);
  }

  /** Takes a newcomer in. Disposing what it returns is leaving, and is announced. */
  enter(name: string, tx: mpsc.Sender<string>): Disposable {
    const others = [...this.#members.keys()].join(", ") || "nobody";
    this.tell(`* ${name} has come`);
    this.#members.set(name, tx);
    this.tell(`* welcome, ${name}; here are: ${others}`, (member) => member === name);
    const leave = () => {
      this.#members.delete(name);
      this.tell(`* ${name} has gone`);
    };
    return { [Symbol.dispose]: leave };
  }

  tell(line: string, whom: (name: string) => boolean = () => true): void {
    for (const [name, tx] of this.#members) {
      try {
        if (whom(name)) tx.trySend(line);
      } catch (error) {
        if (!(error instanceof TrySendError)) throw error;
      }
    }
  }
}

function* serve(listener: TcpListener, room: Room) {
  for (;;) {
    const [socket] = yield* listener.accept();
    spawn(attend, socket, room);
  }
}

/** One client. Of its two directions the one that ends first drops the other, and `using` closes the connection. */
function* attend(socket: TcpStream, room: Room) {
  using _close = socket;
  const [tx, rx] = mpsc.channel<string>(BACKLOG);
  try {
    yield* select({ from: listen(new Lines(socket), tx, room), to: deliver(rx, socket) });
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
  }
}

/** However this ends, by the last line, a broken connection or a drop: the seat is given up, and the others hear of it. */
function* listen(lines: Lines, tx: mpsc.Sender<string>, room: Room) {
  yield* tx.send("* your name?");
  let name = yield* lines.next();
  while (name === "" || (name !== undefined && room.has(name))) {
    yield* tx.send("* taken; another?");
    name = yield* lines.next();
  }
  if (name === undefined) return;
  using _seat = room.enter(name, tx);
  for (;;) {
    const line = yield* lines.next();
    if (line === undefined) return;
    room.tell(`${name}: ${line}`, (member) => member !== name);
  }
}

function* deliver(rx: mpsc.Receiver<string>, socket: TcpStream) {
  for (;;) {
    const line = yield* rx.recv();
    if (line === undefined) return;
    yield* socket.writeAll(new TextEncoder().encode(`${line}\n`));
  }
}

/** The lines of a stream. What has come of the next one is kept here, so giving up a wait loses nothing. */
class Lines {
  readonly #socket: TcpStream;
  readonly #buffer = new Uint8Array(1024);
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(socket: TcpStream) {
    this.#socket = socket;
  }

  /** The next line; undefined at the end, or when a line is longer than anybody types. */
  *next() {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end).trim();
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#text.length > LONGEST_LINE) return undefined;
      const count = yield* this.#socket.read(this.#buffer);
      if (count === 0) return undefined;
      this.#text += this.#decoder.decode(this.#buffer.subarray(0, count), { stream: true });
    }
  }
}

/** The demonstration: a conversation, step by step. */
function* visit(address: SocketAddress) {
  using ann = new Visitor("Ann", yield* TcpStream.connect(address));
  yield* ann.come();
  using bob = new Visitor("Bob", yield* TcpStream.connect(address));
  yield* bob.come();
  yield* ann.hear();
  yield* ann.say("good evening");
  yield* bob.hear();
  bob[Symbol.dispose]();
  yield* ann.hear();
  using cleo = new Visitor("Cleo", yield* TcpStream.connect(address));
  yield* cleo.come();
  yield* ann.hear();
  yield* cleo.say("am I late?");
  yield* ann.hear();
}

class Visitor implements Disposable {
  readonly #name: string;
  readonly #socket: TcpStream;
  readonly #lines: Lines;

  constructor(name: string, socket: TcpStream) {
    this.#name = name;
    this.#socket = socket;
    this.#lines = new Lines(socket);
  }

  *come() {
    yield* this.hear();
    yield* this.say(this.#name);
    yield* this.hear();
  }

  *say(line: string) {
    yield* this.#socket.writeAll(new TextEncoder().encode(`${line}\n`));
  }

  *hear() {
    console.log(`${this.#name} reads: ${yield* this.#lines.next()}`);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

await main(function* () {
  using listener = yield* TcpListener.bind({ host: "127.0.0.1", port });
  const address = listener.localAddr();
  console.log(`listening on ${address.host}:${address.port}`);
  const server = spawn(serve, listener, new Room());
  if (demo) yield* visit(address);
  else yield* server;
});
