// The same seed twice: a program that depends on chance runs the same way again.

import { createHash } from "node:crypto";
import { interval, select, sleep, spawn } from "tokiwa";
import { Builder, Handle } from "tokiwa/runtime";
import { mpsc } from "tokiwa/sync";
import { Instant } from "tokiwa/time";
import { stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { nodeSleep } from "../runtime.js";
import { count, fixed } from "../units.js";

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
