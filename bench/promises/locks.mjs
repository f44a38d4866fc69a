// A mutex as people write it by hand: a chain of promises.

import { check, parts } from "../harness/round.mjs";
import { timed } from "./timed.mjs";

class Mutex {
  #last = Promise.resolve();

  /** Resolves to the function that unlocks. */
  async lock() {
    const before = this.#last;
    let unlock;
    this.#last = new Promise((resolve) => {
      unlock = resolve;
    });
    await before;
    return unlock;
  }
}

async function increments(mutex, counter, locks) {
  for (let i = 0; i < locks; i++) {
    const unlock = await mutex.lock();
    try {
      counter.count += 1;
    } finally {
      unlock();
    }
  }
}

/** Holds the lock while others run. */
async function heldIncrements(mutex, counter, locks) {
  for (let i = 0; i < locks; i++) {
    const unlock = await mutex.lock();
    try {
      await null;
      counter.count += 1;
    } finally {
      unlock();
    }
  }
}

async function runAll(task, tasks, mutex, counter, locks) {
  const running = [];
  for (let i = 0; i < tasks; i++) running.push(task(mutex, counter, locks));
  await Promise.all(running);
}

async function measure(field, task, tasks, locks) {
  const counter = { count: 0 };
  const { elapsed } = await timed(runAll, task, tasks, new Mutex(), counter, locks);
  check("count", counter.count, tasks * locks);
  return [field, tasks * locks, elapsed];
}

export const rows = {
  async mutex({ tasks, locks }) {
    return parts([
      await measure("lockNs", increments, tasks, locks),
      await measure("heldNs", heldIncrements, tasks, locks),
    ]);
  },
  async lock_uncontended({ locks }) {
    return parts([await measure("lockNs", increments, 1, locks)]);
  },
};
