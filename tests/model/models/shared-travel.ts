// Handles that travel with values, and the wakers of tasks.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
import {
  BROADCAST,
  BYTES,
  CHANNEL,
  claimIn,
  coreAt,
  DRAINED,
  EMPTY_SLOT,
  HELD,
  LOCK,
  listen,
  NUMBER,
  newBlock,
  newEnd,
  newObject,
  nothingLeft,
  ONESHOT,
  RECEIVER,
  refer,
  result,
  SENDER,
  setUpCallers,
  stateIn,
  take,
  WAITING,
  WATCH,
  waker,
} from "./shared-world.js";
import { COMPLETED, PENDING, runThread, setUp } from "./world.js";

const TRAVEL = "shared/travel.ts";

interface Env {
  /** What the travelling handle is of. */
  readonly object: number;
  readonly block: number;
  readonly traveller: number;
  readonly landed: number[];
}

function strong(core: Core, object: number): number {
  return core.word(object + core.constant("sharedLayout.STRONG"));
}

/** A value that a sender of a new object travels with; the sender that was sent is disposed if there is only one. */
function travelling(core: Core, kind: number): Env {
  const object = newObject(core, kind, 0, 0);
  const sender = newEnd(core, object, SENDER);
  const block = newBlock(core, 1);
  const traveller = core.call("travel.newTraveller", sender);
  core.call("value.attachClaim", block, traveller);
  core.call("travel.depart", sender, traveller);
  core.call("drop.dropClaim", sender);
  return { object, block, traveller, landed: [] };
}

/** As a reader of the value does, who has pinned it. */
function* land(_core: Core, env: Env): Generator<ReturnType<typeof call>, void, number> {
  const claim = yield call("travel.land", env.traveller);
  if ((yield call("travel.isEmptyClaim", claim)) === 1) yield call("drop.dropClaim", claim);
  else env.landed.push(claim);
  yield call("value.unpin", env.block);
  yield call("drop.collect");
}

const MOVED_TWICE: Mutant = {
  name: "moved-to-two-readers",
  file: TRAVEL,
  find: `  const object = objectOf(from);
  lockObject(object);
  const role = field(from, CLAIM_ROLE);`,
  replace: `  const object = objectOf(from);
  const role = loadShared(from + CLAIM_ROLE);
  lockObject(object);`,
};

const ROLE_READ_PLAINLY: Mutant = {
  name: "role-read-plainly",
  file: TRAVEL,
  find: "  const role = loadShared(traveller + CLAIM_ROLE);",
  replace: "  const role = field(traveller, CLAIM_ROLE);",
};

const unique = defineModel<Env>({
  name: "shared-travel-unique",
  proves: "of two who read a value with a handle that there is one of, one gets it",
  setup(cores) {
    setUpCallers(cores);
    const env = travelling(coreAt(cores, 0), ONESHOT);
    coreAt(cores, 0).call("value.pin", env.block);
    return env;
  },
  threads: [land, land],
  check(cores, env) {
    same("landed", env.landed.length, 1);
    same("senders", strong(coreAt(cores, 0), env.object), 1);
    nothingLeft(cores);
  },
  mutants: [MOVED_TWICE, ROLE_READ_PLAINLY],
});

const LEFT_WITH_THE_BLOCK: Mutant = {
  name: "handles-of-a-dropped-value-are-forgotten",
  file: "shared/value.ts",
  find: "  discardClaims(link(block, VALUE_CLAIMS));\n",
  replace: "",
};

const COPIED_WITHOUT_THE_LOCK: Mutant = {
  name: "copied-without-the-lock",
  file: TRAVEL,
  find: `  lockObject(object);
  countEnd(object, to, role);
  setField(to, CLAIM_CURSOR, field(from, CLAIM_CURSOR));
  unlockObject(object);`,
  replace: `  countEnd(object, to, role);
  setField(to, CLAIM_CURSOR, field(from, CLAIM_CURSOR));`,
};

interface Watched extends Env {
  readonly watch: number;
}

const copied = defineModel<Watched>({
  name: "shared-travel-copy",
  proves:
    "a handle is copied out of a value that is replaced at this moment: it is counted for as long as the value or a copy lives, and then the receiver hears the end",
  preemptions: 2,
  setup(cores) {
    setUpCallers(cores);
    const [first, second, third] = cores as [Core, Core, Core];
    const env = travelling(first, CHANNEL);
    newEnd(third, env.object, RECEIVER);
    const watch = newObject(first, WATCH, 0, 0);
    refer(second, watch);
    first.call("cell.publish", watch, BYTES, env.block);
    return { ...env, watch };
  },
  threads: [
    function* (_core, env) {
      yield call("cell.publish", env.watch, EMPTY_SLOT, 0);
      yield call("drop.collect");
    },
    function* (core, env) {
      if ((yield call("cell.readValue", env.watch)) !== BYTES) return;
      same("the block", yield result(core), env.block);
      const claim = yield call("travel.land", env.traveller);
      same("landed", yield call("travel.isEmptyClaim", claim), 0);
      yield call("value.unpin", env.block);
      yield call("drop.collect");
      yield call("drop.dropClaim", claim);
    },
    function* (core, env) {
      const listener = yield call("listener.newListener", env.object);
      const look = () => call("channel.receive", env.object, listener, waker(core), 1);
      same("the end", yield* listen(core, look, EMPTY_SLOT), DRAINED);
    },
  ],
  check(cores, env) {
    same("senders", strong(coreAt(cores, 0), env.object), 0);
    nothingLeft(cores);
  },
  mutants: [LEFT_WITH_THE_BLOCK, COPIED_WITHOUT_THE_LOCK],
});

const CURSOR_LEFT_BEHIND: Mutant = {
  name: "receiver-moves-without-its-place",
  file: TRAVEL,
  find: "    setField(to, CLAIM_CURSOR, field(from, CLAIM_CURSOR));\n    storeState",
  replace: "    storeState",
};

const CLOSED_AND_READ = -1;

const listening = defineModel<Env & { readonly sender: number; readonly heard: number[] }>({
  name: "shared-travel-receiver",
  proves:
    "a broadcast's receiver that moves while values are sent goes on where it was, and hears each once and then the end",
  preemptions: 2,
  setup(cores) {
    setUpCallers(cores);
    const [first] = cores as [Core];
    const object = newObject(first, BROADCAST, 0, 4);
    const sender = newEnd(first, object, SENDER);
    const receiver = newEnd(first, object, RECEIVER);
    first.call("broadcast.broadcast", object, NUMBER, 1);
    first.call("broadcast.broadcast", object, NUMBER, 2);
    same("read", first.call("broadcast.receiveNext", receiver, 0, 0, 0), NUMBER);
    const block = newBlock(first, 1);
    const traveller = first.call("travel.newTraveller", receiver);
    first.call("value.attachClaim", block, traveller);
    first.call("travel.depart", receiver, traveller);
    first.call("drop.dropClaim", receiver);
    return { object, block, traveller, landed: [], sender, heard: [] };
  },
  threads: [
    function* (_core, env) {
      same("heard", yield call("broadcast.broadcast", env.object, NUMBER, 3), 1);
      yield call("drop.dropClaim", env.sender);
    },
    function* (core, env) {
      yield* land(core, env);
      const receiver = env.landed[0] as number;
      const listener = yield call("listener.newListener", env.object);
      const look = () => call("broadcast.receiveNext", receiver, listener, waker(core), 1);
      while ((yield* listen(core, look, EMPTY_SLOT)) !== CLOSED_AND_READ)
        env.heard.push(yield result(core));
    },
  ],
  check(cores, env) {
    same("heard", env.heard, [2, 3]);
    nothingLeft(cores);
  },
  mutants: [CURSOR_LEFT_BEHIND],
});

const GENERATION = 5;

const FORGOTTEN_WAKES: Mutant = {
  name: "gathered-wakes-are-forgotten",
  file: "shared/waiters.ts",
  find: "  const count = wakes;\n  wakes = 0;",
  replace: "  wakes = 0;\n  const count = wakes;",
};

const WAKER_SET_WITHOUT_A_LOOK: Mutant = {
  name: "granted-while-the-lock-was-let-go",
  file: "shared/semaphore.ts",
  find: "  setWaker(claim, slot, generation);\n  storeState(claim, STATE_WAITING);",
  replace:
    "  unlockObject(object);\n  lockObject(object);\n  setWaker(claim, slot, generation);\n  storeState(claim, STATE_WAITING);",
};

interface Waiting {
  readonly object: number;
  readonly held: number;
  readonly slot: number;
  state: number;
}

const task = defineModel<Waiting>({
  name: "shared-task-waker",
  proves:
    "a task that waits for a lock is run when it is granted, though its thread goes to sleep meanwhile",
  preemptions: 2,
  setup(cores) {
    setUp(cores, ["caller", "caller"]);
    const [first, second] = cores as [Core, Core];
    const object = newObject(second, LOCK, 1, 1);
    refer(first, object);
    const slot = first.call("scheduler.spawn", GENERATION);
    return { object, held: take(second, object, 1), slot, state: 0 };
  },
  threads: [
    (core, env) => {
      let claim = 0;
      return runThread(core, function* () {
        if (claim === 0) {
          const answer = yield call(
            "semaphore.acquirePermits",
            env.object,
            1,
            env.slot,
            GENERATION,
          );
          claim = claimIn(answer);
          env.state = stateIn(answer);
        } else {
          env.state = yield call("semaphore.pollPermits", claim, env.slot, GENERATION);
        }
        if (env.state === WAITING) return PENDING;
        yield call("closing.close");
        return COMPLETED;
      });
    },
    function* (_core, env) {
      yield call("drop.dropClaim", env.held);
    },
  ],
  check(cores, env) {
    same("granted", env.state, HELD);
    nothingLeft(cores);
  },
  mutants: [FORGOTTEN_WAKES, WAKER_SET_WITHOUT_A_LOOK],
});

export const SHARED_TRAVEL_MODELS = [unique, copied, listening, task];
