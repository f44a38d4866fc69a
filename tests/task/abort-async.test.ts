// abort of async tasks: they cannot be dropped, so the handle settles, the signal fires, and the next await rejects.

import { fromPromise, JoinError, type JoinHandle, pending, sleep, spawn } from "tokiwa";
import { Notify } from "tokiwa/sync";
import { expect, test } from "vitest";
import { loopTurns, paused, real, rejection, settles } from "../support/tasks.js";
import { pause } from "../support/time.js";

function gate() {
  let open: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

test("the handle settles at once, as cancelled, while the function still hangs", async () => {
  const rt = paused();
  const { promise } = gate();
  const handle = rt.spawn(async () => {
    await promise;
  });
  const waiting = rejection(handle);
  await loopTurns();
  handle.abort();
  const error = (await settles(waiting)) as JoinError;
  expect(error).toBeInstanceOf(JoinError);
  expect(error.isCancelled).toBe(true);
  expect(handle.isFinished()).toBe(true);
});

test("the signal fires, with the JoinError as its reason", async () => {
  const rt = paused();
  const { promise, open } = gate();
  let reason: unknown;
  const handle = rt.spawn(async ({ signal }) => {
    signal.addEventListener("abort", () => {
      reason = signal.reason;
      open();
    });
    await new Promise(() => {});
  });
  const waiting = rejection(handle);
  await loopTurns();
  handle.abort();
  await settles(waiting);
  await settles(promise);
  expect(reason).toBeInstanceOf(JoinError);
});

test("a signal that is first asked for after the abort has fired already", async () => {
  const rt = paused();
  const { promise, open } = gate();
  const done = gate();
  let aborted: boolean | undefined;
  const handle = rt.spawn(async (context) => {
    await promise;
    aborted = context.signal.aborted;
    done.open();
  });
  const waiting = rejection(handle);
  await loopTurns();
  handle.abort();
  await settles(waiting);
  open();
  await settles(done.promise);
  expect(aborted).toBe(true);
});

test("an await of a library future that is under way rejects", async () => {
  const rt = paused();
  const done = gate();
  let caught: unknown;
  const handle = rt.spawn(async () => {
    try {
      await pending();
    } catch (error) {
      caught = error;
    }
    done.open();
  });
  const waiting = rejection(handle);
  await loopTurns();
  handle.abort();
  await settles(waiting);
  await settles(done.promise);
  expect(caught).toBeInstanceOf(JoinError);
  expect((caught as JoinError).isCancelled).toBe(true);
});

test("the next await of a library future rejects", async () => {
  const rt = paused();
  const { promise, open } = gate();
  const done = gate();
  let caught: unknown;
  const handle = rt.spawn(async () => {
    await promise;
    try {
      await sleep(1);
    } catch (error) {
      caught = error;
    }
    done.open();
  });
  const waiting = rejection(handle);
  await loopTurns();
  handle.abort();
  await settles(waiting);
  open();
  await settles(done.promise);
  expect(caught).toBeInstanceOf(JoinError);
  expect((caught as JoinError).isCancelled).toBe(true);
});

test("the next await of a JoinHandle rejects too: a handle is a library future", async () => {
  const rt = paused();
  const { promise, open } = gate();
  const done = gate();
  let caught: unknown = "nothing";
  const child = rt.spawn(pause, 1);
  const handle = rt.spawn(async () => {
    await promise;
    try {
      await child;
    } catch (error) {
      caught = error;
    }
    done.open();
  });
  const waiting = rejection(handle);
  await loopTurns();
  handle.abort();
  await settles(waiting);
  open();
  await settles(done.promise);
  expect(caught).toBeInstanceOf(JoinError);
});

test("an await of a JoinHandle that is under way rejects, and the other task goes on", async () => {
  const rt = paused();
  const done = gate();
  let caught: unknown = "nothing";
  const child = rt.spawn(async () => {
    await done.promise;
    return "child";
  });
  const handle = rt.spawn(async () => {
    try {
      await child;
    } catch (error) {
      caught = error;
    }
    done.open();
  });
  const waiting = rejection(handle);
  await loopTurns();
  handle.abort();
  await settles(waiting);
  await settles(done.promise);
  expect(caught).toBeInstanceOf(JoinError);
  expect(await settles(child)).toBe("child");
});

test("by itself, while it runs: its next await rejects", async () => {
  const rt = paused();
  const done = gate();
  let caught: unknown = "nothing";
  const handle: JoinHandle<void> = rt.spawn(async () => {
    handle.abort();
    try {
      await sleep(1);
    } catch (error) {
      caught = error;
    }
    done.open();
  });
  const error = (await settles(rejection(handle))) as JoinError;
  expect(error.isCancelled).toBe(true);
  await settles(done.promise);
  expect(caught).toBeInstanceOf(JoinError);
});

test("before its first poll: the function is never called", async () => {
  const rt = paused();
  let calls = 0;
  const handle = rt.spawn(async () => {
    calls += 1;
  });
  handle.abort();
  const error = (await settles(rejection(handle))) as JoinError;
  expect(error.isCancelled).toBe(true);
  await loopTurns();
  expect(calls).toBe(0);
});

test("after its end it does nothing", async () => {
  const rt = paused();
  const handle = rt.spawn(async () => 5);
  expect(await settles(handle)).toBe(5);
  handle.abort();
  expect(await settles(handle)).toBe(5);
});

test("its finally runs when an await rejects, as in any async function", async () => {
  const rt = paused();
  const done = gate();
  const handle = rt.spawn(async () => {
    try {
      await pending();
    } finally {
      done.open();
    }
  });
  const waiting = rejection(handle);
  await loopTurns();
  handle.abort();
  await settles(waiting);
  await settles(done.promise);
});

test("a rejection after the abort is not unhandled and changes nothing", async () => {
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", listener);
  try {
    const rt = paused();
    const { promise, open } = gate();
    const handle = rt.spawn(async () => {
      await promise;
      throw new Error("too late");
    });
    const waiting = rejection(handle);
    await loopTurns();
    handle.abort();
    expect(((await settles(waiting)) as JoinError).isCancelled).toBe(true);
    open();
    await loopTurns();
    expect(unhandled).toEqual([]);
    expect(((await rejection(handle)) as JoinError).isCancelled).toBe(true);
  } finally {
    process.off("unhandledRejection", listener);
  }
});

test("a coroutine that waits for it sees it cancelled", async () => {
  const error = await paused().run(function* () {
    const handle = spawn(async () => {
      await new Promise(() => {});
    });
    yield* sleep(1);
    handle.abort();
    try {
      yield* handle;
    } catch (error) {
      return error as JoinError;
    }
    return undefined;
  });
  expect(error?.isCancelled).toBe(true);
});

test("an async function that throws is a panic, as a coroutine's is", async () => {
  const cause = new Error("from async");
  const handle = paused().spawn(async () => {
    await sleep(1);
    throw cause;
  });
  const error = (await settles(rejection(handle))) as JoinError;
  expect(error.isPanic).toBe(true);
  expect(error.cause).toBe(cause);
});

test("ends with nobody's await but its own: not with one of an async function that another task called", async () => {
  const rt = real();
  const begun = new Notify();
  let other: JoinHandle<string> | undefined;
  const value = await settles(
    rt.run(async () => {
      const aborted = spawn(async () => {
        await sleep(1);
        // Asked for from here, the turn in which that task begins is one of this function as far as the host can tell.
        other = spawn(function* () {
          return yield* fromPromise(async () => {
            await null;
            begun.notifyOne();
            await sleep(10);
            return "the other's await";
          });
        });
        await pending();
      });
      await begun.notified();
      aborted.abort();
      return await (other as JoinHandle<string>);
    }),
  );
  expect(value).toBe("the other's await");
  await rt.shutdown();
});
