// The same seed twice: a program that depends on chance runs the same way again.

import { createHash } from "node:crypto";
import { select, sleep, spawn } from "tokiwa";
import { Builder, Handle } from "tokiwa/runtime";
import { mpsc } from "tokiwa/sync";
import { Instant } from "tokiwa/time";
import { stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { nodeSleep } from "../runtime.js";
import { count } from "../units.js";

const SEED = 7;
const OTHER_SEED = 8;
const SHOPPERS = 200;
const TILLS = 3;
/** Between two customers of a till, at most. */
const PAUSE_MS = 120_000;
const HOUR_MS = 3_600_000;

/** Customers come to their till at random times, and each takes a while. */
function* till(customers: mpsc.Sender<number>, first: number) {
  using _close = customers;
  const runtime = Handle.current();
  for (let customer = first; customer < SHOPPERS; customer += TILLS) {
    yield* sleep(runtime.randomBelow(PAUSE_MS));
    yield* customers.send(customer);
  }
}

/** A shop with three tills and one cashier, who takes from whichever till has somebody: at random if several have. */
function* shop() {
  const opened = Instant.now();
  const [north, fromNorth] = mpsc.channel<number>(4);
  const [middle, fromMiddle] = mpsc.channel<number>(4);
  const [south, fromSouth] = mpsc.channel<number>(4);
  [north, middle, south].forEach((sender, first) => {
    spawn(till, sender, first);
  });
  const served: string[] = [];
  const open = { north: true, middle: true, south: true };
  while (open.north || open.middle || open.south) {
    const next = yield* select({
      north: open.north && fromNorth.recv(),
      middle: open.middle && fromMiddle.recv(),
      south: open.south && fromSouth.recv(),
    });
    if (next.value === undefined) open[next.branch] = false;
    else {
      served.push(`${next.branch} ${next.value}`);
      yield* sleep(Handle.current().randomBelow(PAUSE_MS));
    }
  }
  return { served, virtualMs: opened.elapsed() };
}

interface Run {
  readonly trace: Buffer;
  readonly served: string[];
  readonly virtualMs: number;
  readonly ms: number;
}

function simulate(seed: number): Run {
  const time = stopwatch();
  const runtime = Builder.newCurrentThread()
    .enableTime()
    .rngSeed(seed)
    .startPaused(true)
    .trace()
    .build();
  try {
    const { served, virtualMs } = runtime.blockOn(shop);
    return { trace: Buffer.from(runtime.traceText()), served, virtualMs, ms: time() };
  } finally {
    runtime.shutdownBackground();
  }
}

// ── With plain Node ────────────────────────────────────────────────────────────────────────────────────────────────

/** Milliseconds stand for minutes here, since nothing can make this clock go faster. */
const NODE_PAUSE_MS = 2;

async function nodeShop(): Promise<string[]> {
  const tills: string[][] = Array.from({ length: TILLS }, () => []);
  const fill = async (queue: string[], first: number): Promise<void> => {
    for (let customer = first; customer < SHOPPERS; customer += TILLS) {
      await nodeSleep(Math.random() * NODE_PAUSE_MS);
      queue.push(`${first} ${customer}`);
    }
  };
  const filling = tills.map((queue, first) => fill(queue, first));
  const served: string[] = [];
  while (served.length < SHOPPERS) {
    const waiting = tills.filter((queue) => queue.length > 0);
    const next = waiting[Math.floor(Math.random() * waiting.length)]?.shift();
    if (next !== undefined) served.push(next);
    await nodeSleep(Math.random() * NODE_PAUSE_MS);
  }
  await Promise.all(filling);
  return served;
}

// ── Side by side ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Places at which two lists have something else. */
function differences(a: readonly string[], b: readonly string[]): number {
  return a.filter((each, index) => each !== b[index]).length + Math.abs(a.length - b.length);
}

function fingerprint(trace: Buffer): string {
  return createHash("sha256").update(trace).digest("hex").slice(0, 12);
}

function describe(seed: number, run: Run): string {
  const lines = run.trace.filter((byte) => byte === 0x0a).length;
  const first = run.served.slice(0, 3).join(", ");
  return `seed ${seed}:  ${count(lines)} lines, sha256 ${fingerprint(run.trace)}, served ${first} …`;
}

async function run(page: Page): Promise<void> {
  const first = simulate(SEED);
  const second = simulate(SEED);
  const other = simulate(OTHER_SEED);
  const nodeTime = stopwatch();
  const nodeFirst = await nodeShop();
  const nodeMs = nodeTime();
  const nodeSecond = await nodeShop();

  for (const [seed, each] of [
    [SEED, first],
    [SEED, second],
    [OTHER_SEED, other],
  ] as const)
    page.line(describe(seed, each));
  page.figures([
    {
      label: "customers served in another place the 2nd time",
      unit: "count",
      tokiwa: differences(first.served, second.served),
      plainNode: differences(nodeFirst, nodeSecond),
    },
    { label: "time that passed in the shop", unit: "hours", tokiwa: first.virtualMs / HOUR_MS },
    { label: "time that it took", unit: "ms", tokiwa: first.ms, plainNode: nodeMs },
  ]);
  page.check(
    `everybody was served once, in each run`,
    [first, second, other].every(
      (each) => each.served.length === SHOPPERS && new Set(each.served).size === SHOPPERS,
    ),
  );
  page.check(
    `the two traces of seed ${SEED} are the same, byte for byte (${count(first.trace.length)} bytes)`,
    first.trace.length > 0 && first.trace.equals(second.trace),
    `${fingerprint(first.trace)} and ${fingerprint(second.trace)}`,
  );
  page.check(
    `seed ${OTHER_SEED} gives another trace, and another order`,
    !first.trace.equals(other.trace) && differences(first.served, other.served) > 0,
  );
}

export const replay: Chapter = {
  name: "replay",
  title: "The same seed twice",
  intro:
    `${SHOPPERS} customers come to three tills at random times, one cashier serves whichever till has somebody. Runs on ` +
    "a clock that jumps ahead whenever nobody has anything to do. The trace lists each poll, wake and timer with its time.",
  run,
};
