// A task takes all the memory that its thread may have. To be run with a small --max-old-space-size.

import { Builder } from "tokiwa/runtime";
import * as mortal from "../fixtures/mortal.mjs";

let cause;
const rt = Builder.newMultiThread()
  .workerThreads(1)
  .enableAll()
  .onWorkerLost((_, error) => {
    cause = error;
  })
  .build();
try {
  await rt.spawn(mortal.allocates);
} catch (error) {
  console.log(`lost ${error.isWorkerLost}`);
}
while (cause === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
console.log(`hook ${cause.code}`);
console.log(`next ${await rt.spawn(mortal.echo, 5)}`);
await rt.shutdown();
