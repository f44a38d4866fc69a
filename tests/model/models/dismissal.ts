// A thread is ended from outside, anywhere: not inside of a lock, and whoever waits for a lock that it had asked for at that moment
// gets it.

import {
  type Body,
  type Core,
  call,
  defineModel,
  type Mutant,
  outlive,
  pause,
  same,
} from "../explorer/model.js";
import {
  CHANNEL,
  coreAt,
  EMPTY_SLOT,
  NUMBER,
  newEnd,
  newObject,
  RECEIVER,
  SENDER,
  SENT,
  setUpCallers,
} from "./shared-world.js";
import { tally, untilTally } from "./world.js";

const LOCK = "threads/lock.ts";
const VICTIM = 0;

interface Env {
  readonly object: number;
  /** What the victim has sent for certain. */
  sent: number;
  /** What the other one found in the queue at the end. */
  readonly received: number[];
}

function stopped(core: Core): number {
  return core.word(core.call("worker.recordOf", VICTIM) + core.constant("layout.STOPPED"));
}

/** Not before it was dismissed: that is what ending it waits for. */
function isDismissed(cores: readonly Core[]): boolean {
  return stopped(coreAt(cores, 1)) > 0;
}

function* end(): Body {
  while ((yield call("lock.dismiss", VICTIM, 1)) === 0) yield pause();
}

/** Its thread goes on to where it is ended. */
function* sleepUntilDismissed(): Body {
  for (;;) {
    yield call("lock.heedStop");
    yield pause();
  }
}

function* clearUp(): Body {
  if ((yield outlive(VICTIM)) === 1) yield call("death.recover", VICTIM);
}

const NOT_HEEDED: Mutant = {
  name: "a-lock-is-used-after-the-dismissal",
  file: LOCK,
  find: "  if (loadShared(worker() + STOPPED) != 0) standDown(lock);\n",
  replace: "",
};

const NOT_SAID: Mutant = {
  name: "said-too-late-what-it-is-inside-of",
  file: LOCK,
  find: `  setAddress(INSIDE, lock);
  if (compareExchange(lock, 0, self() + 1) != 0) spin(lock);
  if (loadShared(worker() + STOPPED) != 0) standDown(lock);`,
  replace: `  if (compareExchange(lock, 0, self() + 1) != 0) spin(lock);
  if (loadShared(worker() + STOPPED) != 0) standDown(lock);
  if (loadShared(lock) != 0) setAddress(INSIDE, lock);`,
};

const NOT_WAITED_FOR: Mutant = {
  name: "dismissed-while-inside",
  file: LOCK,
  find: "    if (isInside(thread)) continue;\n",
  replace: "",
};

const NOT_STOPPED_FIRST: Mutant = {
  name: "looked-at-before-it-is-stopped",
  file: LOCK,
  find: "  storeShared(word, STOPPING);\n",
  replace: "",
};

const NOT_TAKEN_OVER: Mutant = {
  name: "waits-for-the-end-that-it-has-ordered",
  file: LOCK,
  find: "  return loadShared(recordOf(holder - 1) + STOPPED) == self() + 1;",
  replace: "  return false;",
};

const TAKEN_OVER_BY_ANYBODY: Mutant = {
  name: "taken-over-by-anybody",
  file: LOCK,
  find: "  return loadShared(recordOf(holder - 1) + STOPPED) == self() + 1;",
  replace: "  return loadShared(recordOf(holder - 1) + STOPPED) > 0;",
  preemptions: 2,
};

const GIVEN_BACK_BLINDLY: Mutant = {
  name: "lock-of-another-is-let-go",
  file: LOCK,
  find: "  compareExchange(lock, self() + 1, 0);\n",
  replace: "  storeShared(lock, 0);\n",
  preemptions: 3,
};

const BROKEN_FOR_NOTHING: Mutant = {
  name: "broken-though-nothing-was-changed",
  file: "shared/loss.ts",
  find: "  if (!wasDismissed(dead)) storeShared",
  replace: "  storeShared",
};

function newQueue(cores: readonly Core[]): Env {
  setUpCallers(cores);
  const owner = coreAt(cores, 1);
  const object = newObject(owner, CHANNEL, 0, 0);
  newEnd(owner, object, RECEIVER);
  for (const core of cores) newEnd(core, object, SENDER);
  return { object, sent: 0, received: [] };
}

/** Everything in the queue, which is whole. */
function drain(core: Core, { object, received }: Env): void {
  for (;;) {
    const outcome = core.call("channel.receive", object, 0, 0, 0);
    if (outcome === EMPTY_SLOT) break;
    same("a value", outcome, NUMBER);
    received.push(core.call("value.numberIn", core.call("shared.resultAddress") - 8));
  }
  same("length", core.call("channel.queueLengthOf", object), 0);
}

function* sendTwice(env: Env): Body {
  for (const value of [1, 2]) {
    same("sent", yield call("channel.send", env.object, NUMBER, value), SENT);
    env.sent = value;
  }
}

const sender = defineModel<Env>({
  name: "dismissal-of-a-sender",
  proves:
    "a thread that sends is ended: the queue is whole, and who has ended it and sends meanwhile does not wait for its end",
  preemptions: 2,
  dies: VICTIM,
  mayDie: isDismissed,
  racy: ["INSIDE"],
  setup: newQueue,
  threads: [
    (_core, env) => sendTwice(env),
    function* (_core, env): Body {
      yield* end();
      same("sent", yield call("channel.send", env.object, NUMBER, 9), SENT);
      yield* clearUp();
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    drain(core, env);
    const ofVictim = env.received.filter((value) => value !== 9);
    same("own value", env.received.length - ofVictim.length, 1);
    same("victim's", ofVictim, [1, 2].slice(0, ofVictim.length));
    same("nothing is lost", ofVictim.length >= env.sent, true);
    same("broken", core.call("claim.isBroken", env.object), 0);
  },
  mutants: [
    NOT_HEEDED,
    NOT_SAID,
    NOT_WAITED_FOR,
    NOT_STOPPED_FIRST,
    NOT_TAKEN_OVER,
    GIVEN_BACK_BLINDLY,
    BROKEN_FOR_NOTHING,
  ],
});

/** The injector's: one that `recover` lets go. */
function lockOf(core: Core): number {
  return core.constant("layout.HEADER") + core.constant("layout.HEADER_INJECTOR");
}

function* section(core: Core): Body {
  yield call("lock.acquire", lockOf(core));
  yield call("lock.release", lockOf(core));
}

const heir = defineModel({
  name: "dismissal-and-an-heir",
  proves:
    "a third thread waits for the lock of one that was ended, until another with the same name has it: it does not take it from that one",
  preemptions: 1,
  dies: VICTIM,
  mayDie: isDismissed,
  racy: ["INSIDE"],
  setup: setUpCallers,
  threads: [
    function* (core): Body {
      yield* section(core);
      yield* sleepUntilDismissed();
    },
    // Of the clearing up only what has to do with the lock.
    function* (core): Body {
      yield* end();
      if ((yield outlive(VICTIM)) === 0) return;
      yield call("injector.repairInjector", VICTIM);
      yield call("registry.freeRecord", VICTIM);
      yield tally(core);
    },
    (core) => section(core),
    // The next thread of the victim's record, with the same name.
    function* (core): Body {
      yield untilTally(core, 1);
      yield call("worker.adoptWorker", VICTIM);
      same("record", yield call("registry.claimRecord", VICTIM), 1);
      yield* section(core);
    },
  ],
  check(cores) {
    const core = coreAt(cores, 1);
    same("lock", core.word(lockOf(core)), 0);
  },
  mutants: [TAKEN_OVER_BY_ANYBODY],
});

export const DISMISSAL_MODELS = [sender, heir];
