// Brings a runtime into one state after the other, stays in each until a line of the trace has told of it, then shuts down and lingers.
import { sleep, spawn } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { spawnBlocking } from "tokiwa/task";
import { busy, hold, words } from "./tasks.mjs";

let traced = "";
const write = process.stderr.write.bind(process.stderr);
process.stderr.write = (text, ...rest) => {
  traced += text;
  return write(text, ...rest);
};

/** Until a line that is written from now on matches. */
function* told(line) {
  const before = traced.length;
  while (!line.test(traced.slice(before))) yield* sleep(1);
}

function open(gate) {
  Atomics.store(words, gate, 1);
  Atomics.notify(words, gate);
}

const rt = Builder.newMultiThread()
  .enableAll()
  .workerThreads(2)
  .maxBlockingThreads(2)
  .name("traced")
  .build();
const [poolGate, workersGate] = [10, 12];
await rt.run(function* () {
  const calls = [];
  for (let arrived = 0; arrived < 2; arrived++) {
    calls.push(spawnBlocking(hold, poolGate));
    while (Atomics.load(words, poolGate + 1) <= arrived) yield* sleep(1);
  }
  calls.push(spawnBlocking(hold, poolGate));
  yield* told(/ blocking=2 blockingqueue=1 /);
  // Both workers stand still, and 300 tasks wait for them.
  const handles = [spawn(hold, workersGate), spawn(hold, workersGate)];
  while (Atomics.load(words, workersGate + 1) < 2) yield* sleep(1);
  for (let task = 0; task < 300; task++) handles.push(spawn(busy, 0));
  yield* told(/ injector=300 /);
  open(workersGate);
  for (const handle of handles) yield* handle;
  // They have nothing to do.
  yield* told(/ idle=2 .* timers=1 /);
  open(poolGate);
  for (const call of calls) yield* call;
});
await rt.shutdown();
console.error("SHUT DOWN");
await new Promise((resolve) => setTimeout(resolve, 250));
