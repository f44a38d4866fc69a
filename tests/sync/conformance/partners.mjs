// What the partners of the cases do on another thread, with the handles of shared primitives that they are given.

import { threadId } from "node:worker_threads";
import { sendable, sleep, yieldNow } from "tokiwa";

const url = import.meta.url;

/** What a step fails with, by name and with its value. */
function* caught(step) {
  try {
    return { value: yield* step() };
  } catch (error) {
    return { error: error.name, sent: error.value };
  }
}

// ── Locks ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const adds = sendable(url, "adds", function* (mutex, rounds) {
  for (let round = 0; round < rounds; round++) {
    const guard = yield* mutex.lock();
    try {
      const seen = guard.value;
      if (round % 5 === 0) yield* yieldNow();
      guard.value = seen + 1;
    } finally {
      guard.release();
    }
  }
  return threadId;
});

/** Holds a lock for a while. */
export const holds = sendable(url, "holds", function* (mutex, ms, value) {
  const guard = yield* mutex.lock();
  try {
    yield* sleep(ms);
    guard.value = value;
  } finally {
    guard.release();
  }
});

export const writes = sendable(url, "writes", function* (lock, rounds) {
  for (let round = 0; round < rounds; round++) {
    const guard = yield* lock.write();
    try {
      const { a, b } = guard.value;
      if (a !== b) throw new Error(`${a} is not ${b}`);
      if (round % 5 === 0) yield* yieldNow();
      guard.value = { a: a + 1, b: b + 1 };
    } finally {
      guard.release();
    }
  }
});

export const reads = sendable(url, "reads", function* (lock, rounds) {
  let last = 0;
  for (let round = 0; round < rounds; round++) {
    const guard = yield* lock.read();
    try {
      const { a, b } = guard.value;
      if (a !== b) throw new Error(`${a} is not ${b}`);
      if (a < last) throw new Error(`${a} came after ${last}`);
      last = a;
      if (round % 5 === 0) yield* yieldNow();
    } finally {
      guard.release();
    }
  }
  return last;
});

/** Writes, and says so; goes on as a reader until it is told. */
export const downgrades = sendable(url, "downgrades", function* (lock, value, written, done) {
  const guard = yield* lock.write();
  guard.value = value;
  const kept = guard.downgrade();
  try {
    written.notifyOne();
    yield* done.notified();
    return kept.value;
  } finally {
    kept.release();
  }
});

/** Holds a lock for writing until it is aborted. */
export const keepsWriting = sendable(url, "keepsWriting", function* (lock, started) {
  const guard = yield* lock.write();
  try {
    started.notifyOne();
    yield* sleep(1_000_000);
  } finally {
    guard.release();
  }
});

/** Acquires, holds for a while, and gives back. */
export const acquires = sendable(url, "acquires", function* (semaphore, count, ms) {
  return yield* caught(function* () {
    const permit = yield* semaphore.acquire(count);
    try {
      yield* sleep(ms);
      return permit.numPermits();
    } finally {
      permit.release();
    }
  });
});

export const addsPermits = sendable(url, "addsPermits", function* (semaphore, count) {
  yield* sleep(2);
  semaphore.addPermits(count);
});

export const closes = sendable(url, "closes", function* (closable) {
  yield* sleep(2);
  closable.close();
});

// ── Channels ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Sends the numbers from 0 and closes its sender. */
export const sends = sendable(url, "sends", function* (tx, count) {
  for (let value = 0; value < count; value++) yield* tx.send(value);
  tx.close();
  return threadId;
});

/** The same, and leaves the closing to its end. */
export const sendsAndEnds = sendable(url, "sendsAndEnds", function* (tx, count) {
  for (let value = 0; value < count; value++) yield* tx.send(value);
});

export const pushes = sendable(url, "pushes", function* (tx, count) {
  for (let value = 0; value < count; value++) {
    tx.send(value);
    if (value % 10 === 0) yield* yieldNow();
  }
  tx.close();
});

/** Holds what it was given until it is aborted. */
export const keeps = sendable(url, "keeps", function* (_handle, started) {
  started?.notifyOne();
  yield* sleep(1_000_000);
});

/** Ends at once, having closed nothing. */
export const forgets = sendable(url, "forgets", function* (_handle) {
  yield* yieldNow();
});

/** What it receives until the end. */
export const receives = sendable(url, "receives", function* (rx) {
  const values = [];
  for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv())
    values.push(value);
  return values;
});

/** Receives so many and drops the receiver. */
export const receivesSome = sendable(url, "receivesSome", function* (rx, count) {
  const values = [];
  while (values.length < count) values.push(yield* rx.recv());
  rx[Symbol.dispose]();
  return values;
});

export const disposes = sendable(url, "disposes", function* (handle, ms) {
  yield* sleep(ms);
  handle[Symbol.dispose]();
});

/** Answers requests: each brings the sender of its answer. */
export const serves = sendable(url, "serves", function* (rx) {
  let served = 0;
  for (let request = yield* rx.recv(); request !== undefined; request = yield* rx.recv()) {
    request.reply.send(request.value * 2);
    served += 1;
  }
  return served;
});

export const answers = sendable(url, "answers", function* (tx, value) {
  yield* sleep(2);
  tx.send(value);
});

export const awaits = sendable(url, "awaits", function* (rx) {
  return yield* caught(function* () {
    return yield* rx;
  });
});

/** What came of a broadcast until it is closed. */
export const listens = sendable(url, "listens", function* (rx) {
  const values = [];
  for (;;) {
    const { value, error } = yield* caught(() => rx.recv());
    if (error === "RecvError") return values;
    values.push(error ?? value);
  }
});

export const broadcasts = sendable(url, "broadcasts", function* (tx, count) {
  for (let value = 0; value < count; value++) tx.send(value);
  tx.close();
});

/** What it sees of a watch until it is closed. */
export const watches = sendable(url, "watches", function* (rx) {
  const values = [];
  for (;;) {
    const { error } = yield* caught(() => rx.changed());
    if (error !== undefined) return values;
    values.push(rx.borrowAndUpdate());
  }
});

export const sets = sendable(url, "sets", function* (tx, count) {
  for (let value = 1; value <= count; value++) {
    tx.send(value);
    if (value % 5 === 0) yield* yieldNow();
  }
  tx.close();
});

/** Adds to the value of a watch. */
export const modifies = sendable(url, "modifies", function* (tx, rounds) {
  for (let round = 0; round < rounds; round++) {
    tx.sendModify((slot) => {
      slot.value = { sum: slot.value.sum + 1 };
    });
    if (round % 20 === 0) yield* yieldNow();
  }
});

// ── Signals ────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const notifies = sendable(url, "notifies", function* (notify, how) {
  yield* sleep(2);
  notify[how]();
});

/** Takes turns: waits for one and notifies the other. */
export const takesTurns = sendable(url, "takesTurns", function* (there, back, rounds) {
  for (let round = 0; round < rounds; round++) {
    yield* there.notified();
    back.notifyOne();
  }
});

export const isNotified = sendable(url, "isNotified", function* (notify, ready) {
  const notified = notify.notified();
  notified.enable();
  ready.notifyOne();
  yield* notified;
  return "notified";
});

/** Meets at one barrier and then at another; how often it was the leader. */
export const meetsInTurn = sendable(url, "meetsInTurn", function* (there, back, rounds) {
  let leads = 0;
  for (let round = 0; round < rounds; round++)
    for (const barrier of [there, back]) if ((yield* barrier.wait()).isLeader) leads += 1;
  return leads;
});

/** Comes to a barrier, and tells whether it was the last. */
export const comes = sendable(url, "comes", function* (barrier) {
  return (yield* barrier.wait()).isLeader;
});

/** How often it was the leader. */
export const meets = sendable(url, "meets", function* (barrier, rounds) {
  let leads = 0;
  for (let round = 0; round < rounds; round++) {
    if ((yield* barrier.wait()).isLeader) leads += 1;
    if (round % 3 === 0) yield* yieldNow();
  }
  return leads;
});

export const initializes = sendable(url, "initializes", function* (cell, id) {
  let ran = 0;
  const value = yield* cell.getOrInit(function* () {
    ran += 1;
    yield* sleep(2);
    return { id };
  });
  return [ran, value];
});

/** Is given its turn, and never ends it. */
export const initializesForEver = sendable(url, "initializesForEver", function* (cell, started) {
  yield* cell.getOrInit(function* () {
    started.notifyOne();
    yield* sleep(1_000_000);
    return { id: -1 };
  });
});

/** Gives a cell values of its own, by a set or as who asks, and takes whoever's are there. */
export const makesAndTakes = sendable(url, "makesAndTakes", function* (cell, index, rounds) {
  const made = [];
  const taken = [];
  const found = [];
  for (let round = 0; round < rounds; round++) {
    const id = index * rounds + round;
    if (round % 3 === 0) {
      const { error } = yield* caught(function* () {
        cell.set({ id });
      });
      if (error === undefined) made.push(id);
    } else {
      const value = yield* cell.getOrInit(function* () {
        made.push(id);
        if (round % 2 === 0) yield* yieldNow();
        return { id };
      });
      found.push(value.id);
    }
    if (round % 4 === 0) yield* yieldNow();
    const value = cell.take();
    if (value !== undefined) taken.push(value.id);
  }
  return { made, taken, found };
});

export const waitsFor = sendable(url, "waitsFor", function* (cell) {
  return yield* cell.wait();
});

/** Sets at once, if it is the first. */
export const setsAtOnce = sendable(url, "setsAtOnce", function* (cell, value) {
  yield* yieldNow();
  const { error } = yield* caught(function* () {
    cell.set(value);
  });
  return [error, cell.get()];
});

export const setsCell = sendable(url, "setsCell", function* (cell, value) {
  yield* sleep(2);
  return yield* caught(function* () {
    cell.set(value);
    return "set";
  });
});
