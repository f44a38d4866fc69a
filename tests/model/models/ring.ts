// The ring of a worker: no task is lost and none is run twice, whoever pushes, pops, overflows and steals at once.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
import { coreAt, newTasks, remaining, setUp, takeAll } from "./world.js";

interface Env {
  readonly tasks: readonly number[];
  /** What each thread has taken, by thread. */
  readonly taken: readonly number[][];
}

const FILE = "threads/ring.ts";

function begin(cores: readonly Core[], tasks: number): Env {
  setUp(
    cores,
    cores.map(() => "worker"),
  );
  return { tasks: newTasks(coreAt(cores, 0), tasks), taken: cores.map(() => []) };
}

function push(core: Core, tasks: readonly number[]): void {
  for (const task of tasks) core.call("ring.pushRing", task);
}

/** Every task was taken once, or still stands somewhere, once. */
function checkAll(cores: readonly Core[], { tasks, taken }: Env): void {
  const left = cores.flatMap((core) => remaining(core, "ring.popRing"));
  left.push(...remaining(coreAt(cores, 0), "injector.popInjector"));
  const found = [...taken.flat(), ...left];
  same("tasks found", found.sort(), [...tasks].sort());
}

function logOf(env: Env, thread: number): number[] {
  return env.taken[thread] as number[];
}

function* steal(env: Env, thread: number): Generator<ReturnType<typeof call>, void, number> {
  yield call("ring.stealFrom", 0);
  yield* takeAll("ring.popRing", logOf(env, thread));
}

const PUBLISHED_TOO_EARLY: Mutant = {
  name: "published-before-stored",
  file: FILE,
  find: `CAPACITY) {
    storeTask(record, tail, task);
    storeTail(record, tail + 1);`,
  replace: `CAPACITY) {
    storeTail(record, tail + 1);
    storeTask(record, tail, task);`,
};

const ROOM_WHERE_THIEF_COPIES: Mutant = {
  name: "room-where-thief-copies",
  file: FILE,
  find: "if (tail - stealOf(head) < CAPACITY) {",
  replace: "if (tail - realOf(head) < CAPACITY) {",
};

const POP_ENDS_THEFT: Mutant = {
  name: "pop-ends-theft",
  file: FILE,
  find: "const next = steal == real ? pack(real + 1, real + 1) : pack(steal, real + 1);",
  replace: "const next = steal == real ? pack(real + 1, real + 1) : pack(real + 1, real + 1);",
};

const OVERFLOW_WITHOUT_CLAIM: Mutant = {
  name: "overflow-without-claim",
  file: FILE,
  find: "if (!changeHead(record, head, pack(tail, tail))) return false;",
  replace: "changeHead(record, head, pack(tail, tail));",
};

const THEFT_NOT_EXCLUSIVE: Mutant = {
  name: "theft-not-exclusive",
  file: FILE,
  find: "if (compareExchange(from + RING_THIEF, 0, self() + 1) != 0) return 0;",
  replace: "storeShared(from + RING_THIEF, self() + 1);",
};

const NEXT_THIEF_TOO_EARLY: Mutant = {
  name: "next-thief-too-early",
  file: FILE,
  find: `endTheft(from);
  }
  storeShared(from + RING_THIEF, 0);`,
  replace: `storeShared(from + RING_THIEF, 0);
    endTheft(from);
  } else storeShared(from + RING_THIEF, 0);`,
};

const ROOM_COMPARED_AS_ORDER: Mutant = {
  name: "counters-compared-as-numbers",
  file: FILE,
  find: "if (tail - stealOf(head) < CAPACITY) {",
  replace: "if (tail < stealOf(head) + CAPACITY) {",
};

const pushPopSteal = defineModel<Env>({
  name: "ring-push-pop-steal",
  proves: "a task that is pushed is popped or stolen, once",
  setup(cores) {
    const env = begin(cores, 4);
    push(coreAt(cores, 0), env.tasks.slice(0, 2));
    return env;
  },
  threads: [
    function* (_core, env) {
      yield call("ring.pushRing", env.tasks[2] as number);
      yield* takeAll("ring.popRing", logOf(env, 0));
      yield call("ring.pushRing", env.tasks[3] as number);
    },
    (_core, env) => steal(env, 1),
  ],
  check: checkAll,
  mutants: [PUBLISHED_TOO_EARLY, POP_ENDS_THEFT],
});

const overflow = defineModel<Env>({
  name: "ring-overflow-steal",
  proves:
    "a full ring sends half of its tasks away while another worker steals from it, and none goes twice",
  setup(cores) {
    const env = begin(cores, 7);
    push(coreAt(cores, 0), env.tasks.slice(0, 4));
    return env;
  },
  threads: [
    function* (_core, env) {
      for (const task of env.tasks.slice(4)) yield call("ring.pushRing", task);
      const taken = yield call("ring.popRing");
      if (taken !== 0) logOf(env, 0).push(taken);
    },
    (_core, env) => steal(env, 1),
  ],
  check: checkAll,
  mutants: [ROOM_WHERE_THIEF_COPIES, OVERFLOW_WITHOUT_CLAIM],
});

const twoThieves = defineModel<Env>({
  name: "ring-two-thieves",
  proves: "two workers steal from a third one, which pops and pushes, and no task goes twice",
  setup(cores) {
    const env = begin(cores, 5);
    push(coreAt(cores, 0), env.tasks.slice(0, 4));
    return env;
  },
  threads: [
    function* (_core, env) {
      const taken = yield call("ring.popRing");
      if (taken !== 0) logOf(env, 0).push(taken);
      yield call("ring.pushRing", env.tasks[4] as number);
    },
    (_core, env) => steal(env, 1),
    (_core, env) => steal(env, 2),
  ],
  check: checkAll,
  mutants: [THEFT_NOT_EXCLUSIVE, NEXT_THIEF_TOO_EARLY],
});

/** Two before the counters wrap. */
const NEAR_WRAP = -2;

const wrap = defineModel<Env>({
  name: "ring-wrap",
  proves: "the same while the counters go past 2^32",
  setup(cores) {
    for (const [index, core] of cores.entries()) {
      const record = core.call("worker.recordOf", index);
      const head = record + core.constant("layout.RING_HEAD");
      const tail = record + core.constant("layout.RING_TAIL");
      for (const word of [head, head + 4, tail]) core.call("sync.storeShared", word, NEAR_WRAP);
    }
    const env = begin(cores, 6);
    push(coreAt(cores, 0), env.tasks.slice(0, 3));
    return env;
  },
  threads: [
    function* (_core, env) {
      for (const task of env.tasks.slice(3)) yield call("ring.pushRing", task);
      const taken = yield call("ring.popRing");
      if (taken !== 0) logOf(env, 0).push(taken);
    },
    (_core, env) => steal(env, 1),
  ],
  check: checkAll,
  mutants: [ROOM_COMPARED_AS_ORDER],
});

export const RING_MODELS = [pushPopSteal, overflow, twoThieves, wrap];
