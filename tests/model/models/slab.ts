// Slots of the slab: threads that take some at once get different ones, and no more than there are.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
import { coreAt, setUp } from "./world.js";

const SLAB = "slab.ts";
const LIMIT = 3;

interface Slots {
  /** What each thread got: headers, 0 for none. */
  readonly taken: readonly number[][];
}

const COUNTED_IN_TWO_STEPS: Mutant = {
  name: "counted-in-two-steps",
  file: SLAB,
  find: "const from = addShared(header + 4, wanted);",
  replace: `const from = loadShared(header + 4);
  compareExchange(header + 4, loadShared(header + 4), from + wanted);`,
};

const LIMIT_LOOKED_AT_ONCE: Mutant = {
  name: "limit-looked-at-only-before",
  file: SLAB,
  find: "if (from >= limit) {",
  replace: "if (false) {",
};

const LAST_PAGE_WINS: Mutant = {
  name: "page-made-twice",
  file: SLAB,
  find: "compareExchange(entry, 0, address as i32);",
  replace: "compareExchange(entry, loadShared(entry), address as i32);",
};

const growth = defineModel<Slots>({
  name: "slab-growth",
  proves:
    "threads that take the first slots at once share one page, get different slots, and no more than the limit",
  setup(cores) {
    setUp(
      cores,
      cores.map(() => "caller"),
    );
    const core = coreAt(cores, 0);
    const limit = core.constant("layout.HEADER") + core.constant("layout.HEADER_TASK_LIMIT");
    core.call("sync.storeShared", limit, LIMIT);
    return { taken: cores.map(() => []) };
  },
  threads: [0, 1].map(
    (thread) =>
      function* (_core: Core, env: Slots) {
        for (let count = 1; count <= 2; count++) {
          const task = yield call("task.newTask", 10 * thread + count);
          env.taken[thread]?.push(task);
        }
      },
  ),
  check(cores, env) {
    const core = coreAt(cores, 0);
    const made = env.taken.flat().filter((task) => task !== 0);
    same("tasks", [made.length, new Set(made).size], [LIMIT, LIMIT]);
    const found = made.map((task) => core.call("task.taskAddress", core.call("task.slotOf", task)));
    same("where their slots are", found, made);
    same("alive", core.call("scheduler.aliveTasks"), LIMIT);
  },
  mutants: [COUNTED_IN_TWO_STEPS, LIMIT_LOOKED_AT_ONCE, LAST_PAGE_WINS],
});

export const SLAB_MODELS = [growth];
