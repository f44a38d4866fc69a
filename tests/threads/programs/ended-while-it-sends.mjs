// A worker that does nothing but change a shared object is ended, again and again: in the middle of a change more often than not. The
// thread that ends it goes on with the same object at once, without a turn of its event loop, and finds it whole.

import { isMainThread } from "node:worker_threads";
import { sendable } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { Semaphore, watch } from "tokiwa/sync";

const ROUNDS = 25;
const USES = 300_000;

export const changes = sendable(import.meta.url, "changes", (state, begun) => {
  begun.addPermits(1);
  for (let round = 0; ; round++) state.sendReplace(round);
});

async function endOne() {
  const rt = Builder.newMultiThread().workerThreads(1).enableAll().build();
  const entered = rt.enter();
  const [state, seen] = watch.shared(-1);
  const begun = Semaphore.shared(0);
  entered[Symbol.dispose]();
  const task = rt.spawn(changes, state, begun);
  await rt.run(function* () {
    yield* begun.acquire();
  });
  while (seen.borrow() < 30_000);
  rt.terminateWorker(0);
  for (let use = 0; use < USES; use++) state.send(use);
  const error = await rt
    .run(function* () {
      yield* task;
    })
    .catch((reason) => reason);
  // Throws if it is broken.
  state.send(-2);
  const last = seen.borrow();
  await rt.shutdown();
  return `lost ${error.isWorkerLost}, ${last}`;
}

if (isMainThread) {
  const ends = new Set();
  for (let round = 0; round < ROUNDS; round++) ends.add(await endOne());
  console.log([...ends].join("\n"));
}
