// `await future` from async functions: on the current runtime inside of one, on the ambient one outside of every runtime.

import { type Future, future, join, pollFn, ready, select, sleep, spawn, yieldNow } from "tokiwa";
import { Handle, LimitError, ShutdownError } from "tokiwa/runtime";
import { mpsc, oneshot } from "tokiwa/sync";
import { Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { Probe, paused, rejection, runScript, settles } from "../support/tasks.js";

function* add(a: number, b: number) {
  yield* yieldNow();
  return a + b;
}

const DAY = 86_400_000;

test("a coroutine, a combinator and a channel can be awaited outside of every runtime", async () => {
  expect(await settles(future(add, 1, 2))).toBe(3);
  expect(await settles(join(ready(1), future(add, 1, 1)))).toEqual([1, 2]);
  const [tx, rx] = mpsc.channel<number>(1);
  const received = rx.recv().then((value) => value);
  tx.trySend(7);
  expect(await settles(received)).toBe(7);
});

test("a sleep can be awaited outside of every runtime", async () => {
  expect(await settles(sleep(1))).toBe(undefined);
});

test("the ambient runtime is current for what it polls", async () => {
  const handle = await settles(
    future(function* () {
      yield* yieldNow();
      return Handle.current();
    }),
  );
  expect(handle.flavor).toBe("current_thread");
  expect(Handle.tryCurrent()).toBe(undefined);
});

test("spawn works inside a coroutine that is awaited outside of every runtime", async () => {
  const value = await settles(
    future(function* () {
      return yield* spawn(add, 2, 3);
    }),
  );
  expect(value).toBe(5);
});

test("await throws what the future throws, the very same", async () => {
  const error = new Error("from the poll");
  const failing = pollFn<number>(() => {
    throw error;
  });
  expect(await rejection(failing)).toBe(error);
});

test("then can be used without await, and catches", async () => {
  expect(await ready(1).then((value) => value + 1)).toBe(2);
  const failing: Future<number> = pollFn(() => {
    throw new Error("no");
  });
  expect(await failing.then(undefined, (error) => (error as Error).message)).toBe("no");
});

test("with nothing but tokiwa/sync loaded channels can be awaited too", async ({ task }) => {
  const { stdout, stderr } = await runScript(
    task.file.projectName ?? "",
    `import { mpsc, oneshot, Notify } from "tokiwa/sync";
     const [tx, rx] = mpsc.channel(1);
     (async () => { for (let value = 0; value < 5; value++) await tx.send(value); tx[Symbol.dispose](); })();
     const seen = [];
     for await (const value of rx) seen.push(value);
     const [once, received] = oneshot.channel();
     setTimeout(() => once.send("later"), 1);
     seen.push(await received);
     const closed = oneshot.channel();
     closed[0][Symbol.dispose]();
     try { await closed[1]; } catch (error) { seen.push(error.name); }
     console.log(seen.join(" "));`,
  );
  expect(stderr).toBe("");
  expect(stdout.trim()).toBe("0 1 2 3 4 later RecvError");
});

test("then does not throw where nothing can be driven: its promise rejects", async () => {
  const full = paused((builder) => builder.maxTasks(1));
  full.spawn(ready(1));
  const closed = paused();
  closed.shutdownBackground();
  for (const [rt, expected] of [
    [full, LimitError],
    [closed, ShutdownError],
  ] as const) {
    using guard = rt.enter();
    const made = future(add, 1, 1);
    let promise: PromiseLike<unknown>;
    try {
      promise = made.then((value) => value);
    } finally {
      guard[Symbol.dispose]();
    }
    expect(await rejection(promise)).toBeInstanceOf(expected);
  }
});

test("futures go into Promise.all and Promise.race like promises", async () => {
  const values = await settles(Promise.all([ready(1), future(add, 1, 1), Promise.resolve(3)]));
  expect(values).toEqual([1, 2, 3]);
});

test("inside a runtime await uses that runtime's clock", async () => {
  const elapsed = await settles(
    paused().run(async () => {
      const start = Instant.now();
      await sleep(DAY);
      return start.elapsed();
    }),
  );
  expect(elapsed).toBe(DAY);
});

test("the runtime stays the current one after several awaits, of promises too", async () => {
  const rt = paused((builder) => builder.name("mine"));
  const names = await settles(
    rt.run(async () => {
      const seen = [Handle.current().name];
      await sleep(10);
      seen.push(Handle.current().name);
      await Promise.resolve();
      seen.push(Handle.current().name);
      await spawn(add, 1, 1);
      seen.push(Handle.current().name);
      return seen;
    }),
  );
  expect(names).toEqual(["mine", "mine", "mine", "mine"]);
});

test("two async functions of two runtimes each keep their own", async () => {
  async function name() {
    await sleep(5);
    await Promise.resolve();
    return Handle.current().name;
  }
  const runs = ["first", "second"].map((given) => paused((b) => b.name(given)).run(name));
  expect(await settles(Promise.all(runs))).toEqual(["first", "second"]);
});

test("an async function waits for a coroutine, and a coroutine for an async function", async () => {
  const text = await settles(
    paused().run(async () => {
      const inner = spawn(function* () {
        return yield* spawn(async () => {
          await sleep(100);
          return "deep";
        });
      });
      return await inner;
    }),
  );
  expect(text).toBe("deep");
});

test("for await over a receiver ends when the last sender is gone", async () => {
  const values = await settles(
    paused().run(async () => {
      const [tx, rx] = mpsc.channel<number>(1);
      spawn(function* () {
        using _sender = tx;
        for (let value = 0; value < 5; value++) yield* tx.send(value);
      });
      const seen: number[] = [];
      for await (const value of rx) seen.push(value);
      return seen;
    }),
  );
  expect(values).toEqual([0, 1, 2, 3, 4]);
});

test("a future awaited from outside is woken by another runtime's task", async () => {
  const [tx, rx] = oneshot.channel<string>();
  const waiting = rx.then((value) => value);
  paused().blockOn(function* () {
    yield* sleep(5);
    tx.send("across");
  });
  expect(await settles(waiting)).toBe("across");
});

test("a probe that is awaited is polled again only when it was woken", async () => {
  const probe = new Probe<number>();
  const waiting = probe.then((value) => value);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(probe.polls).toBe(1);
  probe.complete(4);
  expect(await settles(waiting)).toBe(4);
  expect(probe.polls).toBe(2);
});

test("select awaited outside of every runtime gives its winner", async () => {
  const winner = await settles(select({ now: ready("x"), later: sleep(100_000) }));
  expect(winner).toEqual({ branch: "now", value: "x" });
});
