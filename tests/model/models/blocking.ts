// The blocking pool: a call never waits in the queue without a thread that will take it, whoever dies, leaves or comes meanwhile.

import {
  type Body,
  type Core,
  call,
  defineModel,
  type Mutant,
  outlive,
  same,
} from "../explorer/model.js";
import {
  BLOCKING,
  COMPLETED,
  coreAt,
  DELIVERED,
  EMPTY,
  newSendables,
  PENDING,
  park,
  runThread,
  setUp,
  tally,
  tallyAddress,
} from "./world.js";

const CORE = "threads/blocking.ts";
const FUNCTION = 1;
const NUMBER = 16;
const ARGUMENT = 3;
const ROLE_BLOCKING = 2;

/** That so many threads of the pool are there, of so many that may be. */
function setPool(core: Core, threads: number, most: number): void {
  const pool = core.constant("layout.HEADER") + core.constant("layout.HEADER_BLOCKING") + 16;
  core.call("sync.storeShared", pool, threads);
  core.call("sync.storeShared", pool + 4, most);
}

function* double(slot: number): Generator<ReturnType<typeof call>, number, number> {
  const argument = yield call("threads.numberOf", slot);
  yield call("threads.setNumber", slot, NUMBER, argument * 2);
  return COMPLETED;
}

function* submitOne(): Body {
  const id = yield call("submit.newId");
  yield call("submit.spawnNumber", BLOCKING, FUNCTION, id, NUMBER, ARGUMENT);
}

/** What the owner of the runtime would start next, for the calls that wait at the end. */
function sameWanted(core: Core, waiting: number, wanted: number): void {
  same("calls that wait", core.call("blocking.blockingLength"), waiting);
  same("threads that are wanted", core.call("blocking.takeWanted"), wanted);
}

const IDLE_TOO_LATE: Mutant = {
  name: "idle-bit-after-the-last-look",
  file: "threads/search.ts",
  find: "if (isFreeForCalls()) becomeIdle();",
  replace: "",
};

const NOBODY_ASKS_AT_AN_END: Mutant = {
  name: "nobody-asks-when-a-thread-has-ended",
  file: CORE,
  find: `that did not count");
  wantIfShort();`,
  replace: 'that did not count");',
};

const idle = defineModel<{ results: number[] }>({
  name: "blocking-idle",
  proves: "a call of the blocking pool gets an idle thread out of its sleep, or asks for one",
  preemptions: 2,
  setup(cores) {
    setUp(cores, ["caller", "blocking"]);
    setPool(coreAt(cores, 0), 1, 1);
    return { results: [] };
  },
  threads: [
    function* (core, env): Body {
      yield* submitOne();
      yield* runThread(core, function* (slot) {
        env.results.push(yield call("threads.numberOf", slot));
        yield call("closing.close");
        return DELIVERED;
      });
    },
    (core) => runThread(core, double),
  ],
  check: (_cores, env) => same("results", env.results, [2 * ARGUMENT]),
  mutants: [IDLE_TOO_LATE],
});

const OWNER_WOKEN_TOO_EARLY: Mutant = {
  name: "owner-woken-before-it-is-told",
  file: CORE,
  find: "function wantThread(): void {\n",
  replace: `function wantThread(): void {
  if (loadShared(HEADER + HEADER_OWNER) != 0) {
    unpark(loadShared(HEADER + HEADER_OWNER) - 1);
    addShared(POOL, ONE_WANTED);
    return;
  }
`,
};

const wanted = defineModel<{ started: number }>({
  name: "blocking-wanted",
  proves:
    "the owner of the runtime hears of a thread that the blocking pool wants, also when it is about to sleep",
  setup(cores) {
    setUp(cores, ["caller", "caller"]);
    coreAt(cores, 0).call("threads.becomeOwner");
    return { started: 0 };
  },
  threads: [
    (core, env) =>
      runThread(core, double, {
        has: () => false,
        *handle() {
          const count = yield call("blocking.takeWanted");
          env.started += count;
          if (count > 0) yield call("closing.close");
        },
      }),
    submitOne,
  ],
  check: (_cores, env) => same("threads started", env.started, 1),
  mutants: [OWNER_WOKEN_TOO_EARLY],
});

// ── Threads that come ──

interface Newcomer {
  readonly record: number;
}

/** One call waits, and the thread that it has asked for has a record and has not begun. The first core is its. */
function expectNewcomer(cores: readonly Core[], most: number): Newcomer {
  setUp(cores.slice(1), ["caller", "caller"]);
  const owner = coreAt(cores, 1);
  setPool(owner, 0, most);
  for (const slot of newSendables(owner, 1, BLOCKING)) owner.call("submit.submit", slot);
  same("wanted", owner.call("blocking.takeWanted"), 1);
  const record = owner.call("registry.claimAny");
  owner.call("blocking.startBegun", record);
  const newcomer = coreAt(cores, 0);
  newcomer.call("worker.adoptWorker", record);
  newcomer.call("scheduler.configure", 64, 64, 1 << 30, 0);
  return { record };
}

function* begin(): Body {
  yield call("registry.beginThread", ROLE_BLOCKING, 0);
  yield call("blocking.startSucceeded");
}

const COMING_COUNTED_FIRST: Mutant = {
  name: "who-comes-is-counted-before-the-calls",
  file: CORE,
  find: `  const calls = blockingLength();
  if (calls > wanted() + countBits(STARTING)) wantThread();`,
  replace: `  const coming = wanted() + countBits(STARTING);
  if (blockingLength() > coming) wantThread();`,
};

const coming = defineModel<Newcomer>({
  name: "blocking-coming",
  proves:
    "a call that comes while a thread is being started for another one gets a thread of its own",
  preemptions: 3,
  setup: (cores) => expectNewcomer(cores, 2),
  threads: [
    function* (): Body {
      yield* begin();
      // And is at that call for ever.
      yield call("scheduler.next", PENDING);
    },
    submitOne,
    function* (): Body {},
  ],
  check: ([core]) => sameWanted(core as Core, 1, 1),
  mutants: [COMING_COUNTED_FIRST],
});

// ── Threads that leave ──

const TAKES_WHILE_IT_LEAVES: Mutant = {
  name: "takes-a-call-while-it-leaves",
  file: "threads/take.ts",
  find: " && get(LEAVING) == 0",
  replace: "",
};

interface Leaving {
  readonly ran: number[];
  hasLeft: boolean;
}

const leaving = defineModel<Leaving>({
  name: "blocking-leaves",
  proves:
    "a thread that ends because nobody has called for long takes no call with it, and a call that comes meanwhile gets another",
  setup(cores) {
    setUp(cores, ["blocking", "caller", "caller"]);
    setPool(coreAt(cores, 1), 1, 1);
    return { ran: [], hasLeft: false };
  },
  threads: [
    function* (core, env): Body {
      // A sleep that was over by itself.
      if ((yield call("search.beginPark")) === 1) yield call("search.endPark", 1);
      env.hasLeft = (yield call("blocking.leavePool")) === 1;
      // The turn of the end, or, if it stays, the next one.
      for (;;) {
        const answer = yield call("scheduler.next", env.ran.length > 0 ? COMPLETED : PENDING);
        if (answer === EMPTY) break;
        env.ran.push(answer);
      }
      if (env.hasLeft) yield tally(core);
    },
    submitOne,
    function* (core): Body {
      yield outlive(0);
      if ((yield call("sync.loadShared", tallyAddress(core))) === 0) return;
      // Records go to callers first.
      yield call("death.retire", 2);
      yield call("blocking.forgetBlocking");
    },
  ],
  check(cores, env) {
    same("calls it has taken", env.ran.length, env.hasLeft ? 0 : 1);
    sameWanted(coreAt(cores, 1), env.hasLeft ? 1 : 0, env.hasLeft ? 1 : 0);
  },
  mutants: [TAKES_WHILE_IT_LEAVES, NOBODY_ASKS_AT_AN_END],
});

// ── Threads that die ──

/** Takes so many calls as a thread of the pool does, or fewer if something was counted: no more will come. */
function* serve(core: Core, calls: number): Body {
  const isOver = (): boolean => core.word(tallyAddress(core)) > 0;
  let outcome = PENDING;
  for (let taken = 0; ; ) {
    const wasOver = (yield call("sync.loadShared", tallyAddress(core))) > 0;
    const answer = yield call("scheduler.next", outcome);
    outcome = answer === EMPTY ? PENDING : COMPLETED;
    if (answer !== EMPTY) {
      taken++;
      continue;
    }
    if (wasOver || taken === calls) return;
    yield* park(core, isOver);
  }
}

/** The owner hears of the end of a thread of the pool. Whether it has died. */
function* clearUpPool(core: Core, record: number): Body {
  if ((yield outlive(0)) === 0) return;
  yield call("death.recover", record);
  yield call("blocking.forgetBlocking");
  yield tally(core);
}

/** Whoever died: a call that still waits is one for which a thread is wanted, and all that count are wanted or alive. */
function checkPool(core: Core): void {
  const waiting = core.call("blocking.blockingLength");
  const counted = core.call("blocking.blockingThreads");
  const isDead = core.word(tallyAddress(core)) > 1;
  const asked = core.call("blocking.takeWanted");
  same("calls without a thread", waiting > asked, false);
  same("threads that count", counted, isDead ? asked : asked + 1);
  const starting =
    core.constant("layout.HEADER") + core.constant("layout.HEADER_BLOCKING_STARTING");
  same("threads that are being started", core.word(starting), 0);
  if (isDead) same("idle threads", core.call("blocking.idleBlocking"), 0);
}

const BITS_KEPT: Mutant = {
  name: "bits-of-the-dead-are-kept",
  file: "threads/death.ts",
  find: "  forgetBits(dead);\n",
  replace: "",
};

const STARTING_BIT_KEPT: Mutant = {
  name: "who-will-not-come-is-expected",
  file: CORE,
  find: "  takeBit(STARTING, thread);\n",
  replace: "",
};

const served = defineModel<unknown>({
  name: "death-of-a-blocking-thread",
  proves:
    "a thread of the blocking pool dies at any step, idle, woken or at a call, and another is wanted for the calls that wait",
  preemptions: 1,
  dies: 0,
  setup(cores) {
    setUp(cores, ["blocking", "caller", "caller"]);
    setPool(coreAt(cores, 1), 1, 1);
    return undefined;
  },
  threads: [
    (core) => serve(core, 1),
    function* (core): Body {
      yield* submitOne();
      yield tally(core);
    },
    (core) => clearUpPool(core, 2),
  ],
  check: (cores) => checkPool(coreAt(cores, 1)),
  mutants: [BITS_KEPT, NOBODY_ASKS_AT_AN_END],
});

const newcomer = defineModel<Newcomer>({
  name: "death-of-a-newcomer",
  proves:
    "a thread of the blocking pool dies while it starts, at any step, and the calls that it was to run get another",
  preemptions: 1,
  dies: 0,
  setup: (cores) => expectNewcomer(cores, 2),
  threads: [
    function* (core): Body {
      yield* begin();
      yield* serve(core, 2);
    },
    function* (core): Body {
      yield* submitOne();
      yield tally(core);
    },
    (core, env) => clearUpPool(core, env.record),
  ],
  check: (cores) => checkPool(coreAt(cores, 1)),
  mutants: [STARTING_BIT_KEPT],
});

const NOBODY_ASKS_FOR_THE_DEAD: Mutant = {
  name: "nobody-asks-for-who-died-before-it-could",
  file: "threads/death.ts",
  find: "  wantIfShort();\n  return lost;",
  replace: "  return lost;",
};

const COUNTED_BEFORE_IT_IS_WANTED: Mutant = {
  name: "counted-before-it-is-wanted",
  file: CORE,
  find: "    if (compareExchange(POOL, pool, pool + ONE_WANTED) == pool) break;",
  replace: `    addShared(POOL, 1);
    addShared(POOL, ONE_WANTED - 1);
    break;`,
};

const SLEEPERS_LEFT_ASLEEP: Mutant = {
  name: "whom-the-dead-was-about-to-wake-sleeps-on",
  file: "threads/death.ts",
  find: "  unparkAll();\n",
  replace: "",
};

const caller = defineModel<unknown>({
  name: "death-of-a-blocking-caller",
  proves: "who queues a call dies at any step, and a call that is in the queue gets a thread",
  dies: 0,
  setup(cores) {
    setUp(cores, ["caller", "caller"]);
    setPool(coreAt(cores, 1), 0, 1);
    return undefined;
  },
  threads: [
    submitOne,
    function* (): Body {
      if ((yield outlive(0)) === 1) yield call("death.recover", 0);
    },
  ],
  check(cores) {
    const core = coreAt(cores, 1);
    const counted = core.call("blocking.blockingThreads");
    const waiting = core.call("blocking.blockingLength");
    sameWanted(core, waiting, waiting);
    same("threads that count", counted, waiting);
  },
  mutants: [NOBODY_ASKS_FOR_THE_DEAD, COUNTED_BEFORE_IT_IS_WANTED],
});

const callerOfIdle = defineModel<unknown>({
  name: "death-of-a-blocking-caller-who-wakes",
  proves:
    "who queues a call dies at any step, also between choosing an idle thread and waking it, and that thread takes the call",
  preemptions: 1,
  dies: 0,
  setup(cores) {
    setUp(cores, ["caller", "caller", "blocking"]);
    setPool(coreAt(cores, 1), 1, 1);
    return undefined;
  },
  threads: [
    submitOne,
    function* (core): Body {
      if ((yield outlive(0)) === 0) return;
      yield call("death.recover", 0);
      // It had queued nothing, or that has been taken. A thread that sleeps on all the same is one that nobody has woken.
      if ((yield call("blocking.blockingLength")) === 0) yield tally(core);
    },
    (core) => serve(core, 1),
  ],
  check: (cores) => sameWanted(coreAt(cores, 1), 0, 0),
  mutants: [SLEEPERS_LEFT_ASLEEP],
});

export const BLOCKING_MODELS = [
  idle,
  wanted,
  coming,
  leaving,
  served,
  newcomer,
  caller,
  callerOfIdle,
];
