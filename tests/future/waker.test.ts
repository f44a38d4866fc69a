// Wakers: from anywhere, any number of times, after completion too.

import {
  type Context,
  Future,
  Pending,
  type Poll,
  pollFn,
  sleep,
  spawn,
  Waker,
  yieldNow,
} from "tokiwa";
import { oneshot } from "tokiwa/sync";
import { expect, test } from "vitest";
import { CountingWaker, currentPoll, loopTurns, Probe, paused, settles } from "../support/tasks.js";

test("Waker.from calls its function at every wake", () => {
  let calls = 0;
  const waker = Waker.from(() => calls++);
  waker.wake();
  waker.wake();
  expect(calls).toBe(2);
});

test("an executor without an order wakes a deferred waker at once", () => {
  let calls = 0;
  Waker.from(() => calls++).wakeDeferred();
  expect(calls).toBe(1);
});

test("Waker.noop does nothing and is always the same", () => {
  Waker.noop().wake();
  Waker.noop().wakeDeferred();
  expect(Waker.noop()).toBe(Waker.noop());
});

test("willWake tells whether two wakers wake the same", () => {
  const waker = Waker.from(() => {});
  expect(waker.willWake(waker)).toBe(true);
  expect(waker.willWake(Waker.from(() => {}))).toBe(false);
  expect(Waker.noop().willWake(Waker.noop())).toBe(true);
  expect(Waker.noop().willWake(waker)).toBe(false);
});

test("willWake is true for one task over its polls and false between tasks", () => {
  function* mine() {
    return (yield* currentPoll()).waker;
  }
  const [first, second, other] = paused().blockOn(function* () {
    const first = yield* mine();
    yield* yieldNow();
    const second = yield* mine();
    return [first, second, yield* spawn(mine)] as const;
  });
  expect(first.willWake(second)).toBe(true);
  expect(first.willWake(other)).toBe(false);
});

test("many wakes before the next poll are one poll", () => {
  const probe = new Probe<number>();
  paused().blockOn(function* () {
    const task = spawn(probe);
    yield* yieldNow();
    for (let wake = 0; wake < 10; wake++) probe.waker?.wake();
    yield* sleep(1);
    expect(probe.polls).toBe(2);
    probe.complete(1);
    yield* task;
  });
  expect(probe.polls).toBe(3);
});

test("wakes after completion are harmless", () => {
  const rt = paused();
  const probe = new Probe<number>();
  rt.blockOn(function* () {
    const task = spawn(probe);
    yield* yieldNow();
    probe.complete(1);
    yield* task;
    for (let wake = 0; wake < 10; wake++) probe.waker?.wake();
    yield* sleep(1);
  });
  probe.waker?.wake();
  probe.waker?.wakeDeferred();
  expect(probe.polls).toBe(2);
});

test("wakes and aborts after the runtime was shut down are harmless", () => {
  const rt = paused();
  const probe = new Probe<number>();
  const handle = rt.spawn(probe);
  rt.blockOn(yieldNow());
  rt.shutdownBackground();
  probe.waker?.wake();
  probe.waker?.wakeDeferred();
  handle.abort();
  expect(probe.polls).toBe(1);
  expect(handle.isFinished()).toBe(true);
});

test("a waker of a task that has ended does not wake the one that took its place", () => {
  const rt = paused();
  const [old, next] = [new Probe<number>(), new Probe<number>()];
  rt.blockOn(function* () {
    const first = spawn(old);
    yield* yieldNow();
    old.complete(1);
    yield* first;
    const stale = old.waker;
    const others = Array.from({ length: 10 }, () => new Probe<number>());
    for (const other of others) spawn(other);
    spawn(next);
    yield* yieldNow();
    stale?.wake();
    yield* sleep(1);
    expect(others.map((other) => other.polls)).toEqual(new Array(10).fill(1));
    expect(next.polls).toBe(1);
  });
  expect.assertions(2);
});

test("a task that wakes itself during its poll is polled again", () => {
  class Countdown extends Future<number> {
    polls = 0;
    poll(cx: Context): Poll<number> {
      this.polls += 1;
      if (this.polls === 5) return this.polls;
      cx.waker.wake();
      cx.waker.wake();
      return Pending;
    }
  }
  expect(paused().blockOn(new Countdown())).toBe(5);
});

test("wakes from setTimeout, a microtask and a promise arrive", async () => {
  function wokenBy(start: (wake: () => void) => void): Future<string> {
    let state = "new";
    return pollFn((cx) => {
      if (state === "done") return state;
      if (state === "new")
        start(() => {
          state = "done";
          cx.waker.wake();
        });
      if (state === "new") state = "waiting";
      return Pending;
    });
  }
  const values = await settles(
    paused((builder) => builder.allowOutsideWakes()).run(function* () {
      const timer = yield* wokenBy((wake) => setTimeout(wake, 1));
      const microtask = yield* wokenBy((wake) => queueMicrotask(wake));
      const promise = yield* wokenBy((wake) => void Promise.resolve().then(wake));
      const immediate = yield* wokenBy((wake) => setImmediate(wake));
      return [timer, microtask, promise, immediate];
    }),
  );
  expect(values).toEqual(["done", "done", "done", "done"]);
});

test("a wake from a task of another runtime arrives", async () => {
  const [tx, rx] = oneshot.channel<number>();
  const waiting = paused().run(rx);
  await loopTurns();
  paused().blockOn(function* () {
    yield* sleep(1);
    tx.send(3);
  });
  expect(await settles(waiting)).toBe(3);
});

test("a task without a wake is not polled again", async () => {
  const probe = new Probe<number>();
  const run = paused((builder) => builder.allowOutsideWakes()).run(probe);
  await loopTurns(20);
  expect(probe.polls).toBe(1);
  probe.complete(1);
  expect(await settles(run)).toBe(1);
});

test("a waker can be stored by several, each of whom may wake", () => {
  const waker = new CountingWaker();
  const probes = [new Probe(), new Probe()];
  for (const probe of probes) probe.poll({ waker });
  for (const probe of probes) probe.complete();
  expect(waker.wakes).toBe(2);
});
