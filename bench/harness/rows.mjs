// The rows: what is run, at which sizes, against whom, and the goals of the project for each.
//
// A row is run by each of its implementations, round by round. What a round answers is one or more figures; each becomes a
// line of the table. Of every figure less is better.
//
//   parameters   sizes, given to every implementation alike; `quick` replaces some of them for `--quick`
//   peers        besides tokiwa; `{ tokio: "yield_many" }` runs a peer's row of another name
//   rounds       a bound on the rounds, for rows that take long; `quickRounds` the same for `--quick`
//   fresh        every round in a new process: for what only a process's first time shows, and for memory
//   figures      `field` of the answer, or what `of` makes of answer and parameters; `unit`; `label` where the row has more
//                than one; `goals`: `{ peer, atMost }` is a ratio to that peer, `{ atMost }` a value

const ns = (goals) => [{ field: "nsPerOp", unit: "ns", goals }];

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
