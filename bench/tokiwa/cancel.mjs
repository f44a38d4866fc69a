// Waits for a lock that are given up in no order: out of the middle of a short line, and of a long one.

import { Waker } from "tokiwa";
import { Mutex } from "tokiwa/sync";
import { check, parts } from "../harness/round.mjs";
import { shuffled } from "../harness/work.mjs";
import { run } from "./runtime.mjs";
import { threads } from "./thread-runtime.mjs";

const context = { waker: Waker.noop() };

/** Puts `waiters` into the line of a lock that is held, and takes them out again; how long the taking out took. */
function cancelAll(mutex, waiters) {
  const guard = mutex.tryLock();
  const line = Array.from({ length: waiters }, () => mutex.lock());
  for (const wait of line) wait.poll(context);
  const order = shuffled(waiters);
  const start = performance.now();
  for (const index of order) line[index][Symbol.dispose]();
  const elapsed = performance.now() - start;
  guard.release();
  mutex.tryLock().release();
  return elapsed;
}

function* cancelRepeatedly(mutex, waiters, cancels) {
  let elapsed = 0;
  for (let left = cancels; left > 0; left -= waiters) elapsed += cancelAll(mutex, waiters);
  return elapsed;
}

function* cancelShared(waiters, cancels) {
  return yield* cancelRepeatedly(Mutex.shared(0), waiters, cancels);
}

async function measure(start, { few, many, cancels }) {
  check("cancels", (cancels % few) + (cancels % many), 0);
  return parts([
    ["fewNs", cancels, await start(few, cancels)],
    ["manyNs", cancels, await start(many, cancels)],
  ]);
}

export const rows = {
  async cancel_waiter(sizes) {
    return measure(
      (waiters, cancels) => run(cancelRepeatedly, new Mutex(0), waiters, cancels),
      sizes,
    );
  },
  async mt_cancel_waiter(sizes) {
    const runtime = await threads(sizes.worker_threads);
    return measure((waiters, cancels) => runtime.run(cancelShared, waiters, cancels), sizes);
  },
};
