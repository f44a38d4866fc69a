// A thread is ended from outside, anywhere that the one who ends it may: never in a visit of the core (threads/dismissal.ts).
//
// Not shown: that a plain store is seen a millisecond later (X3). Here every store is seen at once, so the second look comes right after
// the stop.

import {
  type Body,
  type Core,
  call,
  defineModel,
  type Mutant,
  type Operation,
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
import {
  COMPLETED,
  DELIVERED,
  EMPTY,
  PENDING,
  RESULT_FLAG,
  remaining,
  SENDABLE,
  START_FLAG,
  setUp,
  tally,
  tallyAddress,
  untilTally,
} from "./world.js";

const DISMISSAL = "threads/dismissal.ts";
const VICTIM = 0;

/** In the tally: the victim has been seen outside and may be ended; it has been recovered. */
const SEEN_OUTSIDE = 1;
const RECOVERED = 2;

/** That is what ending it waits for. */
function mayBeEnded(cores: readonly Core[]): boolean {
  const core = coreAt(cores, 1);
  return core.word(tallyAddress(core)) >= SEEN_OUTSIDE;
}

function* untilOutside(core: Core): Body {
  let seen = yield call("dismissal.dismiss", VICTIM);
  while (seen === 0) {
    seen = yield call("dismissal.dismiss", VICTIM);
    if (seen === 0) yield pause();
  }
  yield tally(core);
}

/** Between two visits, in JavaScript: an access of its own, since plain stores, such as those to INSIDE, are no places to switch at. */
function outside(core: Core): Operation {
  return call("sync.loadShared", tallyAddress(core));
}

function* clearUp(core: Core): Body {
  if ((yield outlive(VICTIM)) === 0) return;
  yield call("doors.recover", VICTIM);
  yield tally(core);
}

const NOT_HEEDED: Mutant = {
  name: "the-door-is-open-to-who-was-stopped",
  file: DISMISSAL,
  find: "  set(INSIDE, 1);\n  if (isStopped()) standDown();\n",
  replace: "  set(INSIDE, 1);\n",
};

/** Read twice, so that there is a place to switch at before the store. */
const SAID_TOO_LATE: Mutant = {
  name: "said-too-late-that-it-is-inside",
  file: DISMISSAL,
  find: "  set(INSIDE, 1);\n  if (isStopped()) standDown();\n",
  replace: "  if (isStopped()) standDown();\n  isStopped();\n  set(INSIDE, 1);\n",
  preemptions: 2,
};

const NOT_LOOKED_AT: Mutant = {
  name: "ended-wherever-it-is",
  file: DISMISSAL,
  find: "return loadShared(record + INSIDE) == 0;",
  replace: "return true;",
};

const LOOKED_AT_FIRST: Mutant = {
  name: "looked-at-before-it-is-stopped",
  file: DISMISSAL,
  find: "  storeShared(record + STOPPED, 1);\n  return false;\n",
  replace:
    "  const outside = loadShared(record + INSIDE) == 0;\n  storeShared(record + STOPPED, 1);\n  return outside;\n",
  preemptions: 2,
};

const STANDS_IN_THE_DOOR: Mutant = {
  name: "stands-down-inside",
  file: DISMISSAL,
  find: "  set(INSIDE, 0);\n  const word",
  replace: "  const word",
};

// ── A sender ──

interface Queue {
  readonly object: number;
  /** What the victim has sent for certain. */
  sent: number;
  /** What the other one found in the queue at the end. */
  readonly received: number[];
}

function newQueue(cores: readonly Core[]): Queue {
  setUpCallers(cores);
  const owner = coreAt(cores, 1);
  const object = newObject(owner, CHANNEL, 0, 0);
  newEnd(owner, object, RECEIVER);
  for (const core of cores) newEnd(core, object, SENDER);
  return { object, sent: 0, received: [] };
}

/** Everything in the queue, which is whole. */
function drain(core: Core, { object, received }: Queue): void {
  for (;;) {
    const outcome = core.call("channel.receive", object, 0, 0, 0);
    if (outcome === EMPTY_SLOT) break;
    same("a value", outcome, NUMBER);
    received.push(core.call("value.numberIn", core.call("shared.resultAddress") - 8));
  }
  same("length", core.call("channel.queueLengthOf", object), 0);
}

function* sendTwice(core: Core, env: Queue): Body {
  for (const value of [1, 2]) {
    yield outside(core);
    same("sent", yield call("doors.send", env.object, NUMBER, value), SENT);
    env.sent = value;
  }
}

const DOORLESS_SEND: Mutant = {
  name: "a-lock-is-taken-without-a-door",
  file: "shared/doors.ts",
  find: "  enter();\n  return left(channel.send(object, outcome, number));",
  replace: "  return channel.send(object, outcome, number);",
};

const sender = defineModel<Queue>({
  name: "dismissal-of-a-sender",
  proves:
    "a thread that sends is ended: the queue is whole, and who is about to end it and sends meanwhile does not wait for its end",
  preemptions: 2,
  dies: VICTIM,
  mayDie: mayBeEnded,
  racy: ["INSIDE"],
  setup: newQueue,
  threads: [
    (core, env) => sendTwice(core, env),
    function* (core, env): Body {
      yield call("dismissal.dismiss", VICTIM);
      same("sent", yield call("doors.send", env.object, NUMBER, 9), SENT);
      yield* untilOutside(core);
      yield* clearUp(core);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    same("broken", core.call("claim.isBroken", env.object), 0);
    drain(core, env);
    const ofVictim = env.received.filter((value) => value !== 9);
    same("own value", env.received.length - ofVictim.length, 1);
    same("victim's", ofVictim, [1, 2].slice(0, ofVictim.length));
    same("nothing is lost", ofVictim.length >= env.sent, true);
  },
  mutants: [NOT_HEEDED, SAID_TOO_LATE, NOT_LOOKED_AT, STANDS_IN_THE_DOOR, DOORLESS_SEND],
});

// ── A worker ──

/** Spawns a task and runs what it is given until there is nothing, as a worker does. */
function* work(core: Core): Body {
  yield outside(core);
  yield call("doors.spawnNumber", SENDABLE, 1, yield call("submit.newId"), NUMBER, 0);
  let outcome = PENDING;
  for (;;) {
    yield outside(core);
    const answer = yield call("doors.next", outcome);
    if (answer === EMPTY) return;
    outcome = (answer & START_FLAG) !== 0 ? COMPLETED : DELIVERED;
  }
}

/** Ends what the dead worker has left where others find it, and what was delivered to it. */
function endTheRest(core: Core): void {
  for (const task of remaining(core, "injector.popInjector")) {
    same("mark", core.word(task + core.constant("layout.TASK_KIND")), SENDABLE);
    core.call("state.transitionToRunning", task);
    core.call("ending.endUnstarted", task);
  }
  core.call("death.sweep", VICTIM);
}

const DOORLESS_SPAWN: Mutant = {
  name: "a-slot-is-taken-without-a-door",
  file: "threads/doors.ts",
  find: "  enter();\n  return left(spawning.spawnNumber(kind, fn, id, outcome, argument));",
  replace: "  return spawning.spawnNumber(kind, fn, id, outcome, argument);",
};

const DOORLESS_NEXT: Mutant = {
  name: "a-task-is-taken-without-a-door",
  file: "doors.ts",
  find: "  enter();\n  return left(scheduler.next(outcome));",
  replace: "  return scheduler.next(outcome);",
};

const MARKED: Mutant = {
  name: "resubmitted-with-its-mark",
  file: "threads/death.ts",
  find: "  takeMark(task);\n  setNext(task, 0);\n  transitionToUntaken(task);",
  replace: "  setNext(task, 0);\n  transitionToUntaken(task);",
};

const worker = defineModel({
  name: "dismissal-of-a-worker",
  proves:
    "a worker that spawns and runs tasks is ended: each of them ends or can be run by another, and no slot is left",
  preemptions: 1,
  dies: VICTIM,
  mayDie: mayBeEnded,
  racy: ["INSIDE"],
  setup(cores) {
    setUp(cores, ["worker", "caller"], 1);
  },
  threads: [
    (core) => work(core),
    function* (core): Body {
      yield* untilOutside(core);
      yield* clearUp(core);
    },
  ],
  check(cores) {
    const owner = coreAt(cores, 1);
    if (owner.word(tallyAddress(owner)) < RECOVERED) return;
    endTheRest(owner);
    same("alive", owner.call("scheduler.aliveTasks"), 0);
  },
  mutants: [
    NOT_HEEDED,
    SAID_TOO_LATE,
    NOT_LOOKED_AT,
    LOOKED_AT_FIRST,
    DOORLESS_SPAWN,
    DOORLESS_NEXT,
    MARKED,
  ],
});

// ── An heir ──

const STOPPED_FOR_GOOD: Mutant = {
  name: "the-heir-is-stopped-too",
  file: "threads/registry.ts",
  find: "  forgetDismissal(thread);\n",
  replace: "",
};

const heir = defineModel({
  name: "dismissal-and-an-heir",
  proves: "the next thread of a record is not stopped, and ends what the one before it has left",
  preemptions: 1,
  dies: VICTIM,
  mayDie: mayBeEnded,
  racy: ["INSIDE"],
  setup(cores) {
    setUp(cores, ["worker", "caller", "caller"], 1);
  },
  threads: [
    (core) => work(core),
    function* (core): Body {
      yield* untilOutside(core);
      yield* clearUp(core);
    },
    function* (core): Body {
      if ((yield outlive(VICTIM)) === 0) return;
      yield untilTally(core, RECOVERED);
      yield call("worker.adoptWorker", VICTIM);
      same("record", yield call("registry.claimRecord", VICTIM), 1);
      yield call("registry.beginThread", 1, 1);
      let answer = yield call("doors.next", PENDING);
      for (; answer !== EMPTY; ) {
        const isEnd = (answer & RESULT_FLAG) !== 0;
        answer = yield call("doors.next", isEnd ? DELIVERED : COMPLETED);
      }
      yield tally(core);
    },
  ],
  check(cores) {
    const owner = coreAt(cores, 1);
    if (owner.word(tallyAddress(owner)) < RECOVERED) return;
    same("came", owner.word(tallyAddress(owner)), RECOVERED + 1);
    same("alive", owner.call("scheduler.aliveTasks"), 0);
  },
  mutants: [STOPPED_FOR_GOOD],
});

export const DISMISSAL_MODELS = [sender, worker, heir];
