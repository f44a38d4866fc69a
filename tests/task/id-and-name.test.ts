// Task ids, and taskBuilder: a name for reports.

import { NoRuntimeError, ready, sleep, spawn, yieldNow } from "tokiwa";
import { InvalidArgumentError } from "tokiwa/runtime";
import { taskBuilder, taskId, tryTaskId } from "tokiwa/task";
import { expect, test } from "vitest";
import { paused, thrown } from "../support/tasks.js";

function* mine() {
  const before = taskId();
  yield* yieldNow();
  const after = taskId();
  yield* sleep(1);
  return [before, after, taskId()];
}

test("ids are 1, 2, 3 within a runtime", () => {
  const rt = paused();
  expect([rt.spawn(ready(1)).id, rt.spawn(ready(1)).id, rt.spawn(ready(1)).id]).toEqual([1, 2, 3]);
  expect(paused().spawn(ready(1)).id).toBe(1);
});

test("an id is not used again when its task has ended", () => {
  const rt = paused();
  const first = rt.spawn(ready(1));
  rt.blockOn(first);
  const next = rt.spawn(ready(1));
  expect(next.id).toBeGreaterThan(first.id);
});

test("taskId is the id of the task being polled, over all its polls", () => {
  const rt = paused();
  const handles = [rt.spawn(mine), rt.spawn(mine)];
  const ids = rt.blockOn(function* () {
    const all: number[][] = [];
    for (const handle of handles) all.push(yield* handle);
    return all;
  });
  expect(ids).toEqual([
    [1, 1, 1],
    [2, 2, 2],
  ]);
});

test("taskId in the finally of a task that is dropped is that task's", () => {
  const seen: unknown[] = [];
  const rt = paused();
  rt.blockOn(function* () {
    const handle = spawn(function* () {
      try {
        yield* sleep(1_000);
      } finally {
        seen.push(tryTaskId());
      }
    });
    yield* yieldNow();
    handle.abort();
    yield* yieldNow();
    seen.push(handle.id);
  });
  expect(seen[0]).toBe(seen[1]);
});

test("outside of tasks there is no id", () => {
  expect(tryTaskId()).toBe(undefined);
  expect(thrown(() => taskId())).toBeInstanceOf(NoRuntimeError);
  using _entered = paused().enter();
  expect(tryTaskId()).toBe(undefined);
});

test("an async function has its id before its first await", async () => {
  const rt = paused();
  const handle = rt.spawn(async () => tryTaskId());
  expect(await handle).toBe(handle.id);
});

test("a task that looks at another runtime still has its own id", () => {
  const ids = paused().blockOn(function* () {
    const before = taskId();
    const other = paused();
    other.spawn(ready(1));
    using _entered = other.enter();
    return [before, taskId()];
  });
  expect(ids).toEqual([1, 1]);
});

test("a name stands in the dump and in errors", () => {
  const rt = paused();
  using _entered = rt.enter();
  taskBuilder({ name: "resize" }).spawn(mine);
  spawn(mine);
  expect(rt.dump().map((task) => task.name)).toEqual(["resize", undefined]);
});

test("taskBuilder takes all four forms, and without options it is spawn", async () => {
  const rt = paused();
  const values = await rt.run(function* () {
    const builder = taskBuilder();
    return [
      yield* builder.spawn(function* (value: number) {
        return value;
      }, 1),
      yield* builder.spawn(async ({ signal }) => signal.aborted),
      yield* builder.spawn(ready("future")),
    ];
  });
  expect(values).toEqual([1, false, "future"]);
});

test("one builder spawns many", () => {
  const rt = paused();
  using _entered = rt.enter();
  const builder = taskBuilder({ name: "worker" });
  for (let index = 0; index < 3; index++) builder.spawn(mine);
  expect(rt.dump().map((task) => task.name)).toEqual(["worker", "worker", "worker"]);
});

test.each([
  ["name", { name: "" }],
  ["name", { name: 5 as never }],
  ["signal", { signal: {} as never }],
  ["signal", { signal: "x" as never }],
])("refuses a bad %s with its name", (setting, options) => {
  const error = thrown(() => taskBuilder(options)) as InvalidArgumentError;
  expect(error).toBeInstanceOf(InvalidArgumentError);
  expect(error.argument).toContain(setting);
  expect(error.given).toBe(Object.values(options)[0]);
  expect(error.allowed.length).toBeGreaterThan(0);
});

test("taskBuilder().spawn outside of every runtime is refused", () => {
  expect(thrown(() => taskBuilder({ name: "x" }).spawn(mine))).toBeInstanceOf(NoRuntimeError);
});
