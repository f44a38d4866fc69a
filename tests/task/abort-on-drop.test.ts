// AbortOnDropHandle. (After tokio-util's abort_on_drop.)

import { borrow, pending, select, sleep, spawn, timeout } from "tokiwa";
import { AbortOnDropHandle } from "tokiwa/task";
import { expect, test } from "vitest";
import { paused, real, rejection } from "../support/tasks.js";

function* after<T>(ms: number, value: T) {
  yield* sleep(ms);
  return value;
}

test("disposing it aborts the task", () => {
  paused().blockOn(function* () {
    const inner = spawn(pending());
    {
      using handle = new AbortOnDropHandle(inner);
      expect(handle.isFinished()).toBe(false);
      expect(handle.id).toBe(inner.id);
    }
    yield* sleep(1);
    expect(inner.isFinished()).toBe(true);
  });
});

test("it is a future of the value", async () => {
  const rt = real();
  expect(
    await rt.run(function* () {
      return yield* new AbortOnDropHandle(spawn(after, 1, "value"));
    }),
  ).toBe("value");
  expect(await rt.run(async () => await new AbortOnDropHandle(spawn(after, 1, "value")))).toBe(
    "value",
  );
  await rt.shutdown();
});

test("a task that threw or was aborted gives its JoinError", async () => {
  const rt = real();
  const threw = new AbortOnDropHandle(
    rt.spawn(function* () {
      throw new Error("failed");
    }),
  );
  expect(await rejection(rt.run(threw))).toMatchObject({ isPanic: true });
  const aborted = new AbortOnDropHandle(rt.spawn(pending()));
  aborted.abort();
  expect(await rejection(rt.run(aborted))).toMatchObject({ isCancelled: true });
  await rt.shutdown();
});

test("a timeout that elapses and a coroutine that is cancelled abort the task", () => {
  paused().blockOn(function* () {
    const [timed, awaited] = [spawn(pending()), spawn(pending())];
    yield* select({ lost: new AbortOnDropHandle(timed), tick: sleep(5) });
    const waiter = spawn(function* () {
      yield* new AbortOnDropHandle(awaited);
    });
    yield* sleep(1);
    waiter.abort();
    yield* sleep(1);
    expect([timed.isFinished(), awaited.isFinished()]).toEqual([true, true]);
  });
});

test("a borrow keeps it", () => {
  paused().blockOn(function* () {
    using handle = new AbortOnDropHandle(spawn(after, 20, "value"));
    const winner = yield* select({ value: borrow(handle), tick: sleep(5) });
    expect(winner.branch).toBe("tick");
    expect(yield* timeout(100, borrow(handle))).toBe("value");
  });
});

test("detach gives the handle back, and disposing aborts nothing", () => {
  paused().blockOn(function* () {
    const inner = spawn(after, 5, "value");
    const handle = new AbortOnDropHandle(inner);
    expect(handle.detach()).toBe(inner);
    handle[Symbol.dispose]();
    expect(yield* inner).toBe("value");
  });
});

test("disposing after the end, and twice, is harmless; an abort handle of it aborts only when asked", () => {
  paused().blockOn(function* () {
    const handle = new AbortOnDropHandle(spawn(after, 1, "value"));
    expect(yield* handle).toBe("value");
    handle[Symbol.dispose]();
    handle[Symbol.dispose]();
    const inner = spawn(pending());
    const abort = new AbortOnDropHandle(inner).abortHandle();
    yield* sleep(1);
    expect(inner.isFinished()).toBe(false);
    abort.abort();
    yield* sleep(1);
    expect(inner.isFinished()).toBe(true);
  });
});
