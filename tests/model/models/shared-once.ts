// Shared OnceCell: a semaphore of one permit, which is the turn to initialise, and is closed once there is a value (once-cell.ts).

import {
  type Core,
  call,
  defineModel,
  type Mutant,
  type Operation,
  same,
} from "../explorer/model.js";
import {
  CLOSED,
  claimIn,
  coreAt,
  HELD,
  NUMBER,
  newObject,
  nothingLeft,
  refer,
  result,
  SEMAPHORE,
  setUpCallers,
  stateIn,
  untilGranted,
  WAITING,
  waker,
} from "./shared-world.js";

const SEMAPHORE_FILE = "shared/semaphore.ts";

interface Env {
  readonly object: number;
  /** What initialised it. */
  readonly gave: number[];
  /** What each found in it. */
  readonly found: number[];
}

function setup(cores: readonly Core[]): Env {
  setUpCallers(cores);
  const object = newObject(coreAt(cores, 0), SEMAPHORE, 1, 1);
  for (const core of cores.slice(1)) refer(core, object);
  return { object, gave: [], found: [] };
}

/** By who has the turn. */
function* initialize(env: Env, content: number): Generator<Operation, void, number> {
  same("not yet", yield call("shared.isClosedObject", env.object), 0);
  yield call("cell.setValue", env.object, NUMBER, content);
  yield call("semaphore.closeSemaphore", env.object);
  env.gave.push(content);
}

function* find(core: Core, env: Env): Generator<Operation, void, number> {
  same("initialised", yield call("cell.readValue", env.object), NUMBER);
  env.found.push(yield result(core));
}

/** As `getOrInit`; an initialiser that fails gives the turn back. */
function* getOrInit(
  core: Core,
  env: Env,
  content: number | undefined,
): Generator<Operation, void, number> {
  const answer = yield call("semaphore.acquirePermits", env.object, 1, waker(core), 1);
  const claim = claimIn(answer);
  let state = stateIn(answer);
  if (state === WAITING) state = yield* untilGranted(core, claim);
  if (state === HELD && content !== undefined) yield* initialize(env, content);
  else if (state !== HELD) same("told", state, CLOSED);
  if (claim !== 0) yield call("drop.dropClaim", claim);
  if (state !== HELD || content !== undefined) yield* find(core, env);
}

/** As `set`. */
function* set(core: Core, env: Env, content: number): Generator<Operation, void, number> {
  const answer = yield call("semaphore.tryAcquirePermits", env.object, 1);
  if (stateIn(answer) === CLOSED) yield* find(core, env);
  if (stateIn(answer) !== HELD) return;
  yield* initialize(env, content);
  yield call("drop.dropClaim", claimIn(answer));
}

function check(cores: readonly Core[], env: Env): void {
  same("initialised once", env.gave.length, 1);
  same("the same everywhere", new Set([...env.gave, ...env.found]).size, 1);
  nothingLeft(cores);
}

const ACQUIRED_AFTER_THE_CLOSE: Mutant = {
  name: "acquire-looks-at-the-close-before-the-lock",
  file: SEMAPHORE_FILE,
  find: `  setField(claim, CLAIM_WANTED, wanted);
  lockObject(object);
  const refused = refusal(object);`,
  replace: `  setField(claim, CLAIM_WANTED, wanted);
  const refused = loadShared(object + CLOSED) != 0 ? STATE_CLOSED : 0;
  lockObject(object);`,
};

const TURN_KEPT: Mutant = {
  name: "turn-of-a-failed-initialiser-is-kept",
  file: SEMAPHORE_FILE,
  find: "  giveUnderLock(object, held);\n  unlockAndWake(object);",
  replace: "  unlockAndWake(object);",
};

const turns = defineModel<Env>({
  name: "shared-once-cell",
  proves:
    "of those who initialise a cell one does, though another fails before it, and all find its value",
  preemptions: 1,
  setup,
  threads: [
    (core, env) => getOrInit(core, env, 1),
    (core, env) => getOrInit(core, env, undefined),
    (core, env) => getOrInit(core, env, 3),
  ],
  check,
  mutants: [ACQUIRED_AFTER_THE_CLOSE, TURN_KEPT],
});

const SET_AFTER_THE_CLOSE: Mutant = {
  name: "set-looks-at-the-close-before-the-lock",
  file: SEMAPHORE_FILE,
  find: "  lockObject(object);\n  let answer = refusal(object);\n",
  replace:
    "  let answer = loadShared(object + CLOSED) != 0 ? STATE_CLOSED : 0;\n  lockObject(object);\n",
};

const setting = defineModel<Env>({
  name: "shared-once-cell-set",
  proves: "a cell that is set while somebody initialises it has one value, which both find",
  preemptions: 2,
  setup,
  threads: [(core, env) => getOrInit(core, env, 1), (core, env) => set(core, env, 2)],
  check,
  mutants: [SET_AFTER_THE_CLOSE],
});

export const SHARED_ONCE_MODELS = [turns, setting];
