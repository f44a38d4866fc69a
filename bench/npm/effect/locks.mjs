// Semaphore, also as a mutex; TxReentrantLock for readers and writers; Latch for waking all who wait. What is done under a
// lock is an effect made once, as it would be in a service.

import { Effect, Fiber, Latch, Semaphore, TxReentrantLock } from "effect";
import { check, parts } from "../../harness/round.mjs";
import { timed } from "./timed.mjs";

const repeated = Effect.fnUntraced(function* (effect, times) {
  for (let i = 0; i < times; i++) yield* effect;
});

const forkAll = Effect.fnUntraced(function* (effect, tasks) {
  const fibers = [];
  for (let i = 0; i < tasks; i++) fibers.push(yield* Effect.forkChild(effect));
  yield* Fiber.joinAll(fibers);
});

/** Times what `guard` makes of an effect that increments, done `locks` times by each task. */
async function measure(field, guard, tasks, locks) {
  let count = 0;
  const increment = Effect.sync(() => {
    count += 1;
  });
  const work = repeated(guard(Semaphore.makeUnsafe(1), increment), locks);
  const { elapsed } = await timed(tasks === 1 ? work : forkAll(work, tasks));
  check("count", count, tasks * locks);
  return [field, tasks * locks, elapsed];
}

const locked = (mutex, increment) => mutex.withPermit(increment);
const held = (mutex, increment) => mutex.withPermit(Effect.andThen(Effect.yieldNow, increment));
const tried = (mutex, increment) => mutex.withPermitsIfAvailable(1)(increment);

const SIX = 6;
const atOnce = (effect) =>
  Effect.all(Array(SIX).fill(effect), { concurrency: "unbounded", discard: true });

async function measureSix(field, effect, repeat) {
  const { elapsed } = await timed(repeated(effect, repeat));
  return [field, SIX * repeat, elapsed];
}

const makePermit = (permits) => Semaphore.makeUnsafe(permits).withPermit(Effect.void);

/** The lock knows its holder by the fiber, so that who has written lets go itself. */
const readAfterWrite = Effect.fnUntraced(function* (lock, read) {
  yield* TxReentrantLock.acquireWrite(lock);
  const readers = [];
  for (let i = 1; i < SIX; i++)
    readers.push(yield* Effect.forkChild(read, { startImmediately: true }));
  yield* TxReentrantLock.releaseWrite(lock);
  yield* Fiber.joinAll(readers);
});

const waitAgain = Effect.fnUntraced(function* (latch, counter) {
  for (;;) {
    yield* latch.await;
    counter.woken += 1;
  }
});

const wakeAll = Effect.fnUntraced(function* (waiters, wakes) {
  const latch = yield* Latch.make();
  const counter = { woken: 0 };
  const fibers = [];
  for (let i = 0; i < waiters; i++)
    fibers.push(yield* Effect.forkChild(waitAgain(latch, counter), { startImmediately: true }));
  const start = performance.now();
  while (counter.woken < wakes) {
    yield* latch.release;
    yield* Effect.yieldNow;
  }
  const elapsed = performance.now() - start;
  yield* Fiber.interruptAll(fibers);
  return { elapsed, woken: counter.woken };
});

async function measureWakes(field, waiters, wakes) {
  const { elapsed, woken } = await Effect.runPromise(wakeAll(waiters, wakes));
  return [field, woken, elapsed];
}

export const rows = {
  async mutex({ tasks, locks }) {
    return parts([
      await measure("lockNs", locked, tasks, locks),
      await measure("heldNs", held, tasks, locks),
    ]);
  },
  async lock_uncontended({ locks }) {
    return parts([
      await measure("lockNs", locked, 1, locks),
      await measure("tryNs", tried, 1, locks),
    ]);
  },
  async semaphore({ repeat }) {
    return parts([
      await measureSix("uncontendedNs", repeated(makePermit(10), SIX), repeat),
      await measureSix("concurrentNs", atOnce(makePermit(10)), repeat),
      await measureSix("contentionNs", atOnce(makePermit(5)), repeat),
    ]);
  },
  async rwlock({ repeat }) {
    const lock = await Effect.runPromise(TxReentrantLock.make());
    const read = TxReentrantLock.withReadLock(lock, Effect.void);
    return parts([
      await measureSix("uncontendedNs", repeated(read, SIX), repeat),
      await measureSix("concurrentNs", atOnce(read), repeat),
      await measureSix("contentionNs", readAfterWrite(lock, read), repeat),
    ]);
  },
  /** A latch wakes all who wait; there is nothing that wakes one. */
  async notify({ wakes }) {
    return parts([
      await measureWakes("all10Ns", 10, wakes),
      await measureWakes("all100Ns", 100, wakes),
    ]);
  },
};
