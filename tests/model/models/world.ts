// What models begin with: a memory that is set up, threads in their roles, tasks; and the loop that a thread runs in
// TypeScript around the core (ts/runtime/scheduler), as a body.

import {
  type Body,
  type Core,
  call,
  insist,
  type Operation,
  pause,
  sleep,
  until,
} from "../explorer/model.js";

/** Outcomes and answers of `next`: assembly/core/scheduler.ts, threads/take.ts. */
export const PENDING = 0;
export const COMPLETED = 2;
export const DELIVERED = 3;
export const EMPTY = -1;
export const DRIVER = -2;
export const DROP_FLAG: number = 1 << 24;
export const START_FLAG: number = 1 << 25;
export const RESULT_FLAG: number = 1 << 26;
const FLAGS = DROP_FLAG | START_FLAG | RESULT_FLAG;

/** Kinds of tasks. */
export const SENDABLE = 1;
export const BLOCKING = 2;

export type Role = "worker" | "substitute" | "caller" | "blocking";

const ROLES: Record<Role, number> = { caller: 0, worker: 1, substitute: 1, blocking: 2 };
const TASK_LIMIT = 64;
/** No driver turns unless a model makes them. */
const EVENT_INTERVAL = 1 << 30;

function countRole(roles: readonly Role[], role: Role): number {
  return roles.filter((other) => other === role).length;
}

function takeRecord(core: Core, record: number, role: Role, lifo: number): void {
  core.call("worker.adoptWorker", record);
  insist(core.call("registry.claimRecord", record) === 1, "a record is free at the start");
  core.call("scheduler.configure", TASK_LIMIT, TASK_LIMIT, EVENT_INTERVAL, lifo);
  core.call("registry.beginThread", ROLES[role], lifo);
}

/**
 * Sets up a memory for threads in these roles, of which a worker is the first if there are any. Records go to workers,
 * substitutes, callers and blocking threads in this order. No lifo slot unless a model wants one.
 */
export function setUp(cores: readonly Core[], roles: readonly Role[], lifo = 0): void {
  const workers = countRole(roles, "worker");
  const substitutes = countRole(roles, "substitute");
  const owner = coreAt(cores, 0);
  const [processors, blocking, interval] = [1, 2, 61];
  const counts = [workers, substitutes, processors, blocking, interval, TASK_LIMIT, TASK_LIMIT];
  owner.call("threads.setUp", ...counts);
  // Workers, substitutes, the others (threads/substitutes.ts, U1).
  const order: readonly Role[] = ["worker", "substitute", "caller", "blocking"];
  const byRecord = order.flatMap((role) =>
    roles.flatMap((other, index) => (other === role ? [{ role, index }] : [])),
  );
  for (const [record, { role, index }] of byRecord.entries())
    takeRecord(coreAt(cores, index), record, role, lifo);
}

export function coreAt(cores: readonly Core[], index: number): Core {
  const core = cores[index];
  if (core === undefined) throw new Error(`the model has no thread ${index}`);
  return core;
}

/** Headers of new tasks that are in no queue, in the hands of the core's thread. */
export function newTasks(core: Core, count: number): number[] {
  return Array.from({ length: count }, (_, index) => core.call("task.newTask", index + 1));
}

/** Slots of new tasks for a sendable function, not yet submitted, joined by the core's thread. */
export function newSendables(core: Core, count: number, kind: number = SENDABLE): number[] {
  return Array.from({ length: count }, () => {
    const slot = core.call("submit.newSendable", kind, 1, core.call("submit.newId"), 0, 0);
    insist(slot >= 0, "there is room for a task");
    return slot;
  });
}

/** Calls a function that takes one item after the other out of a queue until there is none. */
export function* takeAll(name: string, into: number[]): Generator<Operation, void, number> {
  for (;;) {
    const taken = yield call(name);
    if (taken === 0) return;
    into.push(taken);
  }
}

/** The same outside of the search. */
export function remaining(core: Core, name: string): number[] {
  const found: number[] = [];
  for (let taken = core.call(name); taken !== 0; taken = core.call(name)) found.push(taken);
  return found;
}

/** A word of the header that the core does not use: for what bodies count in common. */
const TALLY = 1008;

export function tallyAddress(core: Core): number {
  return core.constant("layout.HEADER") + TALLY;
}

/** Counts one more of what this and other threads do. */
export function tally(core: Core): Operation {
  return call("sync.addShared", tallyAddress(core), 1);
}

/** Blocks, as a long poll does, until so many have been counted. */
export function untilTally(core: Core, count: number): Operation {
  const address = tallyAddress(core);
  return until(() => core.word(address) >= count);
}

/** How long parks take, which says how long the next search is; models have one processor, so it does not matter. */
const SHORT_PARK_MS = 1;

/** Goes to sleep as the hosts do, and is back when woken or when the host has something for the thread. */
export function* park(
  core: Core,
  hasEvent: () => boolean = () => false,
): Generator<Operation, void, number> {
  const word = core.call("threads.parkIndex", core.call("worker.self")) * 4;
  if ((yield call("search.beginPark")) === 0) {
    // Something came, or is in the hands of somebody who has not finished: the loop goes round once more.
    yield pause();
    return;
  }
  const parked = core.constant("parking.PARKED");
  while ((yield call("sync.loadShared", word)) === parked && !hasEvent())
    yield sleep(word, parked, hasEvent);
  yield call("search.endPark", SHORT_PARK_MS);
}

/** What a model's tasks do when they are polled: the outcome to report. */
export type Poll = (slot: number, flags: number) => Generator<Operation, number, number>;

/** What the host has for a thread besides its tasks. */
export interface Events {
  /** Ends a sleep. */
  has(): boolean;
  /** Done whenever nothing is ready. */
  handle(): Body;
}

const NO_EVENTS: Events = { has: () => false, handle: function* () {} };

/** A thread's loop, until the runtime is closed and there is nothing left to do. */
export function* runThread(core: Core, poll: Poll, events: Events = NO_EVENTS): Body {
  let outcome = PENDING;
  for (;;) {
    const answer = yield call("scheduler.next", outcome);
    outcome = PENDING;
    if (answer === DRIVER) {
      yield call("scheduler.driver", 0);
      continue;
    }
    if (answer !== EMPTY) {
      outcome = yield* poll(answer & ~FLAGS, answer & FLAGS);
      continue;
    }
    yield* events.handle();
    if ((yield call("closing.isClosed")) === 1) return;
    if ((yield call("search.search", 0)) === 0) yield* park(core, () => events.has());
  }
}
