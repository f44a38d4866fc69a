// withSignal: drops the future and throws the signal's reason.

import { getEventListeners } from "node:events";
import { type Future, future, Pending, pending, pollFn, ready, sleep, timeout } from "tokiwa";
import { InvalidArgumentError } from "tokiwa/runtime";
import { mpsc } from "tokiwa/sync";
import { withSignal } from "tokiwa/task";
import { expect, test } from "vitest";
import {
  CountingWaker,
  loopTurns,
  Probe,
  paused,
  pollOnce,
  settles,
  thrown,
} from "../support/tasks.js";

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, "abort").length;
}

test("gives the value of the future when the signal does not fire", () => {
  const { signal } = new AbortController();
  expect(paused().blockOn(withSignal(signal, ready(1)))).toBe(1);
});

test("throws what the future throws", () => {
  const { signal } = new AbortController();
  const failing = pollFn<number>(() => {
    throw new Error("own error");
  });
  expect(() => pollOnce(withSignal(signal, failing))).toThrow("own error");
});

test("drops the future and throws the signal's reason, the very same", async () => {
  const controller = new AbortController();
  const probe = new Probe();
  const reason = { why: "stop" };
  const caught = paused().run(function* () {
    try {
      yield* withSignal(controller.signal, probe);
    } catch (error) {
      return error;
    }
    return undefined;
  });
  await loopTurns();
  controller.abort(reason);
  expect(await settles(caught)).toBe(reason);
  expect([probe.polls, probe.drops]).toEqual([1, 1]);
});

test("a signal that has fired already: the future is not polled", () => {
  const probe = new Probe();
  const guarded = withSignal(AbortSignal.abort("early"), probe);
  expect(thrown(() => pollOnce(guarded))).toBe("early");
  expect([probe.polls, probe.drops]).toEqual([0, 1]);
});

test("a signal that fires during the poll of the future is not missed", () => {
  const controller = new AbortController();
  function* stopsItself() {
    controller.abort("stopped inside");
    yield* pending();
  }
  const caught = paused().blockOn(function* () {
    try {
      yield* timeout(1_000, withSignal(controller.signal, stopsItself()));
    } catch (error) {
      return error;
    }
    return undefined;
  });
  expect(caught).toBe("stopped inside");
});

test("listens only while it waits", () => {
  const { signal } = new AbortController();
  const probe = new Probe<number>();
  const guarded = withSignal(signal, probe);
  expect(listeners(signal)).toBe(0);
  pollOnce(guarded);
  pollOnce(guarded);
  expect(listeners(signal)).toBe(1);
  probe.complete(1);
  expect(pollOnce(guarded)).toBe(1);
  expect(listeners(signal)).toBe(0);
});

test.each([
  ["dropped", (guarded: Future<unknown>) => guarded[Symbol.dispose]()],
  [
    "done with an error",
    (guarded: Future<unknown>, probe: Probe) => {
      probe.fail(new Error("failed"));
      thrown(() => pollOnce(guarded));
    },
  ],
])("its listener is gone when it is %s", (_, end) => {
  const { signal } = new AbortController();
  const probe = new Probe();
  const guarded = withSignal(signal, probe);
  pollOnce(guarded);
  end(guarded, probe);
  expect(listeners(signal)).toBe(0);
});

test("the waker of the last poll is woken", () => {
  const controller = new AbortController();
  const guarded = withSignal(controller.signal, pending());
  const [first, second] = [new CountingWaker(), new CountingWaker()];
  expect(pollOnce(guarded, first)).toBe(Pending);
  expect(pollOnce(guarded, second)).toBe(Pending);
  controller.abort();
  expect([first.wakes, second.wakes]).toEqual([0, 1]);
});

test("a value that is there when the signal fires: the signal wins at the next poll", () => {
  const controller = new AbortController();
  const probe = new Probe<number>();
  const guarded = withSignal(controller.signal, probe);
  pollOnce(guarded);
  controller.abort("reason");
  expect(thrown(() => pollOnce(guarded))).toBe("reason");
});

test("AbortSignal.timeout and a recv: the value sent later is not lost", async () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const controller = new AbortController();
  const result = paused().run(function* () {
    try {
      yield* withSignal(controller.signal, rx.recv());
    } catch {}
    tx.trySend(5);
    return yield* rx.recv();
  });
  await loopTurns();
  controller.abort();
  expect(await settles(result)).toBe(5);
});

test("refuses what is no AbortSignal at the call", () => {
  for (const value of [undefined, null, 5, {}, new AbortController()]) {
    const error = thrown(() => withSignal(value as never, ready(1))) as InvalidArgumentError;
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error.argument).toContain("withSignal");
    expect(error.given).toBe(value);
    expect(error.allowed).toContain("AbortSignal");
  }
});

test("takes a coroutine that was called", () => {
  function* work() {
    yield* sleep(1);
    return "done";
  }
  const { signal } = new AbortController();
  expect(paused().blockOn(withSignal(signal, work()))).toBe("done");
  expect(paused().blockOn(withSignal(signal, future(work)))).toBe("done");
});
