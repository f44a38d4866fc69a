// Permits that are split off and merged, and values that are received several at a time: the sums hold whatever else happens.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
import {
  CHANNEL,
  coreAt,
  DRAINED,
  EMPTY_SLOT,
  GONE,
  HELD,
  listen,
  NUMBER,
  newEnd,
  newObject,
  nothingLeft,
  queue,
  RECEIVER,
  result,
  SEMAPHORE,
  SENDER,
  SENT,
  setUpCallers,
  take,
  untilGranted,
  waker,
} from "./shared-world.js";
import { tally, untilTally } from "./world.js";

const SEMAPHORE_FILE = "shared/semaphore.ts";
const CHANNEL_FILE = "shared/channel.ts";
const MANY = 1 << 20;

interface Env {
  readonly object: number;
  readonly claims: readonly number[];
}

function field(core: Core, env: { readonly object: number }, name: string): number {
  return core.word(env.object + core.constant(`sharedLayout.${name}`));
}

const SPLIT_AND_KEPT: Mutant = {
  name: "split-permits-stay-with-the-whole-too",
  file: SEMAPHORE_FILE,
  find: "  add(claim, CLAIM_HELD, -count);\n  unlockObject(object);\n  return part;",
  replace: "  unlockObject(object);\n  return part;",
};

const MERGED_AND_LOST: Mutant = {
  name: "merged-permits-are-nobodys",
  file: SEMAPHORE_FILE,
  find: "  add(claim, CLAIM_HELD, field(other, CLAIM_HELD));\n",
  replace: "",
};

const parts = defineModel<Env>({
  name: "shared-permits-parts",
  proves:
    "permits that come back in parts, some split off and merged again, while a half-filled claim is dropped, all reach who waits",
  preemptions: 1,
  setup(cores) {
    setUpCallers(cores);
    const [first, second, third] = cores as [Core, Core, Core];
    const object = newObject(first, SEMAPHORE, 3, MANY);
    const claims = [take(first, object, 3), queue(second, object, 2), queue(third, object, 3)];
    return { object, claims };
  },
  threads: [
    function* (_core, env) {
      const whole = env.claims[0] as number;
      const away = yield call("semaphore.splitPermits", whole, 1);
      const back = yield call("semaphore.splitPermits", whole, 1);
      yield call("drop.dropClaim", away);
      yield call("semaphore.mergePermits", whole, back);
      yield call("drop.dropClaim", whole);
    },
    function* (_core, env) {
      yield call("drop.dropClaim", env.claims[1] as number);
    },
    function* (core, env) {
      same("granted", yield* untilGranted(core, env.claims[2] as number), HELD);
      same("all", yield call("semaphore.heldPermits", env.claims[2] as number), 3);
      yield call("drop.dropClaim", env.claims[2] as number);
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 0);
    same("permits", [field(core, env, "PERMITS"), field(core, env, "PROMISED")], [3, 0]);
    nothingLeft(cores);
  },
  mutants: [SPLIT_AND_KEPT, MERGED_AND_LOST],
});

// ── Channels ──

interface Receiving {
  readonly object: number;
  readonly received: number[];
}

function channel(cores: readonly Core[], capacity: number): Receiving {
  setUpCallers(cores);
  const [sending, receiving] = cores as [Core, Core];
  const object = newObject(receiving, CHANNEL, capacity, capacity);
  newEnd(receiving, object, RECEIVER);
  newEnd(sending, object, SENDER);
  return { object, received: [] };
}

const ROOM_OF_ONE: Mutant = {
  name: "received-together-they-free-the-room-of-one",
  file: CHANNEL_FILE,
  find: "  freeRoom(object, count);\n  const answer",
  replace: "  freeRoom(object, min(count, 1));\n  const answer",
};

const ROOM_FREED_LATE: Mutant = {
  name: "room-counted-again-after-the-lock",
  file: CHANNEL_FILE,
  find: "  freeRoom(object, count);\n  const answer",
  replace:
    "  unlockObject(object);\n  lockObject(object);\n  freeRoom(object, field(object, MAXIMUM) - field(object, PROMISED) - field(object, PERMITS));\n  const answer",
};

const together = defineModel<Receiving & { readonly waiting: number }>({
  name: "shared-channel-receive-many",
  proves:
    "values that are received together are those that were sent, in order, and their room goes to who waits for it",
  preemptions: 2,
  setup(cores) {
    const env = channel(cores, 2);
    const sending = coreAt(cores, 0);
    for (const value of [1, 2])
      same("sent", sending.call("channel.send", env.object, NUMBER, value), SENT);
    return { ...env, waiting: queue(sending, env.object, 1) };
  },
  threads: [
    function* (core, env) {
      same("room", yield* untilGranted(core, env.waiting), HELD);
      same("sent", yield call("channel.fulfil", env.waiting, NUMBER, 3), SENT);
      yield call("drop.dropClaim", env.waiting);
      yield call("channel.send", env.object, NUMBER, 4);
    },
    function* (core, env) {
      const batch = core.call("shared.batchAddress");
      for (let look = 0; look < 2; look++) {
        const count = yield call("channel.receiveMany", env.object, 3);
        for (let index = 0; index < count; index++)
          env.received.push(yield call("value.numberIn", batch + 16 * index));
      }
    },
  ],
  check(cores, env) {
    const core = coreAt(cores, 0);
    same("in order", env.received, [1, 2, 3, 4].slice(0, env.received.length));
    const queued = field(core, env, "QUEUE_LENGTH");
    same("none lost", env.received.length + queued, 4);
    const room = ["PERMITS", "PROMISED"].map((name) => field(core, env, name));
    same("room", room, [2 - queued, 0]);
    nothingLeft(cores);
  },
  mutants: [ROOM_OF_ONE, ROOM_FREED_LATE],
});

const SENT_AFTER_THE_CLOSE: Mutant = {
  name: "send-looks-at-the-close-before-the-lock",
  file: CHANNEL_FILE,
  find: `  lockObject(object);
  let answer = SENT;
  const bounded = field(object, MAXIMUM) != 0;
  if (field(object, CLOSED) != 0 ||`,
  replace: `  lockObject(object);
  const isClosed = field(object, CLOSED) != 0;
  unlockObject(object);
  lockObject(object);
  let answer = SENT;
  const bounded = field(object, MAXIMUM) != 0;
  if (isClosed ||`,
};

/** Tokio's len_during_close, is_empty_during_close and nonempty_after_send. */
const length = defineModel<Receiving>({
  name: "shared-channel-length",
  proves:
    "what was sent is there at once, a close changes nothing about that, and what is there at the close is all that comes",
  preemptions: 2,
  setup: (cores) => channel(cores, 2),
  threads: [
    function* (core, env) {
      let sent = 0;
      for (const value of [1, 2]) {
        const answer = yield call("channel.send", env.object, NUMBER, value);
        if (answer === SENT) sent += 1;
        else same("closed", answer, GONE);
        same("there", yield call("channel.queueLengthOf", env.object), sent);
      }
      yield tally(core);
    },
    function* (core, env) {
      yield call("ends.closeObject", env.object);
      const there = yield call("channel.queueLengthOf", env.object);
      yield untilTally(core, 1);
      const listener = yield call("listener.newListener", env.object);
      const look = () => call("channel.receive", env.object, listener, waker(core), 1);
      while ((yield* listen(core, look, EMPTY_SLOT)) !== DRAINED)
        env.received.push(yield result(core));
      same("all", env.received.length, there);
    },
  ],
  check: (cores) => nothingLeft(cores),
  mutants: [SENT_AFTER_THE_CLOSE],
});

export const SHARED_PART_MODELS = [parts, together, length];
