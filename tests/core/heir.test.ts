// A thread gets the record of one that has ended: it begins as if nobody had had it.

import { expect, test } from "vitest";
import {
  COMPLETED,
  type CoreExports,
  DRIVER,
  EMPTY,
  FOREIGN,
  moduleOf,
  PENDING,
} from "../support/core.js";

interface ThreadsExports extends CoreExports {
  setUp(...counts: number[]): void;
  claimRecord(thread: number): number;
  beginThread(role: number, lifo: number): void;
  spawnNumber(kind: number, fn: number, id: number, outcome: number, argument: number): number;
  recover(thread: number): number;
  retire(thread: number): void;
}

const WORKER = 0;
const OTHER_WORKER = 1;
const OWNER = 3;
const RECORD = 4;
const ROLE_CALLER = 0;
const ROLE_WORKER = 1;
const ROLE_BLOCKING = 2;
const EVENT_INTERVAL = 4;
/** More than one tick of every level of the wheel that a test can reach in a second. */
const LATER = 10_000;

function newMemory(): (record: number, role: number) => ThreadsExports {
  const memory = new WebAssembly.Memory({ initial: 140, maximum: 140, shared: true });
  const abort = (): never => {
    throw new Error("assertion");
  };
  const join = (): ThreadsExports => {
    const imports = { env: { memory, abort } };
    const { exports } = new WebAssembly.Instance(moduleOf("check-threads"), imports);
    return exports as unknown as ThreadsExports;
  };
  join().setUp(2, 1, 1, 4, 61, 64, 64);
  return (record, role) => {
    const core = join();
    core.adoptWorker(record);
    expect(core.claimRecord(record)).toBe(1);
    core.configure(64, 64, EVENT_INTERVAL, 0);
    core.beginThread(role, 1);
    return core;
  };
}

/** A thread that has run tasks, has come to a later time, and leaves a timer that nobody waits for. */
function useUp(core: ThreadsExports): void {
  const tasks = EVENT_INTERVAL + 2;
  for (let task = 0; task < tasks; task++) core.spawn(task + 1);
  for (let answer = core.next(PENDING); answer !== EMPTY; answer = core.next(PENDING))
    if (answer === DRIVER) core.driver(LATER);
  core.driver(LATER);
  core.insertTimer(LATER + 7, FOREIGN, 0, 1);
}

test.each(["retire", "recover"] as const)("after %s", (end) => {
  const begin = newMemory();
  const owner = begin(OWNER, ROLE_CALLER);
  useUp(begin(RECORD, ROLE_BLOCKING));
  owner[end](RECORD);

  const heir = begin(RECORD, ROLE_BLOCKING);
  expect(heir.nextExpiry(), "the wheel is empty").toBe(-1);
  expect(heir.aliveTimers(), "what was on it has been given back").toBe(0);
  heir.insertTimer(5, FOREIGN, 0, 2);
  expect(heir.nextExpiryBound(), "the clock begins anew").toBe(5);
  expect(heir.driver(5)).toBe(1);
  expect(heir.takeForeignFired()).toBe(2);
});

test("the driver has its turn after as many polls as with any other thread", () => {
  const begin = newMemory();
  const owner = begin(OWNER, ROLE_CALLER);
  useUp(begin(RECORD, ROLE_BLOCKING));
  owner.retire(RECORD);

  const heir = begin(RECORD, ROLE_BLOCKING);
  for (let task = 0; task < 2 * EVENT_INTERVAL; task++) heir.spawn(task + 100);
  for (let polls = 0; polls < EVENT_INTERVAL; polls++)
    expect(heir.next(PENDING), `poll ${polls}`).toBeGreaterThanOrEqual(0);
  expect(heir.next(PENDING)).toBe(DRIVER);
});

test("of a task that a dead worker had in its lifo slot nothing is remembered when its heir dies", () => {
  const begin = newMemory();
  const owner = begin(OWNER, ROLE_CALLER);
  const other = begin(OTHER_WORKER, ROLE_WORKER);
  const [sendable, fn, outcome, argument] = [1, 1, 16, 5];
  const slot = begin(WORKER, ROLE_WORKER).spawnNumber(sendable, fn, 1, outcome, argument);
  expect(owner.recover(WORKER), "it had not begun, and is not lost").toBe(0);

  // The heir hears how it ended, and dies before it looks.
  begin(WORKER, ROLE_WORKER);
  expect(other.next(PENDING) & 0xffffff).toBe(slot);
  expect(other.next(COMPLETED)).toBe(EMPTY);
  expect(owner.recover(WORKER)).toBe(0);
  expect(owner.aliveTasks(), "its end has been given back, once").toBe(0);
});
