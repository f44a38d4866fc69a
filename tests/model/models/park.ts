// Going to sleep and being woken: no wake is lost, and new work wakes as many workers as it keeps busy.

import { type Core, call, defineModel, type Mutant, same } from "../explorer/model.js";
import {
  COMPLETED,
  coreAt,
  EMPTY,
  newSendables,
  PENDING,
  type Poll,
  runThread,
  START_FLAG,
  setUp,
  tally,
  tallyAddress,
  untilTally,
} from "./world.js";

const SEARCH = "threads/search.ts";

const ANNOUNCED_TOO_LATE: Mutant = {
  name: "announced-after-the-last-look",
  file: SEARCH,
  find: `  announcePark();
  if (isOnDuty()) becomeSleeper();
  else if (get(SEARCHING) != 0) endSearch();
  if (isFreeForCalls()) becomeIdle();
  if (somethingCame()) {
    backFromPark();
    return false;
  }`,
  replace: `  if (isOnDuty()) becomeSleeper();
  else if (get(SEARCHING) != 0) endSearch();
  if (isFreeForCalls()) becomeIdle();
  if (somethingCame()) {
    backFromPark();
    return false;
  }
  announcePark();`,
};

const NOT_LOOKED_AGAIN: Mutant = {
  name: "no-last-look",
  file: SEARCH,
  find: "if (somethingCame()) {",
  replace: "if (false) {",
};

const LOOKED_AT_TOO_EARLY: Mutant = {
  name: "sleeper-looked-for-before-the-push",
  file: "threads/ring.ts",
  find: `while (!tryPush(task));
  notifyWorker();`,
  replace: `notifyWorker();
  while (!tryPush(task));`,
};

const INBOX_TOO_LATE: Mutant = {
  name: "owner-woken-before-the-push",
  file: "threads/inbox.ts",
  find: `  for (;;) {
    setNext(task, head as u32 as usize);
    const before = compareExchange(inbox, head, task as i32);
    if (before == head) break;
    head = before;
  }
  if (head == 0) unpark(thread);`,
  replace: `  if (head == 0) unpark(thread);
  for (;;) {
    setNext(task, head as u32 as usize);
    const before = compareExchange(inbox, head, task as i32);
    if (before == head) break;
    head = before;
  }`,
};

const SEARCH_ENDS_QUIETLY: Mutant = {
  name: "last-searcher-wakes-nobody",
  file: "threads/look.ts",
  find: "if (leaveSearch() && hasSharedWork()) notifyWorker();",
  replace: "leaveSearch();",
};

const GENERATION = 5;

interface Pinned {
  slot: number;
  polls: number;
}

/** A caller with one task that has been polled and waits. */
function idleTask(cores: readonly Core[]): Pinned {
  setUp(cores, ["caller", "caller"]);
  const core = coreAt(cores, 0);
  const slot = core.call("scheduler.spawn", GENERATION);
  same("first poll", core.call("scheduler.next", PENDING), slot);
  same("no other", core.call("scheduler.next", PENDING), -1);
  return { slot, polls: 0 };
}

const parkAgainstWake = defineModel<Pinned>({
  name: "park-inbox",
  proves: "a wake from another thread reaches a thread that is going to sleep",
  setup: idleTask,
  threads: [
    (core, env) =>
      runThread(core, function* () {
        env.polls++;
        yield call("closing.close");
        return COMPLETED;
      }),
    function* (_core, env) {
      yield call("wake.wakeTask", env.slot, GENERATION);
    },
  ],
  check: (_cores, env) => same("polls", env.polls, 1),
  mutants: [ANNOUNCED_TOO_LATE, NOT_LOOKED_AGAIN, INBOX_TOO_LATE],
});

interface Started {
  readonly tasks: readonly number[];
}

/** A first poll that goes on until so many tasks have begun. The last one closes the runtime. */
function pollUntilAll(core: Core, count: number): Poll {
  return function* () {
    const before = yield tally(core);
    if (before + 1 === count) yield call("closing.close");
    else yield untilTally(core, count);
    return COMPLETED;
  };
}

function startWorkers(cores: readonly Core[], tasks: number): Started {
  setUp(
    cores,
    cores.map(() => "worker"),
  );
  const core = coreAt(cores, 0);
  return { tasks: newSendables(core, tasks).map((slot) => core.call("task.taskAddress", slot)) };
}

function checkStarted(cores: readonly Core[], env: Started): void {
  same("tasks begun", coreAt(cores, 0).word(tallyAddress(coreAt(cores, 0))), env.tasks.length);
}

const pushAgainstPark = defineModel<Started>({
  name: "park-idle",
  proves: "a task in the ring of a busy worker gets another worker out of its sleep",
  setup: (cores) => startWorkers(cores, 1),
  threads: [
    function* (core, env) {
      yield call("ring.pushRing", env.tasks[0] as number);
      yield untilTally(core, 1);
    },
    (core) => runThread(core, pollUntilAll(core, 1)),
  ],
  check: checkStarted,
  mutants: [ANNOUNCED_TOO_LATE, NOT_LOOKED_AGAIN, LOOKED_AT_TOO_EARLY],
});

const chainOfWakes = defineModel<Started>({
  name: "park-chain",
  proves:
    "two tasks in the ring of a busy worker get two others out of their sleep, though only one is woken at a time",
  preemptions: 1,
  setup: (cores) => startWorkers(cores, 2),
  threads: [
    function* (core, env) {
      for (const task of env.tasks) yield call("ring.pushRing", task);
      yield untilTally(core, 2);
    },
    (core) => runThread(core, pollUntilAll(core, 2)),
    (core) => runThread(core, pollUntilAll(core, 2)),
  ],
  check: checkStarted,
  mutants: [SEARCH_ENDS_QUIETLY],
});

const SUBMIT_WAKES_NOBODY: Mutant = {
  name: "submit-wakes-nobody",
  file: "threads/submit.ts",
  find: `inject(task);
    notifyWorker();`,
  replace: "inject(task);",
};

const injectAgainstPark = defineModel<Started>({
  name: "park-inject",
  proves: "two tasks submitted from outside get two workers out of their sleep",
  preemptions: 1,
  setup(cores) {
    setUp(cores, ["worker", "worker", "caller"]);
    return { tasks: newSendables(coreAt(cores, 2), 2) };
  },
  threads: [
    (core) => runThread(core, pollUntilAll(core, 2)),
    (core) => runThread(core, pollUntilAll(core, 2)),
    function* (_core, env) {
      for (const slot of env.tasks) yield call("submit.submit", slot);
    },
  ],
  check: checkStarted,
  mutants: [SUBMIT_WAKES_NOBODY],
});

const WOKEN_SEARCHER_FORGETS: Mutant = {
  name: "woken-searcher-finds-its-own-and-wakes-nobody",
  file: "threads/take.ts",
  find: "if (found != 0 && get(SEARCHING) != 0) endSearch();",
  replace: "",
};

interface Both extends Started {
  readonly slot: number;
}

/** The pinned task goes on until the other one has begun, which is done at once. */
function pollBoth(core: Core): Poll {
  return function* (_slot, flags) {
    if (flags === START_FLAG) {
      yield tally(core);
      return COMPLETED;
    }
    yield untilTally(core, 1);
    yield call("closing.close");
    return COMPLETED;
  };
}

const inboxAgainstNotify = defineModel<Both>({
  name: "park-inbox-and-notify",
  proves:
    "a worker that is woken for new work and finds its own task first lets another worker have the new work",
  preemptions: 1,
  setup(cores) {
    const { tasks } = startWorkers(cores, 1);
    const core = coreAt(cores, 1);
    const slot = core.call("scheduler.spawn", GENERATION);
    same("first poll", core.call("scheduler.next", PENDING), slot);
    same("idle", core.call("scheduler.next", PENDING), EMPTY);
    return { tasks, slot };
  },
  threads: [
    function* (core, env) {
      yield call("ring.pushRing", env.tasks[0] as number);
      yield call("wake.wakeTask", env.slot, GENERATION);
      yield untilTally(core, 1);
    },
    (core) => runThread(core, pollBoth(core)),
    (core) => runThread(core, pollBoth(core)),
  ],
  check: checkStarted,
  mutants: [WOKEN_SEARCHER_FORGETS],
});

export const PARK_MODELS = [
  parkAgainstWake,
  pushAgainstPark,
  chainOfWakes,
  injectAgainstPark,
  inboxAgainstNotify,
];
