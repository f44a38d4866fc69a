// LeakCheck: what a runtime has that it did not have before.

import {
  type Future,
  fromPromise,
  pending,
  pollFn,
  type Suspension,
  select,
  sleep,
  spawn,
  Waker,
  yieldNow,
} from "tokiwa";
import { TcpListener } from "tokiwa/net";
import { NoRuntimeError } from "tokiwa/runtime";
import {
  Barrier,
  broadcast,
  CancellationToken,
  Mutex,
  mpsc,
  Notify,
  oneshot,
  RwLock,
  Semaphore,
  SetOnce,
  watch,
} from "tokiwa/sync";
import { taskBuilder } from "tokiwa/task";
import { assertPending, assertRejects, LeakCheck, LeakError, task } from "tokiwa/testing";
import { afterEach, describe, expect, test } from "vitest";
import { paused, thrown } from "../support/tasks.js";
import { runPaused, runPausedOnLoop } from "../support/time.js";
import { readyNow } from "../sync/polled.js";

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

/** What is left at the end of `body`, in words. */
function left(body: () => Generator<Suspension, unknown>): string[] {
  let lines: readonly string[] = [];
  runPaused(function* () {
    using leaks = new LeakCheck();
    yield* body();
    const found = leaks.found();
    lines = found.lines;
    if (lines.length > 0)
      expect((yield* assertRejects(leaks.settled(), LeakError)).message).toContain(lines[0]);
    else yield* leaks.settled();
  });
  return [...lines];
}

const kept: unknown[] = [];
afterEach(() => {
  kept.length = 0;
});

describe("wakers that are kept in lists", () => {
  const waits: [string, () => Future<unknown>][] = [
    ["Notify.notified()", () => new Notify().notified()],
    ["mpsc.recv()", () => mpsc.channel(1)[1].recv()],
    ["a oneshot receiver", () => oneshot.channel()[1]],
    ["CancellationToken.cancelled()", () => new CancellationToken().cancelled()],
    ["Barrier.wait()", () => new Barrier(2).wait()],
    ["SetOnce.wait()", () => new SetOnce().wait()],
    ["a SemaphorePermit", () => new Semaphore(0).acquire()],
    ["broadcast recv()", () => broadcast.channel(1)[1].recv()],
    ["watch changed()", () => watch.channel(1)[1].changed()],
  ];
  test.each(waits)("%s", (_, make) => {
    const future = make();
    const lines = left(function* () {
      const polled = task(future);
      assertPending(polled.poll());
      kept.push(polled);
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^wakers in lists: 1 \(.*, polled in task 1\)$/);
    expect(
      left(function* () {
        using polled = task(make());
        assertPending(polled.poll());
      }),
    ).toEqual([]);
  });

  test("of a task that has ended, and not of one that waits", () => {
    const notify = new Notify();
    const lines = left(function* () {
      yield* spawn(function* forgetful() {
        const place = notify.notified();
        kept.push(place);
        yield* select({ place: pollFn((cx) => place.poll(cx)), time: sleep(1) });
      });
    });
    expect(lines).toEqual([
      expect.stringMatching(
        /^wakers in lists: 1 \(Notify\.notified\(\), polled in task 2 "forgetful"\)$/,
      ),
    ]);
    expect(
      left(function* () {
        spawn(notify.notified());
        yield* yieldNow();
      }),
    ).toHaveLength(1);
  });

  test("a server that was there goes on waiting", () => {
    runPaused(function* () {
      const notify = new Notify();
      const lock = new Mutex(0);
      spawn(function* server() {
        for (;;) {
          yield* notify.notified();
          const guard = yield* lock.lock();
          yield* sleep(1);
          guard.release();
        }
      });
      yield* yieldNow();
      using leaks = new LeakCheck();
      notify.notifyOne();
      yield* sleep(0);
      yield* yieldNow();
      expect(leaks.found()).toMatchObject({ wakers: 0, guards: 0 });
      yield* sleep(10);
      yield* leaks.settled();
    });
  });
});

describe("guards and permits", () => {
  test("that nobody released, with who took them and where", () => {
    const lines = left(function* () {
      kept.push(yield* new Mutex(1).lock(), yield* new Semaphore(1).acquire());
    });
    expect(lines).toEqual([
      expect.stringMatching(
        /^guards and permits: 2 \(a MutexGuard, taken by task 1 at .*leaks\.test.*; a SemaphorePermit, taken by task 1 at .*\)$/,
      ),
    ]);
  });

  test("and not those that were there, or were released", () => {
    const lock = new Mutex(1);
    const guard = lock.tryLock();
    expect(
      left(function* () {
        guard.release();
        using _own = yield* lock.lock();
      }),
    ).toEqual([]);
  });
});

describe("shared memory", () => {
  test("objects by kind, with what is queued", () => {
    const lines = left(function* () {
      const [tx, rx] = mpsc.shared<number>(8);
      for (const value of [1, 2, 3]) tx.trySend(value);
      kept.push(tx, rx, Mutex.shared(1), Mutex.shared(2), Notify.shared(), broadcast.shared(2));
    });
    expect(lines).toEqual([
      "objects in shared memory: 5 (shared mpsc channel with 3 values queued; 2 × shared Mutex; shared Notify; " +
        "shared broadcast channel)",
    ]);
  });

  test("guards and wakers there", () => {
    const lines = left(function* () {
      const lock = Mutex.shared(1);
      const notify = Notify.shared();
      const polled = task(notify.notified());
      assertPending(polled.poll());
      kept.push(lock, notify, polled, yield* lock.lock());
    });
    expect(lines[0]).toBe("wakers in lists: 1 (Notify.notified(), polled in task 1)");
    expect(lines[1]).toMatch(/^guards and permits: 1 \(a MutexGuard, taken by task 1 at /);
    expect(lines[2]).toMatch(/^objects in shared memory: 2 /);
  });

  test("a wait by a handle is one waker", () => {
    const lines = left(function* () {
      const [tx, rx] = mpsc.shared<number>(1);
      const polled = task(rx.recv());
      assertPending(polled.poll());
      kept.push(tx, rx, polled);
    });
    expect(lines[0]).toBe("wakers in lists: 1 (mpsc.recv(), polled in task 1)");
  });

  test.each<[string, (tx: mpsc.SharedSender<number>) => unknown]>([
    ["tryReserve", (tx) => tx.tryReserve()],
    ["tryReserveMany", (tx) => tx.tryReserveMany(2)],
    ["tryReserveOwned", (tx) => tx.clone().tryReserveOwned()],
    ["reserve", (tx) => readyNow(tx.reserve())],
    ["reserveMany", (tx) => readyNow(tx.reserveMany(2))],
    ["reserveOwned", (tx) => readyNow(tx.clone().reserveOwned())],
    ["take of reserveMany", (tx) => [...readyNow(tx.reserveMany(1))]],
  ])("a permit of %s, with where it was taken", (_, take) => {
    const lines = left(function* () {
      const [tx, rx] = mpsc.shared<number>(3);
      kept.push(tx, rx, take(tx));
    });
    expect(lines[0]).toMatch(
      /^guards and permits: 1 \(an? \w*Permits?, taken by task 1 at .*leaks\.test/,
    );
  });

  test.each<[string, () => Future<unknown>]>([
    ["Mutex.with", () => Mutex.shared(1).with(() => pending())],
    ["RwLock.withRead", () => RwLock.shared(1).withRead(() => pending())],
    ["RwLock.withWrite", () => RwLock.shared(1).withWrite(() => pending())],
  ])("the guard of %s, with where that was called", (_, lock) => {
    const lines = left(function* () {
      const polled = task(lock());
      assertPending(polled.poll());
      kept.push(polled);
    });
    expect(lines.join()).toMatch(
      /guards and permits: 1 \(a \w+Guard, taken by task 1 at .*leaks\.test/,
    );
  });

  test("what was used up or disposed is gone", () => {
    expect(
      left(function* () {
        const [waits, gone] = oneshot.shared<number>();
        assertPending(waits.pollClosed({ waker: Waker.noop() }));
        waits.send(1);
        gone[Symbol.dispose]();
        const [tx, rx] = oneshot.shared<number>();
        const receiving = spawn(rx);
        yield* yieldNow();
        tx.send(1);
        yield* receiving;
        using lock = Mutex.shared(1);
        using guard = yield* lock.lock();
        guard.value = 2;
        const [sender, receiver] = mpsc.shared<number>(1);
        const aborted = spawn(receiver.recv());
        yield* yieldNow();
        aborted.abort();
        yield* yieldNow();
        sender[Symbol.dispose]();
        receiver[Symbol.dispose]();
      }),
    ).toEqual([]);
  });
});

test("each runtime has its own account", async () => {
  const never = new Promise(() => {});
  const [one, other] = [paused(), paused()];
  using leaks = new LeakCheck(one.handle());
  using others = new LeakCheck(other.handle());
  other.blockOn(function* () {
    kept.push(yield* new Mutex(1).lock(), Mutex.shared(1));
    const polled = task(new Notify().notified());
    polled.poll();
    kept.push(polled);
  });
  await runPausedOnLoop(function* () {
    using _waiting = task(fromPromise(() => never));
    _waiting.poll();
    leaks.check();
  });
  expect(others.found()).toMatchObject({ guards: 1, sharedObjects: 1, wakers: 1, outside: 0 });
});

test("after the dispose nothing is noted", () => {
  runPaused(function* () {
    const leaks = new LeakCheck();
    leaks[Symbol.dispose]();
    leaks[Symbol.dispose]();
    kept.push(yield* new Mutex(1).lock());
    expect(leaks.found()).toMatchObject({ guards: 0, lines: [] });
    using second = new LeakCheck();
    kept.push(yield* new Mutex(1).lock());
    expect(second.found().guards).toBe(1);
  });
});

test("a timer says when it is due, a socket where it leads", async () => {
  await runPausedOnLoop(function* () {
    using leaks = new LeakCheck();
    using _short = task(sleep(5));
    using _long = task(sleep(50));
    _short.poll();
    _long.poll();
    yield* sleep(10);
    expect(leaks.found().lines).toEqual(["timers: 1 (due at 50 ms)"]);
    using listener = yield* TcpListener.bind("127.0.0.1:0");
    const { port } = listener.localAddr();
    expect(leaks.found().lines[1]).toBe(
      `open sockets and listeners: 1 (a listener on 127.0.0.1:${port})`,
    );
  });
});

test("outside of every runtime a handle is needed", () => {
  expect(thrown(() => new LeakCheck())).toBeInstanceOf(NoRuntimeError);
});
