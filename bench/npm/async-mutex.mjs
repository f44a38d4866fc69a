// async-mutex, as its docs use it: acquire, and release in `finally`.

import { readFileSync } from "node:fs";
import { Mutex, Semaphore, tryAcquire } from "async-mutex";
import { check, parts } from "../harness/round.mjs";

const manifest = new URL("./node_modules/async-mutex/package.json", import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, "utf8"));

async function increments(mutex, counter, locks) {
  for (let i = 0; i < locks; i++) {
    const release = await mutex.acquire();
    try {
      counter.count += 1;
    } finally {
      release();
    }
  }
}

/** Holds the lock while others run. */
async function heldIncrements(mutex, counter, locks) {
  for (let i = 0; i < locks; i++) {
    const release = await mutex.acquire();
    try {
      await null;
      counter.count += 1;
    } finally {
      release();
    }
  }
}

async function measure(field, task, mutex, tasks, locks) {
  const counter = { count: 0 };
  const running = [];
  const start = performance.now();
  for (let i = 0; i < tasks; i++) running.push(task(mutex, counter, locks));
  await Promise.all(running);
  const elapsed = performance.now() - start;
  check("count", counter.count, tasks * locks);
  return [field, tasks * locks, elapsed];
}

const SIX = 6;

async function take(semaphore) {
  const [, release] = await semaphore.acquire();
  release();
}

async function takeInTurn(semaphore, repeat) {
  for (let i = 0; i < repeat * SIX; i++) await take(semaphore);
}

async function takeAtOnce(semaphore, repeat) {
  for (let i = 0; i < repeat; i++) {
    const running = [];
    for (let j = 0; j < SIX; j++) running.push(take(semaphore));
    await Promise.all(running);
  }
}

async function measureSix(field, task, permits, repeat) {
  const semaphore = new Semaphore(permits);
  const start = performance.now();
  await task(semaphore, repeat);
  const elapsed = performance.now() - start;
  check("permits", semaphore.getValue(), permits);
  return [field, SIX * repeat, elapsed];
}

export const versions = { "async-mutex": version };
export const rows = {
  async mutex({ tasks, locks }) {
    return parts([
      await measure("lockNs", increments, new Mutex(), tasks, locks),
      await measure("heldNs", heldIncrements, new Mutex(), tasks, locks),
    ]);
  },
  async lock_uncontended({ locks }) {
    return parts([
      await measure("lockNs", increments, new Mutex(), 1, locks),
      await measure("tryNs", increments, tryAcquire(new Mutex()), 1, locks),
    ]);
  },
  async semaphore({ repeat }) {
    return parts([
      await measureSix("uncontendedNs", takeInTurn, 10, repeat),
      await measureSix("concurrentNs", takeAtOnce, 10, repeat),
      await measureSix("contentionNs", takeAtOnce, 5, repeat),
    ]);
  },
};
