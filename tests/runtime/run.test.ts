// run: a main future on this thread's event loop, and what stands still when nobody drives.

import { fromPromise, future, ready, sleep, spawn, yieldNow } from "tokiwa";
import { oneshot } from "tokiwa/sync";
import { expect, test } from "vitest";
import { loopTurns, paused, real, rejection, settles } from "../support/tasks.js";

function* add(a: number, b: number) {
  yield* sleep(1);
  return a + b;
}

test("takes all forms that spawn takes", async () => {
  const rt = paused();
  expect(await rt.run(add, 1, 2)).toBe(3);
  expect(await rt.run(async () => "async")).toBe("async");
  expect(
    await rt.run(async (a: number, { signal }: { signal: AbortSignal }) => [a, signal.aborted], 5),
  ).toEqual([5, false]);
  expect(await rt.run(ready("future"))).toBe("future");
  expect(await rt.run(future(add, 2, 2))).toBe(4);
  expect(await rt.run(add(3, 3))).toBe(6);
});

test("returns a promise at once and has run nothing yet", async () => {
  const rt = paused();
  let started = false;
  const running = rt.run(function* () {
    started = true;
  });
  expect(running).toBeInstanceOf(Promise);
  expect(started).toBe(false);
  await settles(running);
  expect(started).toBe(true);
});

test("rejects with what the main future throws, the very same", async () => {
  const error = new Error("from main");
  const thrown = await rejection(
    paused().run(function* () {
      yield* sleep(1);
      throw error;
    }),
  );
  expect(thrown).toBe(error);
});

test("rejects although the main future throws undefined", async () => {
  let rejected = false;
  await paused()
    .run(function* () {
      throw undefined;
    })
    .catch((error) => {
      rejected = error === undefined;
    });
  expect(rejected).toBe(true);
});

test("rejects for what is no program", async () => {
  expect((await rejection(paused().run(5 as never))).name).toBe("NotAFutureError");
});

test("promises and setTimeout work", async () => {
  const value = await settles(
    real().run(function* () {
      return yield* fromPromise(
        () => new Promise<string>((resolve) => setTimeout(() => resolve("timer"), 1)),
      );
    }),
  );
  expect(value).toBe("timer");
});

test("a task left behind stands still until the runtime is driven again", async () => {
  const rt = paused();
  const log: number[] = [];
  rt.spawn(function* () {
    for (let step = 1; ; step++) {
      yield* sleep(10);
      log.push(step);
    }
  });
  await rt.run(sleep(25));
  expect(log).toEqual([1, 2]);
  await loopTurns(20);
  expect(log).toEqual([1, 2]);
  await rt.run(sleep(20));
  expect(log).toEqual([1, 2, 3, 4]);
});

test("on the real clock too: a task that is ready is not polled when nobody drives", async () => {
  const rt = real();
  let polls = 0;
  rt.spawn(function* () {
    for (;;) {
      polls += 1;
      yield* yieldNow();
    }
  });
  await rt.run(yieldNow());
  const before = polls;
  await loopTurns(20);
  expect(polls).toBe(before);
});

test("awaiting a handle drives, and only until that task has ended", async () => {
  const rt = paused();
  const log: string[] = [];
  rt.spawn(function* () {
    yield* sleep(100);
    log.push("late");
  });
  await settles(rt.spawn(sleep(10)));
  await loopTurns(20);
  expect(log).toEqual([]);
});

test("the event loop has its turns while tasks are always ready", async () => {
  const rt = real();
  let immediates = 0;
  const count = () => {
    immediates += 1;
    if (immediates < 5) setImmediate(count);
  };
  setImmediate(count);
  await settles(
    rt.run(function* () {
      while (immediates < 5) yield* yieldNow();
    }),
  );
  expect(immediates).toBe(5);
});

test("runs one after the other keep the runtime's tasks, ids and clock", async () => {
  const rt = paused();
  const handle = rt.spawn(add, 40, 2);
  await rt.run(yieldNow());
  expect(await rt.run(handle)).toBe(42);
});

test("a blockOn in between that wakes the main future is noticed", async () => {
  const rt = paused();
  const [tx, rx] = oneshot.channel<string>();
  const running = rt.run(rx);
  await loopTurns();
  rt.blockOn(function* () {
    tx.send("woken under blockOn");
  });
  expect(await settles(running)).toBe("woken under blockOn");
});

test("a blockOn in between that leaves tasks ready is noticed", async () => {
  const rt = paused();
  const [tx, rx] = oneshot.channel<string>();
  const running = rt.run(rx);
  await loopTurns();
  rt.blockOn(function* () {
    spawn(function* () {
      for (let round = 0; round < 10; round++) yield* yieldNow();
      tx.send("later");
    });
  });
  expect(await settles(running)).toBe("later");
});

test("a blockOn in between that leaves a timer behind is noticed", async () => {
  const rt = real();
  const [tx, rx] = oneshot.channel<string>();
  const running = rt.run(rx);
  await loopTurns();
  rt.blockOn(function* () {
    spawn(function* () {
      yield* sleep(2);
      tx.send("timer");
    });
    yield* yieldNow();
  });
  expect(await settles(running)).toBe("timer");
});

test("a promise made inside blockOn is served by the event loop afterwards", async () => {
  const value = real().blockOn(function* () {
    const child = spawn(function* () {
      yield* sleep(1);
      return "child";
    });
    return { promise: child.then((text) => text) };
  });
  expect(await settles(value.promise)).toBe("child");
});

test("a run inside of which another run of the same runtime ends goes on", async () => {
  const rt = paused();
  const value = await settles(
    rt.run(async () => {
      const inner = await rt.run(add, 1, 1);
      await sleep(5);
      return inner + 1;
    }),
  );
  expect(value).toBe(3);
});

test("an idle runtime takes no turns: nothing is polled and nothing parks", async () => {
  const rt = paused((builder) => builder.allowOutsideWakes());
  const [tx, rx] = oneshot.channel<null>();
  const running = rt.run(rx);
  await loopTurns(5);
  const before = [rt.metrics().workerPollCount(), rt.metrics().workerParkCount()];
  await loopTurns(50);
  expect([rt.metrics().workerPollCount(), rt.metrics().workerParkCount()]).toEqual(before);
  tx.send(null);
  await settles(running);
});

test("a thousand runs, one after the other and at once", async () => {
  const rt = paused();
  for (let run = 0; run < 200; run++) expect(await rt.run(add, run, 1)).toBe(run + 1);
  const values = await settles(
    Promise.all(Array.from({ length: 800 }, (_, run) => rt.run(add, run, 1))),
  );
  expect(values[799]).toBe(800);
  expect(rt.metrics().numAliveTasks()).toBe(0);
});
