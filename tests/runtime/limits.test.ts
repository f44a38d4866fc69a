// maxTasks and maxTimers: one more is refused with a LimitError, and everything else goes on.

import { type JoinHandle, join, pending, ready, sleep, spawn, yieldNow } from "tokiwa";
import { LimitError, type Runtime } from "tokiwa/runtime";
import { expect, test } from "vitest";
import { Probe, paused, pollOnce, rejection, settles, thrown } from "../support/tasks.js";

function limited(tasks: number): Runtime {
  return paused((builder) => builder.maxTasks(tasks));
}

test("spawning one more than maxTasks throws, with the limit and what to do", () => {
  const rt = limited(10);
  for (let task = 0; task < 10; task++) rt.spawn(pending());
  const error = thrown(() => rt.spawn(pending())) as LimitError;
  expect(error).toBeInstanceOf(LimitError);
  expect(error.limit).toBe(10);
  expect(error.message).toContain("task");
  expect(error.message).toContain("maxTasks");
  expect(rt.metrics().numAliveTasks()).toBe(10);
});

test("what was refused never runs, and stays the caller's", () => {
  const rt = limited(1);
  rt.spawn(ready(1));
  const probe = new Probe<string>();
  thrown(() => rt.spawn(probe));
  expect([probe.polls, probe.drops]).toEqual([0, 0]);
  probe.complete("still usable");
  rt.tick();
  expect(rt.blockOn(probe)).toBe("still usable");
});

test("the error comes to the task that spawns, and the others go on", () => {
  const rt = limited(5);
  const [errors, values] = rt.blockOn(function* () {
    let errors = 0;
    const handles: JoinHandle<number>[] = [];
    for (let task = 0; task < 20; task++) {
      try {
        handles.push(
          spawn(function* () {
            yield* sleep(task);
            return task;
          }),
        );
      } catch (error) {
        if (error instanceof LimitError) errors += 1;
      }
    }
    return [errors, yield* join(...handles)] as const;
  });
  expect(errors).toBe(16);
  expect(values).toEqual([0, 1, 2, 3]);
});

test("there is room again when tasks have ended, over and over", () => {
  const rt = limited(8);
  const total = rt.blockOn(function* () {
    let total = 0;
    for (let round = 0; round < 200; round++) {
      const handles = Array.from({ length: 7 }, () =>
        spawn(function* () {
          yield* yieldNow();
          return 1;
        }),
      );
      for (const handle of handles) total += yield* handle;
    }
    return total;
  });
  expect(total).toBe(1_400);
});

test("an aborted task makes room once it has been dropped", () => {
  const rt = limited(1);
  const handle = rt.spawn(pending());
  handle.abort();
  rt.tick();
  expect(rt.spawn(ready(1)).isFinished()).toBe(false);
});

test("run and blockOn of a full runtime are refused as well", async () => {
  const rt = limited(1);
  rt.spawn(pending());
  expect(thrown(() => rt.blockOn(ready(1)))).toBeInstanceOf(LimitError);
  expect(await settles(rejection(rt.run(ready(1))))).toBeInstanceOf(LimitError);
});

test("a task that was refused is no spawned task, in the count and in the ids", () => {
  const rt = limited(2);
  rt.spawn(pending());
  const second = rt.spawn(ready(1));
  thrown(() => rt.spawn(pending()));
  thrown(() => rt.spawn(pending()));
  expect(rt.metrics().spawnedTasksCount()).toBe(2);
  rt.tick();
  expect(second.isFinished()).toBe(true);
  expect(rt.spawn(pending()).id).toBe(3);
});

test("one timer more than maxTimers throws from its poll, with the limit and what to do", () => {
  const rt = paused((builder) => builder.maxTimers(3));
  using _entered = rt.enter();
  for (let timer = 0; timer < 3; timer++) pollOnce(sleep(10));
  const error = thrown(() => pollOnce(sleep(10))) as LimitError;
  expect(error).toBeInstanceOf(LimitError);
  expect(error.limit).toBe(3);
  expect(error.message).toContain("timer");
  expect(error.message).toContain("maxTimers");
  expect(rt.metrics().numTimers()).toBe(3);
});

test("the error comes to the task that sleeps; the timers that are set fire, and then there is room", () => {
  const rt = paused((builder) => builder.maxTimers(2));
  const result = rt.blockOn(function* () {
    const sleepers = [spawn(sleep(10)), spawn(sleep(20))];
    yield* yieldNow();
    let refused = 0;
    try {
      yield* sleep(5);
    } catch (error) {
      if (error instanceof LimitError) refused += 1;
    }
    yield* join(...sleepers);
    yield* sleep(5);
    return refused;
  });
  expect(result).toBe(1);
});

test("a cancelled timer makes room at once", () => {
  const rt = paused((builder) => builder.maxTimers(1));
  rt.blockOn(function* () {
    for (let round = 0; round < 1_000; round++) {
      const nap = sleep(1_000_000);
      using _dropped = nap;
      pollOnce(nap);
    }
    yield* sleep(1);
  });
  expect(rt.metrics().numTimers()).toBe(0);
});
