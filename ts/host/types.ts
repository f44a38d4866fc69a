// What the library asks of the place it runs in. Everything that a test or a simulation wants to replace is reached
// through these two interfaces, and only files under host/ know whether it is Node, a page, or a simulated world.

/** A timer of the host. Opaque. */
export type HostTimer = unknown;

export interface Host {
  /** For error messages: "Node", "a browser". */
  readonly name: string;
  /** Monotonic time in milliseconds, with fractions. */
  now(): number;
  /** Calls back after this turn of the event loop, before timers that are due later. Keeps the process alive until then. */
  defer(callback: () => void): void;
  /** Calls back in `delayMs`, never before it by more than the host's own rounding. Keeps the process alive. */
  setTimer(callback: () => void, delayMs: number): HostTimer;
  /** Like `setTimer`, without keeping the process alive. */
  setBackgroundTimer(callback: () => void, delayMs: number): HostTimer;
  clearTimer(timer: HostTimer): void;
  /** Whether this thread may be blocked. */
  readonly canPark: boolean;
  /** Blocks this thread for `delayMs`. Only where `canPark`. */
  park(delayMs: number): void;
  /** 32 random bits. */
  entropy(): number;
  /** A line for the operator: stderr, or the console. */
  report(text: string): void;
  /** A value of the environment the process was started with. */
  environment(name: string): string | undefined;
  /** Carries a value through promises, where the host can; elsewhere just calls. */
  runWith<T>(store: object, callback: () => T): T;
  /** The value that `runWith` carries, or undefined. */
  carried(): object | undefined;
  /** The host's asynchronous context of this call, to run other calls in; undefined where that holds nothing. */
  captureContext(): (<T>(callback: () => T) => T) | undefined;
  /** Calls back outside of every such context, whoever calls. */
  outside<T>(callback: () => T): T;
  /** Calls back when the process has nothing left to wait for. Returns what takes the callback back. */
  onIdleExit(callback: () => void): () => void;
  /** Calls back when the process ends. Returns what takes the callback back. */
  onExit(callback: () => void): () => void;
  /** Keeps the process alive until the result is called. */
  keepAlive(): () => void;
  /** The `test` of the runner that the host brings along, where it brings one. Loads it. */
  builtinTest(): unknown;
  /** Threads, where the host has them and this page or process may use them. */
  readonly threads: HostThreads | undefined;
}

/** What a thread that the library starts is given. Must be structured-cloneable. */
export type ThreadData = unknown;

export interface ThreadOptions {
  readonly name: string;
  /** The module that a thread begins with; undefined: the library's own. */
  readonly entry: string | undefined;
  readonly stackBytes: number | undefined;
  readonly data: ThreadData;
}

/** Another thread, as the one that started it sees it. */
export interface HostThread {
  /** Ends it wherever it is. */
  terminate(): void;
  /** Sends a value by structured clone; arrives in order. Throws what cannot be cloned. */
  post(message: unknown, transfer: readonly unknown[]): void;
  /** Whether it is there, asked without the event loop; true where that cannot be told. */
  isAlive(): boolean;
  /** What it has sent and `onMessage` has not been called for, at once; undefined when there is nothing. */
  receive(): unknown;
}

export interface ThreadEvents {
  /** It has sent something. */
  onMessage(message: unknown): void;
  /** It has ended. `error` is what it threw, if anything. */
  onExit(code: number, error: unknown): void;
}

/** This thread, when the library has started it. */
export interface OwnThread {
  readonly data: ThreadData;
  /** Sends to the thread that started this one. */
  post(message: unknown, transfer: readonly unknown[]): void;
  /** What has been sent to this thread and not been received, at once; undefined when there is nothing. */
  receive(): unknown;
  /** Called when `receive` may give something, unless the thread is blocked. Keeps the thread alive until it exits. */
  onReceivable(callback: () => void): void;
  /** Calls back when this thread ends by itself, in whatever way but for want of memory; not when it is terminated. */
  onExit(callback: () => void): void;
  /** Ends this thread. */
  exit(): never;
}

export interface HostThreads {
  /** How many threads the machine runs at once. */
  readonly cores: number;
  start(options: ThreadOptions, events: ThreadEvents): HostThread;
  /** This thread, if the library has started it. */
  own(): OwnThread | undefined;
  /** Blocks this thread while the word holds the value, for at most `limitMs`. Only where `canPark`. */
  wait(words: Int32Array, index: number, value: number, limitMs: number | undefined): void;
  /** The same without blocking: calls back when the word is notified, or held something else at once. */
  waitAsync(words: Int32Array, index: number, value: number, callback: () => void): void;
  /** Whether something on this thread's event loop is under way that could call back. */
  isLoopInUse(): boolean;
  /** Imports a module. */
  load(url: string): Promise<Record<string, unknown>>;
}

/** An IP address and a port. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/** `read` and `write` answer this when they would have to wait. */
export const WOULD_BLOCK = -1;

/**
 * A connected stream socket, polled for readiness: nothing is read that nobody asked for. Methods throw the host's error
 * with its `code`.
 */
export interface HostSocket {
  readonly localAddress: SocketAddress;
  readonly peerAddress: SocketAddress;
  /** Fills `into` with what has arrived: the count, 0 at the end of the stream, or WOULD_BLOCK. */
  read(into: Uint8Array): number;
  /** Takes bytes for sending and copies them: the count, or WOULD_BLOCK while the peer does not keep up. */
  write(bytes: Uint8Array): number;
  /** Whether everything written has been handed to the system. */
  isFlushed(): boolean;
  /** Says that nothing more will be written. The other direction stays open. */
  shutdown(): void;
  /** Whether the shutdown has been carried out. */
  isShutDown(): boolean;
  setNodelay(enabled: boolean): void;
  /** Called when `read` may give something else than WOULD_BLOCK. */
  onReadable: (() => void) | undefined;
  /** Called when `write`, `isFlushed` or `isShutDown` may answer differently. */
  onWritable: (() => void) | undefined;
  /** Ends both directions; what was written is still sent. Twice is harmless. */
  close(): void;
}

export interface HostListener {
  readonly localAddress: SocketAddress;
  /** The next connection, or undefined when there is none yet. Throws the listener's error. */
  accept(): HostSocket | undefined;
  /** Called when `accept` may give a connection. */
  onAcceptable: (() => void) | undefined;
  close(): void;
}

/** How an operation that was started ends. Exactly one of them is called, once, unless the operation was cancelled. */
export interface Completion<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Takes a started operation back. */
export type Cancel = () => void;

export interface HostNet {
  listen(address: SocketAddress, backlog: number, done: Completion<HostListener>): Cancel;
  connect(address: SocketAddress, done: Completion<HostSocket>): Cancel;
  /** All addresses of a name, in the order to try them. */
  lookup(name: string, done: Completion<string[]>): Cancel;
}

/** Where a readable stream of the host's own kind has its chunks from. */
export interface ChunkSource {
  /** The next chunk. Never called again before the last has come. */
  pull(): Promise<IteratorResult<unknown, unknown>>;
  /**
   * Nobody reads any more, for a reason if there is one. A pull that is under way ends with `done`. Rejects with what the
   * clean-up throws.
   */
  cancel(reason: unknown): Promise<unknown>;
}

export interface HostReadableOptions {
  /** Chunks are values of any kind, not bytes. */
  readonly objectMode: boolean;
  /** How many chunks (or bytes) are pulled before anybody reads. */
  readonly highWaterMark: number;
}

export interface HostStreams {
  /** A readable of the host's own kind. It pulls when it is read, and up to the mark before that. */
  readable(source: ChunkSource, options: HostReadableOptions): unknown;
}
