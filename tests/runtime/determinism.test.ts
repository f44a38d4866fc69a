// The same seed and a paused clock give the same trace, byte for byte.

import { join, select, sleep, spawn, yieldNow } from "tokiwa";
import { Builder, Handle } from "tokiwa/runtime";
import { mpsc } from "tokiwa/sync";
import { expect, test } from "vitest";
import { paused, settles } from "../support/tasks.js";
import { pause } from "../support/time.js";

function* producer(tx: mpsc.Sender<number>, from: number) {
  using _tx = tx;
  for (let value = from; value < from + 50; value++) {
    yield* tx.send(value);
    if (value % 7 === 0) yield* sleep(value % 13);
    if (value % 5 === 0) yield* yieldNow();
  }
}

function* drifting(log: string[]) {
  for (let step = 0; ; step++) {
    yield* sleep(Handle.current().randomBelow(5) + 1);
    log.push(`drift ${step}`);
  }
}

function* program(log: string[]) {
  const [tx, rx] = mpsc.channel<number>(4);
  const [tx2, rx2] = mpsc.channel<number>(4);
  for (let index = 0; index < 5; index++) {
    spawn(producer, tx.clone(), index * 100);
    spawn(producer, tx2.clone(), index * 100);
  }
  tx[Symbol.dispose]();
  tx2[Symbol.dispose]();
  const drift = spawn(drifting, log);
  let sum = 0;
  for (let rounds = 0; rounds < 400; rounds++) {
    const winner = yield* select({ a: rx.recv(), b: rx2.recv(), late: sleep(3) });
    log.push(`${winner.branch} ${String(winner.value)}`);
    if (winner.branch === "late") continue;
    sum += winner.value ?? 0;
    if (winner.branch === "a") yield* yieldNow();
  }
  drift.abort();
  yield* join(sleep(1), sleep(2));
  return sum;
}

function traced(seed: number) {
  return Builder.newCurrentThread().enableAll().startPaused(true).rngSeed(seed).trace().build();
}

async function runs(seed: number) {
  const rt = traced(seed);
  const log: string[] = [];
  const sum = await settles(rt.run(program, log));
  return { trace: rt.traceText(), log: log.join("\n"), sum };
}

function blocks(seed: number) {
  const rt = traced(seed);
  const log: string[] = [];
  const sum = rt.blockOn(program, log);
  return { trace: rt.traceText(), log: log.join("\n"), sum };
}

test("two runs with one seed give the same trace, log and result", async () => {
  const [first, second] = [await runs(7), await runs(7)];
  expect(first.trace.length).toBeGreaterThan(1_000);
  expect(second.trace).toBe(first.trace);
  expect(second.log).toBe(first.log);
  expect(second.sum).toBe(first.sum);
});

test("so do two under blockOn", () => {
  expect(blocks(7)).toEqual(blocks(7));
});

test("with other things going on in the event loop the trace is the same", async () => {
  const quiet = await runs(7);
  let busy = true;
  const spin = () => {
    if (busy) setImmediate(spin);
  };
  spin();
  const timer = setInterval(() => {}, 1);
  const other = paused().run(pause, 1_000);
  const loud = await runs(7);
  busy = false;
  clearInterval(timer);
  await other;
  expect(loud.trace).toBe(quiet.trace);
});

test("another seed gives another trace", async () => {
  const traces = [(await runs(7)).trace, (await runs(8)).trace, (await runs(9)).trace];
  expect(new Set(traces).size).toBe(3);
});

test("the trace is lines of a virtual time, an event and a task, in the order of time", async () => {
  const { trace } = await runs(7);
  const lines = trace.trimEnd().split("\n");
  let last = 0;
  for (const line of lines) {
    expect(line).toMatch(/^\d+ (spawn|poll|wake|yield|fire|cancel|complete) \d+$/);
    const time = Number(line.split(" ")[0]);
    expect(time).toBeGreaterThanOrEqual(last);
    last = time;
  }
  const events = new Set(lines.map((line) => line.split(" ")[1]));
  expect([...events].sort()).toEqual([
    "cancel",
    "complete",
    "fire",
    "poll",
    "spawn",
    "wake",
    "yield",
  ]);
});

test("without trace() there is none", () => {
  const rt = paused();
  rt.blockOn(pause, 1);
  expect(rt.traceText()).toBe("");
});

test("without a seed runs differ", () => {
  const logs = Array.from({ length: 5 }, () => {
    const log: string[] = [];
    Builder.newCurrentThread().enableAll().startPaused(true).build().blockOn(program, log);
    return log.join("\n");
  });
  expect(new Set(logs).size).toBeGreaterThan(1);
});
