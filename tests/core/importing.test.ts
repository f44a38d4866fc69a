// A worker that has imported a module first runs the task for which it did so: that one is pinned, and whatever comes from the injector
// could block the thread.

import { expect, test } from "vitest";
import { PENDING } from "../support/core.js";
import { NUMBER, SENDABLE, START_FLAG, type ThreadExports, threads } from "../support/threads.js";

interface Importing extends ThreadExports {
  driver(now: number): void;
  restart(slot: number): void;
  setImporting(importing: number): void;
  wakeTask(slot: number, generation: number): void;
}

/** Far more than the interval in which the injector is looked at first. */
const ROUNDS = 200;

test("before any from the injector, whenever its import ends", () => {
  for (let idleTurns = 0; idleTurns < ROUNDS; idleTurns++) {
    const { workers, owner } = threads();
    const worker = workers[0] as Importing;
    // Sets the interval, and comes to any place in it.
    worker.driver(1);
    for (let turn = 0; turn < idleTurns; turn++) worker.next(PENDING);
    const id = owner.newId();
    const imported = owner.spawnNumber(SENDABLE, 1, id, NUMBER, 7);
    expect(worker.next(PENDING)).toBe(imported | START_FLAG);
    worker.restart(imported);
    worker.setImporting(1);
    worker.next(PENDING);
    owner.spawnNumber(SENDABLE, 1, owner.newId(), NUMBER, 7);
    worker.wakeTask(imported, id);
    worker.setImporting(0);
    expect(worker.next(PENDING) & ~START_FLAG, `after ${idleTurns} turns`).toBe(imported);
  }
});
