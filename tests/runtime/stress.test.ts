// A hundred thousand tasks, of which one in N sleeps, yields, is aborted or panics: every one settles as it must.

import { type JoinError, type JoinHandle, pending, sleep, spawn, yieldNow } from "tokiwa";
import { expect, test } from "vitest";
import { paused } from "../support/tasks.js";

const TASKS = 100_000;

function kindOf(index: number): "panics" | "is aborted" | "sleeps" | "yields" | "ends" {
  if (index % 1_000 === 0) return "panics";
  if (index % 100 === 1) return "is aborted";
  if (index % 10 === 2) return "sleeps";
  return index % 3 === 0 ? "yields" : "ends";
}

function* work(index: number) {
  switch (kindOf(index)) {
    case "panics":
      throw index;
    case "is aborted":
      return yield* pending<number>();
    case "sleeps":
      yield* sleep(index % 977);
      return index;
    case "yields":
      yield* yieldNow();
      return index;
    default:
      return index;
  }
}

function* check(handle: JoinHandle<number>, index: number) {
  const kind = kindOf(index);
  try {
    return (yield* handle) === index && kind !== "panics" && kind !== "is aborted";
  } catch (error) {
    const { isPanic, isCancelled, cause } = error as JoinError;
    if (kind === "panics") return isPanic && cause === index;
    return kind === "is aborted" && isCancelled;
  }
}

test("100,000 tasks all settle, each in its own way", () => {
  const rt = paused();
  const wrong = rt.blockOn(function* () {
    const handles: JoinHandle<number>[] = [];
    for (let index = 0; index < TASKS; index++) handles.push(spawn(work, index));
    yield* yieldNow();
    handles.forEach((handle, index) => {
      if (kindOf(index) === "is aborted") handle.abort();
    });
    let wrong = 0;
    for (let index = 0; index < TASKS; index++)
      if (!(yield* check(handles[index] as JoinHandle<number>, index))) wrong += 1;
    return wrong;
  });
  expect(wrong).toBe(0);
  expect(rt.metrics().numAliveTasks()).toBe(0);
  expect(rt.metrics().numTimers()).toBe(0);
  expect(rt.metrics().spawnedTasksCount()).toBe(TASKS + 1);
});

test("slots are used again: a hundred waves of a thousand tasks take no more memory than one", () => {
  const rt = paused();
  function* wave() {
    const handles = Array.from({ length: 1_000 }, (_, index) => spawn(sleep(index % 50)));
    for (const handle of handles) yield* handle;
  }
  rt.blockOn(wave);
  const after = rt.metrics().memoryBytes();
  rt.blockOn(function* () {
    for (let round = 0; round < 100; round++) yield* wave();
  });
  expect(rt.metrics().memoryBytes()).toBe(after);
});
