// The cooperative budget: 128 results a poll, whatever gives them, then the others have their turn.

import { type Future, Pending, pollFn, select, sleep, spawn, yieldNow } from "tokiwa";
import { mpsc, Notify, oneshot } from "tokiwa/sync";
import { consumeBudget, hasBudgetRemaining, unconstrained } from "tokiwa/task";
import { expect, test } from "vitest";
import { paused } from "../support/tasks.js";

const BUDGET = 128;

/** How many results of `make` one poll gives before one is Pending, up to `most`. */
function resultsOfOnePoll(make: (index: number) => Future<unknown>, most = 1_000): Future<number> {
  let counted = -1;
  return pollFn((cx) => {
    if (counted >= 0) return counted;
    for (counted = 0; counted < most; counted++) {
      const future = make(counted);
      if (future.poll(cx) === Pending) {
        future[Symbol.dispose]();
        break;
      }
    }
    return counted;
  });
}

function* measured(prepare: () => (index: number) => Future<unknown>) {
  const make = prepare();
  yield* sleep(1);
  // The sleep itself was a result.
  yield* yieldNow();
  return yield* resultsOfOnePoll(make);
}

const leaves: [string, () => (index: number) => Future<unknown>][] = [
  [
    "mpsc recv",
    () => {
      const [tx, rx] = mpsc.unbounded<number>();
      for (let value = 0; value < 1_000; value++) tx.send(value);
      return () => rx.recv();
    },
  ],
  [
    "mpsc recv of a closed channel",
    () => {
      const [tx, rx] = mpsc.channel<number>(1);
      tx[Symbol.dispose]();
      return () => rx.recv();
    },
  ],
  [
    "mpsc send",
    () => {
      const [tx, rx] = mpsc.channel<number>(10_000);
      void rx;
      return (index) => tx.send(index);
    },
  ],
  [
    "oneshot",
    () => {
      const receivers = Array.from({ length: 1_000 }, () => {
        const [tx, rx] = oneshot.channel<number>();
        tx.send(1);
        return rx;
      });
      return (index) => receivers[index] as Future<number>;
    },
  ],
  [
    "notified",
    () => {
      const notify = new Notify();
      const waits = Array.from({ length: 1_000 }, () => notify.notified());
      notify.notifyWaiters();
      return (index) => waits[index] as Future<void>;
    },
  ],
  [
    "JoinHandle",
    () => {
      const handles = Array.from({ length: 1_000 }, () => spawn(function* () {}));
      return (index) => handles[index] as Future<void>;
    },
  ],
  ["sleep", () => () => sleep(0)],
  ["consumeBudget", () => () => consumeBudget()],
];

test.each(leaves)("%s: 128 results in one poll", (_, prepare) => {
  expect(paused().blockOn(measured, prepare)).toBe(BUDGET);
});

test.each(leaves)("%s: no limit inside unconstrained", (_, prepare) => {
  const results = paused().blockOn(function* () {
    const make = prepare();
    yield* sleep(1);
    return yield* unconstrained(resultsOfOnePoll(make));
  });
  expect(results).toBe(1_000);
});

test("different leaves share one budget", () => {
  const results = paused().blockOn(function* () {
    const [tx, rx] = mpsc.unbounded<number>();
    for (let value = 0; value < 1_000; value++) tx.send(value);
    yield* yieldNow();
    return yield* resultsOfOnePoll((index) => (index % 2 === 0 ? rx.recv() : sleep(0)));
  });
  expect(results).toBe(BUDGET);
});

test("each poll has a budget of its own, and each task", () => {
  const results = paused().blockOn(function* () {
    const counts: number[] = [];
    for (let poll = 0; poll < 3; poll++) {
      yield* yieldNow();
      counts.push(yield* resultsOfOnePoll(() => consumeBudget()));
    }
    counts.push(yield* spawn(resultsOfOnePoll(() => consumeBudget())));
    return counts;
  });
  expect(results).toEqual([BUDGET, BUDGET, BUDGET, BUDGET]);
});

test("a result that is not there yet costs nothing", () => {
  const results = paused().blockOn(function* () {
    const [tx, rx] = mpsc.channel<number>(1);
    yield* yieldNow();
    const pendings = yield* resultsOfOnePoll(() =>
      pollFn((cx) => {
        for (let round = 0; round < 1_000; round++) rx.pollRecv(cx);
        return Pending;
      }),
    );
    void tx;
    return [pendings, yield* resultsOfOnePoll(() => consumeBudget())];
  });
  expect(results).toEqual([0, BUDGET]);
});

test("a task with the budget spent is polled again without anybody's wake", () => {
  const [progress, sum] = paused().blockOn(function* () {
    const [tx, rx] = mpsc.unbounded<number>();
    for (let value = 0; value < 300; value++) tx.send(1);
    let received = 0;
    const reader = spawn(function* () {
      while (received < 300) received += (yield* rx.recv()) as number;
      return received;
    });
    const progress: number[] = [];
    while (!reader.isFinished()) {
      yield* yieldNow();
      progress.push(received);
    }
    return [progress, yield* reader] as const;
  });
  expect(progress.slice(0, 3)).toEqual([128, 256, 300]);
  expect(sum).toBe(300);
});

test("hasBudgetRemaining tells when it is spent", () => {
  const seen = paused().blockOn(function* () {
    const fresh = hasBudgetRemaining();
    yield* yieldNow();
    for (let unit = 0; unit < BUDGET; unit++) yield* consumeBudget();
    const spent = hasBudgetRemaining();
    const free = yield* unconstrained(pollFn(() => hasBudgetRemaining()));
    yield* yieldNow();
    return [fresh, spent, free, hasBudgetRemaining()];
  });
  expect(seen).toEqual([true, false, true, true]);
});

test("outside of tasks nothing is limited", () => {
  expect(hasBudgetRemaining()).toBe(true);
  for (let unit = 0; unit < 1_000; unit++) consumeBudget().poll({ waker: undefined as never });
  expect(hasBudgetRemaining()).toBe(true);
});

test("select gives way with the budget spent, even when a branch is ready without any", () => {
  const polls = paused().blockOn(function* () {
    yield* yieldNow();
    for (let unit = 0; unit < BUDGET; unit++) yield* consumeBudget();
    let others = 0;
    spawn(function* () {
      others += 1;
    });
    yield* select({ a: pollFn(() => "ready") });
    return others;
  });
  expect(polls).toBe(1);
});

test("a loop without waits starves the others, and consumeBudget cures it", () => {
  function* loop(cure: boolean, stopped: () => boolean) {
    let rounds = 0;
    while (!stopped() && rounds < 10_000) {
      rounds += 1;
      if (cure) yield* consumeBudget();
    }
    return rounds;
  }
  function* program(cure: boolean) {
    let stop = false;
    const looping = spawn(loop, cure, () => stop);
    spawn(function* () {
      stop = true;
    });
    return yield* looping;
  }
  expect(paused().blockOn(program, false)).toBe(10_000);
  expect(paused().blockOn(program, true)).toBeLessThanOrEqual(BUDGET + 1);
});

test("timers fire while a task spends its budget over and over", () => {
  const rt = paused();
  let ends = false;
  const rounds = rt.blockOn(function* () {
    const [tx, rx] = mpsc.unbounded<number>();
    spawn(function* () {
      yield* sleep(0);
      ends = true;
    });
    let rounds = 0;
    while (!ends && rounds < 100_000) {
      tx.send(1);
      yield* rx.recv();
      rounds += 1;
    }
    return rounds;
  });
  expect(rounds).toBeLessThanOrEqual(3 * BUDGET);
});

test("unconstrained drops what it holds and gives its value", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const result = paused().blockOn(function* () {
    const winner = yield* select({ free: unconstrained(rx.recv()), late: sleep(1) });
    tx.trySend(1);
    return [winner.branch, yield* unconstrained(rx.recv())];
  });
  expect(result).toEqual(["late", 1]);
});
