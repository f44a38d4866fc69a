// join: all of them to the end, on one task.

import { future, join, NotAFutureError, Pending, pending, ready, sleep } from "tokiwa";
import { mpsc } from "tokiwa/sync";
import { Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { CountingWaker, Probe, paused, pollOnce, thrown } from "../support/tasks.js";

function* after<T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
}

test("gives the values in the order of its arguments, not of completion", () => {
  const values = paused().blockOn(function* () {
    return yield* join(after(30, "a"), after(10, 2), after(20, true));
  });
  expect(values).toEqual(["a", 2, true]);
});

test("waits as long as the longest branch, not as long as their sum", () => {
  const elapsed = paused().blockOn(function* () {
    const start = Instant.now();
    yield* join(sleep(30), sleep(10), sleep(20));
    return start.elapsed();
  });
  expect(elapsed).toBe(30);
});

test("a join of nothing is ready with nothing", () => {
  expect(pollOnce(join())).toEqual([]);
});

test("a join of values that are undefined completes", () => {
  expect(pollOnce(join(ready(undefined), ready(null)))).toEqual([undefined, null]);
});

test("a branch that has completed is not polled again", () => {
  const [a, b] = [new Probe<number>(), new Probe<number>()];
  const both = join(a, b);
  expect(pollOnce(both)).toBe(Pending);
  a.complete(1);
  expect(pollOnce(both)).toBe(Pending);
  expect(pollOnce(both)).toBe(Pending);
  expect(a.polls).toBe(2);
  b.complete(2);
  expect(pollOnce(both)).toEqual([1, 2]);
});

test("the branch that is polled first rotates from poll to poll", () => {
  const log: string[] = [];
  const whole = join(new Probe(log, "a"), new Probe(log, "b"), new Probe(log, "c"));
  for (let round = 0; round < 4; round++) pollOnce(whole);
  const rounds = [0, 3, 6, 9].map((at) => log.slice(at, at + 3).map((line) => line.slice(5)));
  expect(rounds.map((round) => round.join(""))).toEqual(["abc", "bca", "cab", "abc"]);
});

test("when one throws the others run to their end, then the first error is thrown", () => {
  const log: string[] = [];
  function* branch(ms: number, name: string, fails: boolean) {
    yield* sleep(ms);
    log.push(name);
    if (fails) throw new Error(name);
    return name;
  }
  const error = paused().blockOn(function* () {
    try {
      yield* join(branch(30, "a", true), branch(10, "b", true), branch(40, "c", false));
    } catch (error) {
      return error as Error;
    }
    return undefined;
  });
  expect(log).toEqual(["b", "a", "c"]);
  expect(error?.message).toBe("b");
});

test("a branch that throws undefined fails the join", () => {
  let failed = false;
  paused().blockOn(function* () {
    try {
      yield* join(
        (function* (): Generator<never, void> {
          throw undefined;
        })(),
        sleep(1),
      );
    } catch (error) {
      failed = error === undefined;
    }
  });
  expect(failed).toBe(true);
});

test("joins nest", () => {
  const values = paused().blockOn(function* () {
    return yield* join(join(after(5, 1), after(4, 2)), join(join(after(3, 3)), ready(4)));
  });
  expect(values).toEqual([
    [1, 2],
    [[3], 4],
  ]);
});

test("branches work together through a channel on one task", () => {
  function* produce(tx: mpsc.Sender<number>, count: number) {
    using _tx = tx;
    for (let value = 0; value < count; value++) yield* tx.send(value);
    return "sent";
  }
  function* consume(rx: mpsc.Receiver<number>) {
    let sum = 0;
    for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv()) sum += value;
    return sum;
  }
  const values = paused().blockOn(function* () {
    const [tx, rx] = mpsc.channel<number>(1);
    return yield* join(produce(tx, 500), consume(rx));
  });
  expect(values).toEqual(["sent", 124_750]);
});

test("passes a wake of any branch on to the waker of the last poll", () => {
  const [a, b] = [new Probe<number>(), new Probe<number>()];
  const both = join(a, b);
  const [first, second] = [new CountingWaker(), new CountingWaker()];
  pollOnce(both, first);
  pollOnce(both, second);
  b.complete(1);
  expect([first.wakes, second.wakes]).toEqual([0, 1]);
});

test("dropping it drops only the branches that have not ended", () => {
  const [a, b] = [new Probe<number>(), new Probe<number>()];
  const both = join(a, b);
  pollOnce(both);
  a.complete(1);
  pollOnce(both);
  both[Symbol.dispose]();
  expect([a.drops, b.drops]).toEqual([0, 1]);
});

test("refuses what is no future at the call, and names the argument", () => {
  const error = thrown(() => join(ready(1), Promise.resolve(2) as never));
  expect(error).toBeInstanceOf(NotAFutureError);
  expect(error.message).toContain("join(arguments[1])");
  expect(error.message).toContain("fromPromise");
  const uncalled = thrown(() => join(after as never));
  expect(uncalled.message).toContain("future(fn, ...args)");
});

test("takes futures and coroutines alike", () => {
  const values = paused().blockOn(function* () {
    return yield* join(ready(1), after(1, 2), future(after, 1, 3));
  });
  expect(values).toEqual([1, 2, 3]);
});

test("a pending branch keeps the join pending for ever", () => {
  const both = join(ready(1), pending());
  expect(pollOnce(both)).toBe(Pending);
  expect(pollOnce(both)).toBe(Pending);
});
