// Workers that have nothing to do, and how much processor time the process takes meanwhile.
//
//   node idle.mjs milliseconds pool|timers|plain share

import { Builder } from "tokiwa/runtime";
import { spawnBlocking } from "tokiwa/task";
import * as mortal from "../fixtures/mortal.mjs";

const [ms, kind, enough] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4])];
const STRETCHES = 25;
const rt = Builder.newMultiThread().workerThreads(2).enableAll().build();
const entered = rt.enter();
await Promise.all(Array.from({ length: 100 }, (_, i) => rt.spawn(mortal.addsAfterNap, i, i)));
if (kind === "pool") await Promise.all([1, 2, 3].map((i) => spawnBlocking(mortal.echo, i)));
if (kind === "timers") for (let i = 0; i < 100; i++) rt.spawn(mortal.naps, 1_000_000 + i);
entered[Symbol.dispose]();

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

// Threads compile and collect for a moment longer, and on a busy machine are late to do so: the stillest of several stretches is looked
// for, up to the first that is still enough. One that spins would leave none.
let stillest = Number.POSITIVE_INFINITY;
let parks;
for (let stretch = 0; stretch < STRETCHES && stillest >= enough; stretch++) {
  const start = performance.now();
  const before = process.cpuUsage();
  await pause(ms);
  const { user, system } = process.cpuUsage(before);
  stillest = Math.min(stillest, (user + system) / 1_000 / (performance.now() - start));
  parks = [0, 1].map((worker) => rt.metrics().workerParkUnparkCount(worker) % 2);
}
console.log(JSON.stringify({ share: stillest, parks }));
rt.shutdownBackground();
