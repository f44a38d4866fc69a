// The rows: what is run, at which sizes, against whom, and the goals of the project for each.
//
// A row is run by each of its implementations, round by round. What a round answers is one or more figures; each becomes a
// line of the table. Of every figure less is better, unless it says `more`.
//
//   parameters   sizes, given to every implementation alike; `quick` replaces some of them for `--quick`
//   peers        besides tokiwa; `{ tokio: "yield_many" }` runs a peer's row of another name
//   rounds       a bound on the rounds, for rows that take long; `quickRounds` the same for `--quick`
//   fewer        sizes of single peers, where an operation takes them a hundred times as long; the figures are per operation
//   fresh        every round in a new process: for what only a process's first time shows, and for memory
//   threads      in the table of several threads
//   figures      `field` of the answer, or what `of` makes of answer and parameters; `unit`; `label` where the row has more
//                than one; `goals`: `{ peer, atMost }` is a ratio to that peer, `{ atMost }` and `{ atLeast }` are values

const ns = (goals) => [{ field: "nsPerOp", unit: "ns", goals }];

/** The pools of npm. */
const pools = (row) => ({ piscina: row, tinypool: row, workerpool: row, poolifier: row });
/** 5 to 100 µs a task: with less of them a round takes as long as the others' do. */
const fewerForPools = pools({ tasks: 10_000 });

/** The figures of a row that measures several things: of each field what it is, and the goals of the first. */
function eachNs(labels, goals = []) {
  return Object.entries(labels).map(([field, label], index) => ({
    field,
    unit: "ns",
    label,
    goals: index === 0 ? goals : [],
  }));
}

const WORKERS = { worker_threads: 2 };
/** Stands for the figure of this machine, which `harness/measure.mjs` puts here: a row run by hand burns about as long. */
const LOOPS = { loops_per_us: 600 };

function throughput(name, work, goal) {
  return {
    name,
    threads: true,
    work: `${work}, 1,000 in flight`,
    parameters: { ...WORKERS, tasks: 100_000, in_flight: 1_000 },
    peers: { tokio: name, node: name, ...pools(name) },
    fewer: fewerForPools,
    figures: ns([goal]),
  };
}

/** A row in the shape of one of Tokio's own benches of its multi_thread scheduler. */
function shape(name, work, parameters, figures = ns([])) {
  return {
    name: `mt_${name}`,
    threads: true,
    work,
    parameters: { ...WORKERS, ...parameters },
    peers: { tokio: `mt_${name}` },
    figures,
  };
}

const MUTEX_FIGURES = { lockNs: "lock and unlock", heldNs: "held across a yield" };
const LOCK_FIGURES = { lockNs: "lock and unlock", tryNs: "tryLock and unlock" };
const SIX_PERMITS = {
  uncontendedNs: "6 in turn",
  concurrentNs: "6 at once, 10 permits",
  contentionNs: "6 at once, 5 permits",
};
const SIX_READERS = {
  uncontendedNs: "6 readers in turn",
  concurrentNs: "6 readers at once",
  contentionNs: "5 readers behind a writer",
};
const NOTIFY_FIGURES = {
  oneOf10Ns: "notifyOne, 10 wait",
  all10Ns: "notifyWaiters, 10 wait",
  oneOf100Ns: "notifyOne, 100 wait",
  all100Ns: "notifyWaiters, 100 wait",
};
const UNCONTENDED_FIGURES = {
  boundedNs: "bounded",
  boundedManyNs: "bounded, recvMany",
  unboundedNs: "unbounded",
  unboundedManyNs: "unbounded, recvMany",
};
const CONTENTION_FIGURES = {
  boundedNs: "bounded",
  boundedManyNs: "bounded, recvMany",
  fullNs: "full",
  fullManyNs: "full, recvMany",
  unboundedNs: "unbounded",
  unboundedManyNs: "unbounded, recvMany",
};
const RECEIVERS = {
  to10Ns: "10 receivers",
  to100Ns: "100 receivers",
  to1000Ns: "1,000 receivers",
};

/** A wait leaves a line of so many. */
const CANCEL = { few: 1_000, many: 100_000, cancels: 100_000 };
const CANCEL_FIGURES = { fewNs: "1,000 wait", manyNs: "100,000 wait" };
const CONTENTION = { tasks: 5, messages: 1_000, repeat: 20 };
const REQUESTS = { requests: 1_000, repeat: 20 };
const RECEIVES = { receives: 200_000 };
const FEWER_RECEIVES = { receives: 50_000 };
const EFFECT_RECEIVES = { effect: { receives: 20_000 } };
const WAKES = { wakes: 20_000 };

const speedUp = (goal) => ({
  field: "speedUp",
  unit: "×",
  label: "as fast as in order",
  more: true,
  goals: [goal],
});

export const ROWS = [
  {
    name: "yield_many",
    work: "1,000 tasks × 1,000 yields, as coroutines",
    parameters: { tasks: 1_000, yields: 1_000 },
    peers: { tokio: "yield_many", promises: "yield_many", effect: "yield_many" },
    figures: ns([
      { peer: "tokio", atMost: 1.1 },
      { peer: "promises", atMost: 1 },
    ]),
  },
  {
    name: "yield_many_poll",
    work: "1,000 tasks × 1,000 yields, as poll futures written by hand",
    parameters: { tasks: 1_000, yields: 1_000 },
    peers: { tokio: "yield_many", promises: "yield_many" },
    figures: ns([{ peer: "tokio", atMost: 0.5 }]),
  },
  {
    name: "spawn_many",
    work: "spawn 100,000 trivial tasks, then join them",
    parameters: { tasks: 100_000 },
    peers: { tokio: "spawn_many", promises: "spawn_many", effect: "spawn_many" },
    figures: ns([{ peer: "tokio", atMost: 1 }]),
  },
  {
    name: "spawn_await",
    work: "spawn one and await it, 100,000 times",
    parameters: { tasks: 100_000 },
    peers: { tokio: "spawn_await", promises: "spawn_await", effect: "spawn_await" },
    figures: ns([{ peer: "tokio", atMost: 0.15 }]),
  },
  {
    name: "ping_pong",
    work: "1,000 × two oneshots and a partner task, 100 times",
    parameters: { pings: 1_000, repeat: 100 },
    peers: { tokio: "ping_pong", promises: "ping_pong", effect: "ping_pong" },
    figures: ns([
      { peer: "tokio", atMost: 1.5 },
      { peer: "promises", atMost: 1 },
    ]),
  },
  {
    name: "mpsc",
    work: "a million messages through a channel of 1,000",
    parameters: { messages: 1_000_000, capacity: 1_000 },
    peers: { tokio: "mpsc", promises: "mpsc", effect: "mpsc" },
    figures: ns([{ peer: "tokio", atMost: 0.75 }]),
  },
  {
    name: "mpsc_contention",
    work: "5 tasks × 1,000 messages into one channel, of room for all or (full) for 100",
    parameters: CONTENTION,
    peers: { tokio: "mpsc_contention", effect: "mpsc_contention" },
    figures: eachNs(CONTENTION_FIGURES),
  },
  {
    name: "mpsc_uncontended",
    work: "one task sends 5,000 messages, then receives them",
    parameters: { messages: 5_000, repeat: 20 },
    peers: { tokio: "mpsc_uncontended", effect: "mpsc_uncontended" },
    figures: eachNs(UNCONTENDED_FIGURES),
  },
  {
    name: "request_reply",
    work: "1,000 requests to a task through a channel of 10, each with a oneshot for its reply",
    parameters: REQUESTS,
    peers: { tokio: "request_reply", promises: "request_reply", effect: "request_reply" },
    figures: ns([]),
  },
  {
    name: "broadcast",
    work: "each message when all receivers have had the one before; a receive",
    parameters: RECEIVES,
    peers: { tokio: "broadcast", effect: "broadcast" },
    fewer: EFFECT_RECEIVES,
    figures: eachNs(RECEIVERS),
  },
  {
    name: "watch",
    work: "each change when all receivers have seen the one before; a change seen",
    parameters: RECEIVES,
    peers: { tokio: "watch", effect: "watch" },
    fewer: EFFECT_RECEIVES,
    figures: eachNs(RECEIVERS),
  },
  {
    name: "mutex",
    work: "8 tasks × 10,000 locks",
    parameters: { tasks: 8, locks: 10_000 },
    peers: { tokio: "mutex", promises: "mutex", effect: "mutex", "async-mutex": "mutex" },
    figures: eachNs(MUTEX_FIGURES, [{ peer: "tokio", atMost: 1.5 }]),
  },
  {
    name: "lock_uncontended",
    work: "one task locks and unlocks",
    parameters: { locks: 100_000 },
    peers: {
      tokio: "lock_uncontended",
      promises: "lock_uncontended",
      effect: "lock_uncontended",
      "async-mutex": "lock_uncontended",
    },
    figures: eachNs(LOCK_FIGURES, [{ atMost: 40 }]),
  },
  {
    name: "cancel_waiter",
    work: "waits for a lock are given up, in no order; one of them",
    parameters: CANCEL,
    peers: { tokio: "cancel_waiter" },
    figures: eachNs(CANCEL_FIGURES),
  },
  {
    name: "semaphore",
    work: "6 take a permit and give it back, in one task",
    parameters: { repeat: 5_000 },
    peers: { tokio: "semaphore", effect: "semaphore", "async-mutex": "semaphore" },
    figures: eachNs(SIX_PERMITS),
  },
  {
    name: "rwlock",
    work: "6 lock and unlock, in one task",
    parameters: { repeat: 5_000 },
    peers: { tokio: "rwlock", effect: "rwlock" },
    fewer: { effect: { repeat: 500 } },
    figures: eachNs(SIX_READERS),
  },
  {
    name: "notify",
    work: "tasks wait again and again; a wake",
    parameters: WAKES,
    peers: { tokio: "notify", effect: "notify" },
    figures: eachNs(NOTIFY_FIGURES),
  },
  {
    name: "timers_cancel",
    work: "register and cancel a sleep of a second, 100,000 times",
    parameters: { sleeps: 100_000, duration_ms: 1_000 },
    peers: { tokio: "timers_cancel", node: "timers_cancel", effect: "timers_cancel" },
    figures: ns([{ peer: "node", atMost: 0.2 }]),
  },
  {
    name: "timers_fire",
    work: "100,000 sleeps of 1 to 100 ms",
    parameters: { tasks: 100_000, spread_ms: 100 },
    peers: {
      tokio: "timers_fire",
      node: "timers_fire",
      promises: "timers_fire",
      effect: "timers_fire",
    },
    figures: [
      ...ns([{ peer: "tokio", atMost: 1 }]),
      { field: "early", unit: "early", label: "woken early", goals: [{ atMost: 0 }] },
    ],
  },
  {
    name: "million",
    work: "a million tasks that sleep at once",
    parameters: { tasks: 1_000_000, duration_ms: 8_000 },
    peers: { tokio: "million", promises: "million" },
    rounds: 3,
    quickRounds: 1,
    fresh: true,
    figures: [
      {
        field: "bytesPerTask",
        unit: "B",
        label: "resident memory each",
        goals: [{ atMost: 600 }],
      },
      { field: "heapBytesPerTask", unit: "B", label: "heap and buffers each" },
      {
        field: "beyondMs",
        of: ({ totalMs }, { duration_ms }) => totalMs - duration_ms,
        unit: "ms",
        label: "to completion, less the sleep",
      },
    ],
  },
  {
    name: "echo_tcp",
    work: "1,000 connections × 100 messages of 64 B, both ends in one process",
    parameters: { connections: 1_000, messages: 100, bytes: 64 },
    quick: { connections: 200 },
    peers: { tokio: "echo_tcp", node: "echo_tcp" },
    figures: ns([{ peer: "node", atMost: 1.15 }]),
  },
  {
    name: "start",
    work: "build a runtime, run nothing, shut down",
    parameters: { times: 100 },
    peers: { tokio: "start" },
    fresh: true,
    figures: [
      ...ns([]),
      { field: "firstMs", unit: "ms", label: "the first of a process", goals: [{ atMost: 5 }] },
    ],
  },
  {
    name: "idle",
    work: "a runtime that waits 2 s for a timer",
    parameters: { duration_ms: 2_000 },
    quick: { duration_ms: 500 },
    peers: { node: "idle" },
    rounds: 3,
    fresh: true,
    figures: [
      {
        field: "residentBytes",
        unit: "B",
        label: "resident memory",
        goals: [{ atMost: 8 * 2 ** 20 }],
      },
      { field: "coreBytes", unit: "B", label: "the core's memory" },
      { field: "cpuMs", unit: "ms", label: "processor time", goals: [{ atMost: 5 }] },
    ],
  },
  {
    name: "size",
    work: "a program that spawns and uses a channel, bundled for a browser",
    parameters: {},
    peers: { effect: "size" },
    rounds: 1,
    fresh: true,
    figures: [
      { field: "gzipBytes", unit: "B", label: "minified and gzipped" },
      { field: "minifiedBytes", unit: "B", label: "minified" },
      { field: "coreBytes", unit: "B", label: "core.wasm", goals: [{ atMost: 32 * 2 ** 10 }] },
      {
        field: "coreThreadsBytes",
        unit: "B",
        label: "core.wasm with threads",
        goals: [{ atMost: 32 * 2 ** 10 }],
      },
    ],
  },
  {
    name: "start_mt",
    threads: true,
    work: "build a runtime of two workers, run nothing, shut down",
    parameters: { ...WORKERS, times: 10 },
    quick: { times: 3 },
    peers: { tokio: "start_mt", node: "start_mt", piscina: "start_mt", tinypool: "start_mt" },
    rounds: 5,
    fresh: true,
    figures: [
      ...ns([
        { peer: "piscina", atMost: 1 },
        { peer: "tinypool", atMost: 1 },
      ]),
      { field: "answerMs", unit: "ms", label: "the first of a process, to its first answer" },
    ],
  },
  {
    name: "remote_roundtrip",
    threads: true,
    work: "one task at a time to a worker and back, a number in and a number out",
    parameters: { ...WORKERS, tasks: 5_000 },
    peers: {
      tokio: "remote_roundtrip",
      node: "remote_roundtrip",
      ...pools("remote_roundtrip"),
    },
    figures: ns([{ atMost: 2_000 }]),
  },
  {
    name: "remote_roundtrip_cold",
    threads: true,
    work: "the same with a pause of 5 ms before each, so that the workers are parked",
    parameters: { ...WORKERS, tasks: 100, pause_ms: 5 },
    peers: {
      tokio: "remote_roundtrip_cold",
      node: "remote_roundtrip_cold",
      ...pools("remote_roundtrip_cold"),
    },
    rounds: 5,
    figures: [
      { field: "medianNs", unit: "ns", label: "median", goals: [{ peer: "node", atMost: 1 }] },
      { field: "p99Ns", unit: "ns", label: "99th percentile" },
    ],
  },
  throughput("remote_throughput", "a number in, a number out", { atMost: 500 }),
  {
    ...throughput("remote_throughput_coroutine", "the same by a coroutine", { atMost: 500 }),
    peers: { tokio: "remote_throughput", node: "remote_throughput" },
  },
  throughput("remote_throughput_object", "a small object in, a small object out", {
    atMost: 2_000,
  }),
  throughput("remote_throughput_bytes", "1 KiB in, 1 KiB out", { atMost: 2_000 }),
  {
    name: "uneven_map",
    threads: true,
    work: "10,000 tasks of 5 to 500 µs, log-uniform, on two workers",
    parameters: { ...WORKERS, tasks: 10_000, ...LOOPS },
    quick: { tasks: 2_000 },
    peers: {
      tokio: "uneven_map",
      node: "uneven_map",
      counter: "uneven_map",
      ...pools("uneven_map"),
    },
    rounds: 5,
    figures: [speedUp({ atLeast: 1.9 })],
  },
  {
    name: "steal",
    threads: true,
    work: "200 tasks of 500 µs spawned by one task on one worker while the other is parked",
    parameters: { ...WORKERS, tasks: 200, task_us: 500, repeat: 4, pause_ms: 5, ...LOOPS },
    peers: { tokio: "steal", counter: "steal" },
    figures: [
      {
        field: "percentOfIdeal",
        unit: "%",
        label: "of the ideal",
        more: true,
        goals: [{ atLeast: 90 }],
      },
    ],
  },
  {
    name: "spawn_blocking",
    threads: true,
    work: "2 tasks × 100 batches of 16 blocking calls that do nothing",
    parameters: { tasks: 2, batches: 100, batch: 16 },
    peers: { tokio: "spawn_blocking", piscina: "spawn_blocking" },
    figures: ns([]),
  },
  shape("spawn_many_local", "10,000 tasks spawned within the runtime, which count down", {
    tasks: 10_000,
    repeat: 20,
  }),
  shape("spawn_many_remote_idle", "10,000 tasks spawned from outside, then joined", {
    tasks: 10_000,
    repeat: 20,
  }),
  shape("spawn_many_remote_busy1", "the same while 4 tasks burn 10 µs and yield, over and over", {
    tasks: 10_000,
    repeat: 5,
    ...LOOPS,
  }),
  shape("spawn_many_remote_busy2", "1,000 while 2 tasks burn 10 µs and spawn the next", {
    tasks: 1_000,
    repeat: 5,
    ...LOOPS,
  }),
  shape("yield_many", "200 tasks × 1,000 yields", { tasks: 200, yields: 1_000, repeat: 5 }),
  shape("ping_pong", "1,000 × two oneshots and a partner task", { pings: 1_000, repeat: 100 }),
  shape("chained_spawn", "each of 1,000 tasks spawns the next", { depth: 1_000, repeat: 200 }),
  {
    name: "shared_mpsc",
    threads: true,
    work: "a million numbers through a channel of 1,000 from a worker to the calling thread, and between two tasks",
    parameters: { ...WORKERS, messages: 1_000_000, capacity: 1_000 },
    peers: { tokio: "shared_mpsc", node: "shared_mpsc" },
    figures: eachNs({ toCallerNs: "to the calling thread", betweenTasksNs: "between two tasks" }, [
      { atMost: 150 },
    ]),
  },
  shape("mpsc_contention", "5 tasks × 1,000 messages to the calling thread", CONTENTION, [
    ...eachNs(CONTENTION_FIGURES),
  ]),
  {
    ...shape("request_reply", "1,000 requests to a task on a worker", {
      ...REQUESTS,
      worker_threads: 1,
      repeat: 5,
    }),
    peers: { tokio: "mt_request_reply", node: "mt_request_reply" },
  },
  shape(
    "broadcast",
    "each message when all receivers have had the one before and worked for 1 µs; a receive",
    { ...FEWER_RECEIVES, ...LOOPS },
    eachNs(RECEIVERS),
  ),
  shape(
    "watch",
    "each change when all receivers have seen the one before and worked for 1 µs; a change seen",
    { ...FEWER_RECEIVES, ...LOOPS },
    eachNs(RECEIVERS),
  ),
  shape("mutex", "8 tasks × 10,000 locks", { tasks: 8, locks: 10_000 }, eachNs(MUTEX_FIGURES)),
  shape("lock_uncontended", "one task locks and unlocks", { locks: 100_000 }, eachNs(LOCK_FIGURES)),
  shape("cancel_waiter", "waits for a lock are given up, in no order; one of them", CANCEL, [
    ...eachNs(CANCEL_FIGURES),
  ]),
  shape(
    "semaphore",
    "6 tasks take a permit and give it back",
    { repeat: 1_000 },
    eachNs(SIX_PERMITS),
  ),
  shape("rwlock", "6 tasks lock and unlock", { repeat: 1_000 }, eachNs(SIX_READERS)),
  shape(
    "notify",
    "tasks wait again and again, the thread outside notifies; a wake",
    WAKES,
    eachNs(NOTIFY_FIGURES),
  ),
];

export function rowNamed(name) {
  const row = ROWS.find((candidate) => candidate.name === name);
  if (row !== undefined) return row;
  const known = ROWS.map((candidate) => candidate.name).join(", ");
  throw new Error(`unknown row: ${name}; the rows are ${known}`);
}

/** The parameters of a row with their defaults, for who runs a worker by hand. */
export function parametersOf(name) {
  return rowNamed(name).parameters;
}
