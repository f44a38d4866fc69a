// A chat server: the first line of a client is its name, every line after that goes to all the others.
// Each client has a task that reads and one that writes, with a channel from the room to the writer in between.
//
//   node examples/run.mjs chat-server           serves on 127.0.0.1:7778 (or PORT); try `nc 127.0.0.1 7778`, twice
//   node examples/run.mjs chat-server --demo    three visitors come, talk and go, and it ends

import { main, spawn } from "tokiwa";
import {
  IoError,
  type OwnedReadHalf,
  type OwnedWriteHalf,
  type SocketAddress,
  TcpListener,
  TcpStream,
} from "tokiwa/net";
import { mpsc, TrySendError } from "tokiwa/sync";

/** Lines that may wait for a client. One that reads more slowly misses lines, and holds nobody up. */
const BACKLOG = 64;
const LONGEST_LINE = 4096;

const demo = process.argv.includes("--demo");
const port = demo ? 0 : Number(process.env.PORT ?? 7778);

/** The program; `main` at the end of the file runs it, once the classes are there. */
function* chat() {
  using listener = yield* TcpListener.bind({ host: "127.0.0.1", port });
  const address = listener.localAddr();
  console.log(`listening on ${address.host}:${address.port}`);
  const server = spawn(serve, listener, new Room());
  if (demo) yield* visit(address);
  else yield* server;
}

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
    this.#offer(tx, `* welcome, ${name}; here are: ${others}`);
    return {
      [Symbol.dispose]: () => {
        this.#members.delete(name);
        this.tell(`* ${name} has gone`);
      },
    };
  }

  tell(line: string, except?: string): void {
    for (const [name, tx] of this.#members) if (name !== except) this.#offer(tx, line);
  }

  #offer(tx: mpsc.Sender<string>, line: string): void {
    try {
      tx.trySend(line);
    } catch (error) {
      if (!(error instanceof TrySendError)) throw error;
    }
  }
}

function* serve(listener: TcpListener, room: Room) {
  for (;;) {
    const [socket] = yield* listener.accept();
    spawn(attend, socket, room);
  }
}

/** One client, from its name to its leave. Whichever way it ends, the `using` lines clean up, from the last to the first. */
function* attend(socket: TcpStream, room: Room) {
  const [read, write] = socket.intoSplit();
  using _read = read;
  const [tx, rx] = mpsc.channel<string>(BACKLOG);
  using _tx = tx;
  spawn(deliver, rx, write);
  const lines = new Lines(read);
  try {
    const name = yield* askName(lines, tx, room);
    if (name === undefined) return;
    using _seat = room.enter(name, tx);
    for (;;) {
      const line = yield* lines.next();
      if (line === undefined) return;
      room.tell(`${name}: ${line}`, name);
    }
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
  }
}

function* askName(lines: Lines, tx: mpsc.Sender<string>, room: Room) {
  yield* tx.send("* your name?");
  for (;;) {
    const name = (yield* lines.next())?.trim();
    if (name === undefined) return undefined;
    if (name !== "" && !room.has(name)) return name;
    yield* tx.send("* taken; another?");
  }
}

/** Writes what the room has for a client, until the room lets go of the sender. */
function* deliver(rx: mpsc.Receiver<string>, write: OwnedWriteHalf) {
  using _rx = rx;
  using _write = write;
  try {
    for (;;) {
      const line = yield* rx.recv();
      if (line === undefined) return;
      yield* write.writeAll(new TextEncoder().encode(`${line}\n`));
    }
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
  }
}

/** The lines of a stream. What has come of the next one is kept here, so giving up a wait loses nothing. */
class Lines {
  readonly #half: OwnedReadHalf;
  readonly #buffer = new Uint8Array(1024);
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(half: OwnedReadHalf) {
    this.#half = half;
  }

  /** The next line; undefined at the end, or when a line is longer than anybody types. */
  *next() {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end).trimEnd();
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      if (this.#text.length > LONGEST_LINE) return undefined;
      const count = yield* this.#half.read(this.#buffer);
      if (count === 0) return undefined;
      this.#text += this.#decoder.decode(this.#buffer.subarray(0, count), { stream: true });
    }
  }
}

/** The demonstration: a conversation, step by step. */
function* visit(address: SocketAddress) {
  using ann = yield* come(address, "Ann");
  using bob = yield* come(address, "Bob");
  using cleo = yield* come(address, "Cleo");
  yield* ann.hear(2);
  yield* bob.hear(1);
  yield* ann.say("good evening");
  yield* bob.hear(1);
  yield* cleo.hear(1);
  bob.leave();
  yield* ann.hear(1);
  yield* cleo.say("he never says a word");
  yield* ann.hear(1);
}

/** Connects, and waits until the room has taken the visitor in. */
function* come(address: SocketAddress, name: string) {
  const visitor = new Visitor(name, yield* TcpStream.connect(address));
  yield* visitor.say(name);
  yield* visitor.hear(2);
  return visitor;
}

class Visitor implements Disposable {
  readonly #name: string;
  readonly #read: OwnedReadHalf;
  readonly #write: OwnedWriteHalf;
  readonly #lines: Lines;

  constructor(name: string, socket: TcpStream) {
    this.#name = name;
    [this.#read, this.#write] = socket.intoSplit();
    this.#lines = new Lines(this.#read);
  }

  *say(line: string) {
    yield* this.#write.writeAll(new TextEncoder().encode(`${line}\n`));
  }

  *hear(lines: number) {
    for (let heard = 0; heard < lines; heard++)
      console.log(`${this.#name} reads: ${yield* this.#lines.next()}`);
  }

  leave(): void {
    this.#write[Symbol.dispose]();
    this.#read[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.leave();
  }
}

await main(chat);
