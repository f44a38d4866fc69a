// The explorer itself, on programs of which everything is known: it counts exactly, finds what is there, and replays it.

import { describe, expect, test, vi } from "vitest";
import { Dice } from "../support/core.js";
import { areDependent } from "./explorer/access.js";
import { modelModule } from "./explorer/compile.js";
import { Execution, type Recorder } from "./explorer/execution.js";
import { replayLine, searchAll, searchAtRandom, searchByPriorities } from "./explorer/explore.js";
import { ModelFailure } from "./explorer/failure.js";
import {
  type Core,
  call,
  defineModel,
  type Model,
  outlive,
  pause,
  same,
  sleep,
  until,
} from "./explorer/model.js";
import { formatSchedule, parseSchedule } from "./explorer/schedule.js";
import { DepthFirst, RandomWalk } from "./explorer/strategies.js";

// The first test of a run compiles the core as well: see suite.ts.
vi.setConfig({ testTimeout: 600_000 });

const COUNTER = 65536 + 900;

function* incrementRacily(address: number): Generator<ReturnType<typeof call>, void, number> {
  const value = yield call("sync.loadShared", address);
  yield call("sync.storeShared", address, value + 1);
}

function* increment(
  address: number,
  times: number,
): Generator<ReturnType<typeof call>, void, number> {
  for (let count = 0; count < times; count++) yield call("sync.addShared", address, 1);
}

function counting(threads: number, body: Model["threads"][number]): Model {
  return defineModel({
    name: "counting",
    proves: "nothing",
    setup: () => undefined,
    threads: Array.from({ length: threads }, () => body),
    check: ([core]) => same("counter", core?.word(COUNTER), threads * 3),
    mutants: [],
  });
}

/** Runs all schedules; how many, and how many passed. */
async function countSchedules(model: Model, strategy: DepthFirst): Promise<[number, number]> {
  const execution = new Execution(model, await modelModule());
  let [runs, passed] = [0, 0];
  do {
    if (execution.shared.hasGrown) {
      execution.shared.hasGrown = false;
      strategy.restart();
      [runs, passed] = [0, 0];
    }
    const outcome = execution.run(strategy);
    if (outcome.kind === "redundant") continue;
    runs++;
    if (outcome.kind === "passed") passed++;
  } while (execution.shared.hasGrown || strategy.next());
  return [runs, passed];
}

/** What a run comes to: which of each two dependent accesses came first. Runs that agree in this cannot be told apart. */
class OrderRecorder implements Recorder {
  private readonly events: { readonly name: string; readonly access: number }[] = [];
  private readonly counts: number[] = [];

  stepped(thread: number, access: number): void {
    const count = this.counts[thread] ?? 0;
    this.counts[thread] = count + 1;
    this.events.push({ name: `${thread}.${count}`, access });
  }

  called(): void {}
  returned(): void {}
  preempted(): void {}
  died(): void {}

  order(): string {
    const pairs = this.events.flatMap((first, index) =>
      this.events
        .slice(index + 1)
        .filter((second) => areDependent(first.access, second.access))
        .map((second) => `${first.name}<${second.name}`),
    );
    return pairs.sort().join();
  }
}

/** The orders of all runs, those that come twice as often as they come. */
async function ordersOf(model: Model, strategy: DepthFirst): Promise<string[]> {
  const execution = new Execution(model, await modelModule());
  // Once for the words that are shared, all of which both searches are to know.
  for (let seed = 1; seed < 40; seed++) execution.run(new RandomWalk(seed));
  execution.shared.hasGrown = false;
  const orders: string[] = [];
  do {
    const recorder = new OrderRecorder();
    execution.recorder = recorder;
    if (execution.run(strategy).kind !== "redundant") orders.push(recorder.order());
    expect(execution.shared.hasGrown).toBe(false);
  } while (strategy.next());
  return orders;
}

/** Threads that read, write and update a few words in an order that is drawn. */
function drawnModel(seed: number): Model {
  const dice = new Dice(seed);
  const names = ["sync.loadShared", "sync.storeShared", "sync.addShared"];
  const threads = Array.from({ length: 2 + dice.below(2) }, (_, thread) =>
    Array.from({ length: 3 - (thread >> 1) }, () => {
      const address = COUNTER + 4 * dice.below(3);
      return call(dice.oneOf(names), address, 1);
    }),
  );
  return {
    ...counting(2, () => increment(COUNTER, 3)),
    threads: threads.map(
      (calls) =>
        function* () {
          yield* calls;
        },
    ),
    check: () => {},
  };
}

async function failureOf(promise: Promise<unknown>): Promise<ModelFailure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ModelFailure);
  return error as ModelFailure;
}

const unbounded = Number.POSITIVE_INFINITY;

describe("depth-first", () => {
  const adding = (): ReturnType<typeof increment> => increment(COUNTER, 3);

  test("sees each interleaving once: 20 of two threads with three steps, 1,680 of three", async () => {
    for (const [threads, count] of [
      [2, 20],
      [3, 1680],
    ] as const) {
      const strategy = new DepthFirst(unbounded, false);
      expect(await countSchedules(counting(threads, adding), strategy)).toEqual([count, count]);
    }
  });

  test("sees those with one preemption and no others: 2 orders, and 2 × 2 places to preempt", async () => {
    expect(await countSchedules(counting(2, adding), new DepthFirst(0))).toEqual([2, 2]);
    expect(await countSchedules(counting(2, adding), new DepthFirst(1))).toEqual([6, 6]);
  });

  test("leaves out orders of accesses that have nothing to do with each other", async () => {
    const apart = counting(2, () => increment(COUNTER, 3));
    const threads = [0, 4].map((offset) => () => increment(COUNTER + offset, 3));
    const model = { ...apart, threads, check: () => {} };
    // Only who begins is left: nobody knows yet that the first accesses have nothing to do with each other.
    expect(await countSchedules(model, new DepthFirst(unbounded, false))).toEqual([2, 2]);
    expect(await countSchedules(model, new DepthFirst(unbounded))).toEqual([1, 1]);
  });

  test("sleep sets: two words, each order of the accesses to either once", async () => {
    const threads = [
      [0, 4],
      [0, 4],
    ].map(
      (offsets) =>
        function* (): ReturnType<typeof increment> {
          for (const offset of offsets) yield call("sync.addShared", COUNTER + offset, 1);
        },
    );
    const model = { ...counting(2, adding), threads, check: () => {} };
    // Either thread may be the first at either word; the other two interleavings differ in nothing that anybody could see.
    expect(await countSchedules(model, new DepthFirst(unbounded, false))).toEqual([6, 6]);
    expect(await countSchedules(model, new DepthFirst(unbounded))).toEqual([4, 4]);
  });

  test("sleep sets leave out what comes to the same, and nothing else", async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const all = await ordersOf(drawnModel(seed), new DepthFirst(unbounded, false));
      const fewer = await ordersOf(drawnModel(seed), new DepthFirst(unbounded));
      expect(new Set(fewer)).toEqual(new Set(all));
      expect(new Set(fewer).size).toBe(fewer.length);
    }
  });

  test("a counter that is read and then written: 4 of 6 lose something, 84 of 90", async () => {
    const racy = (threads: number): Model => ({
      ...counting(threads, () => incrementRacily(COUNTER)),
      check: ([core]) => same("counter", core?.word(COUNTER), threads),
    });
    expect(await countSchedules(racy(2), new DepthFirst(unbounded, false))).toEqual([6, 2]);
    expect(await countSchedules(racy(3), new DepthFirst(unbounded, false))).toEqual([90, 6]);
  });
});

/** Two increments that are no update: one is lost if the threads take turns. */
const RACY: Model = defineModel({
  name: "racy-counter",
  proves: "nothing",
  setup: () => undefined,
  threads: [0, 1].map(
    () =>
      function* (): ReturnType<typeof increment> {
        yield call("sync.addShared", COUNTER + 64, 1);
        yield* incrementRacily(COUNTER);
        yield call("sync.addShared", COUNTER + 64, 1);
      },
  ),
  check: ([core]) => same("counter", core?.word(COUNTER), 2),
  mutants: [],
});

describe("a failure", () => {
  test("is found by every strategy, and shrunk to one preemption", async () => {
    for (const search of [
      searchAll(RACY),
      searchAll(RACY, { preemptions: 2 }),
      searchAtRandom(RACY, 1, 1000),
      searchByPriorities(RACY, 1, 1000, 2),
    ]) {
      const failure = await failureOf(search);
      expect(failure.preemptions).toBe(1);
      expect(failure.message).toContain("counter: 1, expected 2");
    }
  });

  test("prints a line that replays it", async () => {
    const failure = await failureOf(searchAll(RACY));
    const line = /replay: TOKIWA_MODEL="racy-counter:(.*)"/.exec(failure.message)?.[1] ?? "";
    expect(formatSchedule(parseSchedule(line))).toBe(line);
    const again = await failureOf(replayLine(RACY, line));
    expect(again.message.split("\n")).toEqual(failure.message.split("\n"));
    await expect(replayLine(RACY, "0,1")).resolves.toContain("read");
  });
});

const WORD = COUNTER + 128;

/** One sleeps until the other has said so; `announce` says whether the word is changed before the wake. */
function sleeper(name: string, notifies: boolean): Model {
  return defineModel({
    name,
    proves: "nothing",
    setup: () => undefined,
    threads: [
      function* () {
        while ((yield call("sync.loadShared", WORD)) === 0) yield sleep(WORD, 0);
      },
      function* () {
        yield call("sync.storeShared", WORD, 1);
        if (notifies) yield call("sync.notifySleepers", WORD);
      },
    ],
    check: () => {},
    mutants: [],
  });
}

describe("sleeping", () => {
  test("a wake reaches a thread that sleeps, and one that is about to", async () => {
    const report = await searchAll(sleeper("sleeper", true));
    expect(report.isComplete).toBe(true);
    expect(report.schedules).toBeGreaterThan(2);
  });

  test("a wake that is forgotten is a deadlock", async () => {
    const failure = await failureOf(searchAll(sleeper("never-woken", false)));
    expect(failure.message).toMatch(/nobody can go on.*thread 0 sleeps on/);
  });
});

describe("dying", () => {
  /** Writes two words; a second thread waits for its end and looks. */
  const dying: Model = defineModel({
    name: "dying",
    proves: "nothing",
    setup: () => undefined,
    dies: 0,
    threads: [
      () => increment(WORD, 2),
      function* () {
        const died = yield outlive(0);
        const count = yield call("sync.loadShared", WORD);
        same("a thread that lives writes all", died === 1 || count === 2, true);
        if (count === 1) throw new Error("it died in the middle");
      },
    ],
    check: () => {},
    mutants: [],
  });

  test("a thread dies at each of its steps, and another one learns of it", async () => {
    const failure = await failureOf(searchAll(dying));
    expect(failure.message).toContain("it died in the middle");
    const line = /replay: TOKIWA_MODEL="dying:(!1,0,1)"/.exec(failure.message)?.[1] ?? "";
    expect((await failureOf(replayLine(dying, line))).message).toContain("died in the middle");
  });

  test("not where the model says that it does not", async () => {
    const spared = { ...dying, mayDie: ([core]: readonly Core[]) => core?.word(WORD) !== 1 };
    const report = await searchAll(spared);
    expect(report.deaths).toBe(1);
  });
});

describe("waiting for others", () => {
  test("a loop that pauses is left until another has done something, and no run is endless", async () => {
    const model = defineModel({
      ...sleeper("pausing", true),
      threads: [
        function* () {
          while ((yield call("sync.loadShared", WORD)) === 0) yield pause();
        },
        () => increment(WORD, 1),
      ],
    });
    await expect(searchAll(model)).resolves.toMatchObject({ isComplete: true, schedules: 2 });
  });

  test("a thread that spins is left until the word has changed", async () => {
    const model = defineModel({
      ...sleeper("spinning", true),
      threads: [
        function* () {
          while ((yield call("sync.loadShared", WORD)) === 0);
        },
        () => increment(WORD, 1),
      ],
    });
    await expect(searchAll(model)).resolves.toMatchObject({ isComplete: true });
  });

  test("a thread that waits for what never comes is a deadlock", async () => {
    const model = defineModel({
      ...sleeper("waiting", true),
      threads: [
        function* (core: Core) {
          yield until(() => core.word(WORD) === 2);
        },
        () => increment(WORD, 1),
      ],
    });
    expect((await failureOf(searchAll(model))).message).toContain("nobody can go on");
  });
});

describe("a mutant", () => {
  const mutant = { name: "m", file: "sync.ts", find: "return atomic.add<i32>(address, value);" };

  test("is compiled into a core of its own", async () => {
    const replaced = { ...mutant, replace: "return atomic.add<i32>(address, value + 1);" };
    const model = { ...counting(1, () => increment(COUNTER, 3)), name: "mutated" };
    await expect(searchAll(model)).resolves.toBeDefined();
    expect((await failureOf(searchAll(model, { mutant: replaced }))).message).toContain(
      "mutated/m: Error: counter: 6, expected 3",
    );
  });

  test("whose text is not there, or is there twice, is refused", async () => {
    const model = counting(1, () => increment(COUNTER, 3));
    for (const [find, times] of [
      ["no such text", 0],
      ["compareExchange", 5],
    ] as const) {
      const search = searchAll(model, { mutant: { ...mutant, find, replace: "" } });
      await expect(search).rejects.toThrow(times === 0 ? "occurs 0 times" : /occurs \d+ times/);
    }
  });
});

describe("races", () => {
  /** One writes plainly and publishes; the other looks for what was published, and reads. */
  const publishing = (published: boolean): Model =>
    defineModel({
      name: "publishing",
      proves: "nothing",
      setup: () => undefined,
      threads: [
        function* () {
          yield call("task.setNext", WORD, 7);
          if (published) yield call("sync.storeShared", COUNTER, 1);
        },
        function* () {
          const isThere = yield call("sync.loadShared", COUNTER);
          if (isThere === 1 || !published) same("next", yield call("task.nextOf", WORD), 7);
        },
      ],
      check: () => {},
      mutants: [],
    });

  test("a plain access that something orders is none", async () => {
    await expect(searchAll(publishing(true))).resolves.toMatchObject({ isComplete: true });
  });

  test("a plain access that nothing orders is one, in whichever order it happens", async () => {
    const failure = await failureOf(searchAll(publishing(false)));
    expect(failure.message).toMatch(/DataRace: .*plain (read|write) by thread . and plain/);
  });
});
