// Values that change: watch, oneshot, SetOnce, Barrier. No change is missed, and each block is given back once.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
import {
  BYTES,
  CELL,
  CLOSED,
  coreAt,
  EMPTY_SLOT,
  listen,
  NUMBER,
  newBlock,
  newEnd,
  newObject,
  nothingLeft,
  ONESHOT,
  READY,
  RECEIVER,
  readBlock,
  result,
  SENDER,
  setUpCallers,
  WAITING,
  WATCH,
  waker,
  writeBlock,
} from "./shared-world.js";

const CELL_FILE = "shared/cell.ts";
const VALUE_FILE = "shared/value.ts";

interface Env {
  readonly object: number;
  /** One a thread. */
  readonly ends: readonly number[];
  readonly seen: number[];
}

/** An end for each thread: a receiver where `receivers` says so. */
function begin(
  cores: readonly Core[],
  kind: number,
  receivers: readonly number[],
  maximum = 0,
): Env {
  setUpCallers(cores);
  const object = newObject(coreAt(cores, 0), kind, 0, maximum);
  const ends = cores.map((core, thread) =>
    newEnd(core, object, receivers.includes(thread) ? RECEIVER : SENDER),
  );
  return { object, ends, seen: [] };
}

/** Waits until the version is another than `seen`. */
function awaitChange(
  core: Core,
  object: number,
  listener: number,
  seen: number,
): ReturnType<typeof listen> {
  return listen(
    core,
    () => call("cell.awaitVersion", object, listener, seen, waker(core), 1),
    WAITING,
  );
}

const LOOKED_BEFORE_THE_LOCK: Mutant = {
  name: "version-looked-at-before-the-lock",
  file: CELL_FILE,
  find: `  lockObject(object);
  let answer = STATE_WAITING;
  if (field(object, VERSION) != seen`,
  replace: `  const version = loadShared(object + VERSION);
  lockObject(object);
  let answer = STATE_WAITING;
  if (version != seen`,
};

const WOKEN_BEFORE_THE_CHANGE: Mutant = {
  name: "woken-before-the-version-changes",
  file: CELL_FILE,
  find: `  storeShared(object + VERSION, field(object, VERSION) + 1);
  wakeAll(object, object + LISTENING);`,
  replace: `  wakeAll(object, object + LISTENING);
  unlockAndWake(object);
  lockObject(object);
  storeShared(object + VERSION, field(object, VERSION) + 1);`,
};

const PINNED_TOO_LATE: Mutant = {
  name: "pinned-after-the-lock",
  file: CELL_FILE,
  find: `  if (isBlock(outcome)) pin(blockOf(number));
  setField(worker() + RESULT, 8, field(object, VERSION));
  setField(worker() + RESULT, 12, field(object, STAMP));
  unlockObject(object);`,
  replace: `  setField(worker() + RESULT, 8, field(object, VERSION));
  setField(worker() + RESULT, 12, field(object, STAMP));
  unlockObject(object);
  if (isBlock(outcome)) pin(blockOf(number));`,
};

const UNPINNED_IN_TWO_STEPS: Mutant = {
  name: "unpinned-in-two-steps",
  file: VALUE_FILE,
  find: "  if (addShared(block + VALUE_PINS, -1) != 1) return;",
  replace: `  addShared(block + VALUE_PINS, -1);
  if (addShared(block + VALUE_PINS, 0) != 0) return;`,
};

const watch = defineModel<Env>({
  name: "shared-watch",
  proves:
    "a receiver of a watch sees the last value, each value that it reads is whole, and each block is freed once, by whoever reads it last",
  preemptions: 2,
  setup: (cores) => begin(cores, WATCH, [1, 2]),
  threads: [
    function* (core, env) {
      for (const content of [1, 2]) {
        const block = yield* writeBlock(core, content);
        yield call("cell.publishToReceivers", env.object, BYTES, block);
      }
      yield call("drop.dropClaim", env.ends[0] as number);
    },
    function* (core, env) {
      const listener = yield call("listener.newListener", env.object);
      let version = 0;
      while ((yield* awaitChange(core, env.object, listener, version)) === READY) {
        const outcome = yield call("cell.readValue", env.object);
        same("a block", outcome, BYTES);
        version = yield call("words.field", core.call("shared.resultAddress"), 8);
        env.seen.push(yield* readBlock(core, yield result(core)));
      }
      yield call("drop.dropClaim", listener);
    },
    function* (core, env) {
      if ((yield call("cell.readValue", env.object)) === BYTES)
        yield* readBlock(core, yield result(core));
    },
  ],
  check(cores, env) {
    same("the last value", env.seen.at(-1), 2);
    same("in order", env.seen.length === 1 || env.seen[0] === 1, true);
    nothingLeft(cores);
  },
  mutants: [
    LOOKED_BEFORE_THE_LOCK,
    WOKEN_BEFORE_THE_CHANGE,
    PINNED_TOO_LATE,
    UNPINNED_IN_TWO_STEPS,
  ],
});

const STAMP_NOT_COMPARED: Mutant = {
  name: "replaced-whatever-was-read",
  file: CELL_FILE,
  find: "  const same = field(object, STAMP) == stamp &&",
  replace: "  const same = stamp >= 0 &&",
};

const STAMP_NOT_COUNTED: Mutant = {
  name: "replacing-counts-no-stamp",
  file: CELL_FILE,
  find: "  if (field(object, KIND) == KIND_WATCH) setField(object, STAMP, field(object, STAMP) + 1);",
  replace: "",
};

const modify = defineModel<Env>({
  name: "shared-watch-modify",
  proves:
    "two senders that change a watch's value in place lose no change of each other's, silent or not",
  preemptions: 3,
  setup(cores) {
    const env = begin(cores, WATCH, []);
    coreAt(cores, 0).call("cell.publish", env.object, NUMBER, 0);
    return env;
  },
  threads: [0, 1].map(
    (silent) =>
      function* (core: Core, env: Env) {
        for (;;) {
          yield call("cell.readValue", env.object);
          const before = yield result(core);
          const stamp = yield call("words.field", core.call("shared.resultAddress"), 12);
          if ((yield call("cell.replaceIf", env.object, stamp, NUMBER, before + 1, silent)) === 1)
            return;
        }
      },
  ),
  check(cores, env) {
    const core = coreAt(cores, 0);
    core.call("cell.readValue", env.object);
    same("changes", core.call("value.numberIn", core.call("shared.resultAddress") - 8), 2);
    same("published", core.call("cell.versionOf", env.object), 2);
    nothingLeft(cores);
  },
  mutants: [STAMP_NOT_COMPARED, STAMP_NOT_COUNTED],
});

const ACCEPTED_WITHOUT_RECEIVER: Mutant = {
  name: "sent-to-a-receiver-that-is-gone",
  file: CELL_FILE,
  find: "  if (field(object, KIND) == KIND_ONESHOT && field(object, RECEIVERS) == 0) accepted = false;\n",
  replace: "  if (field(object, CLOSED) != 0) accepted = field(object, VERSION) == 0;\n",
};

const TAKEN_AND_KEPT: Mutant = {
  name: "taken-value-stays-in-its-slot",
  file: CELL_FILE,
  find: "  setField(object + VALUE, 0, OUTCOME_EMPTY);\n",
  replace: "",
};

const CLOSE_NOT_LOOKED_AT: Mutant = {
  name: "sent-after-the-close",
  file: CELL_FILE,
  find: "  let accepted = field(object, VERSION) == 0 && field(object, CLOSED) == 0 && !isBroken(object);",
  replace: "  let accepted = field(object, VERSION) == 0 && !isBroken(object);",
};

interface Sent extends Env {
  readonly block: number;
  accepted: boolean;
}

function oneshot(cores: readonly Core[]): Sent {
  const env = begin(cores, ONESHOT, [1]);
  return { ...env, block: newBlock(coreAt(cores, 0), 7), accepted: false };
}

function* sendOnce(_core: Core, env: Sent): Generator<ReturnType<typeof call>, void, number> {
  env.accepted = (yield call("cell.publishOnce", env.object, BYTES, env.block)) === 1;
  if (!env.accepted) yield call("value.unpin", env.block);
  yield call("drop.dropClaim", env.ends[0] as number);
}

const closeOneshot = defineModel<Sent>({
  name: "shared-oneshot-close",
  proves:
    "a value sent while the receiver closes is refused or can be taken, and the receiver hears of the sender's end",
  preemptions: 4,
  setup: oneshot,
  threads: [
    sendOnce,
    function* (core, env) {
      yield call("ends.closeObject", env.object);
      if ((yield call("cell.takeValue", env.object)) !== EMPTY_SLOT)
        env.seen.push(yield* readBlock(core, yield result(core)));
      if (env.seen.length > 0) same("once", yield call("cell.takeValue", env.object), EMPTY_SLOT);
    },
  ],
  check(cores, env) {
    // What it took is what had been accepted.
    same("taken", env.seen, env.accepted ? [7] : []);
    nothingLeft(cores);
  },
  mutants: [TAKEN_AND_KEPT, CLOSE_NOT_LOOKED_AT],
});

const dropOneshot = defineModel<Sent>({
  name: "shared-oneshot-drop",
  proves: "a value sent while the receiver is dropped is refused or freed, once",
  setup: oneshot,
  threads: [
    sendOnce,
    function* (_core, env) {
      yield call("drop.dropClaim", env.ends[1] as number);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 0);
    const slot = env.object + core.constant("sharedLayout.VALUE");
    same("nothing kept for nobody", core.word(slot), EMPTY_SLOT);
    nothingLeft(cores);
  },
  mutants: [ACCEPTED_WITHOUT_RECEIVER],
});

const SENDER_QUIET: Mutant = {
  name: "last-sender-wakes-nobody",
  file: "shared/ends.ts",
  find: "  if (last && !isBroken(object)) wakeAll(object, object + LISTENING);",
  replace: "",
};

const awaitOneshot = defineModel<Sent>({
  name: "shared-oneshot-await",
  proves: "who waits for a oneshot gets its value, or hears that its sender has gone",
  setup: oneshot,
  threads: [
    function* (_core, env) {
      yield call("value.unpin", env.block);
      yield call("drop.dropClaim", env.ends[0] as number);
    },
    function* (core, env) {
      const listener = yield call("listener.newListener", env.object);
      same("gone", yield* awaitChange(core, env.object, listener, 0), CLOSED);
    },
  ],
  check: (cores) => nothingLeft(cores),
  mutants: [SENDER_QUIET],
});

const SET_TWICE: Mutant = {
  name: "set-looks-before-the-lock",
  file: CELL_FILE,
  find: `  lockObject(object);
  let accepted = field(object, VERSION) == 0 &&`,
  replace: `  const isFirst = loadShared(object + VERSION) == 0;
  lockObject(object);
  let accepted = isFirst &&`,
};

const setOnce = defineModel<Env>({
  name: "shared-set-once",
  proves: "of two that set a cell one wins, and who waits for it reads the winner's value",
  preemptions: 2,
  setup: (cores) => begin(cores, CELL, []),
  threads: [
    ...[1, 2].map(
      (content) =>
        function* (core: Core, env: Env) {
          const block = yield* writeBlock(core, content);
          if ((yield call("cell.publishOnce", env.object, BYTES, block)) === 1)
            env.seen.push(content);
          else yield call("value.unpin", block);
        },
    ),
    function* (core, env) {
      const listener = yield call("listener.newListener", env.object);
      same("set", yield* awaitChange(core, env.object, listener, 0), READY);
      same("a block", yield call("cell.readValue", env.object), BYTES);
      env.seen.push(10 * (yield* readBlock(core, yield result(core))));
    },
  ],
  check(cores, env) {
    same("one winner", env.seen.filter((content) => content < 10).length, 1);
    same(
      "its value",
      env.seen.filter((content) => content >= 10),
      [10 * Math.min(...env.seen)],
    );
    nothingLeft(cores);
  },
  mutants: [SET_TWICE],
});

const ARRIVALS_NOT_CLEARED: Mutant = {
  name: "arrivals-of-the-last-round-count",
  file: CELL_FILE,
  find: "  setField(object, STAMP, leads ? 0 : arrived);",
  replace: "  setField(object, STAMP, arrived);",
};

const VERSION_TOO_LATE: Mutant = {
  name: "round-looked-at-after-the-arrival",
  file: CELL_FILE,
  find: "  unlockAndWake(object);\n  return leads ? -1 : version & 0x7fffffff;",
  replace:
    "  unlockAndWake(object);\n  return leads ? -1 : loadShared(object + VERSION) & 0x7fffffff;",
};

const ROUNDS = 2;

const barrier = defineModel<Env>({
  name: "shared-barrier",
  proves: "of two that meet at a barrier one leads, in each round, and the other goes on",
  preemptions: 3,
  setup: (cores) => begin(cores, CELL, [], 2),
  threads: [0, 1].map(
    () =>
      function* (core: Core, env: Env) {
        const listener = yield call("listener.newListener", env.object);
        for (let round = 0; round < ROUNDS; round++) {
          const version = yield call("cell.arrive", env.object);
          if (version === -1) env.seen.push(round);
          else same("met", yield* awaitChange(core, env.object, listener, version), READY);
        }
      },
  ),
  check(cores, env) {
    same("leaders", env.seen, [0, 1]);
    nothingLeft(cores);
  },
  mutants: [ARRIVALS_NOT_CLEARED, VERSION_TOO_LATE],
});

const WOKEN_FOR_EVER: Mutant = {
  name: "who-comes-back-is-woken-again",
  file: "shared/waiters.ts",
  find: "    if (most != i32.MAX_VALUE) most--;\n",
  replace: "",
};

interface Crowd extends Env {
  /** In line before the change: more than are woken with the lock held, which is two in this build. */
  readonly listeners: readonly number[];
}

const crowd = defineModel<Crowd>({
  name: "shared-cell-crowd",
  proves:
    "everybody who waits for a change is woken once, also where the lock is let go in between and they come back at once",
  preemptions: 2,
  setup(cores) {
    const env = begin(cores, CELL, []);
    const core = coreAt(cores, 1);
    const listeners = [1, 2, 3].map(() => core.call("listener.newListener", env.object));
    for (const listener of listeners)
      core.call("cell.awaitVersion", env.object, listener, 0, waker(core), 1);
    return { ...env, listeners };
  },
  threads: [
    function* (_core, env) {
      yield call("cell.publish", env.object, NUMBER, 1);
    },
    function* (core, env) {
      // It has seen the change: only with the lock let go in the middle of it is there nothing to see.
      const back = yield call("listener.newListener", env.object);
      const answer = yield call("cell.awaitVersion", env.object, back, 1, waker(core), 1);
      if (answer === WAITING) env.seen.push(back);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    for (const listener of env.listeners)
      same("woken", core.call("claim.stateOfClaim", listener), READY);
    for (const back of env.seen)
      same("not woken again", core.call("claim.stateOfClaim", back), WAITING);
    nothingLeft(cores);
  },
  mutants: [WOKEN_FOR_EVER],
});

export const SHARED_CELL_MODELS = [
  crowd,
  watch,
  modify,
  closeOneshot,
  dropOneshot,
  awaitOneshot,
  setOnce,
  barrier,
];
