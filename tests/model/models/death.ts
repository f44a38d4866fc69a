// A thread dies, anywhere: every task still ends once, those that had not begun are run by others, and nobody waits for ever.

import {
  type Body,
  type Core,
  call,
  defineModel,
  type Mutant,
  outlive,
  pause,
  same,
} from "../explorer/model.js";
import {
  COMPLETED,
  coreAt,
  DELIVERED,
  EMPTY,
  type Events,
  newSendables,
  PENDING,
  type Poll,
  RESULT_FLAG,
  remaining,
  runThread,
  SENDABLE,
  START_FLAG,
  setUp,
  tally,
  tallyAddress,
  untilTally,
} from "./world.js";

const FUNCTION = 1;
const NUMBER = 16;
const ARGUMENT = 9;
/** Outcomes of the core's own: threads/ending.ts. */
const LOST = 2;

interface Ends {
  /** How tasks ended, as their joiner heard. */
  readonly outcomes: number[];
}

/** What has happened since the worker died, in the tally: its owner has heard of it, and has cleared up. */
const HEARD = 1;
const CLEARED = 2;

/** Stands for the host: tells the owner of a death, and starts another worker once that has cleared up. */
function* replaceWorker(victim: number, core: Core): Body {
  if ((yield outlive(victim)) === 0) return;
  yield tally(core);
  yield untilTally(core, CLEARED);
  if ((yield call("closing.isClosed")) === 1) return;
  yield call("worker.adoptWorker", victim);
  same("record", yield call("registry.claimRecord", victim), 1);
  yield call("registry.beginThread", 1, 0);
  yield* runThread(core, run);
}

const MOST_LOOKS = 5;

function* clearUp(victim: number): Body {
  yield call("death.recover", victim);
  // A wake that was under way comes late; one look after each change, as the host looks again after a while.
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    if ((yield call("death.sweep", victim)) === 0) return;
    yield pause();
  }
}

/** The owner hears of a death from its event loop, and clears up. */
function deathOf(victim: number, core: Core): Events {
  const has = (): boolean => core.word(tallyAddress(core)) === HEARD;
  return {
    has,
    *handle() {
      if ((yield call("sync.loadShared", tallyAddress(core))) !== HEARD) return;
      yield* clearUp(victim);
      yield tally(core);
    },
  };
}

/** What every task does: it was given what its spawner wrote. */
function* run(slot: number): Generator<ReturnType<typeof call>, number, number> {
  same("argument", yield call("threads.numberOf", slot), ARGUMENT);
  yield call("threads.setNumber", slot, NUMBER, 1);
  return COMPLETED;
}

/** Spawns tasks and takes their ends; the last one closes the runtime. */
function* spawnAndJoin(core: Core, env: Ends, count: number, events?: Events): Body {
  for (let spawned = 0; spawned < count; spawned++)
    yield call(
      "submit.spawnNumber",
      SENDABLE,
      FUNCTION,
      yield call("submit.newId"),
      NUMBER,
      ARGUMENT,
    );
  yield call("sync.storeShared", tallyAddress(core) + 4, 1);
  const take = function* (slot: number, flags: number): ReturnType<Poll> {
    if (flags === START_FLAG) return yield* run(slot);
    env.outcomes.push(yield call("threads.outcomeOf", slot));
    if (env.outcomes.length === count) yield call("closing.close");
    return DELIVERED;
  };
  yield* runThread(core, take, events);
  // The host's part ends with the owner.
  yield tally(core);
  yield tally(core);
}

/**
 * Not between the end of a task and its delivery: what has ended and stands in no inbox yet goes with the thread (death.ts).
 * Nobody can tell that from an end that was delivered, so no end is under way while this is true.
 */
function hasDelivered(cores: readonly Core[]): boolean {
  const core = coreAt(cores, 0);
  const page = core.word(core.constant("layout.TASK_DIRECTORY"));
  const count = core.word(
    core.constant("layout.HEADER") + core.constant("layout.HEADER_TASK_COUNT"),
  );
  const field = (slot: number, name: string): number =>
    core.word(
      page + (slot << core.constant("layout.TASK_SHIFT")) + core.constant(`layout.${name}`),
    );
  for (let slot = 0; page !== 0 && slot < count; slot++) {
    const isItsOwn = field(slot, "TASK_HOME") === 1 && field(slot, "TASK_GENERATION") !== 0;
    if (isItsOwn && field(slot, "TASK_STATE") === core.constant("state.COMPLETE")) return false;
  }
  return true;
}

/**
 * Not in the injector's lock while the owner may still want it: an owner that spins there does not hear of the death
 * (death.md). The owner says in a word of its own when it has spawned everything.
 */
function ownerIsFree(cores: readonly Core[]): boolean {
  const core = coreAt(cores, 0);
  const lock = core.constant("layout.HEADER") + core.constant("layout.HEADER_INJECTOR");
  return core.word(lock) !== 1 || core.word(tallyAddress(core) + 4) === 1;
}

const THEFT_NOT_RECOVERED: Mutant = {
  name: "theft-not-recovered",
  file: "threads/death.ts",
  find: "recoverThefts(dead);\n",
  replace: "",
};

const INJECTOR_NOT_REPAIRED: Mutant = {
  name: "injector-not-repaired",
  file: "threads/death.ts",
  find: "repairInjector(dead);\n",
  replace: "",
};

const RESUBMITTED_AS_IT_WAS: Mutant = {
  name: "resubmitted-as-running",
  file: "threads/death.ts",
  find: "transitionToUntaken(task);\n",
  replace: "",
};

const DELIVERY_NOT_SETTLED: Mutant = {
  name: "delivery-not-settled",
  file: "threads/death.ts",
  find: "settleDelivery(record);\n",
  replace: "",
};

const lonelyWorker = defineModel<Ends>({
  name: "death-of-the-worker",
  proves:
    "the only worker dies at any step, another takes its place, and every task that was spawned ends once",
  preemptions: 0,
  dies: 0,
  mayDie: ownerIsFree,
  setup(cores) {
    setUp(cores, ["worker", "caller", "caller"]);
    return { outcomes: [] };
  },
  threads: [
    (core) => runThread(core, run),
    (core, env) => spawnAndJoin(core, env, 2, deathOf(0, core)),
    (core) => replaceWorker(0, core),
  ],
  check(cores, env) {
    same("ends", env.outcomes.length, 2);
    same("lost", env.outcomes.filter((outcome) => outcome === LOST).length <= 1, true);
    same(
      "others",
      env.outcomes.every((outcome) => outcome === NUMBER || outcome === LOST),
      true,
    );
    same("alive", coreAt(cores, 1).call("scheduler.aliveTasks"), 0);
  },
  mutants: [INJECTOR_NOT_REPAIRED, RESUBMITTED_AS_IT_WAS, DELIVERY_NOT_SETTLED],
});

/** The recovering thread, after which nobody is missing. */
function checkEnds(cores: readonly Core[], env: Ends, count: number): void {
  same("ends", env.outcomes.length, count);
  same("lost", env.outcomes.filter((outcome) => outcome === LOST).length <= 1, true);
  same("alive", coreAt(cores, 1).call("scheduler.aliveTasks"), 0);
}

interface Robbed {
  readonly tasks: readonly number[];
  /** What the robbed worker has popped. */
  readonly taken: number[];
}

const thief = defineModel<Robbed>({
  name: "death-of-a-thief",
  proves:
    "a worker that steals dies at any step, and each task is in one place: with its owner, or in the injector",
  preemptions: 1,
  dies: 0,
  setup(cores) {
    setUp(cores, ["worker", "worker", "caller"]);
    const core = coreAt(cores, 1);
    const slots = newSendables(core, 4);
    const tasks = slots.map((slot) => core.call("task.taskAddress", slot));
    for (const task of tasks) core.call("ring.pushRing", task);
    return { tasks, taken: [] };
  },
  threads: [
    function* (): Body {
      yield call("ring.stealFrom", 1);
    },
    function* (_core, env): Body {
      for (let count = 0; count < 2; count++) {
        const task = yield call("ring.popRing");
        if (task !== 0) env.taken.push(task);
      }
    },
    function* (): Body {
      yield outlive(0);
      yield call("death.recover", 0);
    },
  ],
  check(cores, env) {
    const [dead, owner] = cores as [Core, Core];
    const left = [...remaining(owner, "ring.popRing"), ...remaining(owner, "injector.popInjector")];
    same("ring of the dead", dead.call("ring.popRing"), 0);
    same("tasks found", [...env.taken, ...left].sort(), [...env.tasks].sort());
    same(
      "thief",
      owner.word(owner.call("worker.recordOf", 1) + owner.constant("layout.RING_THIEF")),
      0,
    );
  },
  mutants: [THEFT_NOT_RECOVERED],
});

const stealing = defineModel<Ends>({
  name: "death-while-others-work",
  proves:
    "a worker that steals and runs another worker's tasks dies at any step, and every task of the other one ends once",
  preemptions: 1,
  isDeep: true,
  dies: 0,
  mayDie: hasDelivered,
  setup(cores) {
    setUp(cores, ["worker", "worker", "caller"]);
    return { outcomes: [] };
  },
  threads: [
    (core) => runThread(core, run),
    (core, env) => spawnAndJoin(core, env, 3),
    function* (core): Body {
      if ((yield outlive(0)) === 0) return;
      yield* clearUp(0);
      yield tally(core);
      yield* replaceWorker(0, core);
    },
  ],
  check: (cores, env) => checkEnds(cores, env, 3),
  mutants: [THEFT_NOT_RECOVERED],
});

const START_NOT_UNDONE: Mutant = {
  name: "start-not-undone",
  file: "threads/death.ts",
  find: "transitionToUntaken(task);\n",
  replace: "",
};

const spawner = defineModel<Ends>({
  name: "death-of-the-spawner",
  proves:
    "a worker dies that has spawned tasks and runs some, others run the rest, and every task ends",
  preemptions: 0,
  dies: 0,
  setup(cores) {
    setUp(cores, ["worker", "worker", "caller"]);
    return { outcomes: [] };
  },
  threads: [
    (core, env) => spawnAndJoin(core, env, 2),
    (core) => runThread(core, run),
    function* (): Body {
      if ((yield outlive(0)) === 0) return;
      yield* clearUp(0);
      yield call("closing.close");
      yield call("submit.clearClosed");
    },
  ],
  check(cores) {
    // Whoever has the record next takes the ends that still come.
    const heir = coreAt(cores, 2);
    heir.call("worker.adoptWorker", 0);
    heir.call("scheduler.configure", 64, 64, 1 << 30, 0);
    let answer = heir.call("scheduler.next", PENDING);
    for (; answer !== EMPTY; answer = heir.call("scheduler.next", DELIVERED))
      same("an end", answer & ~0xffffff, RESULT_FLAG);
    const slots = Array.from({ length: heir.call("scheduler.taskSlots") }, (_, slot) => slot);
    const isAlive = (slot: number): boolean =>
      heir.call("task.generationOf", heir.call("task.taskAddress", slot)) !== 0;
    // An end that the dead thread was about to put into its own list, or had just taken out of its inbox, is lost, slot and all.
    const complete = heir.constant("state.COMPLETE");
    const unfinished = slots.filter(
      (slot) => isAlive(slot) && heir.call("scheduler.taskState", slot) !== complete,
    );
    same("unfinished tasks", unfinished, []);
  },
  mutants: [START_NOT_UNDONE],
});

export const DEATH_MODELS = [lonelyWorker, thief, spawner, stealing];
