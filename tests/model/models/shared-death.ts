// A thread dies anywhere in the middle of using shared primitives: what it held comes back once, what it may have left half done is
// poisoned or broken, and nobody who waits waits for ever.

import {
  type Body,
  type Core,
  call,
  defineModel,
  insist,
  type Mutant,
  type Operation,
  outlive,
  same,
  until,
} from "../explorer/model.js";
import {
  ALL,
  BROADCAST,
  BROKEN,
  BYTES,
  blocksInUse,
  CHANNEL,
  CLOSED,
  claimIn,
  coreAt,
  DRAINED,
  dropEverything,
  EMPTY_SLOT,
  FULL,
  GONE,
  HELD,
  LOCK,
  NOTIFY,
  NUMBER,
  newBlock,
  newEnd,
  newObject,
  READY,
  RECEIVER,
  readBlock,
  refer,
  result,
  SEMAPHORE,
  SENDER,
  SENT,
  SHATTERED,
  setUpCallers,
  stateIn,
  take,
  WAITING,
  WATCH,
  waker,
  writeBlock,
} from "./shared-world.js";
import { tallyAddress } from "./world.js";

const LOSS = "shared/loss.ts";
const VICTIM = 0;

function fieldOf(core: Core, object: number, name: string): number {
  return core.word(object + core.constant(`sharedLayout.${name}`));
}

function isBroken(core: Core, object: number): boolean {
  return fieldOf(core, object, "BROKEN") !== 0;
}

/** The owner of the runtime. */
function* recover(): Body {
  if ((yield outlive(VICTIM)) === 1) yield call("death.recover", VICTIM);
}

/** Blocks until a waker of this thread has been called, or a death has been cleared up, of which a thread's loop takes note. */
function* untilWokenOrLoss(core: Core): Generator<Operation, void, number> {
  const record = core.call("worker.recordOf", core.call("worker.self"));
  const signals = record + core.constant("layout.SIGNALS");
  const seen = record + core.constant("layout.LOSSES_SEEN");
  const losses = core.constant("layout.HEADER") + core.constant("layout.HEADER_LOSSES");
  for (;;) {
    yield until(() => core.word(signals) !== 0 || core.word(losses) !== core.word(seen));
    yield call("loss.tidy");
    if ((yield call("waiters.takeSignal")) !== 0) return;
  }
}

function* waitFor(
  core: Core,
  look: () => Operation,
  none: number,
): Generator<Operation, number, number> {
  for (;;) {
    const answer = yield look();
    if (answer !== none) return answer;
    yield* untilWokenOrLoss(core);
  }
}

/** Takes permits and waits for them; the state, and the claim. */
function* acquire(
  core: Core,
  object: number,
  count: number,
): Generator<Operation, { state: number; claim: number }, number> {
  const answer = yield call("semaphore.acquirePermits", object, count, waker(core), 1);
  const claim = claimIn(answer);
  if (stateIn(answer) !== WAITING) return { state: stateIn(answer), claim };
  const look = (): Operation => call("semaphore.pollPermits", claim, waker(core), 1);
  return { state: yield* waitFor(core, look, WAITING), claim };
}

/** What is left is dropped by the others; no block was given back twice. */
function dropTheRest(cores: readonly Core[]): void {
  dropEverything(cores.slice(1));
  blocksInUse(cores);
}

// ── Locks ──

interface Held {
  readonly object: number;
  /** How far the victim came: before, asking, holding, giving back, after. */
  stage: number;
  /** What the other one got. */
  state: number;
}

const ASKS = 1;
const HOLDS = 2;
const GIVES_BACK = 3;
const AFTER = 4;

const NOT_POISONED: Mutant = {
  name: "not-poisoned",
  file: LOSS,
  find: "    poisonIfHeld(each, object);\n",
  replace: "",
};

const ALWAYS_POISONED: Mutant = {
  name: "poisoned-whoever-held-it",
  file: LOSS,
  find: "  if (stateOfClaim(claim) == STATE_HELD && isFullyHeld(claim)) storeShared",
  replace: "  storeShared",
};

const PERMITS_LOST: Mutant = {
  name: "permits-of-the-dead-are-lost",
  file: LOSS,
  find: "  while (claim != 0) {\n    const next = link(claim, CLAIM_MINE_NEXT);\n    giveClaimUp(claim);",
  replace: "  while (claim != 0) {\n    const next = link(claim, CLAIM_MINE_NEXT);",
};

const LOCK_LEFT: Mutant = {
  name: "lock-of-the-dead-is-left",
  file: LOSS,
  find: "    breakIfLocked(object, dead);\n    poisonIfHeld",
  replace: "    poisonIfHeld",
};

const NOT_BROKEN: Mutant = {
  name: "half-changed-and-not-broken",
  file: LOSS,
  find: "  storeShared(object + BROKEN, 1);\n",
  replace: "",
};

const WAKES_LOST: Mutant = {
  name: "wakes-in-hand-are-lost",
  file: LOSS,
  find: "    if (isWaiting(claim)) wakeWaiter(field(claim, CLAIM_SLOT), field(claim, CLAIM_GENERATION));",
  replace: "    if (false) isWaiting(claim);",
};

const TORN: Mutant = {
  name: "slot-half-filled",
  file: "shared/value.ts",
  find: "  store<f64>(slot + SLOT_NUMBER, number);\n  setField(slot, 0, outcome);",
  replace: "  setField(slot, 0, outcome);\n  store<f64>(slot + SLOT_NUMBER, number);",
};

const lock = defineModel<Held>({
  name: "shared-death-of-a-holder",
  proves:
    "a thread that takes and gives back a lock dies at any step: who waits gets the lock, poisoned exactly if it was held, or hears that it is broken",
  preemptions: 1,
  dies: VICTIM,
  setup(cores) {
    setUpCallers(cores);
    const object = newObject(coreAt(cores, 0), LOCK, 1, 1);
    refer(coreAt(cores, 1), object);
    coreAt(cores, 0).call("cell.setValue", object, BYTES, newBlock(coreAt(cores, 0), 5));
    return { object, stage: 0, state: 0 };
  },
  threads: [
    function* (core, env) {
      env.stage = ASKS;
      const { claim } = yield* acquire(core, env.object, 1);
      env.stage = HOLDS;
      yield call("cell.setValue", env.object, BYTES, yield* writeBlock(core, 5));
      env.stage = GIVES_BACK;
      yield call("drop.dropClaim", claim);
      env.stage = AFTER;
    },
    function* (core, env) {
      const { state, claim } = yield* acquire(core, env.object, 1);
      env.state = state;
      if (state === HELD && (yield call("cell.readHeld", env.object)) === BYTES)
        same("whole", yield* readBlock(core, yield result(core)), 5);
      if (claim !== 0) yield call("drop.dropClaim", claim);
    },
    recover,
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    if (isBroken(core, env.object)) {
      same("refused", core.call("semaphore.tryAcquirePermits", env.object, 1), BROKEN);
    } else {
      same("got it", env.state, HELD);
      same("permits", core.call("semaphore.availablePermits", env.object), 1);
      const isPoisoned = fieldOf(core, env.object, "POISONED") !== 0;
      if (env.stage === HOLDS) same("poisoned", isPoisoned, true);
      if (env.stage === 0 || env.stage === AFTER) same("poisoned", isPoisoned, false);
    }
    dropTheRest(cores);
  },
  mutants: [NOT_POISONED, PERMITS_LOST, LOCK_LEFT, NOT_BROKEN, WAKES_LOST, TORN],
});

const READERS_POISON: Mutant = {
  name: "poisoned-by-a-reader",
  file: LOSS,
  find: "  if (stateOfClaim(claim) == STATE_HELD && isFullyHeld(claim)) storeShared",
  replace: "  if (stateOfClaim(claim) == STATE_HELD) storeShared",
};

const reader = defineModel<Held & { readonly reading: number }>({
  name: "shared-death-of-a-reader",
  proves:
    "a thread dies that reads under a lock and waits to write: nothing is poisoned, and all permits come back",
  preemptions: 0,
  dies: VICTIM,
  setup(cores) {
    setUpCallers(cores);
    const [first, second] = cores as [Core, Core];
    const object = newObject(first, LOCK, 3, 3);
    refer(second, object);
    return { object, reading: take(first, object, 1), stage: 0, state: 0 };
  },
  threads: [
    function* (core, env) {
      const answer = yield call("semaphore.acquirePermits", env.object, 3, waker(core), 1);
      same("has to wait", stateIn(answer), WAITING);
      yield call("drop.dropClaim", claimIn(answer));
      yield call("drop.dropClaim", env.reading);
    },
    recover,
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    same("poisoned", fieldOf(core, env.object, "POISONED"), 0);
    if (!isBroken(core, env.object))
      same("permits", core.call("semaphore.availablePermits", env.object), 3);
    dropTheRest(cores);
  },
  mutants: [READERS_POISON, ALWAYS_POISONED, PERMITS_LOST],
});

interface Served {
  readonly semaphore: number;
  readonly closing: number;
  readonly notify: number;
  readonly held: number;
  /** Of the other thread: three in each line. */
  readonly lines: readonly (readonly number[])[];
  /** What the victim has begun. */
  begun: number;
}

function inLine(core: Core, object: number, wanted: number): number {
  const answer = core.call("semaphore.acquirePermits", object, wanted, waker(core), 1);
  same("waits", stateIn(answer), WAITING);
  return claimIn(answer);
}

const PERMITS_IN_HAND: Mutant = {
  name: "permits-in-hand-while-the-lock-is-let-go",
  file: "shared/semaphore.ts",
  find: `    add(object, PERMITS, left);
    wakeSome(object);
    left = takeAllFree(object);`,
  replace: "    wakeSome(object);",
};

const NOBODY_GOES_ON: Mutant = {
  name: "nobody-goes-on-with-what-the-dead-was-at",
  file: "shared/semaphore.ts",
  find: "      goOn(object);\n",
  replace: "",
};

const STAMP_NOT_COMPARED_AGAIN: Mutant = {
  name: "nobody-goes-on-with-notify-waiters",
  file: "shared/notify.ts",
  find: "    leave(claim);\n    state = STATE_ALL;\n",
  replace: "",
};

const serving = defineModel<Served>({
  name: "shared-death-while-serving-many",
  proves:
    "a thread dies between two of many whom it serves, for whom it lets go of the lock: those who wait go on with it when they are woken for the death",
  preemptions: 0,
  dies: VICTIM,
  setup(cores) {
    setUpCallers(cores);
    const [first, second] = cores as [Core, Core];
    const semaphore = newObject(first, SEMAPHORE, 3, 3);
    const closing = newObject(first, SEMAPHORE, 0, 3);
    const notify = newObject(first, NOTIFY, 0, 0);
    for (const object of [semaphore, closing, notify]) refer(second, object);
    const held = take(first, semaphore, 3);
    const three = [0, 1, 2];
    const lines = [
      three.map(() => inLine(second, semaphore, 1)),
      three.map(() => inLine(second, closing, 1)),
      three.map(() => notified(second, notify)),
    ];
    return { semaphore, closing, notify, held, lines, begun: 0 };
  },
  threads: [
    function* (_core, env) {
      env.begun = 1;
      yield call("drop.dropClaim", env.held);
      env.begun = 2;
      yield call("semaphore.closeSemaphore", env.closing);
      env.begun = 3;
      yield call("notify.notifyWaiters", env.notify);
      env.begun = 4;
    },
    recover,
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    const look = (line: number, poll: string): number[] =>
      (env.lines[line] as number[]).map((claim) => core.call(poll, claim, 0, 0));
    if (!isBroken(core, env.semaphore))
      same("granted", look(0, "semaphore.pollPermits"), [HELD, HELD, HELD]);
    const closed = core.call("shared.isClosedObject", env.closing) !== 0 ? CLOSED : WAITING;
    if (env.begun > 2) same("closed", closed, CLOSED);
    if (!isBroken(core, env.closing))
      same("told", look(1, "semaphore.pollPermits"), [closed, closed, closed]);
    const reached = core.call("notify.stampOf", env.notify) > 0 ? ALL : WAITING;
    if (env.begun > 3) same("notified", reached, ALL);
    if (!isBroken(core, env.notify))
      same("reached", look(2, "notify.pollNotified"), [reached, reached, reached]);
    dropTheRest(cores);
  },
  mutants: [PERMITS_IN_HAND, NOBODY_GOES_ON, STAMP_NOT_COMPARED_AGAIN],
});

// ── Channels ──

interface Channel {
  readonly object: number;
  readonly sender: number;
  readonly received: number[];
  end: number;
}

function newChannel(cores: readonly Core[], capacity: number): Channel {
  setUpCallers(cores);
  const [first, second] = cores as [Core, Core];
  const object = newObject(second, CHANNEL, capacity, capacity);
  newEnd(second, object, RECEIVER);
  return { object, sender: newEnd(first, object, SENDER), received: [], end: 0 };
}

function* receiveAll(core: Core, env: Channel): Body {
  const listener = yield call("listener.newListener", env.object);
  const look = (): Operation => call("channel.receive", env.object, listener, waker(core), 1);
  for (;;) {
    env.end = yield* waitFor(core, look, EMPTY_SLOT);
    if (env.end !== NUMBER) return;
    env.received.push(yield result(core));
  }
}

const SHATTERED_LATE: Mutant = {
  name: "broken-queue-is-read",
  file: "shared/channel.ts",
  find: "  if (isBroken(object)) answer = SHATTERED;\n  else if (field(object, QUEUE_LENGTH) > 0) {",
  replace: "  if (field(object, QUEUE_LENGTH) > 0) {",
};

const sender = defineModel<Channel>({
  name: "shared-death-of-a-sender",
  proves:
    "a sender dies at any step, waiting for room, with a permit or a wake in hand: the receiver gets what was sent, whole, and then the end",
  preemptions: 1,
  dies: VICTIM,
  setup(cores) {
    const env = newChannel(cores, 1);
    const core = coreAt(cores, 0);
    same("sent", core.call("channel.send", env.object, NUMBER, 1), SENT);
    same("full", core.call("channel.send", env.object, NUMBER, 2), FULL);
    return env;
  },
  threads: [
    function* (core, env) {
      const { claim } = yield* acquire(core, env.object, 1);
      yield call("channel.fulfil", claim, NUMBER, 2);
      yield call("drop.dropClaim", claim);
      yield call("drop.dropClaim", env.sender);
    },
    receiveAll,
    recover,
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    same("values", env.received, [1, 2].slice(0, env.received.length));
    same("the end", env.end, isBroken(core, env.object) ? SHATTERED : DRAINED);
    if (env.end === DRAINED) {
      same("senders", fieldOf(core, env.object, "STRONG"), 0);
      const room = fieldOf(core, env.object, "PERMITS") + fieldOf(core, env.object, "PROMISED");
      same("room", room, 1);
    }
    dropTheRest(cores);
  },
  mutants: [WAKES_LOST, PERMITS_LOST, LOCK_LEFT],
});

const DROPPING_FORGOTTEN: Mutant = {
  name: "claim-in-hand-is-forgotten",
  file: LOSS,
  find: "  loseDropping(record, dead);\n",
  replace: "",
};

const GARBAGE_FORGOTTEN: Mutant = {
  name: "garbage-is-forgotten",
  file: LOSS,
  find: "  discardClaims(garbage);\n",
  replace: "",
};

const garbage = defineModel<Channel>({
  name: "shared-death-with-garbage",
  proves:
    "a thread dies while it drops handles that came with a value: each is dropped once, and the receiver hears the end",
  preemptions: 1,
  dies: VICTIM,
  setup(cores) {
    const env = newChannel(cores, 0);
    const core = coreAt(cores, 0);
    const block = newBlock(core, 1);
    for (let count = 0; count < 2; count++)
      core.call("value.attachClaim", block, core.call("travel.newTraveller", env.sender));
    core.call("drop.dropClaim", env.sender);
    core.call("value.unpin", block);
    return env;
  },
  threads: [
    function* () {
      yield call("drop.collect");
    },
    receiveAll,
    recover,
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    same("the end", env.end, isBroken(core, env.object) ? SHATTERED : DRAINED);
    if (env.end === DRAINED) same("senders", fieldOf(core, env.object, "STRONG"), 0);
    dropTheRest(cores);
  },
  mutants: [DROPPING_FORGOTTEN, GARBAGE_FORGOTTEN],
});

// ── Counts ──

interface Counted {
  readonly channel: number;
  readonly ring: number;
  readonly semaphore: number;
  readonly notify: number;
  /** The victim's: a sender, a receiver, two permits, a Notified that was chosen. */
  readonly sender: number;
  readonly receiver: number;
  readonly permits: readonly number[];
  readonly chosen: number;
  /** Waiting behind it. */
  readonly others: readonly number[];
  forgotten: number;
}

function notified(core: Core, object: number): number {
  const claim = core.call("notify.newNotified", object, core.call("notify.stampOf", object));
  same("waits", core.call("notify.pollNotified", claim, waker(core), 1), WAITING);
  return claim;
}

function counted(cores: readonly Core[]): Counted {
  setUpCallers(cores);
  const [first, second] = cores as [Core, Core];
  const channel = newObject(second, CHANNEL, 0, 0);
  const ring = newObject(second, BROADCAST, 0, 2);
  const semaphore = newObject(second, SEMAPHORE, 2, 2);
  const notify = newObject(second, NOTIFY, 0, 0);
  newEnd(second, channel, SENDER);
  newEnd(second, ring, RECEIVER);
  const env = {
    channel,
    ring,
    semaphore,
    notify,
    sender: newEnd(first, channel, SENDER),
    receiver: newEnd(first, ring, RECEIVER),
    permits: [take(first, semaphore, 1), take(first, semaphore, 1)],
    chosen: notified(first, notify),
    others: [notified(second, notify), notified(second, notify)],
    forgotten: 0,
  };
  second.call("notify.notifyOne", notify);
  same("reached", second.call("broadcast.broadcast", ring, NUMBER, 1), 2);
  return env;
}

const COUNTED_DOWN_TWICE: Mutant = {
  name: "end-counted-down-twice",
  file: "shared/ends.ts",
  find: "  storeShared(claim + CLAIM_ROLE, ROLE_NOTHING);\n  return change",
  replace: "  return change",
};

const PASSED_ON_TWICE: Mutant = {
  name: "notification-passed-on-twice",
  file: "shared/notify.ts",
  find: "    storeState(claim, STATE_HELD);\n    if (state",
  replace: "    if (state",
};

const FORGOTTEN_AND_BACK: Mutant = {
  name: "forgotten-permits-come-back",
  file: "shared/semaphore.ts",
  find: "  setField(claim, CLAIM_HELD, 0);\n  unlockObject(object);\n  freeClaim(claim);",
  replace: "  unlockObject(object);\n  freeClaim(claim);",
};

const MERGED_AND_KEPT: Mutant = {
  name: "merged-permits-are-held-twice",
  file: "shared/semaphore.ts",
  find: "  setField(other, CLAIM_HELD, 0);\n",
  replace: "",
};

const SPLIT_WITHOUT_LOCK: Mutant = {
  name: "split-without-the-lock",
  file: "shared/semaphore.ts",
  find: `  lockObject(object);
  setField(part, CLAIM_WANTED, count);`,
  replace: `  setField(part, CLAIM_HELD, count);
  lockObject(object);
  setField(part, CLAIM_WANTED, count);`,
};

const counts = defineModel<Counted>({
  name: "shared-death-counts",
  proves:
    "a thread dies while it drops ends, merges, splits and forgets permits, or passes a notification on: all that counts it counts once",
  preemptions: 0,
  dies: VICTIM,
  setup: counted,
  threads: [
    function* (_core, env) {
      const [one, other] = env.permits as [number, number];
      yield call("drop.dropClaim", env.sender);
      yield call("drop.dropClaim", env.receiver);
      yield call("semaphore.mergePermits", one, other);
      const part = yield call("semaphore.splitPermits", one, 1);
      env.forgotten = 1;
      yield call("semaphore.forgetHeld", part);
      env.forgotten = 2;
      yield call("drop.dropClaim", one);
      yield call("drop.dropClaim", env.chosen);
    },
    recover,
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    if (!isBroken(core, env.channel)) same("senders", fieldOf(core, env.channel, "STRONG"), 1);
    if (!isBroken(core, env.ring)) {
      same("receivers", fieldOf(core, env.ring, "RECEIVERS"), 1);
      same("kept for the other", core.call("broadcast.keptIn", env.ring), 1);
    }
    if (!isBroken(core, env.semaphore)) {
      const free = core.call("semaphore.availablePermits", env.semaphore);
      const most = env.forgotten === 2 ? 1 : 2;
      insist(free === most || (env.forgotten === 1 && free === 1), `${free} permits are free`);
      same("promised", fieldOf(core, env.semaphore, "PROMISED"), 0);
    }
    if (!isBroken(core, env.notify)) {
      const states = env.others.map((claim) => core.call("claim.stateOfClaim", claim));
      same("passed on", states, [READY, WAITING]);
    }
    dropTheRest(cores);
  },
  mutants: [
    COUNTED_DOWN_TWICE,
    PASSED_ON_TWICE,
    FORGOTTEN_AND_BACK,
    MERGED_AND_KEPT,
    SPLIT_WITHOUT_LOCK,
  ],
});

// ── OnceCell ──

interface Cell {
  readonly object: number;
  /** What the other one came to: HELD if it gave a value, CLOSED if it found one. */
  state: number;
}

const TURN_GIVEN_UP_EARLY: Mutant = {
  name: "turn-given-up-before-the-lock",
  file: "shared/once.ts",
  find: `  lockObject(object);
  const whole = !isBroken(object);
  if (whole) {
    assert(field(claim, CLAIM_HELD) == 1, "once: who initialises has the turn");`,
  replace: `  setField(claim, CLAIM_HELD, 0);
  lockObject(object);
  const whole = !isBroken(object);
  if (whole) {`,
};

const TURN_KEPT_BY_THE_DEAD: Mutant = {
  name: "turn-given-back-and-still-held",
  file: "shared/once.ts",
  find: "    setField(claim, CLAIM_HELD, 0);\n",
  replace: "",
};

const once = defineModel<Cell>({
  name: "shared-death-once-cell",
  proves:
    "a thread dies while it initialises a cell and takes the value out again: the turn comes back once, and who asks gets it or the value",
  preemptions: 1,
  dies: VICTIM,
  setup(cores) {
    setUpCallers(cores);
    const object = newObject(coreAt(cores, 1), SEMAPHORE, 1, 1);
    refer(coreAt(cores, 0), object);
    return { object, state: WAITING };
  },
  threads: [
    function* (_core, env) {
      const answer = yield call("semaphore.tryAcquirePermits", env.object, 1);
      if (stateIn(answer) !== HELD) return;
      yield call("once.initialize", claimIn(answer), NUMBER, 1, 1);
      yield call("drop.dropClaim", claimIn(answer));
      yield call("once.takeInitialized", env.object);
    },
    function* (core, env) {
      while (env.state === WAITING) {
        const { state, claim } = yield* acquire(core, env.object, 1);
        if (state === HELD) yield call("once.initialize", claim, NUMBER, 2, 0);
        if (claim !== 0) yield call("drop.dropClaim", claim);
        const isGone =
          state === CLOSED && (yield call("cell.readValue", env.object)) === EMPTY_SLOT;
        // Only a broken one is closed for ever without a value.
        if (!isGone || isBroken(core, env.object)) env.state = state;
      }
    },
    recover,
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    if (!isBroken(core, env.object)) {
      insist(env.state === HELD || env.state === CLOSED, "a value was given or found");
      same("the turn is free", core.call("semaphore.availablePermits", env.object), 1);
      same("promised", fieldOf(core, env.object, "PROMISED"), 0);
    }
    dropTheRest(cores);
  },
  mutants: [TURN_GIVEN_UP_EARLY, TURN_KEPT_BY_THE_DEAD],
});

// ── Broken objects ──

interface Broken {
  readonly channel: number;
  readonly bounded: number;
  readonly ring: number;
  readonly watch: number;
  readonly notify: number;
  /** All of them. */
  readonly objects: readonly number[];
  /** Of the other thread, who waits everywhere. */
  readonly permit: number;
  readonly receivers: readonly number[];
  readonly fresh: number;
  /** Blocks that were made after the death and are still in hand. */
  readonly kept: number[];
}

/** A word in which the setup leaves the objects' addresses, for `mayDie`. */
const OBJECTS = 8;

function breakable(cores: readonly Core[]): Broken {
  setUpCallers(cores);
  const [first, second] = cores as [Core, Core];
  const channel = newObject(second, CHANNEL, 0, 0);
  const bounded = newObject(second, CHANNEL, 1, 1);
  const ring = newObject(second, BROADCAST, 0, 1);
  const watch = newObject(second, WATCH, 0, 0);
  const notify = newObject(second, NOTIFY, 0, 0);
  const objects = [channel, bounded, ring, watch, notify];
  objects.forEach((object, index) => {
    refer(first, object);
    first.call("sync.storeShared", tallyAddress(first) - OBJECTS - 4 * index, object);
  });
  const receivers = [channel, bounded, ring, watch].map((object) =>
    newEnd(second, object, RECEIVER),
  );
  for (const object of [channel, bounded, ring, watch]) newEnd(first, object, SENDER);
  // Two in the chunk that is full, behind one whose slots still have the blocks that were received from it.
  for (const block of [1, 2, 3, 4])
    first.call("channel.send", channel, BYTES, newBlock(second, block));
  first.call("broadcast.broadcast", ring, BYTES, newBlock(second, 3));
  first.call("cell.publishToReceivers", watch, BYTES, newBlock(second, 4));
  const listener = second.call("listener.newListener", bounded);
  second.call("channel.receive", bounded, listener, waker(second), 1);
  notified(second, notify);
  const permit = take(second, bounded, 1);
  const fresh = newBlock(first, 5);
  // Last of all: what the other one makes next is made of these blocks.
  for (let count = 0; count < 2; count++) {
    second.call("channel.receive", channel, 0, 0, 0);
    second.call(
      "value.unpin",
      second.call("value.numberIn", second.call("shared.resultAddress") - 8),
    );
  }
  return { channel, bounded, ring, watch, notify, objects, permit, receivers, fresh, kept: [] };
}

/** Only in the middle of a change: elsewhere nothing breaks. */
function holdsALock(cores: readonly Core[]): boolean {
  const core = coreAt(cores, 0);
  const offset = core.constant("sharedLayout.LOCK");
  return [0, 1, 2, 3, 4].some((index) => {
    const object = core.word(tallyAddress(core) - OBJECTS - 4 * index);
    return core.word(object + offset) === VICTIM + 1;
  });
}

/** Everything that another thread may do with what is broken. */
function* useAll(core: Core, env: Broken): Body {
  const broken = (object: number): boolean => isBroken(core, object);
  // As many as the dead thread may have let go of.
  for (let count = 0; count < 3; count++) env.kept.push(yield call("value.newValue", 4));
  const block = yield call("value.newValue", 4);
  if (broken(env.channel)) {
    same("send", yield call("channel.send", env.channel, BYTES, block), GONE);
    same("receive", yield call("channel.receive", env.channel, 0, 0, 0), SHATTERED);
    same("receiveMany", yield call("channel.receiveMany", env.channel, 9), SHATTERED);
  }
  if (broken(env.bounded)) {
    same("fulfil", yield call("channel.fulfil", env.permit, NUMBER, 1), SENT);
    same("acquire", stateIn(yield call("semaphore.acquirePermits", env.bounded, 1, 0, 0)), BROKEN);
    yield call("ends.closeObject", env.bounded);
  }
  if (broken(env.ring)) {
    same("broadcast", yield call("broadcast.broadcast", env.ring, BYTES, block), 0);
    same("next", yield call("broadcast.receiveNext", env.receivers[2] as number, 0, 0, 0), -3);
  }
  if (broken(env.watch)) {
    same("publish", yield call("cell.publishToReceivers", env.watch, BYTES, block), 0);
    same("read", yield call("cell.readValue", env.watch), EMPTY_SLOT);
    same("await", yield call("cell.awaitVersion", env.watch, 0, 0, 0, 0), BROKEN);
  }
  if (broken(env.notify)) {
    yield call("notify.notifyOne", env.notify);
    yield call("notify.notifyWaiters", env.notify);
    const stamp = yield call("notify.stampOf", env.notify);
    const late = yield call("notify.newNotified", env.notify, stamp);
    same("notified", yield call("notify.pollNotified", late, waker(core), 1), BROKEN);
  }
  yield call("value.unpin", block);
}

const SENT_ALL_THE_SAME: Mutant = {
  name: "sent-into-a-broken-queue",
  file: "shared/channel.ts",
  find: "  if (field(object, CLOSED) != 0 || isBroken(object)) answer = GONE;",
  replace: "  if (field(object, CLOSED) != 0) answer = GONE;",
};

const JOINED_ALL_THE_SAME: Mutant = {
  name: "joined-a-broken-line",
  file: "shared/notify.ts",
  find: "    else if (isBroken(object)) state = STATE_BROKEN;\n    else if",
  replace: "    else if",
};

const FREED_ALL_THE_SAME: Mutant = {
  name: "broken-contents-are-freed",
  file: "shared/contents.ts",
  find: "  if (field(object, BROKEN) != 0) return;\n",
  replace: "",
};

const TORN_VALUE_READ: Mutant = {
  name: "torn-value-is-read",
  file: "shared/cell.ts",
  find: "  const outcome = isTorn(object) ? OUTCOME_EMPTY : outcomeIn(object + VALUE);",
  replace: "  const outcome = outcomeIn(object + VALUE);",
};

const broken = defineModel<Broken>({
  name: "shared-death-inside-a-lock",
  proves:
    "a thread dies in the middle of any change under a lock: the object is broken for everybody, its lines, queues and values are not touched again",
  preemptions: 0,
  dies: VICTIM,
  mayDie: holdsALock,
  setup: breakable,
  threads: [
    function* (_core, env) {
      yield call("channel.send", env.channel, NUMBER, 5);
      const outcome = yield call("channel.receive", env.channel, 0, 0, 0);
      same("received", outcome, BYTES);
      yield call("semaphore.addPermits", env.bounded, 1, 1 << 20);
      yield call("channel.send", env.bounded, NUMBER, 6);
      yield call("broadcast.broadcast", env.ring, NUMBER, 7);
      yield call("cell.publishToReceivers", env.watch, BYTES, env.fresh);
      yield call("notify.notifyOne", env.notify);
      yield call("notify.notifyOne", env.notify);
    },
    function* (core, env) {
      if ((yield outlive(VICTIM)) === 0) return;
      yield call("death.recover", VICTIM);
      yield* useAll(core, env);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 1);
    insist(env.objects.filter((object) => isBroken(core, object)).length <= 1, "one is broken");
    dropEverything(cores.slice(1));
    for (const block of env.kept) same("in hand", core.word(block), 1);
    blocksInUse(cores);
  },
  mutants: [
    SENT_ALL_THE_SAME,
    SHATTERED_LATE,
    JOINED_ALL_THE_SAME,
    FREED_ALL_THE_SAME,
    TORN_VALUE_READ,
  ],
});

export const SHARED_DEATH_MODELS = [lock, reader, sender, garbage, counts, once, serving, broken];
