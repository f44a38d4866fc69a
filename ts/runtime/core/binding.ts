// The one file that knows the exports of the Wasm core. Names are the names in assembly/core/index.ts, and for the build with
// threads those in assembly/core/threads/index.ts besides.
//
// The core is built twice from one source: with threads, over a memory that several threads share, and without. A
// current_thread runtime takes the one without: nobody else can reach its memory, and its state changes need no lock prefix.

import { TokiwaError } from "../../future/index.js";
import type { SyncCore } from "../../sync/shared/index.js";
import { singleCore, threadsCore } from "./bytes.js";

/** How a poll ended: what `next` is told of the task it handed out before. */
export const PENDING = 0;
export const YIELDED = 1;
export const COMPLETED = 2;
/** Of a RESULT_FLAG: the result has been taken. */
export const DELIVERED = 3;
/** Of a DROP_FLAG: nobody is to hear that it has ended before `release`. */
export const DETAINED = 4;

/** What `next` answers besides a slot. */
export const EMPTY = -1;
export const DRIVER = -2;
/** Set in the answer when the task was cancelled and is to be dropped instead of polled. */
export const DROP_FLAG: number = 1 << 24;
export const SLOT_MASK: number = DROP_FLAG - 1;
/** A sendable task has its first poll on this thread. */
export const START_FLAG: number = 1 << 25;
/** A task that was spawned here has ended on another thread. */
export const RESULT_FLAG: number = 1 << 26;

/** How many threads may take part in a runtime. */
export const MOST_THREADS = 1024;
/** What `stateOfThread` says of a record that nobody uses. */
export const THREAD_FREE = 0;

/** What a thread is to a multi_thread runtime. */
export const ROLE_CALLER = 0;
export const ROLE_WORKER = 1;
export const ROLE_BLOCKING = 2;

/** What a task is. */
export const KIND_SENDABLE = 1;
export const KIND_BLOCKING = 2;

/** How a task ended; and, from NUMBER on, how its arguments or its result are written. The first two are the core's. */
export const OUTCOME_CANCELLED = 1;
export const OUTCOME_LOST = 2;
export const OUTCOME_NUMBER = 3;
export const OUTCOME_NONE = 4;
export const OUTCOME_BYTES = 5;
export const OUTCOME_PORT = 6;
export const OUTCOME_THROWN = 7;
/** Arguments behind what `Builder.carryContext` captured. */
export const OUTCOME_CONTEXT = 8;
/** One array of bytes, as it is. */
export const OUTCOME_RAW = 9;

/** How much a thread that does not steal expects of others: what `search` is told. */
export const EXPECTS_NOTHING = 0;
export const EXPECTS_LITTLE = 1;
export const EXPECTS_MUCH = 2;

/** The park word of a thread that sleeps. */
export const PARKED = 1;

/** Counters of a thread's record, as offsets: assembly/core/layout.ts. */
const COUNTERS = 5248;
export const COUNT_PARKS: number = COUNTERS;
export const COUNT_UNPARKS: number = COUNTERS + 4;
export const COUNT_NOOPS: number = COUNTERS + 8;
export const COUNT_STOLEN: number = COUNTERS + 12;
export const COUNT_STEALS: number = COUNTERS + 16;
export const COUNT_OVERFLOWS: number = COUNTERS + 20;
export const COUNT_REMOTE: number = COUNTERS + 28;
export const COUNT_STARTED: number = COUNTERS + 32;
export const COUNT_DELIVERED: number = COUNTERS + 40;

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
  /** Whether it had not begun, and now never will. */
  cancelTask(slot: number, generation: number): number;
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

/** What the build with threads exports besides. */
export interface ThreadsExports extends CoreExports, SyncCore {
  carry(slot: number, claim: number): void;
  dropCarried(slot: number): void;
  attachClaim(block: number, claim: number): void;
  hasClaims(block: number): number;
  newTraveller(claim: number): number;
  discardTraveller(traveller: number): void;
  depart(claim: number, traveller: number): void;
  comeBack(claim: number, traveller: number): void;
  isUnique(claim: number): number;
  hasSignals(): number;
  takeSignal(): number;
  tidy(): void;
  resultAddress(): number;
  batchAddress(): number;
  wokenAddress(): number;
  claimsHere(): number;
  hasCompany(): number;
  setUp(
    workers: number,
    substitutes: number,
    cores: number,
    mostBlocking: number,
    globalInterval: number,
    taskLimit: number,
    timerLimit: number,
  ): void;
  becomeOwner(): void;
  ownerThread(): number;
  hasPort(thread: number): number;
  aliveHere(): number;
  usedPages(): number;
  callsHere(): number;
  workerCount(): number;
  claimRecord(thread: number): number;
  claimAny(): number;
  freeRecord(thread: number): void;
  beginThread(role: number, lifo: number): void;
  hasBegun(thread: number): number;
  stateOfThread(thread: number): number;
  roleOf(thread: number): number;
  parkIndex(thread: number): number;
  unpark(thread: number): void;
  search(expects: number): number;
  beginPark(): number;
  endPark(parkedMs: number): void;
  close(): void;
  isClosed(): number;
  clearClosed(): void;
  recover(thread: number): number;
  retire(thread: number): void;
  /** Stops the thread, and says, at a later call, whether it may be ended: a millisecond after the first, not before. */
  dismiss(thread: number): number;
  heedStop(): void;
  sweep(thread: number): number;
  newId(): number;
  lastId(): number;
  newSendable(kind: number, fn: number, id: number, outcome: number, bytes: number): number;
  submit(slot: number): void;
  submitTo(slot: number, thread: number): void;
  spawnNumber(kind: number, fn: number, id: number, outcome: number, argument: number): number;
  functionOf(slot: number): number;
  idOf(slot: number): number;
  restart(slot: number): void;
  release(slot: number): void;
  kindOf(slot: number): number;
  joinerOf(slot: number): number;
  homeOf(slot: number): number;
  outcomeOf(slot: number): number;
  numberOf(slot: number): number;
  payloadAddress(slot: number): number;
  payloadLength(slot: number): number;
  setResult(slot: number, outcome: number, bytes: number): number;
  setNumber(slot: number, outcome: number, value: number): void;
  newName(bytes: number): number;
  enterFunction(name: number): number;
  functionCount(): number;
  functionName(fn: number): number;
  takeWanted(): number;
  hasWanted(): number;
  takeWantedSubstitutes(): number;
  forgetBlocking(): void;
  startBegun(thread: number): void;
  startSucceeded(): void;
  leavePool(): number;
  blockingLength(): number;
  blockingThreads(): number;
  idleBlocking(): number;
  handOff(): void;
  setImporting(importing: number): void;
  takeBack(): void;
  injectorLength(): number;
  searchers(): number;
  counterOf(thread: number, field: number): number;
  pollsOf(thread: number): number;
  ringLengthOf(thread: number): number;
  currentOf(thread: number): number;
  isThreadParked(thread: number): number;
}

/** Most tasks and timers a core can hold: what its directories have room for. */
export const MAX_TASKS: number = 4096 * 1024;
export const MAX_TIMERS: number = 4096 * 2048;

const INITIAL_PAGES = 3;
/** With threads there are a thousand records, most of them never touched: address space, not memory. */
const INITIAL_PAGES_THREADS = 131;
/** A gigabyte: four million tasks and half as much again for what they carry. */
const SHARED_PAGES = 16384;
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

let compiledSingle: WebAssembly.Module | undefined;
let compiledThreads: WebAssembly.Module | undefined;

/** A core with its memory, ready to be configured. */
export interface Core<E extends CoreExports = CoreExports> {
  readonly exports: E;
  /** Its memory. The buffer is another one after the core has grown. */
  readonly memory: { readonly buffer: ArrayBufferLike };
}

/** What a thread needs to take part in a runtime: both can be sent to it. */
export interface SharedCore {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

function instantiate<E extends CoreExports>(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  thread: number,
): Core<E> {
  const abort = (message: number, file: number, line: number): never => {
    throw new CoreAssertionError(`${textAt(memory, message)} (${textAt(memory, file)}:${line})`);
  };
  const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
  const exports = instance.exports as unknown as E;
  exports.adoptWorker(thread);
  return { exports, memory };
}

/** Starts a core without threads. Compiled once a thread; about half a millisecond the first time. */
export function createCore(): Core {
  compiledSingle ??= new WebAssembly.Module(singleCore());
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES });
  return instantiate(compiledSingle, memory, 0);
}

/**
 * As large as it will ever be (assembly/core/slab.ts says why): address space, of which only what is touched costs memory. Where so
 * much is not to be had, less.
 */
function newSharedMemory(): WebAssembly.Memory {
  for (let pages = SHARED_PAGES; ; pages /= 4) {
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch (error) {
      if (pages / 4 < INITIAL_PAGES_THREADS) throw error;
    }
  }
}

/** The memory of a runtime with threads. Compiled once a process; threads are sent the module. */
export function createSharedCore(): SharedCore {
  compiledThreads ??= new WebAssembly.Module(threadsCore());
  const memory = newSharedMemory();
  return { module: compiledThreads, memory };
}

/** This thread's instance over a shared memory, for the record that it has claimed. */
export function joinCore({ module, memory }: SharedCore, thread: number): Core<ThreadsExports> {
  return instantiate(module, memory, thread);
}

export interface PoolLimits {
  readonly maxBlockingThreads: number;
  /** 0: found by measurement. */
  readonly globalQueueInterval: number;
  readonly maxTasks: number;
  readonly maxTimers: number;
}

/** Sets up a fresh memory for so many workers; an instance for claiming records, which is to run nothing. */
export function setUpCore(
  shared: SharedCore,
  workers: number,
  substitutes: number,
  cores: number,
  limits: PoolLimits,
): ThreadsExports {
  const { exports } = joinCore(shared, 0);
  const { maxBlockingThreads, globalQueueInterval, maxTasks, maxTimers } = limits;
  exports.setUp(
    workers,
    substitutes,
    cores,
    maxBlockingThreads,
    globalQueueInterval,
    maxTasks,
    maxTimers,
  );
  return exports;
}

/**
 * Calls back with a core of the memory, for a thread that does not take part in it, and that has no tasks there. Undefined when all
 * records are in use.
 */
export function visitCore<T>(
  shared: SharedCore,
  visit: (core: ThreadsExports) => T,
): T | undefined {
  const record = claimCallerRecord(shared);
  if (record < 0) return undefined;
  const { exports } = joinCore(shared, record);
  try {
    return visit(exports);
  } finally {
    exports.freeRecord(record);
  }
}

/** Dismisses a thread of the memory for one that takes no part in it. That needs no record, of which none may be free. */
export function dismissFromOutside(shared: SharedCore, record: number): boolean {
  return joinCore(shared, 0).exports.dismiss(record) !== 0;
}

/** A record for one more thread of a runtime that is under way; -1 when all are in use. */
export function claimCallerRecord(shared: SharedCore): number {
  return joinCore(shared, 0).exports.claimAny();
}
