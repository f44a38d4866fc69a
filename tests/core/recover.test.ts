// What `recover` (assembly/core/threads/death.ts) leaves for others, call by call. Deaths at every step are in tests/model/models/death.ts.

import { expect, test } from "vitest";
import { NUMBER, SENDABLE, START_FLAG, threads } from "../support/threads.js";

test("a task that has not begun and goes back to the injector bears no mark of the death", () => {
  const { workers, owner } = threads();
  const [victim, other] = workers;
  // Into the lifo slot, which nobody can steal from.
  const slot = victim.spawnNumber(SENDABLE, 1, victim.newId(), NUMBER, 7);
  expect(owner.recover(0)).toBe(0);
  expect(owner.kindOf(slot)).toBe(SENDABLE);
  expect(other.next(0)).toBe(slot | START_FLAG);
  // With a mark it would count as standing in one of its lists, and be run once more.
  expect(owner.recover(1)).toBe(1);
  expect(owner.aliveTasks()).toBe(1);
});
