// The one file that knows the exports of the Wasm core. Names are the names in assembly/core/index.ts.
//
// The core is built twice from one source: with threads, over a memory that several threads share, and without. A
// current_thread runtime takes the one without: nobody else can reach its memory, and its state changes need no lock prefix.

import { TokiwaError } from "../../future/index.js";
import { singleCore } from "./bytes.js";

/** How a poll ended: what `next` is told of the task it handed out before. */
export const PENDING = 0;
export const YIELDED = 1;
export const COMPLETED = 2;

/** What `next` answers besides a slot. */
export const EMPTY = -1;
export const DRIVER = -2;
/** Set in the answer when the task was cancelled and is to be dropped instead of polled. */
export const DROP_FLAG: number = 1 << 24;
export const SLOT_MASK: number = DROP_FLAG - 1;

/** The task that a timer wakes when its waker belongs to no task of this core. */
export const FOREIGN = -1;

/** State bits of a task, for reports. The scheduler itself never looks at them. */
export const STATE_SCHEDULED = 1;
export const STATE_RUNNING = 2;
export const STATE_CANCELLED = 8;

/**
 * The streams of random numbers; each purpose has its own, so that one does not shift the others. Stream 0 is the schedule's,
 * from which a first-in first-out queue draws nothing.
 */
export const STREAM_SELECT = 1;
export const STREAM_USER = 2;

export interface CoreExports {
  adoptWorker(index: number): void;
  configure(taskLimit: number, timerLimit: number, eventInterval: number, lifo: number): void;
  spawn(generation: number): number;
  next(outcome: number): number;
  driver(now: number): number;
  wakeTask(slot: number, generation: number): void;
  cancelTask(slot: number, generation: number): void;
  interrupt(): void;
  ready(): number;
  aliveTasks(): number;
  aliveTimers(): number;
  taskSlots(): number;
  queueLength(): number;
  pollCount(): number;
  taskState(slot: number): number;
  taskPolls(slot: number): number;
  isTask(slot: number, generation: number): number;
  insertTimer(deadline: number, slot: number, generation: number, key: number): number;
  cancelTimer(entry: number, key: number): void;
  isTimerPending(entry: number, key: number): number;
  retargetTimer(entry: number, key: number, slot: number, generation: number): void;
  nextExpiry(): number;
  nextExpiryBound(): number;
  takeForeignFired(): number;
  seedStreams(low: number, high: number): void;
  drawBelow(stream: number, bound: number): number;
  setTrace(on: number): void;
  traceCount(): number;
  traceAddress(index: number): number;
  clearTrace(): void;
}

/** Most tasks and timers a core can hold: what its directories have room for. */
export const MAX_TASKS: number = 4096 * 1024;
export const MAX_TIMERS: number = 4096 * 2048;

const INITIAL_PAGES = 3;
const MAXIMUM_PAGES = 65536;

/** An assertion of the check build failed. Never thrown by a release. */
export class CoreAssertionError extends TokiwaError {}

function textAt(memory: WebAssembly.Memory, pointer: number): string {
  if (pointer === 0) return "";
  const view = new DataView(memory.buffer);
  const bytes = view.getUint32(pointer - 4, true);
  let text = "";
  for (let at = 0; at < bytes; at += 2)
    text += String.fromCharCode(view.getUint16(pointer + at, true));
  return text;
}

let compiled: WebAssembly.Module | undefined;

/** A core with its own memory, ready to be configured. */
export interface Core {
  readonly exports: CoreExports;
  /** Its memory. The buffer is another one after the core has grown. */
  readonly memory: { readonly buffer: ArrayBufferLike };
}

/** Starts a core. Compiled once a thread; about half a millisecond the first time. */
export function createCore(): Core {
  compiled ??= new WebAssembly.Module(singleCore());
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES });
  const abort = (message: number, file: number, line: number): never => {
    throw new CoreAssertionError(`${textAt(memory, message)} (${textAt(memory, file)}:${line})`);
  };
  const instance = new WebAssembly.Instance(compiled, { env: { memory, abort } });
  const exports = instance.exports as unknown as CoreExports;
  exports.adoptWorker(0);
  return { exports, memory };
}
