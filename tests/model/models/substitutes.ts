// Blocking in place: a worker that blocks gives away what others can run, and a substitute stands in for it.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
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

export const SUBSTITUTE_MODELS = [blockInPlace, backOnDuty];
