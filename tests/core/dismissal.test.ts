// How a thread is ended from outside (assembly/core/threads/dismissal.ts), on one thread: what the two words say, call by call. The
// interleavings are in tests/model/models/dismissal.ts.

import { describe, expect, test } from "vitest";
import {
  INSIDE,
  NUMBER,
  SENDABLE,
  START_FLAG,
  threads,
  WORKER_SIZE,
  WORKERS,
} from "../support/threads.js";

describe("dismiss", () => {
  test("stops at the first call, and says at a later one that the thread is outside", () => {
    const { owner } = threads();
    expect([owner.dismiss(0), owner.dismiss(0), owner.dismiss(0)]).toEqual([0, 1, 1]);
    expect(owner.dismiss(1)).toBe(0);
  });

  test("waits for a visit that is under way", () => {
    const { owner, words } = threads();
    const inside = (WORKERS + INSIDE) / 4;
    words[inside] = 1;
    expect([owner.dismiss(0), owner.dismiss(0), owner.dismiss(0)]).toEqual([0, 0, 0]);
    words[inside] = 0;
    expect(owner.dismiss(0)).toBe(1);
  });

  test("a visit is over when its call is", () => {
    const { workers, words } = threads();
    const [worker] = workers;
    worker.spawnNumber(SENDABLE, 1, worker.newId(), NUMBER, 7);
    expect(worker.next(0) & START_FLAG).toBe(START_FLAG);
    expect(words[(WORKERS + INSIDE) / 4]).toBe(0);
    expect(words[(WORKERS + WORKER_SIZE + INSIDE) / 4]).toBe(0);
  });

  test("the next thread of the record is not stopped", () => {
    const { owner } = threads();
    owner.dismiss(0);
    owner.freeRecord(0);
    expect(owner.claimRecord(0)).toBe(1);
    expect(owner.dismiss(0)).toBe(0);
  });
});
