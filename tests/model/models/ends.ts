// How tasks end across threads: a result reaches the one who joins, and nothing is left over when a runtime is closed.

import {
  type Body,
  type Core,
  call,
  defineModel,
  insist,
  type Mutant,
  same,
} from "../explorer/model.js";
import {
  COMPLETED,
  coreAt,
  DELIVERED,
  EMPTY,
  PENDING,
  RESULT_FLAG,
  runThread,
  SENDABLE,
  START_FLAG,
  setUp,
} from "./world.js";

const ENDING = "threads/ending.ts";
const SUBMIT = "threads/submit.ts";
/** How TypeScript says that a result is a number, or bytes: any words besides the core's own. */
const NUMBER = 16;
const BYTES = 17;
const FUNCTION = 1;

const DELIVERED_TOO_EARLY: Mutant = {
  name: "delivered-before-it-is-complete",
  file: ENDING,
  find: `transitionToComplete(task);
  deliver(task, joiner);`,
  replace: `deliver(task, joiner);
  transitionToComplete(task);`,
};

const JOINER_READ_LATE: Mutant = {
  name: "payload-read-after-the-end",
  file: ENDING,
  find: `transitionToComplete(task);
  deliver(task, joiner);`,
  replace: `transitionToComplete(task);
  deliver(task, joiner);
  releasePayload(task);`,
};

interface Join {
  readonly results: number[];
}

/** Doubles its argument, which the spawner's thread has written plainly, as the result is. */
function* double(slot: number): Generator<ReturnType<typeof call>, number, number> {
  const argument = yield call("threads.numberOf", slot);
  yield call("threads.setNumber", slot, NUMBER, argument * 2);
  return COMPLETED;
}

const join = defineModel<Join>({
  name: "join-completion",
  proves:
    "the result of a task that another worker ran reaches the thread that spawned it, whole and once",
  preemptions: 2,
  setup(cores) {
    setUp(cores, ["worker", "caller"]);
    return { results: [] };
  },
  threads: [
    (core) =>
      runThread(core, function* (slot, flags) {
        same("a first poll", flags, START_FLAG);
        return yield* double(slot);
      }),
    function* (core, env): Body {
      const id = yield call("submit.newId");
      const spawned = yield call("submit.spawnNumber", SENDABLE, FUNCTION, id, NUMBER, 21);
      yield* runThread(core, function* (slot, flags) {
        same("an end", [slot, flags], [spawned, RESULT_FLAG]);
        same("outcome", yield call("threads.outcomeOf", slot), NUMBER);
        env.results.push(yield call("threads.numberOf", slot));
        yield call("closing.close");
        return DELIVERED;
      });
    },
  ],
  check([core], env) {
    same("results", env.results, [42]);
    same("alive", core?.call("scheduler.aliveTasks"), 0);
  },
  mutants: [DELIVERED_TOO_EARLY, JOINER_READ_LATE],
});

// ── Arguments and results in blocks of the heap ──

/** A plain store, through the only export that makes one anywhere. */
function plainStore(core: Core, address: number, value: number): ReturnType<typeof call> {
  return call("task.setNext", address - core.constant("layout.TASK_NEXT"), value);
}

function plainLoad(core: Core, address: number): ReturnType<typeof call> {
  return call("task.nextOf", address - core.constant("layout.TASK_NEXT"));
}

const LARGE = 200;
const LARGER = 300;

function* spawnLarge(core: Core, value: number): Generator<ReturnType<typeof call>, void, number> {
  const id = yield call("submit.newId");
  const slot = yield call("submit.newSendable", SENDABLE, FUNCTION, id, BYTES, LARGE);
  insist(slot >= 0, "there is room");
  yield plainStore(core, yield call("threads.payloadAddress", slot), value);
  yield call("submit.submit", slot);
}

const CHAINED_IN_TWO_STEPS: Mutant = {
  name: "freed-block-chained-in-two-steps",
  preemptions: 2,
  file: "threads/heap.ts",
  find: "if (compareExchange(chain, head, block as i32) == head) return;",
  replace: "{ exchangeShared(chain, block as i32); return; }",
};

const payload = defineModel<Join>({
  name: "join-payload",
  proves:
    "arguments and results in blocks of the heap travel whole, and blocks go back to the thread that made them",
  preemptions: 1,
  setup(cores) {
    setUp(cores, ["worker", "caller"]);
    return { results: [] };
  },
  threads: [
    (core) =>
      runThread(core, function* (slot) {
        const argument = yield plainLoad(core, yield call("threads.payloadAddress", slot));
        const address = yield call("threads.setResult", slot, BYTES, LARGER);
        yield plainStore(core, address, argument * 2);
        return COMPLETED;
      }),
    function* (core, env): Body {
      yield* spawnLarge(core, 10);
      yield* spawnLarge(core, 11);
      let spawned = 2;
      yield* runThread(core, function* (slot) {
        env.results.push(yield plainLoad(core, yield call("threads.payloadAddress", slot)));
        for (; spawned < 4; spawned++) yield* spawnLarge(core, 10 + spawned);
        if (env.results.length === 4) yield call("closing.close");
        return DELIVERED;
      });
    },
  ],
  check([core], env) {
    same("results", [...env.results].sort(), [20, 22, 24, 26]);
    same("alive", core?.call("scheduler.aliveTasks"), 0);
  },
  mutants: [CHAINED_IN_TWO_STEPS],
});

// ── Abort before the first poll ──

const PROMISED_TOO_MUCH: Mutant = {
  name: "not-begun-though-running",
  file: "wake.ts",
  find: "return (stateOf(task) & RUNNING) == 0 && loadShared(task + TASK_HOME) <= 0;",
  replace: "return loadShared(task + TASK_HOME) <= 0;",
};

interface Abort {
  readonly outcomes: number[];
  /** Whether the abort was told that the task had not begun and never will. */
  isPromised: boolean;
  /** First polls. */
  begun: number;
}

const abortUnstarted = defineModel<Abort>({
  name: "abort-unstarted",
  proves:
    "a task that is aborted before, during or after its first poll elsewhere ends once, and its joiner hears how",
  preemptions: 2,
  setup(cores) {
    setUp(cores, ["worker", "caller"]);
    return { outcomes: [], isPromised: false, begun: 0 };
  },
  threads: [
    (core, env) =>
      runThread(core, function* (slot, flags) {
        if (flags === START_FLAG) env.begun++;
        // A poll ends as a worker's would: with the result, or by dropping the task.
        yield call("threads.setNumber", slot, flags === START_FLAG ? NUMBER : 1, 0);
        return COMPLETED;
      }),
    function* (core, env): Body {
      const id = yield call("submit.newId");
      const slot = yield call("submit.spawnNumber", SENDABLE, FUNCTION, id, NUMBER, 21);
      env.isPromised = (yield call("wake.cancelTask", slot, id)) === 1;
      yield* runThread(core, function* () {
        env.outcomes.push(yield call("threads.outcomeOf", slot));
        yield call("closing.close");
        return DELIVERED;
      });
    },
  ],
  check([core], env) {
    same("ends", env.outcomes.length, 1);
    if (env.isPromised) same("begun in spite of the promise", env.begun, 0);
    same("alive", core?.call("scheduler.aliveTasks"), 0);
  },
  mutants: [DELIVERED_TOO_EARLY, PROMISED_TOO_MUCH],
});

// ── Shutting down ──

const CLOSED_NOT_LOOKED_AT: Mutant = {
  name: "spawner-does-not-look-whether-it-is-closed",
  file: SUBMIT,
  find: "if (isClosed()) clearClosed();",
  replace: "",
};

const THREADS_NOT_WOKEN: Mutant = {
  name: "close-wakes-nobody",
  file: "threads/closing.ts",
  find: "for (let thread = 0; thread < threads; thread++) unpark(thread);",
  replace: "",
};

interface Ends {
  slots: number;
  /** Ends that the spawner has taken. */
  ended: number;
}

function* closeRuntime(): Body {
  yield call("closing.close");
  yield call("submit.clearClosed");
}

const shutdownAgainstSpawn = defineModel<Ends>({
  name: "shutdown-spawn",
  proves:
    "a task that is spawned while the runtime closes runs or is cancelled, and every thread ends",
  preemptions: 1,
  setup(cores) {
    setUp(cores, ["worker", "caller", "caller"]);
    return { slots: 0, ended: 0 };
  },
  threads: [
    (core) => runThread(core, double),
    closeRuntime,
    function* (core, env): Body {
      const id = yield call("submit.newId");
      const slot = yield call("submit.spawnNumber", SENDABLE, FUNCTION, id, NUMBER, 4);
      insist(slot >= 0, "there is room");
      env.slots++;
      yield* runThread(core, function* () {
        env.ended++;
        return DELIVERED;
      });
    },
  ],
  check(cores, env) {
    const spawner = coreAt(cores, 2);
    // Ends that came after the spawner had gone.
    let answer = spawner.call("scheduler.next", PENDING);
    for (; answer !== EMPTY; answer = spawner.call("scheduler.next", DELIVERED)) env.ended++;
    same("ends", env.ended, env.slots);
    same("alive", spawner.call("scheduler.aliveTasks"), 0);
  },
  mutants: [CLOSED_NOT_LOOKED_AT, THREADS_NOT_WOKEN],
});

export const END_MODELS = [join, payload, abortUnstarted, shutdownAgainstSpawn];
