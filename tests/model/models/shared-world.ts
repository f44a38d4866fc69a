// What models of shared primitives begin with: objects, claims, wakers that are seen without a thread's loop, and the heap
// counted block by block.

import { type Core, call, insist, type Operation, same, until } from "../explorer/model.js";
import { coreAt, setUp } from "./world.js";

/** assembly/core/shared/layout.ts. */
export const SEMAPHORE = 1;
export const LOCK = 2;
export const CHANNEL = 3;
export const ONESHOT = 4;
export const BROADCAST = 5;
export const WATCH = 6;
export const NOTIFY = 7;
export const CELL = 8;

export const SENDER = 2;
export const WEAK = 3;
export const RECEIVER = 4;

export const IDLE = 0;
export const READY = 1;
export const WAITING = 2;
export const CLOSED = 3;
export const HELD = 4;
export const NONE_FREE = 5;
export const ALL = 6;
export const BROKEN = 7;

/** Outcomes of values. */
export const EMPTY_SLOT = 0;
export const NUMBER = 3;
export const BYTES = 5;

/** Answers of channels. */
export const SENT = 1;
export const FULL = 2;
export const GONE = 3;
export const DRAINED = -1;
export const SHATTERED = -2;

const STATES = 7;

/** What acquiring answers: a state, and a claim unless it was refused. */
export function stateIn(answer: number): number {
  return answer & STATES;
}

export function claimIn(answer: number): number {
  return answer & ~STATES;
}

/** Threads that have no tasks of their own to run. */
export function setUpCallers(cores: readonly Core[]): void {
  setUp(
    cores,
    cores.map(() => "caller"),
  );
}

function made(address: number): number {
  insist(address !== 0, "there is memory");
  return address;
}

/** An object, kept by a claim of the core's thread. */
export function newObject(core: Core, kind: number, permits: number, maximum: number): number {
  const claim = made(core.call("shared.newObject", kind, permits, maximum));
  return core.call("claim.objectOf", claim);
}

/** A claim that keeps the object. Handles have one, so that what they call finds it there. */
export function refer(core: Core, object: number): number {
  return made(core.call("shared.newReference", object));
}

export function newEnd(core: Core, object: number, role: number): number {
  return made(core.call("ends.newEnd", object, role));
}

/** Takes permits that are free. */
export function take(core: Core, object: number, count: number): number {
  const answer = core.call("semaphore.tryAcquirePermits", object, count);
  same("permits that are free", stateIn(answer), HELD);
  return claimIn(answer);
}

/** Stands in line for permits, woken by a name. */
export function queue(core: Core, object: number, count: number, name = 1): number {
  const answer = core.call("semaphore.acquirePermits", object, count, waker(core), name);
  same("permits that are not free", stateIn(answer), WAITING);
  return claimIn(answer);
}

/** What stands for this thread in a claim; beside it the name of a waker. */
export function waker(core: Core): number {
  return core.call("waiters.thisThreadsName");
}

function signalsOf(core: Core): number {
  return core.call("worker.recordOf", core.call("worker.self")) + core.constant("layout.SIGNALS");
}

/** Blocks until a waker of this thread has been called. Whether it would also get out of its sleep: shared-signals.ts. */
export function* untilWoken(core: Core): Generator<Operation, number, number> {
  const signals = signalsOf(core);
  yield until(() => core.word(signals) !== 0);
  return yield call("waiters.takeSignal");
}

/** Waits for permits as a future does, from the answer of acquire on. The last state. */
export function* untilGranted(core: Core, claim: number): Generator<Operation, number, number> {
  for (;;) {
    const state = yield call("semaphore.pollPermits", claim, waker(core), 1);
    if (state !== WAITING) return state;
    yield* untilWoken(core);
  }
}

/** Takes permits, and waits for them. The claim. */
export function* acquire(
  core: Core,
  object: number,
  count: number,
): Generator<Operation, number, number> {
  const answer = yield call("semaphore.acquirePermits", object, count, waker(core), 1);
  if (stateIn(answer) === WAITING)
    same("granted", yield* untilGranted(core, claimIn(answer)), HELD);
  return claimIn(answer);
}

/** Calls `look` until it answers something else than `none`. */
export function* listen(
  core: Core,
  look: () => Operation,
  none: number,
): Generator<Operation, number, number> {
  for (;;) {
    const answer = yield look();
    if (answer !== none) return answer;
    yield* untilWoken(core);
  }
}

// ── Values ──

const WORD = 4;

/** A block for one word, in the hands of the core's thread. */
export function newBlock(core: Core, content: number): number {
  const block = made(core.call("value.newValue", WORD));
  core.call("words.setField", block, core.constant("sharedLayout.VALUE_BYTES"), content);
  return block;
}

/** The same within a body. */
export function* writeBlock(core: Core, content: number): Generator<Operation, number, number> {
  const block = yield call("value.newValue", WORD);
  yield call("words.setField", block, core.constant("sharedLayout.VALUE_BYTES"), content);
  return block;
}

/** Reads a block that is pinned for this thread, and lets go of it. */
export function* readBlock(core: Core, block: number): Generator<Operation, number, number> {
  const content = yield call("words.field", block, core.constant("sharedLayout.VALUE_BYTES"));
  yield call("value.unpin", block);
  return content;
}

/** The number that the last operation of the core's thread has left: a value, or a block's address. */
export function result(core: Core): Operation {
  return call("value.numberIn", core.call("shared.resultAddress") - SLOT_NUMBER);
}

const SLOT_NUMBER = 8;

// ── What is left ──

const CLASSES = 20;
const SMALLEST = 128;
const PAGE = 65536;
const LINK = 4;

function pushChain(core: Core, first: number, into: number[]): void {
  for (let block = first; block !== 0; block = core.word(block + LINK)) {
    insist(!into.includes(block), `block ${block.toString(16)} is free twice`);
    into.push(block);
  }
}

/** Blocks of all heaps that are in use. Throws if one is free twice. */
export function blocksInUse(cores: readonly Core[]): number[] {
  const free: number[] = [];
  const carved: number[] = [];
  const [core] = cores as [Core];
  for (let thread = 0; thread < cores.length; thread++) {
    const record = core.call("worker.recordOf", thread);
    pushChain(core, core.word(record + core.constant("layout.FREED_BLOCKS")), free);
    for (let kind = 0; kind < CLASSES; kind++) {
      const list = record + core.constant("layout.HEAP") + 12 * kind;
      pushChain(core, core.word(list), free);
      const size = SMALLEST << kind;
      const end = core.word(list + 8);
      const next = core.word(list + 4);
      for (let block = end - Math.max(size, PAGE); end !== 0 && block < next; block += size)
        carved.push(block);
    }
  }
  return carved.filter((block) => !free.includes(block));
}

/** Drops every claim that is left, thread by thread, as handles that are disposed. */
export function dropEverything(cores: readonly Core[]): void {
  for (const core of cores) {
    const claims =
      core.call("worker.recordOf", core.call("worker.self")) + core.constant("layout.CLAIMS");
    for (let claim = core.word(claims); claim !== 0; claim = core.word(claims))
      core.call("drop.dropClaim", claim);
    core.call("drop.collect");
    for (let name = core.call("waiters.takeSignal"); name !== 0; )
      name = core.call("waiters.takeSignal");
  }
}

/** Everything was given back, once. */
export function nothingLeft(cores: readonly Core[]): void {
  dropEverything(cores);
  same(
    "blocks left over",
    blocksInUse(cores).map((block) => block.toString(16)),
    [],
  );
}

export { coreAt };
