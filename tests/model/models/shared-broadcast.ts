// A shared broadcast: what was overwritten is counted, once, and a value is kept for as long as somebody has not read it.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
import {
  BROADCAST,
  BYTES,
  coreAt,
  EMPTY_SLOT,
  listen,
  newEnd,
  newObject,
  nothingLeft,
  RECEIVER,
  readBlock,
  result,
  SENDER,
  setUpCallers,
  waker,
  writeBlock,
} from "./shared-world.js";

const BROADCAST_FILE = "shared/broadcast.ts";
const LAGGED = -2;

interface Env {
  readonly object: number;
  readonly sender: number;
  /** By thread; the first is the sender's. */
  readonly receivers: readonly number[];
  /** Contents, and what was missed as a negative number. */
  readonly heard: number[];
}

function begin(cores: readonly Core[], capacity: number): Env {
  setUpCallers(cores);
  const [sending, ...receiving] = cores as [Core, ...Core[]];
  const object = newObject(sending, BROADCAST, 0, capacity);
  const sender = newEnd(sending, object, SENDER);
  const receivers = receiving.map((core) => newEnd(core, object, RECEIVER));
  return { object, sender, receivers: [0, ...receivers], heard: [] };
}

function* send(
  core: Core,
  env: Env,
  content: number,
): Generator<ReturnType<typeof call>, number, number> {
  const block = yield* writeBlock(core, content);
  const receivers = yield call("broadcast.broadcast", env.object, BYTES, block);
  if (receivers === 0) yield call("value.unpin", block);
  return receivers;
}

const LAG_FORGOTTEN: Mutant = {
  name: "lag-not-looked-for",
  file: BROADCAST_FILE,
  find: "  if (overtaken > 0) {",
  replace: "  if (overtaken > 1) {",
};

const LAG_TOLD_AGAIN: Mutant = {
  name: "lag-told-twice",
  file: BROADCAST_FILE,
  find: "    setField(claim, CLAIM_CURSOR, cursor + overtaken);\n",
  replace: "    setField(claim, CLAIM_CURSOR, cursor + overtaken - 1);\n",
};

const KEPT_TWICE: Mutant = {
  name: "kept-in-one-slot-and-counted-twice",
  file: "shared/broadcast.ts",
  find: "    if (field(slot, UNREAD) == 0) change(object, RING_KEPT, 1);\n",
  replace: "    change(object, RING_KEPT, 1);\n",
};

const NOT_PINNED: Mutant = {
  name: "read-without-a-pin",
  file: BROADCAST_FILE,
  find: `  if (isBlock(outcome)) pin(blockOf(number));
  store<f64>(worker() + RESULT, number);
  setField(claim`,
  replace: `  store<f64>(worker() + RESULT, number);
  setField(claim`,
};

const WAKES_NOBODY: Mutant = {
  name: "send-wakes-nobody",
  file: BROADCAST_FILE,
  find: "    wakeAll(object, object + LISTENING);\n",
  replace: "",
};

const SENT = 3;

const overrun = defineModel<Env>({
  name: "shared-broadcast-overrun",
  proves:
    "a receiver that is overtaken while it reads hears once by how many, reads the rest in order and whole, and every block is freed once",
  preemptions: 2,
  setup: (cores) => begin(cores, 1),
  threads: [
    function* (core, env) {
      for (let content = 1; content <= SENT; content++) yield* send(core, env, content);
    },
    function* (core, env) {
      const listener = yield call("listener.newListener", env.object);
      const receiver = env.receivers[1] as number;
      const look = () => call("broadcast.receiveNext", receiver, listener, waker(core), 1);
      for (let read = 0; read < SENT; ) {
        const outcome = yield* listen(core, look, EMPTY_SLOT);
        const what = yield result(core);
        env.heard.push(outcome === LAGGED ? -what : yield* readBlock(core, what));
        read += outcome === LAGGED ? what : 1;
      }
    },
  ],
  check(cores, env) {
    let next = 1;
    for (const heard of env.heard) {
      if (heard > 0) same("the next", heard, next);
      next += heard > 0 ? 1 : -heard;
    }
    same("all of them", next, SENT + 1);
    same("kept", coreAt(cores, 0).call("broadcast.keptIn", env.object), 0);
    nothingLeft(cores);
  },
  mutants: [LAG_FORGOTTEN, LAG_TOLD_AGAIN, NOT_PINNED, WAKES_NOBODY, KEPT_TWICE],
});

const LEFT_IN_TWO_STEPS: Mutant = {
  name: "receiver-leaves-in-two-steps",
  file: "shared/ends.ts",
  find: "    skipUnread(object, claim);\n",
  replace: `    skipUnread(object, claim);
    unlockObject(object);
    lockObject(object);
`,
};

const NOT_SKIPPED: Mutant = {
  name: "what-a-receiver-leaves-stays",
  file: "shared/ends.ts",
  find: "    skipUnread(object, claim);\n",
  replace: "",
};

const SKIPPED_AND_UNREAD: Mutant = {
  name: "passed-over-and-still-before-it",
  file: "shared/broadcast.ts",
  find: "  setField(claim, CLAIM_CURSOR, to);\n",
  replace: "  if (most == i32.MAX_VALUE) setField(claim, CLAIM_CURSOR, to);\n",
};

const COUNTED_TOO_EARLY: Mutant = {
  name: "subscribed-without-the-lock",
  file: "shared/ends.ts",
  find: `  lockObject(object);
  countEnd(object, claim, role);
  unlockObject(object);
  return claim;`,
  replace: `  countEnd(object, claim, role);
  return claim;`,
};

const leaving = defineModel<Env>({
  name: "shared-broadcast-receiver-drop",
  proves:
    "a receiver that is dropped, and one that comes, while a value is sent: the value is kept for exactly those that it was sent to",
  preemptions: 2,
  setup: (cores) => begin(cores, 2),
  threads: [
    function* (core, env) {
      yield* send(core, env, 1);
      yield* send(core, env, 2);
    },
    function* (_core, env) {
      yield call("drop.dropClaim", env.receivers[1] as number);
    },
    function* (core, env) {
      const receiver = yield call("ends.newEnd", env.object, RECEIVER);
      yield call("drop.dropClaim", env.receivers[2] as number);
      for (;;) {
        const outcome = yield call("broadcast.receiveNext", receiver, 0, waker(core), 1);
        if (outcome !== BYTES) break;
        env.heard.push(yield* readBlock(core, yield result(core)));
      }
      yield call("drop.dropClaim", receiver);
    },
  ],
  check(cores, env) {
    same("kept for nobody", coreAt(cores, 0).call("broadcast.keptIn", env.object), 0);
    same("in order", env.heard, [...env.heard].sort());
    nothingLeft(cores);
  },
  mutants: [LEFT_IN_TWO_STEPS, NOT_SKIPPED, COUNTED_TOO_EARLY, SKIPPED_AND_UNREAD],
});

export const SHARED_BROADCAST_MODELS = [overrun, leaving];
