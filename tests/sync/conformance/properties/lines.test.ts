// Who waits longest is served first, whichever thread it waits on, and whoever leaves the line before.

import fc from "fast-check";
import { type Coroutine, type JoinHandle, yieldNow } from "tokiwa";
import { expect } from "vitest";
import { stands } from "./actors.mjs";
import { patience, property, type Stage } from "./stages.js";

const JOINED = 0;
const SERVED = 1;

interface Waiter {
  readonly count: number;
  readonly leaves: boolean;
}

const line: fc.Arbitrary<Waiter[]> = fc.array(
  fc.record({
    count: fc.integer({ min: 1, max: 3 }),
    // One in four gives up while it waits.
    leaves: fc.nat(3).map((drawn) => drawn === 0),
  }),
  { minLength: 2, maxLength: 8 },
);

function* untilWord(stage: Stage, word: number, count: number): Coroutine<void> {
  const isTooLong = patience();
  while (Atomics.load(stage.words, word) < count) {
    if (isTooLong()) throw new Error(`word ${word} is ${stage.words[word]}, not ${count}`);
    yield* yieldNow();
  }
}

/** One after the other joins the line; those who leave do so when all stand in it. */
function* gather(
  stage: Stage,
  waiters: readonly Waiter[],
  join: (waiter: Waiter, place: number) => JoinHandle<unknown>,
): Coroutine<number[]> {
  const handles: JoinHandle<unknown>[] = [];
  for (const [place, waiter] of waiters.entries()) {
    handles.push(join(waiter, place));
    yield* untilWord(stage, JOINED, place + 1);
  }
  const leaving = handles.filter((_, place) => waiters[place]?.leaves);
  for (const handle of leaving) handle.abort();
  const isTooLong = patience();
  for (const handle of leaving)
    while (!handle.isFinished()) {
      if (isTooLong()) throw new Error("an aborted task does not end");
      yield* yieldNow();
    }
  return [...waiters.keys()].filter((place) => !waiters[place]?.leaves);
}

/** When each of them was served. */
function turns(stage: Stage, places: readonly number[]): number[] {
  return places.map((place) => stage.words[2 + place] as number);
}

property("Semaphore: one permit after the other", line, function* (stage, waiters) {
  const semaphore = stage.form.semaphore(0);
  const places = yield* gather(stage, waiters, ({ count }, place) =>
    stage.start(stands, { waits: semaphore }, { script: [], how: "acquire", count, place }),
  );
  for (const [turn, place] of places.entries()) {
    for (let left = waiters[place]?.count ?? 0; left > 0; left--) {
      expect(stage.words[SERVED]).toBe(turn);
      expect(() => semaphore.tryAcquire(1)).toThrow();
      semaphore.addPermits(1);
    }
    yield* untilWord(stage, SERVED, turn + 1);
  }
  yield* stage.ends();
  expect(turns(stage, places)).toEqual(places.map((_, turn) => turn + 1));
  expect(semaphore.availablePermits()).toBe(0);
});

property("Mutex", line, function* (stage, waiters) {
  const mutex = stage.form.mutex(0);
  const guard = mutex.tryLock();
  const places = yield* gather(stage, waiters, (_, place) =>
    stage.start(stands, { waits: mutex }, { script: [], how: "lock", place }),
  );
  guard.release();
  yield* stage.ends();
  expect(turns(stage, places)).toEqual(places.map((_, turn) => turn + 1));
});

property("RwLock", line, function* (stage, waiters) {
  const lock = stage.form.rwLock(0);
  const guard = lock.tryWrite();
  const isWriter = (place: number) => waiters[place]?.count === 1;
  const places = yield* gather(stage, waiters, (_, place) => {
    const how = isWriter(place) ? "write" : "read";
    return stage.start(stands, { waits: lock }, { script: [], how, place });
  });
  guard.release();
  yield* stage.ends();
  // Readers side by side may say so in any order.
  let served = 0;
  let readers: number[] = [];
  const expectReaders = () => {
    expect(readers.sort((a, b) => a - b)).toEqual(readers.map((_, index) => served + index + 1));
    served += readers.length;
    readers = [];
  };
  for (const place of places) {
    const turn = stage.words[2 + place] as number;
    if (!isWriter(place)) readers.push(turn);
    else {
      expectReaders();
      expect(turn).toBe(++served);
    }
  }
  expectReaders();
});

property("mpsc: room for one", line, function* (stage, waiters) {
  const [tx, rx] = stage.form.mpsc<number>(1);
  yield* tx.send(-1);
  const places = yield* gather(stage, waiters, (_, place) =>
    stage.start(stands, { waits: tx.clone() }, { script: [], how: "send", place }),
  );
  const values: number[] = [];
  for (const _ of [0, ...places]) values.push((yield* rx.recv()) as number);
  expect(values).toEqual([-1, ...places]);
  yield* stage.ends();
  tx.close();
  rx[Symbol.dispose]();
});
