// Wakers that are no tasks of the memory: called by name, by the thread that knows them, which may be going to sleep.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
import {
  CELL,
  coreAt,
  HELD,
  listen,
  NUMBER,
  newEnd,
  newObject,
  nothingLeft,
  queue,
  READY,
  refer,
  SEMAPHORE,
  SENDER,
  setUpCallers,
  take,
  WAITING,
  waker,
} from "./shared-world.js";
import { park } from "./world.js";

const WAITERS = "shared/waiters.ts";
const NAMES: readonly number[] = [5, 6];

interface Env {
  readonly called: number[];
}

/** The thread that waits, as a loop around the core does: all wakers that were called, else to sleep. */
function* serve(core: Core, env: Env, count: number): ReturnType<typeof park> {
  while (env.called.length < count) {
    const name = yield call("waiters.takeSignal");
    if (name !== 0) env.called.push(name);
    else if ((yield call("waiters.hasSignals")) === 0) yield* park(core);
  }
}

const WOKEN_BEFORE_THE_PUSH: Mutant = {
  name: "woken-before-the-signal-is-there",
  file: WAITERS,
  find: "  let head = loadSharedAddress(record + SIGNALS);\n",
  replace: `  let head = loadSharedAddress(record + SIGNALS);
  unpark(thread);
  if (head == 0) {
    setLink(node, 0, 0);
    head = compareExchange(record + SIGNALS, 0, node as i32) as u32 as usize;
    if (head == 0) return;
  }
`,
};

const NOT_LOOKED_FOR: Mutant = {
  name: "signals-not-looked-for-before-sleeping",
  file: "threads/take.ts",
  find: "return hasRunnable() || hasInbox() || hasSignals();",
  replace: "return hasRunnable() || hasInbox();",
};

const TAKEN_IN_TWO_STEPS: Mutant = {
  name: "signals-taken-in-two-steps",
  file: WAITERS,
  find: "  let node = exchangeShared(worker() + SIGNALS, 0) as u32 as usize;",
  replace: `  let node = loadSharedAddress(worker() + SIGNALS);
  storeShared(worker() + SIGNALS, 0);`,
};

const NOT_LINKED_AGAIN: Mutant = {
  name: "signal-not-linked-again",
  file: WAITERS,
  find: `  for (;;) {
    setLink(node, 0, head);
    const before`,
  replace: `  setLink(node, 0, head);
  for (;;) {
    const before`,
};

const signals = defineModel<Env>({
  name: "shared-signals-park",
  proves:
    "wakers that two other threads call by name are called, though their thread is going to sleep",
  preemptions: 2,
  setup(cores) {
    setUpCallers(cores);
    return { called: [] };
  },
  threads: [
    (core, env) => serve(core, env, NAMES.length),
    ...NAMES.map(
      (name) =>
        function* (_core: Core, _env: Env) {
          yield call("waiters.wakeWaiter", -1, name);
        },
    ),
  ],
  check(cores, env) {
    same("wakers called", [...env.called].sort(), NAMES);
    nothingLeft(cores);
  },
  mutants: [WOKEN_BEFORE_THE_PUSH, NOT_LOOKED_FOR, TAKEN_IN_TWO_STEPS, NOT_LINKED_AGAIN],
});

const MISSED_NOT_LOOKED_FOR: Mutant = {
  name: "missed-signals-not-looked-for-before-sleeping",
  file: WAITERS,
  find: "  return loadShared(worker() + SIGNALS_MISSED) != 0;",
  replace: "  return false;",
};

const MISSED_AND_NOT_WOKEN: Mutant = {
  name: "missed-signal-wakes-nobody",
  file: WAITERS,
  find: "    storeShared(record + SIGNALS_MISSED, 1);\n    unpark(thread);\n",
  replace: "    storeShared(record + SIGNALS_MISSED, 1);\n",
};

const PAGE = 65000;

const missed = defineModel<Env>({
  name: "shared-signals-missed",
  proves:
    "a waker that is called when there is no memory left gets its thread out of its sleep to call all of them",
  setup(cores) {
    setUpCallers(cores);
    const core = coreAt(cores, 1);
    while (core.call("heap.allocate", PAGE) !== 0);
    return { called: [] };
  },
  threads: [
    (core, env) => serve(core, env, 1),
    function* () {
      yield call("waiters.wakeWaiter", -1, NAMES[0] as number);
    },
  ],
  check: (_cores, env) => same("all of them", env.called, [-1]),
  mutants: [MISSED_NOT_LOOKED_FOR, MISSED_AND_NOT_WOKEN],
});

const WAKER_BEFORE_THE_LOCK: Mutant = {
  name: "waker-replaced-without-the-lock",
  file: "shared/semaphore.ts",
  find: "    if (state == STATE_WAITING) {\n      setWaker(claim, slot, generation);\n",
  replace: `    unlockObject(object);
    setWaker(claim, slot, generation);
    lockObject(object);
    state = stateOfClaim(claim);
    if (state == STATE_WAITING) {
`,
};

interface Changing {
  readonly claims: readonly number[];
}

const changed = defineModel<Changing>({
  name: "shared-signals-changed-waker",
  proves:
    "a waker that is replaced while its claim is granted: the new one is called, or its poll sees the grant",
  setup(cores) {
    setUpCallers(cores);
    const [first, second] = cores as [Core, Core];
    const object = newObject(first, SEMAPHORE, 1, 1);
    refer(second, object);
    return { claims: [take(first, object, 1), queue(second, object, 1, 5)] };
  },
  threads: [
    function* (_core, env) {
      yield call("drop.dropClaim", env.claims[0] as number);
    },
    function* (core, env) {
      const claim = env.claims[1] as number;
      let state = yield call("semaphore.pollPermits", claim, waker(core), 6);
      while (state === WAITING) {
        const name = yield call("waiters.takeSignal");
        if (name === 6) state = yield call("semaphore.pollPermits", claim, waker(core), 6);
        else if ((yield call("waiters.hasSignals")) === 0) yield* park(core);
      }
      same("granted", state, HELD);
      yield call("drop.dropClaim", claim);
    },
  ],
  preemptions: 3,
  check: (cores) => nothingLeft(cores),
  mutants: [WAKER_BEFORE_THE_LOCK],
});

const WAKER_READ_AFTER_THE_GRANT: Mutant = {
  name: "waker-read-after-the-grant",
  file: WAITERS,
  find: `  setField(at, 0, load<i32>(claim + CLAIM_SLOT));
  setField(at, 4, load<i32>(claim + CLAIM_GENERATION));
  wakes++;
  storeState(claim, state);`,
  replace: `  storeState(claim, state);
  setField(at, 0, load<i32>(claim + CLAIM_SLOT));
  setField(at, 4, load<i32>(claim + CLAIM_GENERATION));
  wakes++;`,
};

interface Listening {
  readonly object: number;
  readonly listener: number;
}

const dropped = defineModel<Listening>({
  name: "shared-signals-listener-drop",
  proves:
    "a listener that is dropped and made anew while it is woken is not touched any more by who woke it",
  setup(cores) {
    setUpCallers(cores);
    const [first, second] = cores as [Core, Core];
    const object = newObject(first, CELL, 0, 0);
    newEnd(first, object, SENDER);
    newEnd(second, object, SENDER);
    const listener = second.call("listener.newListener", object);
    second.call("cell.awaitVersion", object, listener, 0, waker(second), 1);
    return { object, listener };
  },
  threads: [
    function* (_core, env) {
      yield call("cell.publishOnce", env.object, NUMBER, 7);
    },
    function* (core, env) {
      yield call("drop.dropClaim", env.listener);
      const listener = yield call("listener.newListener", env.object);
      const look = () => call("cell.awaitVersion", env.object, listener, 0, waker(core), 2);
      same("published", yield* listen(core, look, WAITING), READY);
    },
  ],
  check: (cores) => nothingLeft(cores),
  mutants: [WAKER_READ_AFTER_THE_GRANT],
});

export const SHARED_SIGNAL_MODELS = [signals, missed, changed, dropped];
