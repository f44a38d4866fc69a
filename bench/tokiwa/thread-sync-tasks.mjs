// What workers run in the rows about shared primitives.

import { sendable, yieldNow } from "tokiwa";
import { RecvError } from "tokiwa/sync";
import * as work from "../harness/work.mjs";
import { countWake, expectTasks, finishOne, isLast, tasksLeft } from "./thread-signals.mjs";

const here = import.meta.url;

export const increments = sendable(here, "increments", function* (counter, locks) {
  for (let i = 0; i < locks; i++) {
    const guard = yield* counter.lock();
    try {
      guard.value += 1;
    } finally {
      guard.release();
    }
  }
  return locks;
});

/** Holds the lock while others run, so that the next one has to wait. */
export const heldIncrements = sendable(here, "heldIncrements", function* (counter, locks) {
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
});

export const take = sendable(here, "take", function* (semaphore) {
  const permit = yield* semaphore.acquire();
  permit.release();
  return 1;
});

export const read = sendable(here, "read", function* (lock) {
  const guard = yield* lock.read();
  const value = guard.value;
  guard.release();
  return value;
});

/** Says when it waits for the first time, and counts its wakes until it is aborted. */
export const waitAgain = sendable(here, "waitAgain", function* (notify) {
  const first = notify.notified();
  first.enable();
  finishOne();
  yield* first;
  for (;;) {
    countWake();
    yield* notify.notified();
  }
});

export const sendAll = sendable(here, "sendAll", function* (sender, messages) {
  for (let i = 0; i < messages; i++) yield* sender.send(i);
  sender.close();
});

/** Sending into an unbounded channel waits for nothing. */
export const sendAllAtOnce = sendable(here, "sendAllAtOnce", function* (sender, messages) {
  for (let i = 0; i < messages; i++) sender.send(i);
  sender.close();
});

export const receiveAll = sendable(here, "receiveAll", function* (receiver) {
  let sum = 0;
  for (;;) {
    const message = yield* receiver.recv();
    if (message === undefined) return sum;
    sum += message;
  }
});

export const replyAll = sendable(here, "replyAll", function* (receiver) {
  for (;;) {
    const reply = yield* receiver.recv();
    if (reply === undefined) return;
    reply.send(1);
  }
});

/** Works on every message, and tells who sends when it was the last to have one. */
export const receiveBroadcasts = sendable(
  here,
  "receiveBroadcasts",
  function* (receiver, allHave, loops) {
    let sum = 0;
    finishOne();
    try {
      for (;;) {
        sum += yield* receiver.recv();
        work.burn(loops);
        if (isLast()) allHave.notifyOne();
      }
    } catch (error) {
      if (error instanceof RecvError) return sum;
      throw error;
    }
  },
);

export const watchChanges = sendable(here, "watchChanges", function* (receiver, allHave, loops) {
  let sum = 0;
  finishOne();
  try {
    for (;;) {
      yield* receiver.changed();
      sum += receiver.borrow();
      work.burn(loops);
      if (isLast()) allHave.notifyOne();
    }
  } catch (error) {
    if (error instanceof RecvError) return sum;
    throw error;
  }
});

/** Sends each message when all have had the one before. */
export const sendEach = sendable(
  here,
  "sendEach",
  function* (sender, receivers, messages, allHave) {
    for (let message = 0; message < messages; message++) {
      expectTasks(receivers);
      sender.send(message);
      while (tasksLeft() > 0) yield* allHave.notified();
    }
    sender.close();
  },
);
