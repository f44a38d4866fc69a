// A future polled by one task and then by another wakes the second; polls that nobody asked for change nothing.

import {
  type Future,
  fromPromise,
  join,
  Pending,
  pending,
  pollFn,
  select,
  sleep,
  spawn,
  timeout,
  tryJoin,
  yieldNow,
} from "tokiwa";
import { mpsc, Notify, oneshot } from "tokiwa/sync";
import { unconstrained, withSignal } from "tokiwa/task";
import { expect, test } from "vitest";
import { Probe, paused, settles } from "../support/tasks.js";

/** A future that is pending, and what completes it. */
type Made = [Future<unknown>, () => void];

function channelled(): Made {
  const [tx, rx] = mpsc.channel<number>(1);
  return [rx.recv(), () => tx.trySend(1)];
}

function full(): Made {
  const [tx, rx] = mpsc.channel<number>(1);
  tx.trySend(0);
  return [tx.send(1), () => rx.tryRecv()];
}

function once(): Made {
  const [tx, rx] = oneshot.channel<number>();
  return [rx, () => tx.send(1)];
}

function notified(): Made {
  const notify = new Notify();
  return [notify.notified(), () => notify.notifyOne()];
}

function probed(wrap: (probe: Probe<number>) => Future<unknown>): Made {
  const probe = new Probe<number>();
  return [wrap(probe), () => probe.complete(1)];
}

function promised(): Made {
  let resolve: (value: number) => void = () => {};
  const promise = new Promise<number>((done) => {
    resolve = done;
  });
  return [fromPromise(() => promise), () => resolve(1)];
}

function aborted(): Made {
  const controller = new AbortController();
  return [withSignal(controller.signal, pending()), () => controller.abort()];
}

const kinds: [string, () => Made][] = [
  ["sleep", () => [sleep(10), () => {}]],
  ["timeout", () => [timeout(10, pending()), () => {}]],
  ["recv", channelled],
  ["send", full],
  ["oneshot", once],
  ["notified", notified],
  ["fromPromise", promised],
  ["withSignal", aborted],
  ["JoinHandle", () => [spawn(sleep(10)), () => {}]],
  ["join", () => probed((probe) => join(probe, sleep(1)))],
  ["tryJoin", () => probed((probe) => tryJoin(probe))],
  ["select", () => probed((probe) => select({ probe, never: pending() }))],
  ["unconstrained", () => probed((probe) => unconstrained(probe))],
  [
    "a join of forty",
    () =>
      probed((probe) =>
        join(...Array.from({ length: 40 }, (_, index) => (index === 7 ? probe : sleep(1)))),
      ),
  ],
];

function* polled(future: Future<unknown>, times: number) {
  const results: unknown[] = [];
  for (let time = 0; time < times; time++) {
    results.push(yield* pollFn((cx) => (future.poll(cx) === Pending ? "pending" : "done")));
    yield* yieldNow();
  }
  return results;
}

function* finished(future: Future<unknown>) {
  try {
    yield* future;
  } catch {}
  return "finished";
}

test.each(kinds)("%s: the task that polled it last is the one that is woken", async (_, make) => {
  const result = paused().run(function* () {
    const [future, complete] = make();
    expect(yield* spawn(polled, future, 1)).toEqual(["pending"]);
    const second = spawn(finished, future);
    yield* yieldNow();
    complete();
    return yield* second;
  });
  expect(await settles(result)).toBe("finished");
});

test.each(kinds)("%s: spurious polls change nothing", async (_, make) => {
  const result = paused().run(function* () {
    const [future, complete] = make();
    expect(yield* polled(future, 5)).toEqual(new Array(5).fill("pending"));
    complete();
    return yield* finished(future);
  });
  expect(await settles(result)).toBe("finished");
});

test.each(kinds)("%s: the task that polled it first may be gone", async (_, make) => {
  const result = paused().run(function* () {
    const [future, complete] = make();
    const first = spawn(
      pollFn((cx) => {
        future.poll(cx);
        return Pending;
      }),
    );
    yield* yieldNow();
    first.abort();
    yield* yieldNow();
    const second = spawn(finished, future);
    yield* yieldNow();
    complete();
    return yield* second;
  });
  expect(await settles(result)).toBe("finished");
});
