// Shared Notify: no notification is lost, and none reaches who came later.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
import {
  ALL,
  coreAt,
  listen,
  NOTIFY,
  newObject,
  nothingLeft,
  READY,
  refer,
  setUpCallers,
  WAITING,
  waker,
} from "./shared-world.js";
import { tally, untilTally } from "./world.js";

const NOTIFY_FILE = "shared/notify.ts";

interface Env {
  readonly object: number;
  readonly claims: readonly number[];
}

function begin(cores: readonly Core[]): number {
  setUpCallers(cores);
  const object = newObject(coreAt(cores, 0), NOTIFY, 0, 0);
  for (const core of cores.slice(1)) refer(core, object);
  return object;
}

function notified(core: Core, object: number): number {
  return core.call("notify.newNotified", object, core.call("notify.stampOf", object));
}

function waiting(core: Core, object: number): number {
  const claim = notified(core, object);
  same("waits", core.call("notify.pollNotified", claim, waker(core), 1), WAITING);
  return claim;
}

function* awaitNotified(core: Core, claim: number): ReturnType<typeof listen> {
  const state = yield* listen(
    core,
    () => call("notify.pollNotified", claim, waker(core), 1),
    WAITING,
  );
  yield call("notify.endNotified", claim);
  return state;
}

function stored(core: Core, object: number): number {
  return core.word(object + core.constant("sharedLayout.PERMITS"));
}

const NOT_PASSED_ON: Mutant = {
  name: "chosen-and-dropped-passes-nothing-on",
  file: NOTIFY_FILE,
  find: "    if (state == STATE_READY || state == STATE_LAST) notifyUnderLock(object, state);\n",
  replace: "",
};

const STATE_BEFORE_THE_LOCK: Mutant = {
  name: "state-looked-at-before-the-lock",
  file: NOTIFY_FILE,
  find: `  lockObject(object);
  if (!isBroken(object)) {
    const state = stateOfClaim(claim);`,
  replace: `  const state = stateOfClaim(claim);
  lockObject(object);
  if (!isBroken(object)) {`,
};

const chosen = defineModel<Env>({
  name: "shared-notify-one-against-drop",
  proves: "a notification whose chosen one is dropped reaches the next who waits",
  preemptions: 2,
  setup(cores) {
    const object = begin(cores);
    const [, second, third] = cores as [Core, Core, Core];
    return { object, claims: [0, waiting(second, object), waiting(third, object)] };
  },
  threads: [
    function* (_core, env) {
      yield call("notify.notifyOne", env.object);
    },
    function* (_core, env) {
      yield call("drop.dropClaim", env.claims[1] as number);
    },
    function* (core, env) {
      same("chosen", yield* awaitNotified(core, env.claims[2] as number), READY);
    },
  ],
  check(cores, env) {
    same("stored", stored(coreAt(cores, 0), env.object), 0);
    nothingLeft(cores);
  },
  mutants: [NOT_PASSED_ON, STATE_BEFORE_THE_LOCK],
});

const STAMP_NOT_COMPARED: Mutant = {
  name: "notify-waiters-reaches-only-the-line",
  file: NOTIFY_FILE,
  find: "    if (field(object, STAMP) != field(claim, CLAIM_CURSOR)) state = STATE_ALL;\n    else if",
  replace: "    if",
};

const LINE_NOT_WOKEN: Mutant = {
  name: "notify-waiters-reaches-only-who-has-not-joined",
  file: NOTIFY_FILE,
  find: "    grant(claim, STATE_ALL);\n",
  replace: "    break;\n",
};

const waiters = defineModel<Env>({
  name: "shared-notify-waiters",
  proves:
    "notifyWaiters reaches every Notified made before it, whether it joins the line before, during or after, and none made after it",
  preemptions: 2,
  setup(cores) {
    const object = begin(cores);
    return { object, claims: [0, notified(coreAt(cores, 1), object)] };
  },
  threads: [
    function* (core, env) {
      yield call("notify.notifyWaiters", env.object);
      yield tally(core);
    },
    function* (core, env) {
      same("reached", yield* awaitNotified(core, env.claims[1] as number), ALL);
    },
    function* (core, env) {
      yield untilTally(core, 1);
      const stamp = yield call("notify.stampOf", env.object);
      const claim = yield call("notify.newNotified", env.object, stamp);
      same("not reached", yield call("notify.pollNotified", claim, waker(core), 1), WAITING);
      yield call("drop.dropClaim", claim);
    },
  ],
  check(cores, env) {
    same("nothing is stored", stored(coreAt(cores, 0), env.object), 0);
    nothingLeft(cores);
  },
  mutants: [STAMP_NOT_COMPARED, LINE_NOT_WOKEN],
});

const STORED_NOTHING: Mutant = {
  name: "nobody-there-and-nothing-stored",
  file: NOTIFY_FILE,
  find: "  if (chosen == 0) setField(object, PERMITS, 1);\n  else grant(chosen, state);",
  replace: "  if (chosen != 0) grant(chosen, state);",
};

const enabled = defineModel<Env>({
  name: "shared-notify-enable",
  proves:
    "a Notified that was enabled before it had a waker gets the notification that came in between, and the waker of its poll is the one called",
  setup(cores) {
    const object = begin(cores);
    return { object, claims: [notified(coreAt(cores, 0), object)] };
  },
  threads: [
    function* (core, env) {
      const claim = env.claims[0] as number;
      yield call("notify.pollNotified", claim, waker(core), 0);
      same("notified", yield* awaitNotified(core, claim), READY);
    },
    function* (_core, env) {
      yield call("notify.notifyOne", env.object);
    },
  ],
  check(cores, env) {
    same("stored", stored(coreAt(cores, 0), env.object), 0);
    nothingLeft(cores);
  },
  mutants: [STORED_NOTHING],
});

const LATER_REACHED: Mutant = {
  name: "notify-waiters-reaches-who-came-while-it-woke",
  file: NOTIFY_FILE,
  find: "    if (claim == 0 || field(claim, CLAIM_CURSOR) - stamp >= 0) break;",
  replace: "    if (claim == 0) break;",
};

const NOT_AGAIN: Mutant = {
  name: "first-looked-at-before-the-lock-was-let-go",
  file: NOTIFY_FILE,
  find: "    wakeSome(object);\n    claim = firstIn(list);\n",
  replace: "    wakeSome(object);\n",
};

/** More wait than are woken with the lock held: two in this build. */
const many = defineModel<Env>({
  name: "shared-notify-many",
  proves:
    "notifyWaiters, which lets go of the lock in between, reaches those who waited at the call, one of whom may leave, and not who comes meanwhile",
  preemptions: 2,
  setup(cores) {
    const object = begin(cores);
    const core = coreAt(cores, 0);
    const line = [core, core, coreAt(cores, 1), core];
    return { object, claims: line.map((each) => waiting(each, object)) };
  },
  threads: [
    function* (_core, env) {
      yield call("notify.notifyWaiters", env.object);
    },
    function* (core, env) {
      yield call("drop.dropClaim", env.claims[2] as number);
      const stamp = yield call("notify.stampOf", env.object);
      const claim = yield call("notify.newNotified", env.object, stamp);
      yield call("notify.pollNotified", claim, waker(core), 1);
      if (stamp > 0) same("not reached", yield call("claim.stateOfClaim", claim), WAITING);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 0);
    for (const place of [0, 1, 3])
      same("reached", core.call("claim.stateOfClaim", env.claims[place] as number), ALL);
    nothingLeft(cores);
  },
  mutants: [NOT_AGAIN, LATER_REACHED],
});

const OLDER_CHOSEN: Mutant = {
  name: "notify-one-spent-on-who-is-reached-anyhow",
  file: NOTIFY_FILE,
  find: "  while (chosen != 0 && field(chosen, CLAIM_CURSOR) != stamp)",
  replace: "  while (chosen != 0 && stamp < 0)",
};

const oneAmongMany = defineModel<Env>({
  name: "shared-notify-one-among-many",
  proves:
    "a notifyOne in the middle of a notifyWaiters that has let go of the lock reaches who has come since, or is stored",
  preemptions: 2,
  setup(cores) {
    const object = begin(cores);
    const core = coreAt(cores, 0);
    return { object, claims: [1, 2, 3].map(() => waiting(core, object)) };
  },
  threads: [
    function* (_core, env) {
      yield call("notify.notifyWaiters", env.object);
    },
    function* (core, env) {
      const stamp = yield call("notify.stampOf", env.object);
      const claim = yield call("notify.newNotified", env.object, stamp);
      yield call("notify.pollNotified", claim, waker(core), 1);
      yield call("notify.notifyOne", env.object);
      if (stamp > 0) same("reached", yield call("claim.stateOfClaim", claim), READY);
    },
  ],
  check: (cores) => nothingLeft(cores),
  mutants: [OLDER_CHOSEN],
});

const OLD_STAMP_WAITS_ON: Mutant = {
  name: "who-waits-does-not-look-at-the-stamp",
  file: NOTIFY_FILE,
  find: "    leave(claim);\n    state = STATE_ALL;\n    storeState(claim, state);\n",
  replace: "",
};

/** Tokio's notify_waiters_poll_consistency: to who looks, the call is one step. */
const consistent = defineModel<Env>({
  name: "shared-notify-consistent",
  proves:
    "once one who waited has seen a notifyWaiters, everybody who waited sees it, wherever in the line, also where it has let go of the lock in between",
  preemptions: 2,
  setup(cores) {
    const object = begin(cores);
    const core = coreAt(cores, 1);
    return { object, claims: [1, 2, 3, 4].map(() => waiting(core, object)) };
  },
  threads: [
    function* (_core, env) {
      yield call("notify.notifyWaiters", env.object);
    },
    function* (core, env) {
      const [first, ...others] = env.claims as [number, ...number[]];
      if ((yield call("notify.pollNotified", first, waker(core), 1)) !== ALL) return;
      for (const other of others)
        same("seen too", yield call("notify.pollNotified", other, waker(core), 1), ALL);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    for (const claim of env.claims)
      same("reached", core.call("notify.pollNotified", claim, 0, 0), ALL);
    nothingLeft(cores);
  },
  mutants: [OLD_STAMP_WAITS_ON],
});

const OLDER_CHOSEN_AS_LAST: Mutant = {
  name: "notify-last-spent-on-who-is-reached-anyhow",
  file: NOTIFY_FILE,
  find: "  while (chosen != 0 && field(chosen, CLAIM_CURSOR) != stamp)",
  replace: "  while (state != STATE_LAST && chosen != 0 && field(chosen, CLAIM_CURSOR) != stamp)",
};

const lastAmongMany = defineModel<Env>({
  name: "shared-notify-last-among-many",
  proves:
    "a notifyLast in the middle of a notifyWaiters that has let go of the lock is not spent on who is reached anyhow: it is stored",
  preemptions: 2,
  setup(cores) {
    const object = begin(cores);
    const core = coreAt(cores, 0);
    return { object, claims: [1, 2, 3].map(() => waiting(core, object)) };
  },
  threads: [
    function* (_core, env) {
      yield call("notify.notifyWaiters", env.object);
    },
    function* (core, env) {
      const stamp = yield call("notify.stampOf", env.object);
      yield call("notify.notifyLast", env.object);
      if (stamp === 0) return;
      const claim = yield call("notify.newNotified", env.object, stamp);
      same("stored", yield call("notify.pollNotified", claim, waker(core), 1), READY);
      yield call("notify.endNotified", claim);
    },
  ],
  check: (cores) => nothingLeft(cores),
  mutants: [OLDER_CHOSEN_AS_LAST],
});

const STORED_IS_LOST: Mutant = {
  name: "notify-waiters-clears-what-is-stored",
  file: NOTIFY_FILE,
  find: "  setField(object, STAMP, stamp);\n",
  replace: "  setField(object, STAMP, stamp);\n  setField(object, PERMITS, 0);\n",
};

const NOTHING_STORED: Mutant = {
  name: "notify-one-stores-nothing",
  file: NOTIFY_FILE,
  find: "  if (chosen == 0) setField(object, PERMITS, 1);\n  else grant(chosen, state);",
  replace: "  if (chosen != 0) grant(chosen, state);",
};

interface Reached extends Env {
  readonly states: number[];
}

/** Tokio's notify_waiters_and_one. */
const waitersAndOne = defineModel<Reached>({
  name: "shared-notify-waiters-and-one",
  proves:
    "a notifyOne beside a notifyWaiters is never lost: who waits got it, or the other and it is stored",
  preemptions: 2,
  setup: (cores) => ({ object: begin(cores), claims: [], states: [] }),
  threads: [
    function* (_core, env) {
      yield call("notify.notifyWaiters", env.object);
    },
    function* (_core, env) {
      yield call("notify.notifyOne", env.object);
    },
    function* (core, env) {
      const stamp = yield call("notify.stampOf", env.object);
      const claim = yield call("notify.newNotified", env.object, stamp);
      env.states.push(yield* awaitNotified(core, claim));
    },
  ],
  check(cores, env) {
    const [state] = env.states;
    same("notified", state === READY || state === ALL, true);
    same("stored", stored(coreAt(cores, 0), env.object), state === READY ? 0 : 1);
    nothingLeft(cores);
  },
  mutants: [STORED_IS_LOST, NOTHING_STORED],
});

export const SHARED_NOTIFY_MODELS = [
  waitersAndOne,
  chosen,
  waiters,
  enabled,
  many,
  oneAmongMany,
  consistent,
  lastAmongMany,
];
