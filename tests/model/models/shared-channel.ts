// Shared channels: every value that was accepted is received or given back, in order, and `recv` ends exactly when nothing can come.

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
  CHANNEL,
  CLOSED,
  claimIn,
  coreAt,
  DRAINED,
  EMPTY_SLOT,
  FULL,
  GONE,
  HELD,
  listen,
  NUMBER,
  newBlock,
  newEnd,
  newObject,
  nothingLeft,
  queue,
  READY,
  RECEIVER,
  readBlock,
  result,
  SENDER,
  SENT,
  setUpCallers,
  stateIn,
  take,
  untilGranted,
  WAITING,
  WEAK,
  waker,
  writeBlock,
} from "./shared-world.js";
import { tally, untilTally } from "./world.js";

const CHANNEL_FILE = "shared/channel.ts";
const ENDS_FILE = "shared/ends.ts";

interface Env {
  readonly object: number;
  readonly senders: readonly number[];
  readonly receiver: number;
  readonly received: number[];
}

/** The receiver is the last thread's, all others have a sender each. */
function channel(cores: readonly Core[], capacity: number): Env {
  setUpCallers(cores);
  const receiving = coreAt(cores, cores.length - 1);
  const object = newObject(receiving, CHANNEL, capacity, capacity);
  const receiver = newEnd(receiving, object, RECEIVER);
  const senders = cores.slice(0, -1).map((core) => newEnd(core, object, SENDER));
  return { object, senders, receiver, received: [] };
}

/** As `Sender.send`. The last answer: SENT, GONE, or CLOSED. */
function* send(core: Core, env: Env, value: number): Generator<Operation, number, number> {
  const answer = yield call("channel.send", env.object, NUMBER, value);
  if (answer !== FULL) return answer;
  const acquired = yield call("semaphore.acquirePermits", env.object, 1, waker(core), 1);
  const claim = claimIn(acquired);
  let state = stateIn(acquired);
  if (state === WAITING) state = yield* untilGranted(core, claim);
  if (state === HELD) {
    same("fulfilled", yield call("channel.fulfil", claim, NUMBER, value), SENT);
    state = SENT;
  }
  if (claim !== 0) yield call("drop.dropClaim", claim);
  return state;
}

/** As `recv`, until the channel is drained. */
function* receiveAll(core: Core, env: Env): Generator<Operation, void, number> {
  const listener = yield call("listener.newListener", env.object);
  for (;;) {
    const look = (): Operation => call("channel.receive", env.object, listener, waker(core), 1);
    const outcome = yield* listen(core, look, EMPTY_SLOT);
    if (outcome === DRAINED) break;
    env.received.push(yield result(core));
  }
  yield call("drop.dropClaim", listener);
}

function checkRoom(core: Core, env: Env, capacity: number): void {
  const field = (name: string): number =>
    core.word(env.object + core.constant(`sharedLayout.${name}`));
  same("room", field("PERMITS") + field("PROMISED") + field("QUEUE_LENGTH"), capacity);
}

const NOT_LOOKED_UNDER_LOCK: Mutant = {
  name: "receiver-lets-go-of-the-lock-before-it-waits",
  file: CHANNEL_FILE,
  find: "  if (answer != OUTCOME_EMPTY) withdraw(claim);",
  replace:
    "  unlockObject(object);\n  lockObject(object);\n  if (answer != OUTCOME_EMPTY) withdraw(claim);",
};

const ROOM_NOT_FREED: Mutant = {
  name: "received-value-frees-no-room",
  file: CHANNEL_FILE,
  find: "    freeRoom(object, 1);\n",
  replace: "",
};

const LAST_SENDER_QUIET: Mutant = {
  name: "last-sender-wakes-nobody",
  file: ENDS_FILE,
  find: "  if (last && !isBroken(object)) wakeAll(object, object + LISTENING);",
  replace: "",
};

const COUNTED_OUTSIDE: Mutant = {
  name: "senders-counted-without-the-lock",
  file: ENDS_FILE,
  find: `  lockObject(object);
  const last = uncount(object, claim, STRONG) == 0;`,
  replace: `  const last = uncount(object, claim, STRONG) == 0;
  lockObject(object);`,
};

const bounded = defineModel<Env>({
  name: "shared-channel-bounded",
  proves:
    "senders that wait for room and a receiver that waits for values all go on; each sender's values come in order, and then the end",
  preemptions: 1,
  setup: (cores) => channel(cores, 1),
  threads: [
    function* (core, env) {
      for (const value of [1, 2]) same("sent", yield* send(core, env, value), SENT);
      yield call("drop.dropClaim", env.senders[0] as number);
    },
    function* (core, env) {
      same("sent", yield* send(core, env, 3), SENT);
      yield call("drop.dropClaim", env.senders[1] as number);
    },
    (core, env) => receiveAll(core, env),
  ],
  check(cores, env) {
    same("values", [...env.received].sort(), [1, 2, 3]);
    same("order", env.received.indexOf(1) < env.received.indexOf(2), true);
    checkRoom(coreAt(cores, 0), env, 1);
    nothingLeft(cores);
  },
  mutants: [NOT_LOOKED_UNDER_LOCK, ROOM_NOT_FREED, LAST_SENDER_QUIET, COUNTED_OUTSIDE],
});

interface Closing extends Env {
  /** A permit that is out, and a place in the line behind the room that is taken. */
  readonly permit: number;
  readonly waiting: number;
}

function half(cores: readonly Core[]): Closing {
  const env = channel(cores, 2);
  const [first, second] = cores as [Core, Core];
  const permit = take(first, env.object, 1);
  same("sent", first.call("channel.send", env.object, NUMBER, 1), SENT);
  return { ...env, permit, waiting: queue(second, env.object, 1) };
}

function* closeAndReceive(core: Core, env: Env): Generator<Operation, void, number> {
  yield call("ends.closeObject", env.object);
  yield* receiveAll(core, env);
}

const PERMITS_FORGOTTEN: Mutant = {
  name: "drained-though-a-permit-is-out",
  file: CHANNEL_FILE,
  find: "  if (field(object, QUEUE_LENGTH) != 0 || field(object, PROMISED) != 0) return false;",
  replace: "  if (field(object, QUEUE_LENGTH) != 0) return false;",
};

const CLOSED_QUIETLY: Mutant = {
  name: "close-refuses-nobody",
  file: ENDS_FILE,
  find: "  refuseWaiters(object);\n",
  replace: "",
};

const closing = defineModel<Closing>({
  name: "shared-channel-close",
  proves:
    "closed by its receiver, a channel ends only after the value of the permit that is out, and a sender that waits sends or is told",
  preemptions: 2,
  setup: half,
  threads: [
    function* (_core, env) {
      same("fulfilled", yield call("channel.fulfil", env.permit, NUMBER, 2), SENT);
      yield call("drop.dropClaim", env.permit);
    },
    function* (core, env) {
      const state = yield* untilGranted(core, env.waiting);
      if (state === HELD)
        same("fulfilled", yield call("channel.fulfil", env.waiting, NUMBER, 3), SENT);
      else same("told", state, CLOSED);
      yield call("drop.dropClaim", env.waiting);
      yield tally(core);
    },
    function* (core, env) {
      yield call("ends.closeObject", env.object);
      // Room comes back by receiving: it is not that which ends the wait.
      yield untilTally(core, 1);
      yield* receiveAll(core, env);
    },
  ],
  check(cores, env) {
    same("the values that were accepted", env.received.slice(0, 2), [1, 2]);
    same("send", coreAt(cores, 0).call("channel.send", env.object, NUMBER, 4), GONE);
    checkRoom(coreAt(cores, 0), env, 2);
    nothingLeft(cores);
  },
  mutants: [PERMITS_FORGOTTEN, CLOSED_QUIETLY],
});

const UNUSED_QUIETLY: Mutant = {
  name: "unused-permit-comes-back-quietly",
  file: "shared/drop.ts",
  find: "    if (field(object, KIND) == KIND_CHANNEL) wakeIfDrained(object);\n",
  replace: "",
};

const unused = defineModel<Closing>({
  name: "shared-channel-unused-permit",
  proves: "a permit that comes back unused was all that a closed channel's receiver waited for",
  setup: half,
  threads: [
    function* (_core, env) {
      yield call("drop.dropClaim", env.permit);
    },
    function* (_core, env) {
      yield call("drop.dropClaim", env.waiting);
    },
    closeAndReceive,
  ],
  preemptions: 2,
  check(cores, env) {
    same("values", env.received, [1]);
    checkRoom(coreAt(cores, 0), env, 2);
    nothingLeft(cores);
  },
  mutants: [UNUSED_QUIETLY],
});

interface Blocks extends Env {
  readonly blocks: readonly number[];
  /** What each of them was answered. */
  readonly answers: number[];
}

const CLEARED_BEFORE_CLOSED: Mutant = {
  name: "queue-cleared-before-it-is-closed",
  file: ENDS_FILE,
  find: "  if (uncount(object, claim, RECEIVERS) == 0 && !isBroken(object)) {\n",
  replace: `  const gone = uncount(object, claim, RECEIVERS) == 0;
  if (gone && kind == KIND_CHANNEL) unread = detachQueue(object);
  unlockObject(object);
  lockObject(object);
  if (gone && kind == KIND_CHANNEL) {
    closeUnderLock(object);
  } else if (gone) {
`,
};

const FULFILLED_ALL_THE_SAME: Mutant = {
  name: "permit-fulfilled-without-a-receiver",
  file: CHANNEL_FILE,
  find: "  const heard = field(object, RECEIVERS) > 0 && !isBroken(object);",
  replace: "  const heard = true;",
};

const receiverDropped = defineModel<Blocks>({
  name: "shared-channel-receiver-drop",
  proves:
    "values sent while the receiver is dropped are refused or freed, each once, by permit or without, and no queue is left",
  setup(cores) {
    const env = channel(cores, 0);
    const sending = coreAt(cores, 0);
    return { ...env, blocks: [newBlock(sending, 1), newBlock(sending, 2)], answers: [] };
  },
  threads: [
    function* (_core, env) {
      for (const block of env.blocks) {
        const answer = yield call("channel.send", env.object, BYTES, block);
        env.answers.push(answer);
        if (answer === GONE) yield call("value.unpin", block);
      }
    },
    function* (core, env) {
      const outcome = yield call("channel.receive", env.object, 0, 0, 0);
      if (outcome === BYTES) env.received.push(yield* readBlock(core, yield result(core)));
      yield call("drop.dropClaim", env.receiver);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 0);
    if (env.answers[0] === GONE) same("closed for good", env.answers[1], GONE);
    if (env.received.length > 0) same("the first", env.received, [1]);
    const length = env.object + core.constant("sharedLayout.QUEUE_LENGTH");
    same("nothing kept for nobody", core.word(length), 0);
    nothingLeft(cores);
  },
  mutants: [CLEARED_BEFORE_CLOSED],
});

const permitOutlives = defineModel<Env & { readonly permit: number }>({
  name: "shared-channel-permit-outlives-the-receiver",
  proves: "a permit that is used while the receiver is dropped sends its value or frees it",
  preemptions: 3,
  setup(cores) {
    const env = channel(cores, 1);
    return { ...env, permit: take(coreAt(cores, 0), env.object, 1) };
  },
  threads: [
    function* (core, env) {
      const block = yield* writeBlock(core, 1);
      same("fulfilled", yield call("channel.fulfil", env.permit, BYTES, block), SENT);
      yield call("drop.dropClaim", env.permit);
      yield call("drop.dropClaim", env.senders[0] as number);
    },
    function* (_core, env) {
      yield call("drop.dropClaim", env.receiver);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 0);
    const length = env.object + core.constant("sharedLayout.QUEUE_LENGTH");
    same("nothing kept for nobody", core.word(length), 0);
    nothingLeft(cores);
  },
  mutants: [FULFILLED_ALL_THE_SAME],
});

const LEASE_NOT_LEFT: Mutant = {
  name: "used-values-stay-queued",
  file: CHANNEL_FILE,
  find: "  if (used > 0) leaveQueue(object, used);\n",
  replace: "",
};

const LEASED_IS_GONE: Mutant = {
  name: "lease-takes-a-block",
  file: CHANNEL_FILE,
  find: "    if (isBlock(outcomeIn(slot))) return count;\n",
  replace: "",
};

const lease = defineModel<Env>({
  name: "shared-channel-lease",
  proves:
    "values of a lease are taken once and in order while others are sent; blocks are no part of it, and what is leased goes with the queue",
  preemptions: 3,
  setup(cores) {
    const env = channel(cores, 0);
    coreAt(cores, 0).call("channel.send", env.object, NUMBER, 1);
    return env;
  },
  threads: [
    function* (core, env) {
      yield call("channel.send", env.object, NUMBER, 2);
      const block = yield* writeBlock(core, 3);
      if ((yield call("channel.send", env.object, BYTES, block)) === GONE)
        yield call("value.unpin", block);
    },
    function* (core, env) {
      const batch = core.call("shared.batchAddress");
      let used = 0;
      for (let look = 0; look < 2; look++) {
        const count = yield call("channel.lease", env.object, used);
        for (used = 0; used < count; used++)
          env.received.push(yield call("value.numberIn", batch + 16 * used));
      }
      yield call("drop.dropClaim", env.receiver);
    },
  ],
  check(cores, env) {
    same("values", env.received, [1, 2].slice(0, env.received.length));
    const core = coreAt(cores, 0);
    const length = env.object + core.constant("sharedLayout.QUEUE_LENGTH");
    same("nothing kept for nobody", core.word(length), 0);
    nothingLeft(cores);
  },
  mutants: [LEASE_NOT_LEFT, LEASED_IS_GONE],
});

interface Weak extends Env {
  readonly weak: number;
}

const UPGRADED_LATE: Mutant = {
  name: "upgraded-after-the-last-sender",
  file: ENDS_FILE,
  find: `  lockObject(object);
  const alive = field(object, STRONG) > 0;`,
  replace: `  lockObject(object);
  const alive = field(object, STRONG) > 0;
  unlockObject(object);
  lockObject(object);`,
};

const upgrade = defineModel<Weak>({
  name: "shared-channel-upgrade",
  proves:
    "a weak sender that is upgraded while the last sender goes sends, or finds the channel at its end: the end comes once",
  preemptions: 2,
  setup(cores) {
    const env = channel(cores, 0);
    const [, second] = cores as [Core, Core];
    second.call("drop.dropClaim", env.senders[1] as number);
    return { ...env, weak: newEnd(second, env.object, WEAK) };
  },
  threads: [
    function* (_core, env) {
      yield call("drop.dropClaim", env.senders[0] as number);
    },
    function* (_core, env) {
      const sender = yield call("ends.upgradeWeak", env.object);
      if (sender === 0) return;
      same("sent", yield call("channel.send", env.object, NUMBER, 1), SENT);
      yield call("drop.dropClaim", sender);
      env.received.push(-1);
    },
    (core, env) => receiveAll(core, env),
  ],
  check(cores, env) {
    const values = env.received.filter((value) => value > 0);
    same("values", values, env.received.includes(-1) ? [1] : []);
    nothingLeft(cores);
  },
  mutants: [UPGRADED_LATE],
});

const PARTING_QUIET: Mutant = {
  name: "close-tells-no-sender",
  file: ENDS_FILE,
  find: "  refuseWaiters(object);\n  wakeAll(object, object + PARTING);\n",
  replace: "  refuseWaiters(object);\n",
};

const PARTING_BEFORE_THE_LOCK: Mutant = {
  name: "receivers-looked-at-before-the-lock",
  file: "shared/listener.ts",
  find: `  lockObject(object);
  let answer = STATE_WAITING;
`,
  replace: `  lockObject(object);
  const isThere = field(object, RECEIVERS) != 0;
  unlockObject(object);
  lockObject(object);
  let answer = STATE_WAITING;
  if (isThere && claim != 0) {
    join(object + PARTING, claim, slot, generation);
    unlockObject(object);
    return answer;
  }
`,
};

const parting = defineModel<Env>({
  name: "shared-channel-parting",
  proves: "who waits for the receiver to go hears of it",
  setup: (cores) => channel(cores, 0),
  threads: [
    function* (core, env) {
      const listener = yield call("listener.newListener", env.object);
      const look = (): Operation =>
        call("listener.awaitParting", env.object, listener, waker(core), 1);
      same("gone", yield* listen(core, look, WAITING), READY);
    },
    function* (_core, env) {
      yield call("drop.dropClaim", env.receiver);
    },
  ],
  check: (cores) => nothingLeft(cores),
  mutants: [PARTING_QUIET, PARTING_BEFORE_THE_LOCK],
});

export const SHARED_CHANNEL_MODELS = [
  lease,
  upgrade,
  parting,
  bounded,
  closing,
  unused,
  receiverDropped,
  permitOutlives,
];
