// Keeps two workers and two threads of the pool busy for a while, then shuts down and lingers.
import { sleep, spawn } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { spawnBlocking } from "tokiwa/task";
import { busy, hold, words } from "./tasks.mjs";

const rt = Builder.newMultiThread()
  .enableAll()
  .workerThreads(2)
  .maxBlockingThreads(2)
  .name("traced")
  .build();
const gate = 10;
await rt.run(function* () {
  const calls = [];
  for (let arrived = 0; arrived < 2; arrived++) {
    calls.push(spawnBlocking(hold, gate));
    while (Atomics.load(words, gate + 1) <= arrived) yield* sleep(1);
  }
  calls.push(spawnBlocking(hold, gate));
  const handles = Array.from({ length: 300 }, () => spawn(busy, 1));
  for (const handle of handles) yield* handle;
  yield* sleep(200);
  Atomics.store(words, gate, 1);
  Atomics.notify(words, gate);
  for (const call of calls) yield* call;
});
await rt.shutdown();
console.error("SHUT DOWN");
await new Promise((resolve) => setTimeout(resolve, 250));
