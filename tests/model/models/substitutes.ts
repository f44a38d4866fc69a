// Blocking in place: a worker that blocks gives away what others can run, and a substitute stands in for it.

import {
  type Bodies,
  type Core,
  call,
  defineModel,
  insist,
  type Mutant,
  outlive,
  same,
} from "../explorer/model.js";
import {
  COMPLETED,
  coreAt,
  DELIVERED,
  newSendables,
  type Poll,
  RESULT_FLAG,
  runThread,
  setUp,
  tally,
  tallyAddress,
  untilTally,
} from "./world.js";

interface Started {
  readonly tasks: readonly number[];
}

const LIFO_KEPT: Mutant = {
  name: "lifo-slot-kept-while-blocking",
  file: "threads/substitutes.ts",
  find: `setAddress(LIFO, 0);
    inject(lifo);`,
  replace: "",
};

const SEARCH_KEPT: Mutant = {
  name: "search-kept-off-duty",
  file: "threads/search.ts",
  find: "else if (get(SEARCHING) != 0) endSearch();",
  replace: "",
};

const SUBSTITUTE_NOT_WOKEN: Mutant = {
  name: "substitute-not-woken",
  file: "threads/substitutes.ts",
  find: "if (stateOfThread(substitute) >= TAKEN) unpark(substitute);",
  replace: "if (stateOfThread(substitute) >= TAKEN) {}",
};

/** Counts itself; the last task closes the runtime. */
function pollOnce(core: Core, count: number): Poll {
  return function* (_slot, flags) {
    if (flags === RESULT_FLAG) return DELIVERED;
    const before = yield tally(core);
    if (before + 1 === count) yield call("closing.close");
    return COMPLETED;
  };
}

/** A worker with tasks in its ring and its lifo slot, and its substitute. */
function begin(cores: readonly Core[], count: number): Started {
  setUp(cores, ["worker", "substitute"], 1);
  const core = coreAt(cores, 0);
  const tasks = newSendables(core, count);
  for (const slot of tasks) core.call("submit.submit", slot);
  return { tasks };
}

function checkRun(cores: readonly Core[], env: Started): void {
  const core = coreAt(cores, 0);
  same("tasks run", core.word(tallyAddress(core)), env.tasks.length);
}

const blockInPlace = defineModel<Started>({
  name: "block-in-place",
  proves: "what a worker holds that blocks in place is run by its substitute, which may be asleep",
  preemptions: 2,
  setup: (cores) => begin(cores, 2),
  threads: [
    function* (core, env) {
      yield call("substitutes.handOff");
      yield untilTally(core, env.tasks.length);
      yield call("substitutes.takeBack");
    },
    (core) => runThread(core, pollOnce(core, 2)),
  ],
  check: checkRun,
  mutants: [LIFO_KEPT, SUBSTITUTE_NOT_WOKEN],
});

const backOnDuty = defineModel<Started>({
  name: "block-in-place-and-back",
  proves:
    "a substitute that is woken for new work and is not needed any more leaves that to the worker that is back",
  preemptions: 1,
  setup(cores) {
    setUp(cores, ["worker", "substitute", "caller"]);
    // The worker blocks already, so the substitute is on duty.
    coreAt(cores, 0).call("substitutes.handOff");
    return { tasks: newSendables(coreAt(cores, 2), 2) };
  },
  threads: [
    function* (core) {
      yield call("substitutes.takeBack");
      yield* runThread(core, pollOnce(core, 2));
    },
    (core) => runThread(core, pollOnce(core, 2)),
    function* (core, env) {
      const [first, second] = env.tasks as [number, number];
      yield call("submit.submit", first);
      yield untilTally(core, 1);
      yield call("submit.submit", second);
    },
  ],
  check: checkRun,
  mutants: [SEARCH_KEPT],
});

// ── Workers that die while they block ──

const COUNT_KEPT: Mutant = {
  name: "count-of-the-dead-is-kept",
  file: "threads/death.ts",
  find: "  forgetBlocked(dead);\n",
  replace: "",
};

const RECORD_FIRST: Mutant = {
  name: "in-the-record-before-it-counts",
  file: "threads/substitutes.ts",
  find: `  const place = addShared(HEADER + HEADER_BLOCKED, 1);
  addShared(worker() + BLOCKED, 1);`,
  replace: `  addShared(worker() + BLOCKED, 1);
  const place = addShared(HEADER + HEADER_BLOCKED, 1);`,
};

const COUNT_FIRST: Mutant = {
  name: "in-the-record-when-it-counts-no-more",
  file: "threads/substitutes.ts",
  find: `  addShared(worker() + BLOCKED, -1);
  uncount(1);`,
  replace: `  uncount(1);
  addShared(worker() + BLOCKED, -1);`,
};

function blocked(core: Core): number {
  return core.word(core.constant("layout.HEADER") + core.constant("layout.HEADER_BLOCKED"));
}

function blockedIn(core: Core, record: number): number {
  return core.word(core.call("worker.recordOf", record) + core.constant("layout.BLOCKED"));
}

/** A worker blocks twice, once inside of the other, and dies; another one blocks until that has been cleared up. */
const workersThatBlock: Bodies<unknown> = [
  function* () {
    yield call("substitutes.handOff");
    yield call("substitutes.handOff");
    yield call("substitutes.takeBack");
    yield call("substitutes.takeBack");
  },
  function* (core) {
    yield call("substitutes.handOff");
    yield untilTally(core, 1);
    insist(blocked(core) >= 1, "a substitute is on duty for who blocks");
    yield call("substitutes.takeBack");
  },
  function* (core) {
    if ((yield outlive(0)) === 1) yield call("death.recover", 0);
    yield tally(core);
  },
];

const deathInPlace = defineModel<unknown>({
  name: "death-in-place",
  proves: "a worker that dies while it blocks in place is counted among those that block no more",
  preemptions: 1,
  dies: 0,
  setup: (cores) => setUp(cores, ["worker", "worker", "caller"]),
  // U4 says what a death between the two writes does: the next model.
  mayDie: ([core]) =>
    blocked(core as Core) === blockedIn(core as Core, 0) + blockedIn(core as Core, 1),
  threads: workersThatBlock,
  check: ([core]) => same("workers that block", blocked(core as Core), 0),
  mutants: [COUNT_KEPT],
});

const deathBetweenWrites = defineModel<unknown>({
  name: "death-while-it-is-counted",
  proves:
    "a worker that dies at any step of blocking in place takes nobody else's substitute off duty",
  preemptions: 1,
  dies: 0,
  setup: (cores) => setUp(cores, ["worker", "worker", "caller"]),
  threads: workersThatBlock,
  check([core]) {
    const left = blocked(core as Core);
    insist(left === 0 || left === 1, `${left} count that do not block`);
  },
  mutants: [RECORD_FIRST, COUNT_FIRST],
});

export const SUBSTITUTE_MODELS = [blockInPlace, backOnDuty, deathInPlace, deathBetweenWrites];
