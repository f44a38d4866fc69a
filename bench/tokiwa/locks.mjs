// A mutex, a semaphore, a lock of readers and writers, notifications. `try` and `finally` are what `using` comes to.

import { join, spawn, yieldNow } from "tokiwa";
import { Mutex, Notify, RwLock, Semaphore } from "tokiwa/sync";
import { check, parts } from "../harness/round.mjs";
import { joinSum, run, timed } from "./runtime.mjs";

function* increments(counter, locks) {
  for (let i = 0; i < locks; i++) {
    const guard = yield* counter.lock();
    try {
      guard.value += 1;
    } finally {
      guard.release();
    }
  }
  return locks;
}

/** Holds the lock while others run, so that the next one has to wait. */
function* heldIncrements(counter, locks) {
  for (let i = 0; i < locks; i++) {
    const guard = yield* counter.lock();
    try {
      yield* yieldNow();
      guard.value += 1;
    } finally {
      guard.release();
    }
  }
  return locks;
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
  return locks;
}

function* spawnAll(task, tasks, counter, locks) {
  const handles = [];
  for (let i = 0; i < tasks; i++) handles.push(spawn(task, counter, locks));
  return yield* joinSum(handles);
}

async function measureLocks(field, locks, counter, program, ...args) {
  const { elapsed, value } = await timed(program, ...args);
  check("locks", value, locks);
  check("count", counter.tryLock().value, locks);
  return [field, locks, elapsed];
}

async function measureMutex(field, task, tasks, locks) {
  const counter = new Mutex(0);
  return await measureLocks(field, tasks * locks, counter, spawnAll, task, tasks, counter, locks);
}

async function measureLock(field, task, locks) {
  const counter = new Mutex(0);
  return await measureLocks(field, locks, counter, task, counter, locks);
}

const SIX = 6;

function* take(semaphore) {
  const permit = yield* semaphore.acquire();
  permit.release();
}

function* takeInTurn(semaphore, repeat) {
  for (let i = 0; i < repeat * SIX; i++) {
    const permit = yield* semaphore.acquire();
    permit.release();
  }
}

function* takeJoined(semaphore, repeat) {
  for (let i = 0; i < repeat; i++)
    yield* join(
      take(semaphore),
      take(semaphore),
      take(semaphore),
      take(semaphore),
      take(semaphore),
      take(semaphore),
    );
}

function* read(lock) {
  const guard = yield* lock.read();
  guard.release();
}

function* readInTurn(lock, repeat) {
  for (let i = 0; i < repeat * SIX; i++) {
    const guard = yield* lock.read();
    guard.release();
  }
}

function* readJoined(lock, repeat) {
  for (let i = 0; i < repeat; i++)
    yield* join(read(lock), read(lock), read(lock), read(lock), read(lock), read(lock));
}

function* letGo(guard) {
  guard.release();
}

/** The writer lets go once the readers have been started. */
function* readAfterWrite(lock, repeat) {
  for (let i = 0; i < repeat; i++) {
    const guard = yield* lock.write();
    yield* join(letGo(guard), read(lock), read(lock), read(lock), read(lock), read(lock));
  }
}

async function measureSix(field, program, lock, repeat) {
  const { elapsed } = await timed(program, lock, repeat);
  return [field, SIX * repeat, elapsed];
}

function* waitAgain(notify, counter) {
  for (;;) {
    yield* notify.notified();
    counter.woken += 1;
  }
}

function wakeEach(notify, waiters) {
  for (let i = 0; i < waiters; i++) notify.notifyOne();
}

function wakeAll(notify) {
  notify.notifyWaiters();
}

/** The waiters run when the one that notifies yields. One by one, each of them is notified before that. */
function* wakeAndYield(wake, waiters, wakes) {
  const notify = new Notify();
  const counter = { woken: 0 };
  const handles = [];
  for (let i = 0; i < waiters; i++) handles.push(spawn(waitAgain, notify, counter));
  yield* yieldNow();
  const start = performance.now();
  while (counter.woken < wakes) {
    wake(notify, waiters);
    yield* yieldNow();
  }
  const elapsed = performance.now() - start;
  for (const handle of handles) handle.abort();
  return { elapsed, woken: counter.woken };
}

async function measureWakes(field, wake, waiters, wakes) {
  const { elapsed, woken } = await run(wakeAndYield, wake, waiters, wakes);
  return [field, woken, elapsed];
}

export const rows = {
  async mutex({ tasks, locks }) {
    return parts([
      await measureMutex("lockNs", increments, tasks, locks),
      await measureMutex("heldNs", heldIncrements, tasks, locks),
    ]);
  },
  async lock_uncontended({ locks }) {
    return parts([
      await measureLock("lockNs", increments, locks),
      await measureLock("tryNs", tryIncrements, locks),
    ]);
  },
  async semaphore({ repeat }) {
    return parts([
      await measureSix("uncontendedNs", takeInTurn, new Semaphore(10), repeat),
      await measureSix("concurrentNs", takeJoined, new Semaphore(10), repeat),
      await measureSix("contentionNs", takeJoined, new Semaphore(5), repeat),
    ]);
  },
  async rwlock({ repeat }) {
    const lock = new RwLock(1);
    return parts([
      await measureSix("uncontendedNs", readInTurn, lock, repeat),
      await measureSix("concurrentNs", readJoined, lock, repeat),
      await measureSix("contentionNs", readAfterWrite, lock, repeat),
    ]);
  },
  async notify({ wakes }) {
    return parts([
      await measureWakes("oneOf10Ns", wakeEach, 10, wakes),
      await measureWakes("all10Ns", wakeAll, 10, wakes),
      await measureWakes("oneOf100Ns", wakeEach, 100, wakes),
      await measureWakes("all100Ns", wakeAll, 100, wakes),
    ]);
  },
};
