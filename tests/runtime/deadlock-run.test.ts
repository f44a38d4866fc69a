// What `run` of a deterministic runtime does when nothing can make progress: it fails at once, and says who waits for what.

import {
  borrow,
  type CoroutineFunction,
  Future,
  fromPromise,
  future,
  join,
  Pending,
  type Poll,
  pending,
  pollFn,
  ready,
  select,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from "tokiwa";
import { type Builder, DeadlockError, type Runtime } from "tokiwa/runtime";
import { Notify, oneshot } from "tokiwa/sync";
import { taskBuilder, unconstrained, withSignal } from "tokiwa/task";
import { pause, resume } from "tokiwa/time";
import { expect, test } from "vitest";
import { loopTurns, Probe, paused, real, rejection, settles, thrown } from "../support/tasks.js";

/** Says what it waits for. */
class Door extends Future<void> {
  private readonly name: string;
  constructor(name: string) {
    super();
    this.name = name;
  }
  poll(): Poll<void> {
    return Pending;
  }
  override waitsFor(): string {
    return `the door ${this.name}`;
  }
}

/** The report of a run that gets stuck. */
async function stuck(program: CoroutineFunction<[], unknown>, rt: Runtime = paused()) {
  const error = await rejection(settles(rt.run(program)));
  expect(error).toBeInstanceOf(DeadlockError);
  return error as DeadlockError;
}

/** What the main future waits for. */
async function waitOf(program: CoroutineFunction<[], unknown>): Promise<string | undefined> {
  return (await stuck(program)).waiting[0]?.waitsFor;
}

const seeded = (): Runtime => real((builder) => builder.rngSeed(1));

test.each([
  ["with a clock that started paused", paused],
  ["with a seed", seeded],
])("run fails at once, %s", async (_, make) => {
  const log: string[] = [];
  const error = await stuck(function* main() {
    try {
      yield* pending();
    } finally {
      log.push("dropped");
    }
  }, make());
  expect(error.message).toContain('task 1 "main" waits for pending()');
});

test("the main future is dropped at the next turn, and the runtime can be used", async () => {
  const rt = paused();
  const probe = new Probe();
  await rejection(settles(rt.run(probe)));
  expect(await settles(rt.run(ready("usable")))).toBe("usable");
  await settles(rt.run(yieldNow()));
  expect(probe.drops).toBe(1);
  expect(rt.metrics().numAliveTasks()).toBe(0);
});

test("only once the last timer has fired", async () => {
  const rt = paused();
  let slept = false;
  await stuck(function* () {
    spawn(function* () {
      yield* sleep(1_000_000);
      slept = true;
    });
    yield* pending();
  }, rt);
  expect(slept).toBe(true);
});

test("a timer that was cancelled keeps nobody waiting", async () => {
  await stuck(function* () {
    yield* timeout(1_000, yieldNow());
    yield* pending();
  });
});

test("names each task, what it runs, and what it waits for", async () => {
  const error = await stuck(function* main() {
    spawn(function* first() {
      yield* new Door("A");
    });
    taskBuilder({ name: "second" }).spawn(new Door("B"));
    const third = spawn(
      future(function* () {
        yield* new Door("C");
      }),
    );
    yield* third;
  });
  expect(error.waiting).toEqual([
    {
      id: 1,
      name: undefined,
      fn: "main",
      site: undefined,
      waitsFor: 'the end of task 4 "CoroutineFuture"',
    },
    { id: 2, name: undefined, fn: "first", site: undefined, waitsFor: "the door A" },
    { id: 3, name: "second", fn: "Door", site: undefined, waitsFor: "the door B" },
    { id: 4, name: undefined, fn: "CoroutineFuture", site: undefined, waitsFor: "the door C" },
  ]);
  expect(error.message).toContain('\n  task 2 "first" waits for the door A\n');
});

test("names the line of the spawn when the runtime tracks it", async () => {
  const rt = paused((builder) => builder.trackSpawnSites());
  const error = await stuck(function* () {
    yield* spawn(pending());
  }, rt);
  expect(error.waiting[1]?.site).toContain("deadlock-run.test");
  expect(error.message).toMatch(/task 2 .*, spawned\n\s+at .*deadlock-run\.test/);
});

test("a runtime that tracks spawn sites knows it without a seed too", () => {
  const rt = real((builder) => builder.trackSpawnSites());
  const error = thrown(() =>
    rt.blockOn(function* () {
      yield* new Door("A");
    }),
  );
  expect((error as DeadlockError).waiting[0]?.waitsFor).toBe("the door A");
});

test("blockOn gives the same report", () => {
  const error = thrown(() =>
    paused().blockOn(function* main() {
      yield* new Door("A");
    }),
  );
  expect(error.message).toContain('task 1 "main" waits for the door A');
});

test("the last stop counts, not one before it", async () => {
  expect(
    await waitOf(function* () {
      yield* select({ a: new Door("A"), b: yieldNow() });
      yield* yieldNow();
      yield* new Door("B");
    }),
  ).toBe("the door B");
});

test("a future that says nothing is called by its class", async () => {
  expect(
    await waitOf(function* () {
      yield* new Probe();
    }),
  ).toBe("a future of class Probe");
});

function* inner(name: string) {
  yield* yieldNow();
  yield* new Door(name);
}

test.each<[string, CoroutineFunction<[], unknown>, string]>([
  [
    "a coroutine inside",
    function* () {
      yield* inner("A");
    },
    "the door A",
  ],
  [
    "a coroutine as a future",
    function* () {
      yield* future(inner, "A");
    },
    "the door A",
  ],
  [
    "join",
    function* () {
      yield* join(inner("A"), yieldNow(), inner("B"));
    },
    "all of (the door A; the door B)",
  ],
  [
    "join with one left",
    function* () {
      yield* join(inner("A"), yieldNow());
    },
    "the door A",
  ],
  [
    "select",
    function* () {
      yield* select({ a: inner("A"), b: new Door("B") });
    },
    "any of (a: the door A; b: the door B)",
  ],
  [
    "a join of many",
    function* () {
      yield* join(...["A", "B", "C", "D", "E", "F"].map((name) => inner(name)));
    },
    "all of (the door A; the door B; the door C; the door D; 2 more)",
  ],
  [
    "borrow",
    function* () {
      const door = future(inner, "A");
      yield* borrow(door);
    },
    "the door A",
  ],
  [
    "unconstrained",
    function* () {
      yield* unconstrained(inner("A"));
    },
    "the door A",
  ],
  [
    "pollFn",
    function* () {
      yield* pollFn(function never() {
        return Pending;
      });
    },
    "pollFn(never)",
  ],
])("forwards to what is inside: %s", async (_, program, expected) => {
  expect(await waitOf(program)).toBe(expected);
});

test("an async task that awaits a future keeps the run going: it may await a promise as well", async () => {
  const rt = paused();
  const [tx, rx] = oneshot.channel<string>();
  const running = rt.run(async () => await rx);
  await loopTurns(50);
  tx.send("from outside");
  expect(await settles(running)).toBe("from outside");
});

test("a promise under way is waited for", async () => {
  const rt = paused();
  const value = rt.run(function* () {
    return yield* fromPromise(() => new Promise((resolve) => setTimeout(resolve, 30, "late")));
  });
  expect(await settles(value)).toBe("late");
});

test("so is a signal that somebody outside may fire", async () => {
  const controller = new AbortController();
  const running = paused().run(function* () {
    yield* withSignal(controller.signal, pending());
  });
  await loopTurns(50);
  controller.abort(new Error("from outside"));
  expect((await rejection(settles(running))).message).toBe("from outside");
});

test("and the signal of a task, until that task has ended", async () => {
  const controller = new AbortController();
  const rt = paused();
  const running = rt.run(function* () {
    const handle = taskBuilder({ signal: controller.signal }).spawn(pending());
    try {
      yield* handle;
    } catch {}
    yield* pending();
  });
  await loopTurns(50);
  controller.abort();
  expect(await rejection(settles(running))).toBeInstanceOf(DeadlockError);
});

test("once a signal is not listened to any more it keeps nobody", async () => {
  const { signal } = new AbortController();
  await stuck(function* () {
    yield* withSignal(signal, yieldNow());
    try {
      yield* timeout(10, withSignal(signal, pending()));
    } catch {}
    yield* taskBuilder({ signal }).spawn(yieldNow());
    yield* pending();
  });
});

test("what comes in the next turns of the event loop comes in time", async () => {
  const rt = paused();
  const notify = new Notify();
  const running = rt.run(function* () {
    yield* notify.notified();
    return "notified";
  });
  await loopTurns(3);
  for (let hop = 0; hop < 100; hop++) await Promise.resolve();
  notify.notifyOne();
  expect(await settles(running)).toBe("notified");
});

test("with allowOutsideWakes it waits for a callback that nobody can see", async () => {
  const rt = paused((builder: Builder) => builder.allowOutsideWakes());
  const [tx, rx] = oneshot.channel<string>();
  const running = rt.run(rx);
  await loopTurns(50);
  setTimeout(() => tx.send("by hand"), 1);
  expect(await settles(running)).toBe("by hand");
});

test("a runtime on the real clock waits, with the process alive", async () => {
  const [tx, rx] = oneshot.channel<string>();
  const running = real().run(rx);
  await loopTurns(50);
  tx.send("by hand");
  expect(await settles(running)).toBe("by hand");
});

test("a clock that was stopped later makes no difference to that", async () => {
  const [tx, rx] = oneshot.channel<string>();
  const running = real().run(function* () {
    pause();
    const value = yield* rx;
    resume();
    return value;
  });
  await loopTurns(50);
  tx.send("by hand");
  expect(await settles(running)).toBe("by hand");
});

test("an await of a handle waits too: only a run fails", async () => {
  const rt = paused();
  const [tx, rx] = oneshot.channel<string>();
  const value = Promise.resolve(rt.spawn(rx));
  await loopTurns(50);
  tx.send("by hand");
  expect(await settles(value)).toBe("by hand");
});

test("another runtime of the thread that goes on may wake this one", async () => {
  const [tx, rx] = oneshot.channel<string>();
  const waiting = paused().run(rx);
  const sending = real().run(function* () {
    yield* sleep(20);
    tx.send("from the other");
  });
  expect(await settles(waiting)).toBe("from the other");
  await settles(sending);
});

test("when the other has ended it is stuck all the same", async () => {
  const waiting = paused().run(pending());
  const other = real().run(sleep(20));
  expect(await rejection(settles(waiting))).toBeInstanceOf(DeadlockError);
  await settles(other);
});

test("two runtimes that wait for each other both fail", async () => {
  const [, rx1] = oneshot.channel<string>();
  const [, rx2] = oneshot.channel<string>();
  const errors = await settles(
    Promise.all([rejection(paused().run(borrow(rx1))), rejection(paused().run(borrow(rx2)))]),
  );
  for (const error of errors) expect(error).toBeInstanceOf(DeadlockError);
});

test("the report does not poll anything", async () => {
  const probe = new Probe();
  await stuck(function* () {
    yield* probe;
  });
  expect(probe.polls).toBe(1);
});

test("a dispose during the drop of a task leaves no stop behind", async () => {
  const error = await stuck(function* main() {
    const handle = spawn(function* () {
      try {
        yield* new Door("A");
      } finally {
        try {
          yield* new Door("B");
        } catch {}
      }
    });
    yield* yieldNow();
    handle.abort();
    yield* yieldNow();
    yield* join(new Door("C"));
  });
  expect(error.waiting).toHaveLength(1);
  expect(error.waiting[0]?.waitsFor).toBe("the door C");
});
