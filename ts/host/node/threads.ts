// Threads of Node: node:worker_threads.
//
//   start     new Worker, with what it is given as workerData
//   messages  a port of the library's own, because reading the worker's standard one synchronously is not possible
//   wait      Atomics.wait, and Atomics.waitAsync on a thread whose event loop must go on
//   in use    process.getActiveResourcesInfo: 0.3 µs, so it can be asked before every park

import { availableParallelism } from "node:os";
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type Transferable,
  Worker,
  type WorkerOptions,
  workerData,
} from "node:worker_threads";
import type { HostThread, HostThreads, OwnThread, ThreadEvents, ThreadOptions } from "../types.js";

/** What workerData is for a thread that the library has started. */
interface Started {
  readonly tokiwa: 1;
  readonly port: MessagePort;
  readonly data: unknown;
}

/** A message that says nothing. */
const ALIVE = { kind: "alive" };

class NodeThread implements HostThread {
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private answers = false;

  constructor(worker: Worker, port: MessagePort) {
    this.worker = worker;
    this.port = port;
  }

  terminate(): void {
    // While it still can answer: a thread that nobody has asked before it is dead would be taken to be alive for ever.
    this.isAlive();
    void this.worker.terminate();
  }

  post(message: unknown, transfer: readonly unknown[]): void {
    this.port.postMessage(message, transfer as readonly Transferable[]);
  }

  receive(): unknown {
    return receiveMessageOnPort(this.port)?.message;
  }

  /**
   * Node's postMessage answers true while there is another end, which its documentation does not say. One that has never
   * answered is taken to be alive.
   */
  isAlive(): boolean {
    const answer: unknown = (this.port.postMessage as (message: unknown) => unknown).call(
      this.port,
      ALIVE,
    );
    if (answer === true) this.answers = true;
    return answer === true || !this.answers;
  }
}

/** Flags that say what the process itself runs; the value of each of them follows, unless it is behind an equals sign. */
const OF_THE_MAIN_SCRIPT = new Set(["--input-type", "--eval", "-e", "--print", "-p", "-pe"]);

/** The flags of this process without those that say what it runs; undefined, for all of them, if there are none of those. */
function inheritedFlags(): string[] | undefined {
  const flags: string[] = [];
  for (let at = 0; at < process.execArgv.length; at++) {
    const flag = process.execArgv[at] as string;
    const [name] = flag.split("=", 1) as [string];
    if (!OF_THE_MAIN_SCRIPT.has(name)) flags.push(flag);
    else if (!flag.includes("=")) at += 1;
  }
  return flags.length === process.execArgv.length ? undefined : flags;
}

/** Flags of V8 and of the whole process are inherited as a matter of course, and refused when they are named. */
function newWorker(url: URL | undefined, settings: WorkerOptions): Worker {
  const start = (more: WorkerOptions): Worker =>
    url === undefined
      ? new Worker(new URL("../worker.js", import.meta.url), more)
      : new Worker(url, more);
  const flags = inheritedFlags();
  if (flags === undefined) return start(settings);
  try {
    return start({ ...settings, execArgv: flags });
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_WORKER_INVALID_EXEC_ARGV") throw error;
    return start({ ...settings, execArgv: [] });
  }
}

const BYTES_PER_MB = 1024 * 1024;

function start(options: ThreadOptions, events: ThreadEvents): HostThread {
  const { port1, port2 } = new MessageChannel();
  const started: Started = { tokiwa: 1, port: port2, data: options.data };
  const settings = {
    name: options.name,
    workerData: started,
    transferList: [port2],
    ...(options.stackBytes === undefined
      ? {}
      : { resourceLimits: { stackSizeMb: options.stackBytes / BYTES_PER_MB } }),
  };
  const worker = newWorker(
    options.entry === undefined ? undefined : new URL(options.entry),
    settings,
  );
  let failure: unknown;
  worker.on("error", (error) => {
    failure = error;
  });
  worker.on("exit", (code) => {
    // What it sent last may still stand at the port.
    for (let last = receiveMessageOnPort(port1); last; last = receiveMessageOnPort(port1))
      events.onMessage(last.message);
    port1.close();
    events.onExit(code, failure);
  });
  port1.on("message", (message) => events.onMessage(message));
  port1.unref();
  worker.unref();
  return new NodeThread(worker, port1);
}

function isStarted(data: unknown): data is Started {
  return (data as Partial<Started> | null)?.tokiwa === 1;
}

class NodeOwnThread implements OwnThread {
  readonly data: unknown;
  private readonly port: MessagePort;
  private readonly received: unknown[] = [];

  constructor({ data, port }: Started) {
    this.data = data;
    this.port = port;
  }

  post(message: unknown, transfer: readonly unknown[]): void {
    this.port.postMessage(message, transfer as readonly Transferable[]);
  }

  receive(): unknown {
    // What the event loop has taken came before what still stands at the port.
    if (this.received.length > 0) return this.received.shift();
    return receiveMessageOnPort(this.port)?.message;
  }

  onReceivable(callback: () => void): void {
    // The listener keeps the thread alive until it exits.
    this.port.on("message", (message) => {
      this.received.push(message);
      callback();
    });
  }

  onExit(callback: () => void): void {
    process.on("exit", callback);
  }

  exit(): never {
    process.exit();
  }
}

let held: MessagePort | undefined;
let holders = 0;

/** Keeps the event loop alive by a port, which isLoopInUse does not count. */
export function holdLoop(): () => void {
  if (held === undefined) {
    held = new MessageChannel().port1;
    held.on("message", () => {});
  }
  holders += 1;
  held.ref();
  let holding = true;
  return () => {
    if (!holding) return;
    holding = false;
    holders -= 1;
    if (holders === 0) held?.unref();
  };
}

let own: OwnThread | undefined;

/** Timers and the like that keep an event loop alive; ports do not count, or no thread would ever be free of them. */
function isLoopInUse(): boolean {
  for (const resource of process.getActiveResourcesInfo())
    if (resource !== "MessagePort") return true;
  return false;
}

type WaitAsync = (
  words: Int32Array,
  index: number,
  value: number,
) => { readonly async: false } | { readonly async: true; readonly value: Promise<string> };

const atomicsWaitAsync = (Atomics as unknown as { waitAsync: WaitAsync }).waitAsync;

export const threads: HostThreads = {
  cores: availableParallelism(),
  start,
  own: () => {
    if (own === undefined && isStarted(workerData)) own = new NodeOwnThread(workerData);
    return own;
  },
  wait: (words, index, value, limitMs) => {
    Atomics.wait(words, index, value, limitMs);
  },
  waitAsync: (words, index, value, callback) => {
    const wait = atomicsWaitAsync(words, index, value);
    if (wait.async) void wait.value.then(callback);
    else queueMicrotask(callback);
  },
  isLoopInUse,
  load: (url) => import(url),
};
