// Permits of shared semaphores and locks: conserved, first come first served, handed on by who does not want them any more.

import {
  type Core,
  call,
  defineModel,
  type Mutant,
  type Operation,
  same,
} from "../explorer/model.js";
import {
  acquire,
  CLOSED,
  claimIn,
  coreAt,
  HELD,
  LOCK,
  NONE_FREE,
  NUMBER,
  newObject,
  nothingLeft,
  queue,
  refer,
  result,
  SEMAPHORE,
  setUpCallers,
  stateIn,
  take,
  untilGranted,
  WAITING,
  waker,
} from "./shared-world.js";
import { tally, untilTally } from "./world.js";

const SEMAPHORE_FILE = "shared/semaphore.ts";
const MANY = 1 << 20;

interface Env {
  readonly object: number;
  /** By thread. */
  readonly claims: readonly number[];
}

function available(core: Core, env: Env): number {
  return core.call("semaphore.availablePermits", env.object);
}

const HALF_FILLED_KEPT: Mutant = {
  name: "half-filled-claim-keeps-what-it-had",
  file: SEMAPHORE_FILE,
  find: "giveUnderLock(object, held);\n  unlockAndWake(object);",
  replace: "giveUnderLock(object, waited ? 0 : held);\n  unlockAndWake(object);",
};

const PLACE_KEPT: Mutant = {
  name: "cancelled-claim-stays-in-line",
  file: SEMAPHORE_FILE,
  find: "  leave(claim);\n  const held",
  replace: "  if (!waited) leave(claim);\n  const held",
};

const LOOKED_AT_BEFORE_THE_LOCK: Mutant = {
  name: "state-looked-at-before-the-lock",
  file: SEMAPHORE_FILE,
  find: `  const object = objectOf(claim);
  lockObject(object);
  if (field(object, BROKEN) != 0) {
    unlockObject(object);
    return;
  }
  const waited = stateOfClaim(claim) == STATE_WAITING;`,
  replace: `  const object = objectOf(claim);
  const waited = stateOfClaim(claim) == STATE_WAITING;
  lockObject(object);
  if (field(object, BROKEN) != 0) {
    unlockObject(object);
    return;
  }`,
};

const cancel = defineModel<Env>({
  name: "shared-permits-cancel",
  proves:
    "a half-filled claim that is dropped while permits come back passes on what it had, and who stands behind it is served",
  preemptions: 2,
  setup(cores) {
    setUpCallers(cores);
    const [first, second, third] = cores as [Core, Core, Core];
    const object = newObject(first, SEMAPHORE, 3, MANY);
    const claims = [take(first, object, 2), queue(second, object, 3), queue(third, object, 3)];
    return { object, claims };
  },
  threads: [
    function* (_core, env) {
      yield call("drop.dropClaim", env.claims[0] as number);
    },
    function* (_core, env) {
      yield call("drop.dropClaim", env.claims[1] as number);
    },
    function* (core, env) {
      same("granted", yield* untilGranted(core, env.claims[2] as number), HELD);
      yield call("drop.dropClaim", env.claims[2] as number);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 0);
    same("permits", available(core, env), 3);
    same("promised", core.word(env.object + core.constant("sharedLayout.PROMISED")), 0);
    nothingLeft(cores);
  },
  mutants: [HALF_FILLED_KEPT, PLACE_KEPT, LOOKED_AT_BEFORE_THE_LOCK],
});

const FREE_AND_TAKEN: Mutant = {
  name: "waiting-claim-takes-what-stays-free",
  file: SEMAPHORE_FILE,
  find: "    setField(object, PERMITS, 0);\n",
  replace: "",
};

const LAST_COME_FIRST_SERVED: Mutant = {
  name: "last-come-first-served",
  file: SEMAPHORE_FILE,
  find: "  for (;;) {\n    const first = firstIn(object + WAITING);",
  replace: "  for (;;) {\n    const first = load<u32>(object + WAITING + 4) as usize;",
};

const fairness = defineModel<Env>({
  name: "shared-permits-no-barging",
  proves:
    "a permit goes to who has waited longest, and nobody takes it past them who only tries, not even its last holder",
  preemptions: 2,
  setup(cores) {
    setUpCallers(cores);
    const [first, second, third] = cores as [Core, Core, Core];
    const object = newObject(first, SEMAPHORE, 1, MANY);
    refer(third, object);
    return { object, claims: [take(first, object, 1), queue(second, object, 1)] };
  },
  threads: [
    function* (_core, env) {
      yield call("drop.dropClaim", env.claims[0] as number);
      const answer = yield call("semaphore.tryAcquirePermits", env.object, 1);
      same("not taken past who waits", answer, NONE_FREE);
    },
    function* (core, env) {
      same("granted", yield* untilGranted(core, env.claims[1] as number), HELD);
    },
    function* (core, env) {
      const answer = yield call("semaphore.acquirePermits", env.object, 1, waker(core), 1);
      same("behind who waits", stateIn(answer), WAITING);
      same("still", yield call("claim.stateOfClaim", claimIn(answer)), WAITING);
    },
  ],
  check(cores, env) {
    same("permits", available(coreAt(cores, 0), env), 0);
    nothingLeft(cores);
  },
  mutants: [LAST_COME_FIRST_SERVED],
});

const REFUSED_BEFORE_THE_LOCK: Mutant = {
  name: "closed-looked-at-before-the-lock",
  file: SEMAPHORE_FILE,
  find: `  setField(claim, CLAIM_WANTED, wanted);
  lockObject(object);
  const refused = refusal(object);`,
  replace: `  setField(claim, CLAIM_WANTED, wanted);
  const refused = field(object, CLOSED) != 0 ? STATE_CLOSED : 0;
  lockObject(object);`,
};

const CLOSED_QUIETLY: Mutant = {
  name: "close-tells-nobody",
  file: SEMAPHORE_FILE,
  find: "  if (!isBroken(object)) refuseWaiters(object);\n",
  replace: "",
};

const close = defineModel<Env>({
  name: "shared-permits-close",
  proves:
    "who acquires while the semaphore closes gets permits or is told, half-filled claims give back what they had, and so may holders",
  setup(cores) {
    setUpCallers(cores);
    const [first, second] = cores as [Core, Core];
    const object = newObject(first, SEMAPHORE, 2, MANY);
    refer(second, object);
    return { object, claims: [take(first, object, 1)] };
  },
  threads: [
    function* (_core, env) {
      yield call("semaphore.closeSemaphore", env.object);
      yield call("drop.dropClaim", env.claims[0] as number);
    },
    function* (core, env) {
      const answer = yield call("semaphore.acquirePermits", env.object, 3, waker(core), 1);
      if (stateIn(answer) === CLOSED) return;
      same("has to wait", stateIn(answer), WAITING);
      same("told", yield* untilGranted(core, claimIn(answer)), CLOSED);
    },
  ],
  check(cores, env) {
    same("permits", available(coreAt(cores, 0), env), 2);
    nothingLeft(cores);
  },
  mutants: [REFUSED_BEFORE_THE_LOCK, CLOSED_QUIETLY, FREE_AND_TAKEN],
});

const GRANT_NOT_PASSED_ON: Mutant = {
  name: "granted-claim-that-is-dropped-keeps-the-lock",
  file: SEMAPHORE_FILE,
  find: "  const held = field(claim, CLAIM_HELD);\n  setField(claim, CLAIM_HELD, 0);",
  replace:
    "  const held = stateOfClaim(claim) == STATE_READY ? 0 : field(claim, CLAIM_HELD);\n  setField(claim, CLAIM_HELD, 0);",
};

const GRANTED_TOO_EARLY: Mutant = {
  name: "lock-given-on-before-it-is-back",
  file: SEMAPHORE_FILE,
  find: "  if (field(object, PERMITS) < wanted || firstIn(object + WAITING) != 0) return false;",
  replace: "  if (firstIn(object + WAITING) != 0) return false;",
};

/** Changes what the lock guards; no other lock is around it. */
function* count(core: Core, env: Env, more = 1): Generator<Operation, void, number> {
  same("a number", yield call("cell.readHeld", env.object), NUMBER);
  const before = yield result(core);
  if (more > 0) yield call("cell.setValue", env.object, NUMBER, before + more);
}

const handOff = defineModel<Env>({
  name: "shared-lock-hand-off",
  proves:
    "a lock whose grant races with the drop of the future that it was granted to goes to the next, and one at a time holds it",
  preemptions: 2,
  setup(cores) {
    setUpCallers(cores);
    const [first, second, third] = cores as [Core, Core, Core];
    const object = newObject(first, LOCK, 1, 1);
    refer(second, object);
    refer(third, object);
    first.call("cell.setValue", object, NUMBER, 0);
    return { object, claims: [] };
  },
  threads: [
    function* (core, env) {
      const claim = yield* acquire(core, env.object, 1);
      yield* count(core, env);
      yield call("drop.dropClaim", claim);
    },
    function* (core, env) {
      const answer = yield call("semaphore.acquirePermits", env.object, 1, waker(core), 1);
      yield call("drop.dropClaim", claimIn(answer));
    },
    function* (core, env) {
      const claim = yield* acquire(core, env.object, 1);
      yield* count(core, env);
      yield call("drop.dropClaim", claim);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 0);
    core.call("cell.readHeld", env.object);
    same("turns", core.call("value.numberIn", core.call("shared.resultAddress") - 8), 2);
    same("permits", available(core, env), 1);
    nothingLeft(cores);
  },
  mutants: [GRANT_NOT_PASSED_ON, GRANTED_TOO_EARLY],
});

const BEHIND_NOTHING: Mutant = {
  name: "who-wants-none-waits-for-some",
  file: SEMAPHORE_FILE,
  find: "  if (wanted == 0) return true;\n",
  replace: "",
};

const none = defineModel<Env>({
  name: "shared-permits-none-wanted",
  proves:
    "who wants no permit has it at once, also while another waits and while that one gives up",
  setup(cores) {
    setUpCallers(cores);
    const [first, second] = cores as [Core, Core];
    const object = newObject(first, SEMAPHORE, 0, MANY);
    refer(second, object);
    return { object, claims: [queue(first, object, 1)] };
  },
  threads: [
    function* (_core, env) {
      yield call("drop.dropClaim", env.claims[0] as number);
    },
    function* (core, env) {
      const answer = yield call("semaphore.acquirePermits", env.object, 0, waker(core), 1);
      same("granted", stateIn(answer), HELD);
      yield call("drop.dropClaim", claimIn(answer));
    },
  ],
  check: (cores) => nothingLeft(cores),
  mutants: [BEHIND_NOTHING],
});

const LEFT_IN_HAND: Mutant = {
  name: "permits-are-nobodys-while-the-lock-is-let-go",
  file: SEMAPHORE_FILE,
  find: "    left = takeAllFree(object);\n",
  replace: "    takeAllFree(object);\n",
};

const TAKEN_PAST_THE_LINE: Mutant = {
  name: "free-permits-taken-past-who-waits",
  file: SEMAPHORE_FILE,
  find: "  if (field(object, PERMITS) < wanted || firstIn(object + WAITING) != 0) return false;",
  replace: "  if (field(object, PERMITS) < wanted) return false;",
};

/** More wait than are woken with the lock held: two in this build. */
const many = defineModel<Env>({
  name: "shared-permits-many",
  proves:
    "where so many are served that the lock is let go in between, nobody takes permits past those still in line, and none is lost",
  preemptions: 2,
  setup(cores) {
    setUpCallers(cores);
    const [first, second] = cores as [Core, Core];
    const object = newObject(first, SEMAPHORE, 3, MANY);
    refer(second, object);
    const held = take(first, object, 3);
    return { object, claims: [held, ...[1, 2, 3].map((name) => queue(first, object, 1, name))] };
  },
  threads: [
    function* (_core, env) {
      yield call("drop.dropClaim", env.claims[0] as number);
    },
    function* (_core, env) {
      const answer = yield call("semaphore.tryAcquirePermits", env.object, 1);
      same("not taken past who waits", answer, NONE_FREE);
      yield call("semaphore.pollPermits", env.claims[3] as number, 0, 0);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 0);
    for (const claim of env.claims.slice(1))
      same("granted", core.call("semaphore.pollPermits", claim, 0, 0), HELD);
    same("permits", available(core, env), 0);
    nothingLeft(cores);
  },
  mutants: [LEFT_IN_HAND, TAKEN_PAST_THE_LINE],
});

const REFUSED_WITHOUT_END: Mutant = {
  name: "close-gathers-more-wakes-than-there-is-room-for",
  file: SEMAPHORE_FILE,
  find: "    grant(claim, STATE_CLOSED);\n    wakeSome(object);\n",
  replace: "    grant(claim, STATE_CLOSED);\n",
};

const closeCrowd = defineModel<Env>({
  name: "shared-permits-close-crowd",
  proves:
    "where so many are told of a close that the lock is let go in between, each is told, also who looks meanwhile, and nobody joins",
  preemptions: 2,
  setup(cores) {
    setUpCallers(cores);
    const [first, second] = cores as [Core, Core];
    const object = newObject(first, SEMAPHORE, 1, MANY);
    return { object, claims: [1, 2, 3].map((name) => queue(second, object, 2, name)) };
  },
  threads: [
    function* (_core, env) {
      yield call("semaphore.closeSemaphore", env.object);
    },
    function* (core, env) {
      const [first, , third] = env.claims as [number, number, number];
      if ((yield call("semaphore.pollPermits", first, waker(core), 1)) !== CLOSED) return;
      same("too", yield call("semaphore.pollPermits", third, waker(core), 3), CLOSED);
      const late = yield call("semaphore.acquirePermits", env.object, 1, waker(core), 4);
      same("late", stateIn(late), CLOSED);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    for (const claim of env.claims)
      same("told", core.call("semaphore.pollPermits", claim, 0, 0), CLOSED);
    same("permits", available(core, env), 1);
    nothingLeft(cores);
  },
  mutants: [REFUSED_WITHOUT_END],
});

const DOWNGRADED_QUIETLY: Mutant = {
  name: "downgrade-serves-nobody",
  file: SEMAPHORE_FILE,
  find: "  if (!isBroken(object)) giveUnderLock(object, count);\n",
  replace: "  add(object, PERMITS, count);\n",
};

const READERS = 3;

const downgrade = defineModel<Env>({
  name: "shared-lock-downgrade",
  proves:
    "a writer that goes on as a reader lets readers in that wait, and no writer until it has gone",
  preemptions: 2,
  setup(cores) {
    setUpCallers(cores);
    const [first, second, third] = cores as [Core, Core, Core];
    const object = newObject(first, LOCK, READERS, READERS);
    refer(second, object);
    refer(third, object);
    const claims = [take(first, object, READERS), queue(second, object, 1)];
    first.call("cell.setValue", object, NUMBER, 1);
    return { object, claims };
  },
  threads: [
    function* (core, env) {
      yield call("semaphore.giveSomeBack", env.claims[0] as number, READERS - 1);
      // Nobody writes in between, and who reads is let in.
      yield untilTally(core, 1);
      yield* count(core, env, 0);
      yield call("drop.dropClaim", env.claims[0] as number);
    },
    function* (core, env) {
      same("let in", yield* untilGranted(core, env.claims[1] as number), HELD);
      yield* count(core, env, 0);
      yield tally(core);
      yield call("drop.dropClaim", env.claims[1] as number);
    },
    function* (core, env) {
      const claim = yield* acquire(core, env.object, READERS);
      yield* count(core, env, 1);
      yield call("drop.dropClaim", claim);
    },
  ],
  check(cores, env) {
    same("permits", available(coreAt(cores, 0), env), READERS);
    nothingLeft(cores);
  },
  mutants: [DOWNGRADED_QUIETLY],
});

const FORGOTTEN_TWICE: Mutant = {
  name: "forgetting-looks-before-it-takes",
  file: SEMAPHORE_FILE,
  find: "  const taken = min(count, field(object, PERMITS));\n",
  replace:
    "  const taken = min(count, field(object, PERMITS));\n  unlockObject(object);\n  lockObject(object);\n",
};

interface Forgetting extends Env {
  /** By thread: what each took away or got. */
  readonly took: number[];
}

const forgotten = defineModel<Forgetting>({
  name: "shared-permits-forget",
  proves:
    "permits are forgotten while one is taken: none is forgotten that somebody holds, and the sum holds",
  setup(cores) {
    setUpCallers(cores);
    const [first, second] = cores as [Core, Core];
    const object = newObject(first, SEMAPHORE, 2, MANY);
    refer(second, object);
    return { object, claims: [], took: [0, 0] };
  },
  threads: [
    function* (_core, env) {
      env.took[0] = yield call("semaphore.forgetPermits", env.object, 2);
    },
    function* (_core, env) {
      const answer = yield call("semaphore.tryAcquirePermits", env.object, 1);
      if (answer === NONE_FREE) return;
      env.took[1] = 1;
    },
  ],
  check(cores, env) {
    const [lost, got] = env.took as [number, number];
    const free = available(coreAt(cores, 0), env);
    same("permits", [free, free >= 0], [2 - lost - got, true]);
    nothingLeft(cores);
  },
  mutants: [FORGOTTEN_TWICE],
});

export const SHARED_PERMIT_MODELS = [
  cancel,
  fairness,
  close,
  handOff,
  none,
  many,
  closeCrowd,
  downgrade,
  forgotten,
];
