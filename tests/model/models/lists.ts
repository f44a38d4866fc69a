// The lists that threads share: the injector, which all push to and pop from, and the inbox, which all push to and one empties.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
import { coreAt, newTasks, remaining, setUp, takeAll } from "./world.js";

interface Env {
  readonly tasks: readonly number[];
  /** What each thread has taken, by thread. */
  readonly taken: readonly number[][];
}

function begin(cores: readonly Core[], tasks: number): Env {
  setUp(
    cores,
    cores.map(() => "worker"),
  );
  return { tasks: newTasks(coreAt(cores, 0), tasks), taken: cores.map(() => []) };
}

function logOf(env: Env, thread: number): number[] {
  return env.taken[thread] as number[];
}

function sameTasks(env: Env, left: readonly number[]): void {
  same("tasks found", [...env.taken.flat(), ...left].sort(), [...env.tasks].sort());
}

// ── The injector ──

const LOCK_NOT_TAKEN: Mutant = {
  name: "lock-not-taken",
  file: "threads/lock.ts",
  find: "while (compareExchange(lock, 0, self() + 1) != 0) while (loadShared(lock) != 0);",
  replace: "storeShared(lock, self() + 1);",
};

const NOT_LOOKED_AGAIN: Mutant = {
  name: "not-looked-again-under-lock",
  file: "threads/injector.ts",
  find: `if (first == 0) {
    release(list);
    return 0;
  }`,
  replace: "",
};

/** A chain from popChain, taken apart. */
function chain(core: Core, first: number): number[] {
  const found: number[] = [];
  for (let task = first; task !== 0; task = core.call("task.nextOf", task)) found.push(task);
  return found;
}

const injector = defineModel<Env>({
  name: "injector",
  proves:
    "what several threads inject and pop, one by one and in batches, is found once and in order",
  preemptions: 2,
  setup(cores) {
    const env = begin(cores, 3);
    coreAt(cores, 0).call("injector.inject", env.tasks[0] as number);
    return env;
  },
  threads: [
    function* (_core, env) {
      yield call("injector.inject", env.tasks[1] as number);
      yield* takeAll("injector.popInjector", logOf(env, 0));
    },
    function* (_core, env) {
      yield call("injector.inject", env.tasks[2] as number);
    },
    function* (core, env) {
      const first = yield call("injector.popShare", 4);
      logOf(env, 2).push(...chain(core, first));
    },
  ],
  check(cores, env) {
    sameTasks(env, remaining(coreAt(cores, 0), "injector.popInjector"));
    same("length", coreAt(cores, 0).call("injector.injectorLength"), 0);
  },
  mutants: [LOCK_NOT_TAKEN, NOT_LOOKED_AGAIN],
});

// ── The inbox ──

const HEAD_NOT_LINKED_AGAIN: Mutant = {
  name: "head-not-linked-again",
  file: "threads/inbox.ts",
  find: `for (;;) {
    setNext(task, head as u32 as usize);
    const before`,
  replace: `setNext(task, head as u32 as usize);
  for (;;) {
    const before`,
};

const EMPTIED_IN_TWO_STEPS: Mutant = {
  name: "emptied-in-two-steps",
  file: "threads/inbox.ts",
  find: "reverse(exchangeShared(worker() + INBOX, 0) as u32 as usize);",
  replace: `reverse(loadShared(worker() + INBOX) as u32 as usize);
  exchangeShared(worker() + INBOX, 0);`,
};

const inbox = defineModel<Env>({
  name: "inbox",
  proves:
    "what several threads put into an inbox its owner finds once, each thread's in the order in which it put it",
  setup: (cores) => begin(cores, 4),
  threads: [
    function* (_core, env) {
      yield call("inbox.drainInbox");
      yield* takeAll("queue.popList", logOf(env, 0));
    },
    function* (_core, env) {
      for (const task of env.tasks.slice(0, 2)) yield call("inbox.pushInbox", 0, task);
    },
    function* (_core, env) {
      for (const task of env.tasks.slice(2)) yield call("inbox.pushInbox", 0, task);
    },
  ],
  check(cores, env) {
    const [core] = cores as [Core];
    core.call("inbox.drainInbox");
    const order = [...logOf(env, 0), ...remaining(core, "queue.popList")];
    same("tasks found", [...order].sort(), [...env.tasks].sort());
    for (const half of [env.tasks.slice(0, 2), env.tasks.slice(2)])
      same(
        "order",
        order.filter((task) => half.includes(task)),
        half,
      );
  },
  mutants: [HEAD_NOT_LINKED_AGAIN, EMPTIED_IN_TWO_STEPS],
});

export const LIST_MODELS = [injector, inbox];
