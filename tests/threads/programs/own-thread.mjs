// A thread that a program has started by itself builds a runtime with worker threads of its own, and ends by itself.

import { parentPort } from "node:worker_threads";
import { spawn } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import * as mortal from "../fixtures/mortal.mjs";

const rt = Builder.newMultiThread().workerThreads(2).enableAll().build();

function* adds(a, b) {
  return yield* spawn(mortal.addsAfterNap, a, b);
}

function* sums(count) {
  const handles = Array.from({ length: count }, (_, i) => spawn(mortal.echo, i));
  let sum = 0;
  for (const handle of handles) sum += yield* handle;
  return sum;
}

parentPort.postMessage(`blockOn ${rt.blockOn(adds, 1, 2)}`);
parentPort.postMessage(`many ${rt.blockOn(sums, 1_000)}`);
parentPort.postMessage(`run ${await rt.run(adds, 3, 4)}`);
const { stuck } = await rt.shutdown();
parentPort.postMessage(`shut down ${stuck.length}`);
