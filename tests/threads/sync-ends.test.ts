// A task that was given an end of a channel owns it: however the task ends, and even if it never began, the end closes with it, and
// whoever is at the other end hears of that.

import type { JoinHandle } from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { broadcast, mpsc, oneshot, RecvError, Semaphore, watch } from "tokiwa/sync";
import { spawnBlocking } from "tokiwa/task";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { rejection, settles } from "../support/tasks.js";
import { dismiss, LONG, sharedWords, unmanned, untilWord } from "./crew.js";
import * as tasks from "./fixtures/sync-tasks.mjs";
import { inside } from "./sync-kinds.js";

beforeEach(() => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

let rt: Runtime;
beforeAll(() => {
  rt = unmanned(2, (builder) => builder.onThreadStart(tasks.noteWorker));
});
afterAll(async () => {
  await dismiss(rt);
});

interface Ends {
  /** For the task. */
  readonly given: object;
  /** Resolves when the given end is closed. */
  closes(): Promise<unknown>;
}

const KINDS: Record<string, () => Ends> = {
  "mpsc.Sender": () => {
    const [given, receiver] = mpsc.shared<number>(1);
    return {
      given,
      async closes() {
        given.close();
        expect(await settles(receiver.recv(), LONG)).toBe(undefined);
      },
    };
  },
  "mpsc.UnboundedSender": () => {
    const [given, receiver] = mpsc.sharedUnbounded<number>();
    return {
      given,
      async closes() {
        given.close();
        expect(await settles(receiver.recv(), LONG)).toBe(undefined);
      },
    };
  },
  "mpsc.WeakSender": () => {
    const [sender] = mpsc.shared<number>(1);
    const given = sender.downgrade();
    return {
      given,
      async closes() {
        given[Symbol.dispose]();
        const end = performance.now() + LONG;
        while (sender.weakCount() > 0 && performance.now() < end)
          await new Promise((resolve) => setTimeout(resolve, 1));
        expect(sender.weakCount()).toBe(0);
      },
    };
  },
  "mpsc.Receiver": () => {
    const [sender, given] = mpsc.shared<number>(1);
    sender.trySend(1);
    return {
      given,
      async closes() {
        await settles(sender.closed(), LONG);
        expect(sender.isClosed()).toBe(true);
      },
    };
  },
  "mpsc.Receiver, with somebody who waits for room": () => {
    const [sender, given] = mpsc.shared<number>(1);
    sender.trySend(1);
    return {
      given,
      async closes() {
        expect(await settles(rejection(sender.send(2)), LONG)).toMatchObject({ value: 2 });
      },
    };
  },
  "oneshot.Sender": () => {
    const [given, receiver] = oneshot.shared<number>();
    return {
      given,
      async closes() {
        expect(await settles(rejection(receiver), LONG)).toBeInstanceOf(RecvError);
      },
    };
  },
  "oneshot.Receiver": () => {
    const [sender, given] = oneshot.shared<number>();
    return { given, closes: () => settles(sender.closed(), LONG) };
  },
  "broadcast.Sender": () => {
    const [given, receiver] = broadcast.shared<number>(1);
    return {
      given,
      async closes() {
        given.close();
        expect(await settles(rejection(receiver.recv()), LONG)).toBeInstanceOf(RecvError);
      },
    };
  },
  "broadcast.Receiver": () => {
    const [sender, given] = broadcast.shared<number>(1);
    return { given, closes: () => settles(sender.closed(), LONG) };
  },
  "watch.Sender": () => {
    const [given, receiver] = watch.shared(0);
    return {
      given,
      async closes() {
        given.close();
        expect(await settles(rejection(receiver.changed()), LONG)).toBeInstanceOf(RecvError);
      },
    };
  },
  "watch.Receiver": () => {
    const [sender, given] = watch.shared(0);
    return {
      given,
      async closes() {
        given[Symbol.dispose]();
        await settles(sender.closed(), LONG);
      },
    };
  },
};

type Ending = (given: object) => Promise<unknown>;

const outcome = (handle: JoinHandle<unknown>): Promise<unknown> =>
  settles(
    handle.then(
      (value) => value,
      (error) => error,
    ),
    LONG,
  );

const ends =
  (fn: never, expected: object | string): Ending =>
  async (given) => {
    const result = await outcome(rt.spawn(fn, given as never) as JoinHandle<unknown>);
    if (typeof expected === "string") expect(result).toBe(expected);
    else expect(result).toMatchObject(expected);
  };

const panics = { isPanic: true };
const lost = { isWorkerLost: true };
const cancelled = { isCancelled: true };

/** Both workers are blocked while `fn` runs. */
async function whileHeld(fn: () => Promise<unknown> | undefined): Promise<void> {
  const gate = sharedWords(2);
  const held = [rt.spawn(tasks.holds, gate), rt.spawn(tasks.holds, gate)];
  await untilWord(gate, 1, 2);
  try {
    await fn();
  } finally {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    for (const each of held) await settles(each, LONG);
  }
}

/** The task has begun, and waits for ever. */
async function lingering(fn: never, given: object): Promise<{ handle: JoinHandle<unknown> }> {
  const begun = inside(rt, () => Semaphore.shared(0));
  const handle = rt.spawn(fn, given as never, begun as never) as JoinHandle<unknown>;
  (await settles(begun.acquire(), LONG)).release();
  // In a box: a handle is a thenable, which an async function would wait for.
  return { handle };
}

const ENDINGS: Record<string, Ending> = {
  "a function returns": ends(tasks.returns as never, "ended"),
  "a coroutine returns": ends(tasks.returnsLater as never, "ended"),
  "an async function returns": ends(tasks.returnsAsync as never, "ended"),
  "a function throws": ends(tasks.fails as never, panics),
  "a coroutine throws": ends(tasks.failsLater as never, panics),
  "an async function throws": ends(tasks.failsAsync as never, panics),
  "its result cannot be sent": ends(tasks.returnsWhatCannotBeSent as never, panics),
  "its function is not there": ends(tasks.missing as never, panics),
  "it ends its thread": ends(tasks.exits as never, lost),
  "it ends its thread later": ends(tasks.exitsLater as never, lost),
  "a timer's error ends its thread": ends(tasks.throwsInTimer as never, lost),
  "beside what needs a port": async (given) => {
    expect(await outcome(rt.spawn(tasks.returns, given, sharedWords(1)))).toBe("ended");
  },
  "within other values": async (given) => {
    expect(await outcome(rt.spawn(tasks.returns, [{ given }, new Set([given])]))).toBe("ended");
  },
  "it is aborted": async (given) => {
    const { handle } = await lingering(tasks.lingers as never, given);
    handle.abort();
    expect(await outcome(handle)).toMatchObject(cancelled);
  },
  "an async function is aborted": async (given) => {
    const { handle } = await lingering(tasks.lingersAsync as never, given);
    handle.abort();
    expect(await outcome(handle)).toMatchObject(cancelled);
  },
  "it is aborted at once": async (given) => {
    const handle = rt.spawn(tasks.lingers, given) as JoinHandle<unknown>;
    handle.abort();
    const result = (await outcome(handle)) as { isCancelled: boolean; isPanic: boolean };
    expect(result.isCancelled || result.isPanic).toBe(true);
  },
  "it is aborted while it is queued": (given) =>
    whileHeld(async () => {
      const handle = rt.spawn(tasks.lingers, given) as JoinHandle<unknown>;
      handle.abort();
      expect(await outcome(handle)).toMatchObject(cancelled);
    }),
  "its worker is terminated": async (given) => {
    const [sender, where] = inside(rt, () => mpsc.shared<number>(1));
    const handle = rt.spawn(tasks.spins, given, sender) as JoinHandle<unknown>;
    const worker = (await settles(where.recv(), LONG)) as number;
    expect(rt.terminateWorker(worker)).toBe(true);
    expect(await outcome(handle)).toMatchObject(lost);
  },
  "a blocking call returns": async (given) => {
    expect(await outcome(inside(rt, () => spawnBlocking(tasks.returns, given)))).toBe("ended");
  },
  "a blocking call throws": async (given) => {
    expect(await outcome(inside(rt, () => spawnBlocking(tasks.fails, given)))).toMatchObject(
      panics,
    );
  },
  "a blocking call ends its thread": async (given) => {
    expect(await outcome(inside(rt, () => spawnBlocking(tasks.exits, given)))).toMatchObject(lost);
  },
  "its runtime is shut down": async (given) => {
    const short = unmanned(1);
    const begun = inside(short, () => Semaphore.shared(0));
    const handle = short.spawn(tasks.lingers, given, begun) as JoinHandle<unknown>;
    (await settles(begun.acquire(), LONG)).release();
    await dismiss(short);
    expect(await outcome(handle)).toMatchObject(cancelled);
  },
  "its runtime is shut down before it began": async (given) => {
    const short = unmanned(1);
    const gate = sharedWords(2);
    const held = short.spawn(tasks.holds, gate);
    await untilWord(gate, 1, 1);
    const handle = short.spawn(tasks.lingers, given) as JoinHandle<unknown>;
    const down = dismiss(short);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await down;
    await outcome(held);
    expect(await outcome(handle)).toMatchObject(cancelled);
  },
};

// In the memory of the task's own runtime. Ends in that of another travel too (sync-handles.test.ts), and close with a task that has
// come to its end; what happens to them when a thread dies is in assembly/core/threads/death.md.
describe.each(Object.entries(ENDINGS))("%s", (_, end) => {
  test.each(Object.entries(KINDS))("%s", async (_, make) => {
    const { given, closes } = inside(rt, make);
    await end(given);
    await closes();
  });
});
