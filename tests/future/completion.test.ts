// F4: polling after completion throws, whatever the future is and whether it gave a value or an error.

import {
  type Future,
  fromPromise,
  future,
  interval,
  join,
  Pending,
  PolledAfterCompletionError,
  pending,
  pollFn,
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
import { loopTurns, paused, pollOnce, rejection, thrown } from "../support/tasks.js";

function* gives() {
  return 1;
}

function* throws(): Generator<never, number> {
  throw new Error("failed");
}

function failing() {
  return pollFn<number>(() => {
    throw new Error("failed");
  });
}

function received() {
  const [tx, rx] = mpsc.channel<number>(1);
  tx.trySend(1);
  return rx;
}

function notified() {
  const notify = new Notify();
  notify.notifyOne();
  return notify.notified();
}

function sent() {
  const [tx, rx] = oneshot.channel<number>();
  tx.send(1);
  return rx;
}

function closed() {
  const [tx, rx] = oneshot.channel<number>();
  tx[Symbol.dispose]();
  return rx;
}

const kinds: [string, () => Future<unknown>][] = [
  ["a coroutine", () => future(gives)],
  ["a coroutine that threw", () => future(throws)],
  ["ready", () => ready(1)],
  ["pollFn", () => pollFn(() => 1)],
  ["pollFn that threw", failing],
  [
    "fromPromise whose function threw",
    () =>
      fromPromise(() => {
        throw new Error("failed");
      }),
  ],
  ["join", () => join(ready(1), ready(2))],
  ["join of nothing", () => join()],
  ["join with a branch that threw", () => join(ready(1), failing())],
  ["join of forty", () => join(...Array.from({ length: 40 }, () => ready(1)))],
  ["tryJoin", () => tryJoin(ready(1))],
  ["tryJoin with a branch that threw", () => tryJoin(pending(), failing())],
  ["select", () => select({ a: ready(1), b: pending() })],
  ["select with a branch that threw", () => select({ a: failing() })],
  ["select with every branch disabled", () => select({ a: undefined })],
  ["select with otherwise", () => select({ a: false }, { otherwise: () => 1 })],
  ["timeout", () => timeout(5, ready(1))],
  ["timeout that elapsed", () => timeout(0, pending())],
  ["timeout whose future threw", () => timeout(5, failing())],
  ["sleep", () => sleep(0)],
  ["a tick", () => interval(5).tick()],
  ["recv", () => received().recv()],
  ["recvMany", () => received().recvMany(5)],
  ["send", () => mpsc.channel<number>(1)[0].send(1)],
  ["a oneshot", sent],
  ["a oneshot that was closed", closed],
  ["notified", notified],
  ["withSignal", () => withSignal(new AbortController().signal, ready(1))],
  ["withSignal that was aborted", () => withSignal(AbortSignal.abort(), pending())],
  ["unconstrained", () => unconstrained(ready(1))],
];

test.each(kinds)("%s throws when polled after completion", (_, make) => {
  using _entered = paused().enter();
  const made = make();
  let value: unknown;
  try {
    value = pollOnce(made);
  } catch {
    value = "error";
  }
  expect(value).not.toBe(Pending);
  const error = thrown(() => pollOnce(made));
  expect(error).toBeInstanceOf(PolledAfterCompletionError);
  expect(error.name).toBe("PolledAfterCompletionError");
});

test.each([
  ["resolved", () => Promise.resolve(1)],
  ["rejected", () => Promise.reject(new Error("rejected"))],
])("fromPromise throws when polled after its promise %s", async (_, make) => {
  const made = fromPromise(make);
  pollOnce(made);
  await loopTurns(1);
  try {
    pollOnce(made);
  } catch {}
  expect(() => pollOnce(made)).toThrow(PolledAfterCompletionError);
});

test("a coroutine can catch the error and go on", () => {
  const result = paused().blockOn(function* () {
    const once = ready(1);
    yield* once;
    try {
      yield* once;
    } catch (error) {
      return error;
    }
    return undefined;
  });
  expect(result).toBeInstanceOf(PolledAfterCompletionError);
});

test("awaiting a future a second time rejects", async () => {
  const once = ready(1);
  expect(await once).toBe(1);
  await expect((async () => await once)()).rejects.toBeInstanceOf(PolledAfterCompletionError);
});

test("yieldNow and consumeBudget have no result to lose", () => {
  const polls = paused().blockOn(function* () {
    const again = yieldNow();
    yield* again;
    yield* again;
    const budget = consumeBudget();
    yield* budget;
    yield* budget;
    return "went on";
  });
  expect(polls).toBe("went on");
});

test("a future that has completed panics the task that it is spawned as", async () => {
  const once = ready(1);
  pollOnce(once);
  const error = await rejection(paused().spawn(once));
  expect(error.cause).toBeInstanceOf(PolledAfterCompletionError);
});

test("a JoinHandle gives its value as often as it is asked", () => {
  const values = paused().blockOn(function* () {
    const handle = spawn(gives);
    return [yield* handle, yield* handle, yield* handle];
  });
  expect(values).toEqual([1, 1, 1]);
});
