// Timers belong to the thread that set them; another thread may cancel one at any moment, also while it fires.

import { call, defineModel, type Mutant, same } from "../explorer/model.js";
import { coreAt, PENDING, setUp } from "./world.js";

const WHEEL = "wheel.ts";
const GENERATION = 5;
const KEY = 71;
const NEXT_KEY = 72;

const FIRES_ANYWAY: Mutant = {
  name: "fires-though-cancelled",
  file: WHEEL,
  find: "return key > 0 && compareExchange(address + TIMER_KEY, key, FIRING) == key;",
  replace: "return true;",
};

const CANCELLED_IN_TWO_STEPS: Mutant = {
  name: "cancelled-in-two-steps",
  file: WHEEL,
  find: "if (compareExchange(address + TIMER_KEY, key, -key) != key) return;",
  replace: `if (loadShared(address + TIMER_KEY) != key) return;
  storeShared(address + TIMER_KEY, -key);`,
};

interface Timer {
  readonly slot: number;
  readonly entry: number;
  next: number;
}

const cancelAgainstFire = defineModel<Timer>({
  name: "timer-cancel",
  proves:
    "a timer that is cancelled from another thread while it fires is given back once, and the next one in its place stays",
  setup(cores) {
    setUp(cores, ["caller", "caller"]);
    const core = coreAt(cores, 0);
    const slot = core.call("scheduler.spawn", GENERATION);
    same("poll", core.call("scheduler.next", PENDING), slot);
    same("idle", core.call("scheduler.next", PENDING), -1);
    return { slot, entry: core.call("wheel.insertTimer", 3, slot, GENERATION, KEY), next: -1 };
  },
  threads: [
    function* (_core, env) {
      yield call("scheduler.driver", 5);
      env.next = yield call("wheel.insertTimer", 1000, env.slot, GENERATION, NEXT_KEY);
      yield call("scheduler.driver", 6);
    },
    function* (_core, env) {
      yield call("wheel.cancelTimer", env.entry, KEY);
    },
  ],
  check([core], env) {
    core?.call("scheduler.driver", 7);
    same("the next timer waits", core?.call("wheel.isTimerPending", env.next, NEXT_KEY), 1);
    same("the first one is gone", core?.call("wheel.isTimerPending", env.entry, KEY), 0);
    same("alive", core?.call("scheduler.aliveTimers"), 1);
    core?.call("scheduler.driver", 2000);
    same("alive at the end", core?.call("scheduler.aliveTimers"), 0);
  },
  mutants: [FIRES_ANYWAY, CANCELLED_IN_TWO_STEPS],
});

const FOREIGN = -1;

interface Foreign {
  readonly entries: readonly number[];
  readonly fired: number[];
}

const foreignCancel = defineModel<Foreign>({
  name: "timer-cancel-foreign",
  proves:
    "a timer whose waker is none of the core's is cancelled from another thread or fires, and is given back once",
  setup(cores) {
    setUp(cores, ["caller", "caller"]);
    const core = coreAt(cores, 0);
    const entries = [0, 1].map((index) =>
      core.call("wheel.insertTimer", 3, FOREIGN, 0, KEY + index),
    );
    return { entries, fired: [] };
  },
  threads: [
    function* (_core, env) {
      yield call("scheduler.driver", 5);
      for (;;) {
        const key = yield call("wheel.takeForeignFired");
        if (key === 0) return;
        env.fired.push(key);
      }
    },
    function* (_core, env) {
      yield call("wheel.cancelTimer", env.entries[0] as number, KEY);
    },
  ],
  check([core], env) {
    core?.call("scheduler.driver", 7);
    same("alive", core?.call("scheduler.aliveTimers"), 0);
    same("the other fired", env.fired.filter((key) => key === KEY + 1).length, 1);
    const again = [0, 1, 2].map((index) =>
      core?.call("wheel.insertTimer", 1000, FOREIGN, 0, 80 + index),
    );
    same("entries given out once", new Set(again).size, 3);
  },
  mutants: [FIRES_ANYWAY],
});

const REAPED_WHERE_IT_STOOD: Mutant = {
  name: "reaped-without-being-taken-out",
  file: WHEEL,
  find: "if (placeOf(address) < LEVELS << SLOT_BITS) unlink(address);",
  replace: "",
};

interface Several {
  readonly slot: number;
  readonly entries: readonly number[];
}

const severalCancels = defineModel<Several>({
  name: "timer-cancel-several",
  proves:
    "timers of one slot of the wheel that two threads cancel while they cascade and fire are each given back once",
  preemptions: 2,
  setup(cores) {
    setUp(cores, ["caller", "caller", "caller"]);
    const core = coreAt(cores, 0);
    const slot = core.call("scheduler.spawn", GENERATION);
    // Above level 0, so that they cascade before they fire.
    const entries = [0, 1, 2].map((index) =>
      core.call("wheel.insertTimer", 70 + index, slot, GENERATION, KEY + index),
    );
    return { slot, entries };
  },
  threads: [
    function* () {
      yield call("scheduler.driver", 65);
      yield call("scheduler.driver", 71);
    },
    function* (_core, env) {
      yield call("wheel.cancelTimer", env.entries[1] as number, KEY + 1);
    },
    function* (_core, env) {
      yield call("wheel.cancelTimer", env.entries[0] as number, KEY);
      yield call("wheel.cancelTimer", env.entries[1] as number, KEY + 1);
    },
  ],
  check([core], env) {
    core?.call("scheduler.driver", 71);
    same("alive", core?.call("scheduler.aliveTimers"), 1);
    same("next", core?.call("wheel.nextExpiry"), 72);
    const again = [0, 1].map((index) =>
      core?.call("wheel.insertTimer", 1000, env.slot, GENERATION, 80 + index),
    );
    same("entries given out once", new Set([...again, env.entries[2]]).size, 3);
  },
  mutants: [REAPED_WHERE_IT_STOOD],
});

export const TIMER_MODELS = [cancelAgainstFire, foreignCancel, severalCancels];
