// LeakCheck: what a runtime has that it did not have before.

import { fromPromise, pending, sleep, spawn, yieldNow } from "tokiwa";
import { TcpListener } from "tokiwa/net";
import { NoRuntimeError } from "tokiwa/runtime";
import { taskBuilder } from "tokiwa/task";
import { assertRejects, LeakCheck, LeakError } from "tokiwa/testing";
import { expect, test } from "vitest";
import { paused, thrown } from "../support/tasks.js";
import { runPaused, runPausedOnLoop } from "../support/time.js";

test("nothing was added, so nothing is said", () => {
  runPaused(function* () {
    spawn(sleep(1_000));
    yield* yieldNow();
    const leaks = new LeakCheck();
    yield* spawn(sleep(10));
    yield* sleep(1);
    leaks.check();
    yield* leaks.settled();
    expect(leaks.found()).toMatchObject({ tasks: [], timers: 0, ioHandles: 0, outside: 0 });
  });
});

test("names the tasks that are left, what they wait for and where they were spawned", () => {
  const rt = paused((builder) => builder.trackSpawnSites());
  rt.blockOn(function* () {
    const leaks = new LeakCheck();
    taskBuilder({ name: "forgotten" }).spawn(function* () {
      yield* pending();
    });
    spawn(sleep(1_000));
    yield* yieldNow();
    const error = thrown(() => leaks.check()) as LeakError;
    expect(error).toBeInstanceOf(LeakError);
    expect(error.leaks.tasks.map((task) => task.id)).toEqual([2, 3]);
    expect(error.leaks.timers).toBe(1);
    expect(error.message).toContain('task 2 "forgotten", which waits for pending()');
    expect(error.message).toMatch(
      /task 3 "Sleep", which waits for a sleep .*, spawned\n\s+at .*leaks\.test/,
    );
    expect(error.message).toContain("timers: 1");
  });
});

test("a timer without a task is one too", () => {
  runPaused(function* () {
    const leaks = new LeakCheck();
    const kept = sleep(1_000);
    kept.poll({ waker: { wake() {} } as never });
    expect(thrown(() => leaks.check()).message).toContain("timers: 1");
    kept[Symbol.dispose]();
    leaks.check();
  });
});

test("settled waits for tasks that are about to end", () => {
  runPaused(function* () {
    const leaks = new LeakCheck();
    const handle = spawn(pending());
    spawn(function* () {
      for (let step = 0; step < 5; step++) yield* yieldNow();
    });
    yield* yieldNow();
    handle.abort();
    expect(thrown(() => leaks.check())).toBeInstanceOf(LeakError);
    yield* leaks.settled();
  });
});

test("and not for those that go on", () => {
  runPaused(function* () {
    const leaks = new LeakCheck();
    spawn(pending());
    expect((yield* assertRejects(leaks.settled(), LeakError)).leaks.tasks).toHaveLength(1);
  });
});

test("from outside, with a handle of the runtime", () => {
  const rt = paused();
  const leaks = new LeakCheck(rt.handle());
  rt.spawn(pending());
  expect(leaks.found().tasks).toHaveLength(1);
  expect(thrown(() => leaks.check()).message).toContain("ready");
});

test("sockets and promises", async () => {
  await runPausedOnLoop(function* () {
    const leaks = new LeakCheck();
    const listener = yield* TcpListener.bind("127.0.0.1:0");
    const promise = spawn(fromPromise(() => new Promise(() => {})));
    yield* yieldNow();
    const { message } = thrown(() => leaks.check());
    expect(message).toContain("open sockets and listeners: 1");
    expect(message).toContain("promises and signals that are waited for: 1");
    listener[Symbol.dispose]();
    promise.abort();
    yield* leaks.settled();
  });
});

test("memory, when a limit is set", () => {
  runPaused(function* () {
    const leaks = new LeakCheck(undefined, { memoryBytes: 0 });
    leaks.check();
    const handles = Array.from({ length: 100_000 }, () => spawn(pending()));
    yield* yieldNow();
    for (const handle of handles) handle.abort();
    yield* yieldNow();
    expect((yield* assertRejects(leaks.settled(), LeakError)).message).toContain(
      "bytes of memory: ",
    );
  });
});

test("outside of every runtime a handle is needed", () => {
  expect(thrown(() => new LeakCheck())).toBeInstanceOf(NoRuntimeError);
});
