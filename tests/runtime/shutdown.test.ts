// The three shutdowns: what is dropped, when, and what is refused afterwards. Names from Tokio's rt_common where it has them.

import { type JoinError, pending, ready, sleep, spawn, yieldNow } from "tokiwa";
import { type SocketAddress, TcpListener, TcpStream } from "tokiwa/net";
import { type Runtime, ShutdownError } from "tokiwa/runtime";
import { oneshot } from "tokiwa/sync";
import { DurationError } from "tokiwa/time";
import { expect, test } from "vitest";
import {
  loopTurns,
  Probe,
  paused,
  pollOnce,
  real,
  rejection,
  settles,
  thrown,
} from "../support/tasks.js";
import { pause } from "../support/time.js";

function* guarded(log: string[], name: string) {
  try {
    yield* pending();
  } finally {
    log.push(name);
  }
}

const ways: [string, (rt: Runtime) => unknown][] = [
  ["shutdown", (rt) => rt.shutdown()],
  ["shutdownTimeout", (rt) => rt.shutdownTimeout(1_000)],
  ["shutdownBackground", (rt) => rt.shutdownBackground()],
  ["await using", (rt) => rt[Symbol.asyncDispose]()],
];

test.each(ways)("outstanding_tasks_dropped by %s, before the call returns", async (_, shut) => {
  const rt = paused();
  const log: string[] = [];
  const handles = [rt.spawn(guarded, log, "a"), rt.spawn(guarded, log, "b")];
  rt.blockOn(yieldNow());
  const shutting = shut(rt);
  expect(log.sort()).toEqual(["a", "b"]);
  expect(rt.metrics().numAliveTasks()).toBe(0);
  expect(handles.map((handle) => handle.isFinished())).toEqual([true, true]);
  await shutting;
});

test("eagerly_drops_futures_on_shutdown: a future that was never polled is dropped too", () => {
  const rt = paused();
  const probe = new Probe();
  rt.spawn(probe);
  rt.shutdownBackground();
  expect([probe.polls, probe.drops]).toEqual([0, 1]);
});

test("who waits for a task of it sees the task cancelled", async () => {
  const rt = paused();
  const handle = rt.spawn(pending());
  const waiting = rejection(handle);
  await loopTurns();
  rt.shutdownBackground();
  expect(((await settles(waiting)) as JoinError).isCancelled).toBe(true);
});

test("a task of another runtime that waits for a task of it is woken", async () => {
  const [first, second] = [paused(), paused()];
  const handle = first.spawn(pending());
  const waiting = second.run(function* () {
    try {
      yield* handle;
    } catch (error) {
      return (error as JoinError).isCancelled;
    }
    return undefined;
  });
  await loopTurns();
  first.shutdownBackground();
  expect(await settles(waiting)).toBe(true);
});

test("a run that is under way rejects with a ShutdownError", async () => {
  const rt = paused();
  const running = rejection(rt.run(pending()));
  await loopTurns();
  await rt.shutdown();
  expect(await settles(running)).toBeInstanceOf(ShutdownError);
});

test("afterwards spawn, run, blockOn and tick are refused, and nothing of what was given runs", async () => {
  const rt = paused();
  await rt.shutdown();
  const probe = new Probe();
  const errors = [
    thrown(() => rt.spawn(probe)),
    thrown(() => rt.handle().spawn(probe)),
    thrown(() => rt.blockOn(probe)),
    thrown(() => rt.tick()),
    await rejection(rt.run(probe)),
  ];
  for (const error of errors) {
    expect(error).toBeInstanceOf(ShutdownError);
    expect(error.message).toContain("shut down");
  }
  expect(probe.polls).toBe(0);
});

test("shutdown_concurrent_spawn: a finally that spawns while the runtime shuts down is refused", () => {
  const rt = paused();
  const errors: unknown[] = [];
  rt.spawn(function* () {
    try {
      yield* pending();
    } finally {
      errors.push(thrown(() => spawn(ready(1))));
    }
  });
  rt.blockOn(yieldNow());
  rt.shutdownBackground();
  expect(errors).toHaveLength(1);
  expect(errors[0]).toBeInstanceOf(ShutdownError);
});

test("wake_while_rt_is_dropping: a task that is dropped may wake and abort others", () => {
  const rt = paused();
  const [tx1, rx1] = oneshot.channel<null>();
  const [tx2, rx2] = oneshot.channel<null>();
  const log: string[] = [];
  function* sendsOnDrop(tx: oneshot.Sender<null>, name: string, victim?: { abort(): void }) {
    try {
      yield* pending();
    } finally {
      log.push(name);
      victim?.abort();
      try {
        tx.send(null);
      } catch {}
    }
  }
  const waits = rt.spawn(rx1);
  rt.spawn(sendsOnDrop, tx1, "first", waits.abortHandle());
  rt.spawn(sendsOnDrop, tx2, "second");
  rt.spawn(rx2);
  rt.blockOn(yieldNow());
  rt.shutdownBackground();
  expect(log.sort()).toEqual(["first", "second"]);
  expect(rt.metrics().numAliveTasks()).toBe(0);
});

test("a finally that throws keeps no other task from being dropped", async () => {
  const rt = paused();
  const log: string[] = [];
  const bad = rt.spawn(function* () {
    try {
      yield* pending();
    } finally {
      // biome-ignore lint/correctness/noUnsafeFinally: the very thing that is tested.
      throw new Error("bad clean-up");
    }
  });
  rt.spawn(guarded, log, "other");
  rt.blockOn(yieldNow());
  const waiting = rejection(bad);
  rt.shutdownBackground();
  expect(log).toEqual(["other"]);
  expect(((await settles(waiting)) as JoinError).isPanic).toBe(true);
});

test.each([
  ["and returns", true],
  ["and waits", false],
])("a task shuts its own runtime down %s: every other task is dropped", async (_, returns) => {
  const rt = paused();
  const log: string[] = [];
  const handles = ["a", "b", "c"].map((name) => rt.spawn(guarded, log, name));
  const running = rt.run(function* () {
    yield* yieldNow();
    for (const name of ["d", "e"]) spawn(guarded, log, name);
    yield* yieldNow();
    rt.shutdownBackground();
    if (returns) return "returned";
    yield* pending();
    return "never";
  });
  if (returns) expect(await settles(running)).toBe("returned");
  else expect(await settles(rejection(running))).toBeInstanceOf(ShutdownError);
  expect(log.sort()).toEqual(["a", "b", "c", "d", "e"]);
  expect(handles.every((handle) => handle.isFinished())).toBe(true);
  expect(rt.metrics().numAliveTasks()).toBe(0);
});

test("the same under blockOn", () => {
  const rt = paused();
  const log: string[] = [];
  const value = rt.blockOn(function* () {
    for (let task = 0; task < 200; task++) spawn(guarded, log, "dropped");
    yield* yieldNow();
    rt.shutdownBackground();
    return "returned";
  });
  expect(value).toBe("returned");
  expect(log).toHaveLength(200);
});

test("a shutdown from outside finishes what a task's own shutdown began", async () => {
  const rt = paused();
  const log: string[] = [];
  rt.blockOn(function* () {
    spawn(guarded, log, "a");
    yield* yieldNow();
    rt.shutdownBackground();
  });
  await settles(rt.shutdown());
  expect(log).toEqual(["a"]);
});

test("twice is harmless, whichever way", async () => {
  const rt = paused();
  rt.shutdownBackground();
  rt.shutdownBackground();
  expect(await settles(rt.shutdown())).toEqual({ stuck: [] });
  expect(await settles(rt.shutdownTimeout(5))).toEqual({ stuck: [] });
});

test("shutdown_wakeup_time: a long limit is not waited for when there is nothing to wait for", async () => {
  const rt = paused();
  await rt.run(pause, 100);
  expect(await settles(rt.shutdownTimeout(10_000_000))).toEqual({ stuck: [] });
});

test("shutdown waits until async functions under way have ended", async () => {
  const rt = paused();
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const log: string[] = [];
  rt.spawn(async () => {
    await gate;
    log.push("function ended");
  });
  await rt.run(pause, 1);
  const shutting = rt.shutdown().then((report) => {
    log.push("shut down");
    return report;
  });
  await loopTurns();
  expect(log).toEqual([]);
  open();
  expect(await settles(shutting)).toEqual({ stuck: [] });
  expect(log).toEqual(["function ended", "shut down"]);
});

test.each([0, 1])(
  "shutdown_timeout %i reports the async functions that have not ended",
  async (limit) => {
    const rt = paused();
    rt.spawn(async function neverEnds() {
      await new Promise(() => {});
    });
    await rt.run(pause, 1);
    const { stuck } = await settles(rt.shutdownTimeout(limit));
    expect(stuck).toHaveLength(1);
    expect(stuck[0]).toMatchObject({ id: 1, fn: "neverEnds" });
  },
);

test("shutdownBackground waits for nothing", async () => {
  const rt = paused();
  rt.spawn(async () => {
    await new Promise(() => {});
  });
  await rt.run(pause, 1);
  rt.shutdownBackground();
  expect(rt.metrics().numAliveTasks()).toBe(0);
});

test("a limit that is no duration is refused, and the runtime stays open", async () => {
  const rt = paused();
  for (const limit of [-1, Number.NaN])
    expect(await rejection(rt.shutdownTimeout(limit))).toBeInstanceOf(DurationError);
  expect(rt.blockOn(ready("open"))).toBe("open");
});

test("a sleep of a runtime that was shut down is refused at its next poll", () => {
  const rt = paused();
  const nap = (() => {
    using _entered = rt.enter();
    return sleep(100);
  })();
  pollOnce(nap);
  rt.shutdownBackground();
  expect(thrown(() => pollOnce(nap))).toBeInstanceOf(ShutdownError);
});

test("a task of another runtime that sleeps on its clock is woken and told", async () => {
  const [first, second] = [paused(), paused()];
  const nap = (() => {
    using _entered = first.enter();
    return sleep(100);
  })();
  const waiting = rejection(second.run(nap));
  await loopTurns();
  first.shutdownBackground();
  expect(await settles(waiting)).toBeInstanceOf(ShutdownError);
});

test("await using shuts down at the end of the block", async () => {
  const log: string[] = [];
  {
    await using rt = paused();
    rt.spawn(guarded, log, "dropped");
    await rt.run(yieldNow());
  }
  expect(log).toEqual(["dropped"]);
});

test("io_notify_while_shutting_down: sockets in the middle of their traffic are closed", async () => {
  const rt = real();
  let exchanged = 0;
  function* echoes(socket: TcpStream) {
    using stream = socket;
    const buffer = new Uint8Array(64);
    for (let n = yield* stream.read(buffer); n > 0; n = yield* stream.read(buffer))
      yield* stream.writeAll(buffer.subarray(0, n));
  }
  function* asks(address: SocketAddress) {
    using stream = yield* TcpStream.connect(address);
    const buffer = new Uint8Array(64);
    for (;;) {
      yield* stream.writeAll(buffer);
      yield* stream.readExact(buffer);
      exchanged += 1;
    }
  }
  await settles(
    rt.run(function* () {
      const listener = yield* TcpListener.bind("127.0.0.1:0");
      for (let client = 0; client < 10; client++) {
        spawn(asks, listener.localAddr());
        const [socket] = yield* listener.accept();
        spawn(echoes, socket);
      }
      while (exchanged < 100) yield* yieldNow();
    }),
  );
  rt.shutdownBackground();
  const atShutdown = exchanged;
  await loopTurns(50);
  expect(exchanged).toBe(atShutdown);
  expect(rt.metrics().numAliveTasks()).toBe(0);
  expect(rt.metrics().ioHandles()).toBe(0);
});

test("many tasks are all dropped", () => {
  const rt = paused();
  const log: string[] = [];
  for (let index = 0; index < 20_000; index++) rt.spawn(guarded, log, "x");
  rt.blockOn(yieldNow());
  rt.shutdownBackground();
  expect(log).toHaveLength(20_000);
});
