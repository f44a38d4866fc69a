// F3: dropping a future gives back what it registered; dropping twice is harmless; clean-up runs once, inside out.

import {
  type Coroutine,
  type Future,
  fromPromise,
  future,
  join,
  PolledAfterCompletionError,
  pending,
  pollFn,
  ReentrantPollError,
  ready,
  select,
  sleep,
  spawn,
  timeout,
  tryJoin,
  yieldNow,
} from "tokiwa";
import { mpsc, Notify, oneshot } from "tokiwa/sync";
import { consumeBudget, unconstrained, withSignal } from "tokiwa/task";
import { expect, test } from "vitest";
import { BadDispose, Probe, paused, pollOnce, thrown } from "../support/tasks.js";

function resource(log: string[], name: string): Disposable {
  return { [Symbol.dispose]: () => void log.push(`dispose ${name}`) };
}

function* inner(log: string[]) {
  using _held = resource(log, "inner");
  try {
    yield* pending();
  } finally {
    log.push("finally inner");
  }
}

function* outer(log: string[]) {
  using _first = resource(log, "first");
  using _second = resource(log, "second");
  try {
    yield* inner(log);
  } catch {
    log.push("catch");
  } finally {
    log.push("finally outer");
  }
  log.push("went on");
}

const UNWOUND = [
  "finally inner",
  "dispose inner",
  "finally outer",
  "dispose second",
  "dispose first",
];

test("dropping a coroutine runs finally and using from the inside out, and no catch", () => {
  const log: string[] = [];
  const coroutine = future(outer, log);
  pollOnce(coroutine);
  expect(log).toEqual([]);
  coroutine[Symbol.dispose]();
  expect(log).toEqual(UNWOUND);
});

test("dropping runs through a future() in between as well", () => {
  const log: string[] = [];
  function* wrapped() {
    yield* future(outer, log);
  }
  const coroutine = future(wrapped);
  pollOnce(coroutine);
  coroutine[Symbol.dispose]();
  expect(log).toEqual(UNWOUND);
});

test("clean-up runs once, however often a coroutine is dropped", () => {
  const log: string[] = [];
  const coroutine = future(outer, log);
  pollOnce(coroutine);
  coroutine[Symbol.dispose]();
  coroutine[Symbol.dispose]();
  coroutine[Symbol.dispose]();
  expect(log).toEqual(UNWOUND);
});

test("dropping a coroutine that has ended runs nothing again", () => {
  const log: string[] = [];
  function* body() {
    try {
      return yield* ready(1);
    } finally {
      log.push("finally");
    }
  }
  const coroutine = future(body);
  expect(pollOnce(coroutine)).toBe(1);
  coroutine[Symbol.dispose]();
  expect(log).toEqual(["finally"]);
});

test("what waits is dropped with the coroutine that waits for it", () => {
  const probe = new Probe();
  function* body() {
    yield* probe;
  }
  const coroutine = future(body);
  pollOnce(coroutine);
  coroutine[Symbol.dispose]();
  expect(probe.drops).toBe(1);
});

test("an error in finally comes out of the drop, and the outer clean-up runs nevertheless", () => {
  const log: string[] = [];
  function* bad() {
    try {
      yield* pending();
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: the very thing that is tested.
      throw new Error("clean-up failed");
    }
  }
  function* body() {
    using _held = resource(log, "outer");
    yield* bad();
  }
  const coroutine = future(body);
  pollOnce(coroutine);
  expect(thrown(() => coroutine[Symbol.dispose]()).message).toBe("clean-up failed");
  expect(log).toEqual(["dispose outer"]);
  coroutine[Symbol.dispose]();
});

test("a coroutine that was dropped cannot be polled", () => {
  const coroutine = future(outer, []);
  pollOnce(coroutine);
  coroutine[Symbol.dispose]();
  expect(() => pollOnce(coroutine)).toThrow(PolledAfterCompletionError);
});

test("a coroutine that drops or polls itself is told so, and goes on", () => {
  const errors: unknown[] = [];
  function* body(): Coroutine<string> {
    errors.push(thrown(() => self[Symbol.dispose]()));
    errors.push(thrown(() => pollOnce(self)));
    yield* yieldNow();
    return "went on";
  }
  const self: Future<string> = future(body);
  expect(paused().blockOn(self)).toBe("went on");
  expect(errors[0]).toBeInstanceOf(ReentrantPollError);
  expect(errors[1]).toBeInstanceOf(ReentrantPollError);
});

test("a timer is given back by sleep, timeout, select and join when they are dropped", () => {
  const rt = paused();
  using _entered = rt.enter();
  const waits = [
    sleep(10),
    timeout(10, pending()),
    select({ a: sleep(10), b: sleep(20) }),
    join(sleep(10), sleep(20)),
    tryJoin(sleep(10)),
  ];
  for (const wait of waits) pollOnce<unknown>(wait);
  expect(rt.metrics().numTimers()).toBe(7);
  for (const wait of waits) wait[Symbol.dispose]();
  expect(rt.metrics().numTimers()).toBe(0);
});

test("dropping a combinator drops every branch once", () => {
  const probes = Array.from({ length: 4 }, () => new Probe());
  const [a, b, c, d] = probes as [Probe, Probe, Probe, Probe];
  using _entered = paused().enter();
  const whole = join(a, select({ b, c: timeout(5, c) }), unconstrained(d));
  pollOnce(whole);
  whole[Symbol.dispose]();
  whole[Symbol.dispose]();
  expect(probes.map((probe) => probe.drops)).toEqual([1, 1, 1, 1]);
});

test("a join whose branch throws from its dispose drops the others all the same", () => {
  const probe = new Probe();
  const last = new Probe();
  const whole = join(probe, new BadDispose(new Error("bad")), last);
  pollOnce(whole);
  expect(thrown(() => whole[Symbol.dispose]()).message).toBe("bad");
  expect([probe.drops, last.drops]).toEqual([1, 1]);
});

const kinds: [string, () => Future<unknown>][] = [
  ["a coroutine", () => future(outer, [])],
  ["ready", () => ready(1)],
  ["pending", () => pending()],
  ["pollFn", () => pollFn(() => 1)],
  ["fromPromise", () => fromPromise(() => new Promise(() => {}))],
  ["future(async)", () => future(async () => 1)],
  ["join", () => join(pending(), sleep(5))],
  ["a large join", () => join(...Array.from({ length: 40 }, () => sleep(5)))],
  ["tryJoin", () => tryJoin(pending())],
  ["select", () => select({ a: pending(), b: sleep(5) })],
  ["timeout", () => timeout(5, pending())],
  ["withSignal", () => withSignal(new AbortController().signal, pending())],
  ["unconstrained", () => unconstrained(pending())],
  ["consumeBudget", () => consumeBudget()],
  ["yieldNow", () => yieldNow()],
  ["sleep", () => sleep(5)],
  ["a JoinHandle", () => spawn(pending())],
  ["recv", () => mpsc.channel(1)[1].recv()],
  ["send", () => mpsc.channel<number>(1)[0].send(1)],
  ["a oneshot", () => oneshot.channel()[1]],
  ["notified", () => new Notify().notified()],
];

test.each(kinds)("%s may be dropped twice before its first poll", (_, make) => {
  using _entered = paused().enter();
  const made = make();
  made[Symbol.dispose]();
  expect(() => made[Symbol.dispose]()).not.toThrow();
});

test.each(kinds)("%s may be dropped twice after a poll, and leaves no timer", (_, make) => {
  const rt = paused();
  using _entered = rt.enter();
  const made = make();
  pollOnce(made);
  made[Symbol.dispose]();
  expect(() => made[Symbol.dispose]()).not.toThrow();
  expect(rt.metrics().numTimers()).toBe(0);
});
