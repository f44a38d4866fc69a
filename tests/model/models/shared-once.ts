// Shared OnceCell: a semaphore of one permit, which is the turn to initialise, and is closed while there is a value (once.ts).

import {
  type Core,
  call,
  defineModel,
  type Mutant,
  type Operation,
  same,
} from "../explorer/model.js";
import {
  BYTES,
  CLOSED,
  claimIn,
  coreAt,
  EMPTY_SLOT,
  HELD,
  NUMBER,
  newObject,
  nothingLeft,
  readBlock,
  refer,
  result,
  SEMAPHORE,
  setUpCallers,
  stateIn,
  untilGranted,
  WAITING,
  waker,
  writeBlock,
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
function* initialize(env: Env, claim: number, content: number): Generator<Operation, void, number> {
  same("not yet", yield call("shared.isClosedObject", env.object), 0);
  same("whole", yield call("once.initialize", claim, NUMBER, content, 0), 1);
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
  if (state === HELD && content !== undefined) yield* initialize(env, claim, content);
  else if (state !== HELD) same("told", state, CLOSED);
  if (claim !== 0) yield call("drop.dropClaim", claim);
  if (state !== HELD || content !== undefined) yield* find(core, env);
}

/** As `set`. */
function* set(core: Core, env: Env, content: number): Generator<Operation, void, number> {
  const answer = yield call("semaphore.tryAcquirePermits", env.object, 1);
  if (stateIn(answer) === CLOSED) yield* find(core, env);
  if (stateIn(answer) !== HELD) return;
  yield* initialize(env, claimIn(answer), content);
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

// ── Taking ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface TakenEnv extends Env {
  readonly taken: number[];
}

/** Values are blocks here. As `getOrInit`: who is told of a value that is gone asks again. */
function* ask(core: Core, env: Env, content: number): Generator<Operation, void, number> {
  for (;;) {
    const answer = yield call("semaphore.acquirePermits", env.object, 1, waker(core), 1);
    const claim = claimIn(answer);
    let state = stateIn(answer);
    if (state === WAITING) state = yield* untilGranted(core, claim);
    if (state === HELD) {
      yield* give(core, env, claim, content);
      return;
    }
    same("told", state, CLOSED);
    if (claim !== 0) yield call("drop.dropClaim", claim);
    if ((yield call("cell.readValue", env.object)) === EMPTY_SLOT) continue;
    env.found.push(yield* readBlock(core, yield result(core)));
    return;
  }
}

function* give(
  core: Core,
  env: Env,
  claim: number,
  content: number,
): Generator<Operation, void, number> {
  const block = yield* writeBlock(core, content);
  env.gave.push(content);
  same("whole", yield call("once.initialize", claim, BYTES, block, 1), 1);
  same("its own", yield* readBlock(core, yield result(core)), content);
  yield call("drop.dropClaim", claim);
}

function* takeOut(core: Core, env: TakenEnv): Generator<Operation, void, number> {
  if ((yield call("once.takeInitialized", env.object)) === EMPTY_SLOT) return;
  const version = yield call("words.field", core.call("shared.resultAddress"), 8);
  same("the version of a value", version & 1, 1);
  env.taken.push(yield* readBlock(core, yield result(core)));
}

function setupTaken(cores: readonly Core[]): TakenEnv {
  return { ...setup(cores), taken: [] };
}

function checkTaken(cores: readonly Core[], env: TakenEnv): void {
  const core = coreAt(cores, 0);
  const left = core.call("shared.isClosedObject", env.object);
  same(
    "one value is left, or was taken, for each that was given",
    env.taken.length + left,
    env.gave.length,
  );
  same("nothing twice", new Set(env.taken).size, env.taken.length);
  for (const content of [...env.taken, ...env.found])
    same("somebody gave it", env.gave.includes(content), true);
  same("the turn is free", core.call("semaphore.availablePermits", env.object), 1);
  same("promised", core.word(env.object + core.constant("sharedLayout.PROMISED")), 0);
  same("version", core.call("cell.versionOf", env.object), env.gave.length + env.taken.length);
  nothingLeft(cores);
}

const ONCE_FILE = "shared/once.ts";

const READ_AFTER_THE_LOCK: Mutant = {
  name: "initialiser-pins-its-value-after-the-lock",
  file: ONCE_FILE,
  find: "  unlockAndWake(object);\n  store<f64>(worker() + RESULT, number);\n  return whole;",
  replace:
    "  unlockAndWake(object);\n  store<f64>(worker() + RESULT, number);\n  if (read != 0) pin(blockOf(number));\n  return whole;",
};

const TURN_GIVEN_BACK_TWICE: Mutant = {
  name: "turn-is-given-back-twice",
  file: ONCE_FILE,
  find: "    setField(claim, CLAIM_HELD, 0);\n",
  replace: "",
};

const TAKEN_AND_KEPT: Mutant = {
  name: "what-was-taken-stays-in-the-slot",
  file: ONCE_FILE,
  find: "  setField(object + VALUE, 0, OUTCOME_EMPTY);\n",
  replace: "",
};

const TAKEN_BEFORE_THE_LOCK: Mutant = {
  name: "take-looks-before-the-lock",
  file: ONCE_FILE,
  find: `  lockObject(object);
  if (field(object, CLOSED) == 0 || isBroken(object)) {`,
  replace: `  const none = atomic.load<i32>(object + CLOSED) == 0;
  lockObject(object);
  if (none || isBroken(object)) {`,
};

const READER_PINS_TOO_LATE: Mutant = {
  name: "reader-of-a-cell-pins-after-the-lock",
  file: "shared/cell.ts",
  find: `  if (isBlock(outcome)) pin(blockOf(number));
  setField(worker() + RESULT, 8, field(object, VERSION));
  setField(worker() + RESULT, 12, field(object, STAMP));
  unlockObject(object);`,
  replace: `  setField(worker() + RESULT, 8, field(object, VERSION));
  setField(worker() + RESULT, 12, field(object, STAMP));
  unlockObject(object);
  if (isBlock(outcome)) pin(blockOf(number));`,
};

const taking = defineModel<TakenEnv>({
  name: "shared-once-cell-take",
  proves:
    "a value that is taken while others ask for it is taken once and freed once, and who finds it gone makes another",
  preemptions: 2,
  setup: setupTaken,
  threads: [
    (core, env) => ask(core, env, 1),
    (core, env) => ask(core, env, 2),
    (core, env) => takeOut(core, env),
  ],
  check: checkTaken,
  mutants: [READ_AFTER_THE_LOCK, TURN_GIVEN_BACK_TWICE, TAKEN_AND_KEPT, READER_PINS_TOO_LATE],
});

const takers = defineModel<TakenEnv>({
  name: "shared-once-cell-takers",
  proves: "of two who take one value one gets it, and a third may give another meanwhile",
  preemptions: 2,
  setup: setupTaken,
  threads: [
    (core, env) => ask(core, env, 1),
    (core, env) => takeOut(core, env),
    (core, env) => takeOut(core, env),
  ],
  check: checkTaken,
  mutants: [TAKEN_BEFORE_THE_LOCK],
});

export const SHARED_ONCE_MODELS = [turns, setting, taking, takers];
