// A worker that does nothing but change shared objects is ended, again and again: in the middle of a change more often than not. The
// thread that ends it goes on with the same objects at once, without a turn of its event loop, and finds them whole.

import { isMainThread } from "node:worker_threads";
import { sendable } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { broadcast, Semaphore, watch } from "tokiwa/sync";

const ROUNDS = 12;
const USES = 20_000;
const url = import.meta.url;

export const changes = sendable(url, "changes", (state, values, permits) => {
  for (let round = 0; ; round++) {
    state.sendReplace(round);
    values.send(round);
    permits.addPermits(1);
    permits.forgetPermits(1);
  }
});

async function endOne() {
  const rt = Builder.newMultiThread().workerThreads(1).enableAll().build();
  const entered = rt.enter();
  const [state, seen] = watch.shared(-1);
  const [values, received] = broadcast.shared(4);
  const permits = Semaphore.shared(0);
  entered[Symbol.dispose]();
  const task = rt.spawn(changes, state, values, permits);
  while (seen.borrow() < 100);
  rt.terminateWorker(0);
  for (let use = 0; use < USES; use++) {
    state.sendReplace(use);
    values.send(use);
    permits.addPermits(1);
    permits.forgetPermits(1);
  }
  const error = await rt.run(() => task).catch((reason) => reason);
  // Each throws if it is broken.
  state.send(-2);
  const reached = values.send(-2);
  const free = permits.tryAcquire(permits.availablePermits()).numPermits();
  await rt.shutdown();
  return `lost ${error.isWorkerLost}, reached ${reached} of ${received.len() > 0 ? 1 : 0}, at most one permit ${free <= 1}`;
}

if (isMainThread) {
  const ends = new Set();
  for (let round = 0; round < ROUNDS; round++) ends.add(await endOne());
  console.log([...ends].join("\n"));
}
