// Three instances of the core with threads over one memory, all on this thread: what each does is done call by call.

import { moduleOf } from "./core.js";

export interface ThreadExports {
  adoptWorker(index: number): void;
  setUp(...counts: number[]): void;
  configure(taskLimit: number, timerLimit: number, eventInterval: number, lifo: number): void;
  claimRecord(thread: number): number;
  freeRecord(thread: number): void;
  beginThread(role: number, lifo: number): void;
  newSendable(kind: number, fn: number, id: number, outcome: number, bytes: number): number;
  spawnNumber(kind: number, fn: number, id: number, outcome: number, argument: number): number;
  newId(): number;
  next(outcome: number): number;
  kindOf(slot: number): number;
  recover(thread: number): number;
  dismiss(thread: number): number;
  aliveTasks(): number;
}

const ROLE_CALLER = 0;
const ROLE_WORKER = 1;
export const SENDABLE = 1;
export const NUMBER = 3;
export const START_FLAG = 1 << 25;
const LIMIT = 64;
/** assembly/core/layout.ts: WORKERS, WORKER_SIZE, INSIDE. */
export const WORKERS = 65536 + 1024 + 4 * 16384;
export const WORKER_SIZE = 8192;
export const INSIDE = 5244;

function abort(): never {
  throw new Error("assertion");
}

/** Two workers with lifo slots and the owner, which has the record behind theirs. */
export function threads(): {
  words: Int32Array;
  workers: [ThreadExports, ThreadExports];
  owner: ThreadExports;
} {
  const memory = new WebAssembly.Memory({ initial: 160, maximum: 160, shared: true });
  const join = (record: number): ThreadExports => {
    const instance = new WebAssembly.Instance(moduleOf("check-threads"), {
      env: { memory, abort },
    });
    const core = instance.exports as unknown as ThreadExports;
    core.adoptWorker(record);
    return core;
  };
  const owner = join(2);
  owner.setUp(2, 0, 2, 2, 61, LIMIT, LIMIT);
  const workers: [ThreadExports, ThreadExports] = [join(0), join(1)];
  for (const [record, core] of [...workers, owner].entries()) {
    core.claimRecord(record);
    core.configure(LIMIT, LIMIT, 61, 1);
    core.beginThread(record < 2 ? ROLE_WORKER : ROLE_CALLER, record < 2 ? 1 : 0);
  }
  return { words: new Int32Array(memory.buffer), workers, owner };
}
