// Locks, semaphores and notifications that threads share.

import { spawn } from "tokiwa";
import { Mutex, Notify, RwLock, Semaphore } from "tokiwa/sync";
import { check, parts } from "../harness/round.mjs";
import { joinSum } from "./runtime.mjs";
import { threads } from "./thread-runtime.mjs";
import { expectTasks, waitForTasks, wakesCounted } from "./thread-signals.mjs";
import * as tasks from "./thread-sync-tasks.mjs";

/** Runs a coroutine on the calling thread; how long that took, and what it returned. */
async function timedOn(runtime, program, ...args) {
  const start = performance.now();
  const value = await runtime.run(program, ...args);
  return { elapsed: performance.now() - start, value };
}

/** What threads share belongs to a runtime, and is made inside of it. */
function* makeShared(primitive, ...args) {
  return primitive.shared(...args);
}

function* readShared(mutex) {
  const guard = yield* mutex.lock();
  const value = guard.value;
  guard.release();
  return value;
}

function* spawnAll(task, count, ...args) {
  const handles = [];
  for (let i = 0; i < count; i++) handles.push(spawn(task, ...args));
  return yield* joinSum(handles);
}

async function measureMutex(runtime, field, task, count, locks) {
  const counter = await runtime.run(makeShared, Mutex, 0);
  const { elapsed, value } = await timedOn(runtime, spawnAll, task, count, counter, locks);
  check("locks", value, count * locks);
  check("count", await runtime.run(readShared, counter), count * locks);
  return [field, count * locks, elapsed];
}

function* increments(counter, locks) {
  for (let i = 0; i < locks; i++) {
    const guard = yield* counter.lock();
    try {
      guard.value += 1;
    } finally {
      guard.release();
    }
  }
}

function* tryIncrements(counter, locks) {
  for (let i = 0; i < locks; i++) {
    const guard = counter.tryLock();
    try {
      guard.value += 1;
    } finally {
      guard.release();
    }
  }
}

async function measureLock(runtime, field, program, locks) {
  const counter = await runtime.run(makeShared, Mutex, 0);
  const { elapsed } = await timedOn(runtime, program, counter, locks);
  check("count", await runtime.run(readShared, counter), locks);
  return [field, locks, elapsed];
}

const SIX = 6;

function* takeInTurn(semaphore, repeat) {
  for (let i = 0; i < repeat * SIX; i++) {
    const permit = yield* semaphore.acquire();
    permit.release();
  }
  return repeat * SIX;
}

function* takeSpawned(semaphore, repeat) {
  let taken = 0;
  for (let i = 0; i < repeat; i++) taken += yield* spawnAll(tasks.take, SIX, semaphore);
  return taken;
}

function* readInTurn(lock, repeat) {
  for (let i = 0; i < repeat * SIX; i++) {
    const guard = yield* lock.read();
    guard.release();
  }
  return repeat * SIX;
}

function* readSpawned(lock, repeat) {
  let sum = 0;
  for (let i = 0; i < repeat; i++) sum += yield* spawnAll(tasks.read, SIX, lock);
  return sum;
}

/** The writer, which is on this thread, lets go once the readers have been started. */
function* readSpawnedAfterWrite(lock, repeat) {
  let sum = 0;
  for (let i = 0; i < repeat; i++) {
    const guard = yield* lock.write();
    const handles = [];
    for (let j = 1; j < SIX; j++) handles.push(spawn(tasks.read, lock));
    guard.release();
    sum += 1 + (yield* joinSum(handles));
  }
  return sum;
}

async function measureSix(runtime, field, program, lock, repeat) {
  const { elapsed, value } = await timedOn(runtime, program, lock, repeat);
  check("turns", value, SIX * repeat);
  return [field, SIX * repeat, elapsed];
}

function wakeOne(notify) {
  notify.notifyOne();
}

function wakeAll(notify) {
  notify.notifyWaiters();
}

function* endAll(handles) {
  for (const handle of handles) {
    handle.abort();
    try {
      yield* handle;
    } catch (error) {
      if (!error.isCancelled) throw error;
    }
  }
}

/** The thread outside of the runtime notifies until enough were woken. */
async function measureWakes(runtime, field, wake, waiters, wakes) {
  const notify = await runtime.run(makeShared, Notify);
  const outside = runtime.handle();
  const handles = [];
  expectTasks(waiters);
  for (let i = 0; i < waiters; i++) handles.push(outside.spawn(tasks.waitAgain, notify));
  waitForTasks();
  wakesCounted(true);
  const start = performance.now();
  while (wakesCounted() < wakes) wake(notify);
  const elapsed = performance.now() - start;
  await runtime.run(endAll, handles);
  return [field, wakes, elapsed];
}

export const rows = {
  async mt_mutex({ worker_threads, tasks: count, locks }) {
    const runtime = await threads(worker_threads);
    return parts([
      await measureMutex(runtime, "lockNs", tasks.increments, count, locks),
      await measureMutex(runtime, "heldNs", tasks.heldIncrements, count, locks),
    ]);
  },
  async mt_lock_uncontended({ worker_threads, locks }) {
    const runtime = await threads(worker_threads);
    return parts([
      await measureLock(runtime, "lockNs", increments, locks),
      await measureLock(runtime, "tryNs", tryIncrements, locks),
    ]);
  },
  async mt_semaphore({ worker_threads, repeat }) {
    const runtime = await threads(worker_threads);
    const enough = await runtime.run(makeShared, Semaphore, 10);
    const tooFew = await runtime.run(makeShared, Semaphore, 5);
    return parts([
      await measureSix(runtime, "uncontendedNs", takeInTurn, enough, repeat),
      await measureSix(runtime, "concurrentNs", takeSpawned, enough, repeat),
      await measureSix(runtime, "contentionNs", takeSpawned, tooFew, repeat),
    ]);
  },
  async mt_rwlock({ worker_threads, repeat }) {
    const runtime = await threads(worker_threads);
    const lock = await runtime.run(makeShared, RwLock, 1);
    return parts([
      await measureSix(runtime, "uncontendedNs", readInTurn, lock, repeat),
      await measureSix(runtime, "concurrentNs", readSpawned, lock, repeat),
      await measureSix(runtime, "contentionNs", readSpawnedAfterWrite, lock, repeat),
    ]);
  },
  async mt_notify({ worker_threads, wakes }) {
    const runtime = await threads(worker_threads);
    return parts([
      await measureWakes(runtime, "oneOf10Ns", wakeOne, 10, wakes),
      await measureWakes(runtime, "all10Ns", wakeAll, 10, wakes),
      await measureWakes(runtime, "oneOf100Ns", wakeOne, 100, wakes),
      await measureWakes(runtime, "all100Ns", wakeAll, 100, wakes),
    ]);
  },
};
