// Workers die while this thread is in blockOn, where its event loop, which would tell of it, stands still.

import { Builder } from "tokiwa/runtime";
import * as mortal from "../fixtures/mortal.mjs";

const rt = Builder.newMultiThread().workerThreads(2).enableAll().build();

function* lives(number) {
  return yield* rt.spawn(mortal.echo, number);
}

function* sees(fn) {
  try {
    yield* rt.spawn(fn, 1);
  } catch (error) {
    return error.isWorkerLost;
  }
  return "no error";
}

for (const [round, fn] of [mortal.exits, mortal.exitsLater].entries()) {
  console.log(`lost ${rt.blockOn(sees, fn)}`);
  console.log(`next ${rt.blockOn(lives, 5 + round)}`);
}
await rt.shutdown();
