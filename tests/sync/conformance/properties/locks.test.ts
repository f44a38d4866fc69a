// Semaphore, Mutex and RwLock under random scripts, cancellations and aborts: permits are conserved, nobody is inside together
// with who excludes it, and nobody is left waiting.

import fc from "fast-check";
import { expect } from "vitest";
import { acquires, locks, readsAndWrites } from "./actors.mjs";
import { aborting, casts, property, type Stage } from "./stages.js";

function checkWords(stage: Stage): void {
  const [inside, violations] = stage.words;
  expect([inside, violations, stage.words[3]]).toEqual([0, 0, 0]);
}

property(
  "Semaphore",
  fc.record({
    permits: fc.integer({ min: 1, max: 4 }),
    scripts: casts(
      ["acquire", "acquire", "tryAcquire", "once", "atMost", "split", "forget", "take", "pause"],
      {
        least: 2,
        most: 8,
      },
    ),
    aborts: aborting,
  }),
  function* (stage, { permits, scripts, aborts }) {
    const semaphore = stage.form.semaphore(permits);
    // What is forgotten is added again in the next step of the same poll; an abort comes between polls.
    for (const script of scripts) stage.start(acquires, { semaphore }, { permits, script });
    yield* stage.ends(aborts);
    checkWords(stage);
    expect(semaphore.availablePermits()).toBe(permits);
    semaphore.tryAcquire(permits).release();
  },
);

property(
  "Semaphore, closed meanwhile",
  fc.record({
    permits: fc.integer({ min: 1, max: 4 }),
    scripts: casts(["acquire", "acquire", "once", "atMost", "split", "pause"], {
      least: 2,
      most: 8,
    }),
    after: fc.integer({ min: 0, max: 8 }),
    aborts: aborting,
  }),
  function* (stage, { permits, scripts, after, aborts }) {
    const semaphore = stage.form.semaphore(permits);
    for (const script of scripts) stage.start(acquires, { semaphore }, { permits, script });
    yield* stage.pause(after);
    semaphore.close();
    yield* stage.ends(aborts);
    checkWords(stage);
    expect([semaphore.availablePermits(), semaphore.isClosed()]).toEqual([permits, true]);
  },
);

property(
  "Mutex",
  fc.record({
    scripts: casts(["lock", "lock", "tryLock", "once", "atMost", "with", "pause"], {
      least: 2,
      most: 8,
    }),
    aborts: aborting,
  }),
  function* (stage, { scripts, aborts }) {
    const mutex = stage.form.mutex({ count: 0 });
    for (const script of scripts) stage.start(locks, { mutex }, { script });
    yield* stage.ends(aborts);
    checkWords(stage);
    const guard = mutex.tryLock();
    expect(guard.value.count).toBe(stage.words[2]);
    guard.release();
    expect(mutex.isLocked()).toBe(false);
  },
);

property(
  "RwLock",
  fc.record({
    maxReaders: fc.constantFrom(undefined, 1, 2, 3),
    scripts: casts(
      [
        "read",
        "read",
        "write",
        "tryRead",
        "tryWrite",
        "readOnce",
        "writeAtMost",
        "downgrade",
        "pause",
      ],
      {
        least: 2,
        most: 8,
      },
    ),
    aborts: aborting,
  }),
  function* (stage, { maxReaders, scripts, aborts }) {
    const lock = stage.form.rwLock({ count: 0 }, maxReaders === undefined ? {} : { maxReaders });
    for (const script of scripts) stage.start(readsAndWrites, { lock }, { script });
    yield* stage.ends(aborts);
    checkWords(stage);
    const guard = lock.tryWrite();
    expect(guard.value.count).toBe(stage.words[2]);
    guard.release();
  },
);
