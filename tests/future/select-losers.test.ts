// What becomes of the branches that lose: dropped before the winner is returned, unless they were borrowed.

import {
  borrow,
  type Future,
  future,
  Pending,
  pending,
  pollFn,
  ready,
  select,
  sleep,
  spawn,
} from "tokiwa";
import { Mutex, mpsc, oneshot } from "tokiwa/sync";
import { expect, test } from "vitest";
import { BadDispose, Probe, paused, pollOnce, thrown } from "../support/tasks.js";

test("every loser is dropped before the winner is returned", () => {
  const log: string[] = [];
  paused().blockOn(function* () {
    yield* select({ a: new Probe(log, "a"), won: sleep(1), b: new Probe(log, "b") });
    log.push("returned");
  });
  expect(log.filter((line) => !line.startsWith("poll"))).toEqual(["drop a", "drop b", "returned"]);
});

test("the winner itself is not dropped", () => {
  const [won, lost] = [new Probe<number>(), new Probe<number>()];
  won.complete(1);
  pollOnce(select({ won, lost }));
  expect([won.drops, lost.drops]).toEqual([0, 1]);
});

test("a loser that was never polled is dropped too", () => {
  const lost = new Probe();
  pollOnce(select({ won: ready(1), lost }, { biased: true }));
  expect([lost.polls, lost.drops]).toEqual([0, 1]);
});

test("the finally of a loser runs before the winner is returned", () => {
  const log: string[] = [];
  function* loser() {
    try {
      yield* pending();
    } finally {
      log.push("finally");
    }
  }
  paused().blockOn(function* () {
    yield* select({ loser: loser(), won: sleep(1) });
    log.push("returned");
  });
  expect(log).toEqual(["finally", "returned"]);
});

test("losers give their timers back", () => {
  const rt = paused();
  const timers = rt.blockOn(function* () {
    yield* select({ a: sleep(1), b: sleep(100), c: sleep(1_000) });
    return rt.metrics().numTimers();
  });
  expect(timers).toBe(0);
});

test("a value is not lost by a recv that loses", () => {
  const values = paused().blockOn(function* () {
    const [tx, rx] = mpsc.channel<number>(8);
    yield* select({ data: rx.recv(), late: sleep(1) });
    tx.trySend(5);
    return [yield* rx.recv()];
  });
  expect(values).toEqual([5]);
});

test("borrow keeps a future for the next round", () => {
  const [rounds, value] = paused().blockOn(function* () {
    const [tx, rx] = oneshot.channel<string>();
    spawn(function* () {
      yield* sleep(35);
      tx.send("finally there");
    });
    for (let rounds = 1; ; rounds++) {
      const winner = yield* select({ value: borrow(rx), tick: sleep(10) });
      if (winner.branch === "value") return [rounds, winner.value] as const;
    }
  });
  expect([rounds, value]).toEqual([4, "finally there"]);
});

test("borrow keeps a coroutine running over the rounds, from where it stands", () => {
  const log: number[] = [];
  function* work() {
    for (let step = 1; step <= 5; step++) {
      yield* sleep(10);
      log.push(step);
    }
    return "done";
  }
  const result = paused().blockOn(function* () {
    const job = future(work);
    for (;;) {
      const winner = yield* select({ job: borrow(job), tick: sleep(7) });
      if (winner.branch === "job") return winner.value;
    }
  });
  expect(result).toBe("done");
  expect(log).toEqual([1, 2, 3, 4, 5]);
});

test("a JoinHandle that loses can be waited for again: its task went on", () => {
  const value = paused().blockOn(function* () {
    const handle = spawn(function* () {
      yield* sleep(50);
      return "value";
    });
    const winner = yield* select({ handle, late: sleep(5) });
    expect(winner.branch).toBe("late");
    return yield* handle;
  });
  expect(value).toBe("value");
});

test("a loser whose dispose throws does not keep the others from being dropped", () => {
  const [first, last] = [new Probe(), new Probe()];
  const race = select({ first, bad: new BadDispose(new Error("bad")), last, won: ready(1) });
  expect(thrown(() => pollOnce(race)).message).toBe("bad");
  expect([first.drops, last.drops]).toEqual([1, 1]);
});

test("a branch that throws is not hidden by a loser whose dispose throws", () => {
  const failing = new Probe();
  failing.fail(new Error("the branch's own"));
  const last = new Probe();
  const race = select({ failing, bad: new BadDispose(new Error("bad")), last }, { biased: true });
  expect(thrown(() => pollOnce(race)).message).toBe("the branch's own");
  expect(last.drops).toBe(1);
});

test("dropping the whole select drops every branch", () => {
  const [a, b] = [new Probe(), new Probe()];
  const race = select({ a, b });
  expect(pollOnce(race)).toBe(Pending);
  race[Symbol.dispose]();
  race[Symbol.dispose]();
  expect([a.drops, b.drops]).toEqual([1, 1]);
});

test("dropping a select over a borrowed future leaves that future alone", () => {
  const kept = new Probe();
  const race = select({ kept: borrow(kept), other: pending() });
  pollOnce(race);
  race[Symbol.dispose]();
  expect(kept.drops).toBe(0);
});

test.each([
  ["is pending", Pending],
  ["gives a value", 1],
])("a branch that drops the whole inside of its poll, and %s", (_, value) => {
  const other = new Probe();
  const whole: Future<unknown> = select(
    {
      dropper: pollFn(() => {
        whole[Symbol.dispose]();
        return value;
      }),
      other,
    },
    { biased: true },
  );
  expect(pollOnce(whole)).toBe(Pending);
  expect([other.polls, other.drops]).toEqual([0, 1]);
});

test("what such a branch gives is nobody's: a lock in it is released", () => {
  const mutex = new Mutex(1);
  const whole: Future<unknown> = select({
    dropper: pollFn(() => {
      whole[Symbol.dispose]();
      return mutex.tryLock();
    }),
  });
  expect(pollOnce(whole)).toBe(Pending);
  mutex.tryLock().release();
});
