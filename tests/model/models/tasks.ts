// What can happen to a task from two sides at once: woken while it is polled, aborted while it ends, its slot given to another.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
import {
  COMPLETED,
  coreAt,
  DROP_FLAG,
  PENDING,
  runThread,
  setUp,
  tally,
  tallyAddress,
} from "./world.js";

const STATE = "state.ts";
const FIRST = 5;
const SECOND = 6;

const WAKE_FORGOTTEN: Mutant = {
  name: "wake-forgotten-at-the-end-of-a-poll",
  file: STATE,
  find: "const again = (state & (SCHEDULED | CANCELLED)) != 0;",
  replace: "const again = (state & CANCELLED) != 0;",
};

const NOT_WOKEN_WHILE_RUNNING: Mutant = {
  name: "no-wake-while-running",
  file: STATE,
  find: "if (!isGeneration(both, generation) || (state & (SCHEDULED | COMPLETE)) != 0) return NOTHING;",
  replace:
    "if (!isGeneration(both, generation) || (state & (SCHEDULED | COMPLETE | RUNNING)) != 0) return NOTHING;",
};

const IDLE_IN_TWO_STEPS: Mutant = {
  name: "idle-in-two-steps",
  file: STATE,
  find: `const next = (state & CANCELLED) | (again ? SCHEDULED : 0);
    if (compareExchange(address, state, next) != state) continue;`,
  replace: `const next = (state & CANCELLED) | (again ? SCHEDULED : 0);
    storeShared(address, next);`,
};

const GENERATION_APART: Mutant = {
  name: "generation-apart-from-the-state",
  file: STATE,
  find: "return compareExchange64(task + TASK_STATE, both, both | (bits as i64)) == both;",
  replace:
    "return compareExchange(task + TASK_STATE, both as i32, (both as i32) | bits) == (both as i32);",
};

const ABORT_QUEUES_ALWAYS: Mutant = {
  name: "abort-queues-a-running-task",
  file: STATE,
  find: "return idle ? SUBMIT : CHANGED;",
  replace: "return SUBMIT;",
};

interface Local {
  readonly slot: number;
  polls: number;
  drops: number;
}

/** A caller with one new task of its own; whoever else there is only wakes and aborts. */
function spawnLocal(cores: readonly Core[]): Local {
  setUp(
    cores,
    cores.map(() => "caller"),
  );
  return { slot: coreAt(cores, 0).call("scheduler.spawn", FIRST), polls: 0, drops: 0 };
}

const wakeDuringPoll = defineModel<Local>({
  name: "wake-during-poll",
  proves: "a task that is woken while it is polled is polled again, and never stands in two places",
  preemptions: 2,
  setup: spawnLocal,
  threads: [
    (core, env) =>
      runThread(core, function* () {
        env.polls++;
        const isReady = (yield call("sync.loadShared", tallyAddress(core))) === 2;
        if (!isReady) return PENDING;
        yield call("closing.close");
        return COMPLETED;
      }),
    ...[1, 2].map(
      () =>
        function* (core: Core, env: Local): ReturnType<typeof runThread> {
          yield tally(core);
          yield call("wake.wakeTask", env.slot, FIRST);
        },
    ),
  ],
  check(_cores, env) {
    same("at most one poll a wake and the first", env.polls <= 3, true);
  },
  mutants: [WAKE_FORGOTTEN, NOT_WOKEN_WHILE_RUNNING, IDLE_IN_TWO_STEPS],
});

const abortDuringCompletion = defineModel<Local>({
  name: "abort-during-completion",
  proves:
    "a task that is woken and aborted while it waits and while it ends, ends once: by itself or dropped",
  preemptions: 2,
  setup: spawnLocal,
  threads: [
    (core, env) =>
      runThread(core, function* (_slot, flags) {
        if (flags === DROP_FLAG) env.drops++;
        else env.polls++;
        if (flags === 0 && env.polls === 1) return PENDING;
        yield call("closing.close");
        return COMPLETED;
      }),
    function* (_core, env) {
      yield call("wake.wakeTask", env.slot, FIRST);
    },
    function* (_core, env) {
      yield call("wake.cancelTask", env.slot, FIRST);
      yield call("wake.cancelTask", env.slot, FIRST);
    },
  ],
  check([core], env) {
    same("ends", env.drops + (env.polls === 2 ? 1 : 0), 1);
    same("state", core?.call("scheduler.taskState", env.slot), core?.constant("state.COMPLETE"));
    same("alive", core?.call("scheduler.aliveTasks"), 0);
    same("runnable", core?.call("scheduler.ready"), 0);
  },
  mutants: [ABORT_QUEUES_ALWAYS],
});

interface Reuse {
  readonly slot: number;
  readonly polled: number[];
}

const slotReuse = defineModel<Reuse>({
  name: "slot-reuse",
  proves:
    "a wake and an abort of a task that has ended do nothing to the task that has its slot now",
  // An abort looks at the kind before the generation says whose it is; of another task it is not used.
  racy: ["KIND"],
  setup(cores) {
    const { slot } = spawnLocal(cores);
    same("first poll", coreAt(cores, 0).call("scheduler.next", PENDING), slot);
    return { slot, polled: [] };
  },
  threads: [
    function* (_core, env) {
      // The first task ends, the second one gets its slot and waits.
      yield call("scheduler.next", COMPLETED);
      same("slot", yield call("scheduler.spawn", SECOND), env.slot);
      env.polled.push(yield call("scheduler.next", PENDING));
      env.polled.push(yield call("scheduler.next", PENDING));
    },
    function* (_core, env) {
      yield call("wake.wakeTask", env.slot, FIRST);
    },
    function* (_core, env) {
      yield call("wake.cancelTask", env.slot, FIRST);
    },
  ],
  check([core], env) {
    same("polls", env.polled, [env.slot, -1]);
    same("state", core?.call("scheduler.taskState", env.slot), 0);
    same("generation", core?.call("scheduler.isTask", env.slot, SECOND), 1);
    same("inbox", core?.call("inbox.hasInbox"), 0);
  },
  mutants: [GENERATION_APART],
});

export const TASK_MODELS = [wakeDuringPoll, abortDuringCompletion, slotReuse];
