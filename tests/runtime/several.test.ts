// Several runtimes side by side on one thread.

import { pending, sleep, spawn, yieldNow } from "tokiwa";
import { Handle, NestedRuntimeError, type Runtime } from "tokiwa/runtime";
import { mpsc, Notify } from "tokiwa/sync";
import { hasBudgetRemaining, taskId } from "tokiwa/task";
import { Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { loopTurns, Probe, paused, real, settles, thrown } from "../support/tasks.js";

function named(name: string): Runtime {
  return paused((builder) => builder.name(name));
}

test("each has its own ids, its own clock and its own counters", () => {
  const [first, second] = [paused(), paused()];
  expect([first.spawn(pending()).id, second.spawn(pending()).id]).toEqual([1, 1]);
  first.blockOn(sleep(1_000));
  const times = [first, second].map((rt) =>
    rt.blockOn(function* () {
      return Instant.now().valueOf();
    }),
  );
  expect(times[0]).toBe((times[1] as number) + 1_000);
  first.spawn(pending());
  expect([first, second].map((rt) => rt.metrics().numAliveTasks())).toEqual([2, 1]);
});

test("they run at the same time on one event loop", async () => {
  const log: string[] = [];
  function* steps(name: string) {
    for (let step = 0; step < 3; step++) {
      log.push(name);
      yield* sleep(10);
    }
    return Handle.current().name;
  }
  const names = await settles(
    Promise.all(["a", "b", "c"].map((name) => named(name).run(steps, name))),
  );
  expect(names).toEqual(["a", "b", "c"]);
  expect(log.filter((name) => name === "b")).toHaveLength(3);
});

test("a channel connects tasks of two runtimes, both ways", async () => {
  const [tx1, rx1] = mpsc.channel<number>(1);
  const [tx2, rx2] = mpsc.channel<number>(1);
  const doubling = paused().run(function* () {
    using _tx = tx2;
    for (let value = yield* rx1.recv(); value !== undefined; value = yield* rx1.recv())
      yield* tx2.send(value * 2);
  });
  const asking = paused().run(function* () {
    const answers: (number | undefined)[] = [];
    for (let value = 0; value < 100; value++) {
      yield* tx1.send(value);
      answers.push(yield* rx2.recv());
    }
    tx1[Symbol.dispose]();
    return answers;
  });
  expect(await settles(asking)).toEqual(Array.from({ length: 100 }, (_, value) => value * 2));
  await settles(doubling);
});

test("a task may spawn on another runtime and wait for that task", async () => {
  const other = named("other");
  const value = await settles(
    named("mine").run(function* () {
      const handle = other.spawn(function* () {
        yield* yieldNow();
        return Handle.current().name;
      });
      void other.run(function* () {
        yield* sleep(1);
      });
      return [yield* handle, Handle.current().name];
    }),
  );
  expect(value).toEqual(["other", "mine"]);
});

test("shutting another runtime down inside a task leaves that task as it was", () => {
  const rt = named("mine");
  const other = paused();
  const probes = [new Probe(), new Probe()];
  for (const probe of probes) other.spawn(probe);
  const seen = rt.blockOn(function* () {
    yield* yieldNow();
    for (let unit = 0; unit < 10; unit++) hasBudgetRemaining();
    const before = taskId();
    other.shutdownBackground();
    const after = taskId();
    yield* sleep(5);
    yield* yieldNow();
    return [
      before === after,
      Handle.current().name,
      yield* spawn(function* () {
        return "spawned";
      }),
    ];
  });
  expect(seen).toEqual([true, "mine", "spawned"]);
  expect(probes.map((probe) => probe.drops)).toEqual([1, 1]);
});

test("ticking another runtime inside a task is refused", () => {
  const other = paused();
  const probe = new Probe();
  other.spawn(probe);
  const [error, after] = paused().blockOn(function* () {
    yield* yieldNow();
    const error = thrown(() => other.tick());
    yield* sleep(1);
    return [error, "after"] as const;
  });
  expect(error).toBeInstanceOf(NestedRuntimeError);
  expect(after).toBe("after");
  expect(probe.polls).toBe(0);
});

test("a panic in one is nothing to the other", async () => {
  const strict = paused((builder) => builder.unhandledPanic("shutdownRuntime"));
  const other = paused();
  const fine = other.run(function* () {
    yield* sleep(100);
    return "fine";
  });
  await settles(
    strict
      .run(function* () {
        spawn(function* () {
          throw new Error("panic");
        });
        yield* sleep(1);
      })
      .catch(() => {}),
  );
  expect(await settles(fine)).toBe("fine");
});

test("a hundred runtimes, each with its tasks", async () => {
  const runs = Array.from({ length: 100 }, (_, index) =>
    paused().run(function* () {
      const handles = Array.from({ length: 10 }, (_, task) =>
        spawn(function* () {
          yield* sleep(task);
          return task;
        }),
      );
      let sum = index;
      for (const handle of handles) sum += yield* handle;
      return sum;
    }),
  );
  const sums = await settles(Promise.all(runs));
  expect(sums).toEqual(Array.from({ length: 100 }, (_, index) => 45 + index));
});

test("however many wait, the process has one listener for its end, and none afterwards", async () => {
  const count = () => process.listenerCount("beforeExit");
  const before = count();
  const notify = new Notify();
  const runs = Array.from({ length: 20 }, () => real().run(notify.notified()));
  await loopTurns(20);
  expect(count()).toBe(before + 1);
  notify.notifyWaiters();
  await settles(Promise.all(runs));
  expect(count()).toBe(before);
});
