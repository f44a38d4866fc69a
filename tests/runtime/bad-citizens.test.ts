// Wakers, disposes and clean-ups that throw: the scheduler goes on.

import {
  type Context,
  Future,
  join,
  Pending,
  type Poll,
  pending,
  ready,
  sleep,
  spawn,
  Waker,
  yieldNow,
} from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { Notify } from "tokiwa/sync";
import { expect, test } from "vitest";
import {
  BadDispose,
  CountingWaker,
  count,
  paused,
  pollOnce,
  real,
  settles,
  stderrOf,
} from "../support/tasks.js";
import { pause } from "../support/time.js";

function badWaker(): Waker {
  return Waker.from(() => {
    throw new Error("the waker's own error");
  });
}

function entered<T>(rt: Runtime, make: () => T): T {
  using _entered = rt.enter();
  return make();
}

function* alive() {
  yield* sleep(50);
  return yield* spawn(function* () {
    yield* yieldNow();
    return "alive";
  });
}

test("a waker that throws when its task ends is reported, and the others are woken", async () => {
  const rt = paused();
  const handle = rt.spawn(pause, 1);
  pollOnce(handle, badWaker());
  const second = rt.spawn(function* () {
    yield* handle;
    return "woken";
  });
  const text = await stderrOf(() => {
    expect(rt.blockOn(alive)).toBe("alive");
    expect(rt.blockOn(second)).toBe("woken");
  });
  expect(count(text, "the waker's own error")).toBe(1);
});

test("a waker that throws when its timer fires is reported, and the others fire", async () => {
  const rt = paused();
  const good = new CountingWaker();
  entered(rt, () => {
    for (const waker of [badWaker(), good, badWaker(), good]) pollOnce(sleep(10), waker);
  });
  const text = await stderrOf(() => {
    expect(rt.blockOn(alive)).toBe("alive");
  });
  expect(good.wakes).toBe(2);
  expect(count(text, "the waker's own error")).toBe(2);
});

test("a waker that throws when the runtime shuts down does not stop the shutdown", async () => {
  const rt = paused();
  const good = new CountingWaker();
  entered(rt, () => {
    for (const waker of [badWaker(), good]) pollOnce(sleep(10), waker);
  });
  const dropped: string[] = [];
  rt.spawn(function* () {
    try {
      yield* pending();
    } finally {
      dropped.push("dropped");
    }
  });
  rt.blockOn(yieldNow());
  await stderrOf(() => rt.shutdown());
  expect(good.wakes).toBe(1);
  expect(dropped).toEqual(["dropped"]);
});

test("a waker that throws among those of notifyWaiters does not cost the others their wake", async () => {
  const rt = paused();
  const notify = new Notify();
  const waits = Array.from({ length: 3 }, () =>
    rt.spawn(function* () {
      yield* notify.notified();
      return "notified";
    }),
  );
  const bad = notify.notified();
  pollOnce(bad, badWaker());
  rt.blockOn(yieldNow());
  await stderrOf(() => {
    try {
      notify.notifyWaiters();
    } catch {}
  });
  expect(rt.blockOn(join(...waits))).toEqual(["notified", "notified", "notified"]);
});

test("a dispose that throws in one task leaves the others going", () => {
  const rt = paused();
  const value = rt.blockOn(function* () {
    const handles = Array.from({ length: 5 }, () => spawn(new BadDispose(new Error("bad"))));
    yield* yieldNow();
    for (const handle of handles) handle.abort();
    return yield* spawn(alive);
  });
  expect(value).toBe("alive");
  expect(rt.metrics().numAliveTasks()).toBe(0);
});

test("a finally that throws while its task panics leaves the scheduler going", () => {
  const value = paused().blockOn(function* () {
    spawn(function* () {
      try {
        yield* yieldNow();
        throw new Error("first");
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: the very thing that is tested.
        throw new Error("second");
      }
    })[Symbol.dispose]();
    return yield* alive();
  });
  expect(value).toBe("alive");
});

test("a future that throws something without text leaves the scheduler going", async () => {
  class Odd extends Future<void> {
    poll(_cx: Context): Poll<void> {
      throw Object.create(null);
    }
  }
  const rt = paused();
  await stderrOf(async () => {
    rt.spawn(new Odd());
    expect(await settles(rt.run(alive))).toBe("alive");
    await rt.shutdown();
  });
});

test("an abort listener that throws does not stop the runtime", async () => {
  const errors: unknown[] = [];
  const listener = (error: unknown) => errors.push(error);
  process.prependOnceListener("uncaughtException", listener);
  const others = process.listeners("uncaughtException").filter((other) => other !== listener);
  for (const other of others) process.off("uncaughtException", other as () => void);
  try {
    const rt = real();
    const value = await settles(
      rt.run(function* () {
        const handle = spawn(async ({ signal }) => {
          signal.addEventListener("abort", () => {
            throw new Error("the listener's own error");
          });
          await new Promise(() => {});
        });
        yield* yieldNow();
        yield* yieldNow();
        handle.abort();
        return yield* alive();
      }),
    );
    expect(value).toBe("alive");
    expect(errors).toHaveLength(1);
  } finally {
    for (const other of others) process.on("uncaughtException", other as () => void);
    process.off("uncaughtException", listener);
  }
});

test("a poll that ends another task, drops futures and spawns in the middle of it all", () => {
  const log: string[] = [];
  class Meddler extends Future<string> {
    private victim = spawn(pending());
    private done = false;
    poll(cx: Context): Poll<string> {
      if (this.done) return "meddled";
      this.done = true;
      this.victim.abort();
      const other = spawn(ready("other"));
      other[Symbol.dispose]();
      cx.waker.wake();
      cx.waker.wakeDeferred();
      cx.waker.wake();
      log.push("polled");
      return Pending;
    }
  }
  const rt = paused();
  expect(
    rt.blockOn(function* () {
      return yield* spawn(new Meddler());
    }),
  ).toBe("meddled");
  rt.blockOn(pause, 1);
  expect(log).toEqual(["polled"]);
  expect(rt.metrics().numAliveTasks()).toBe(0);
});
