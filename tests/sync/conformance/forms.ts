// The two forms of every primitive behind one interface.

import { yieldNow } from "tokiwa";
import {
  Barrier,
  broadcast,
  Mutex,
  mpsc,
  Notify,
  OnceCell,
  oneshot,
  RwLock,
  Semaphore,
  SetOnce,
  watch,
} from "tokiwa/sync";
import type { OnlySend } from "tokiwa/task";
import type * as contract from "./contract.js";
import type { Form } from "./contract.js";

export const plain: Form = {
  form: "plain",
  mpsc: (capacity) => mpsc.channel(capacity),
  unbounded: () => mpsc.unbounded(),
  oneshot: () => oneshot.channel(),
  broadcast: (capacity) => broadcast.channel(capacity),
  watch: (initial) => watch.channel(initial),
  mutex: (value) => new Mutex(value),
  rwLock: (value, options) => new RwLock(value, options),
  semaphore: (permits) => new Semaphore(permits),
  notify: () => new Notify(),
  barrier: (count) => new Barrier(count),
  onceCell: () => new OnceCell(),
  setOnce: () => new SetOnce(),
  *settle() {},
};

/** Cases send what they like: the check at run time is the one that counts. */
function trusted<T>(): OnlySend<T> {
  return [] as unknown as OnlySend<T>;
}

export const shared: Form = {
  form: "shared",
  mpsc: <T>(capacity: number) => mpsc.shared<T>(capacity, ...trusted<T>()),
  unbounded: <T>() => mpsc.sharedUnbounded<T>(...trusted<T>()),
  oneshot: <T>() => oneshot.shared<T>(...trusted<T>()),
  broadcast: <T>(capacity: number) => broadcast.shared<T>(capacity, ...trusted<T>()),
  watch: <T>(initial: T) => watch.shared(initial, ...trusted<T>()),
  mutex: <T>(value: T) => Mutex.shared<unknown>(value) as unknown as contract.Mutex<T>,
  rwLock: <T>(value: T, options?: { maxReaders?: number }) =>
    RwLock.shared<unknown>(value, options) as unknown as contract.RwLock<T>,
  semaphore: (permits) => Semaphore.shared(permits),
  notify: () => Notify.shared(),
  barrier: (count) => Barrier.shared(count),
  onceCell: <T>() => OnceCell.shared<T>(...trusted<T>()),
  setOnce: <T>() => SetOnce.shared<T>(...trusted<T>()),
  *settle() {
    // A wake of a task of this thread takes no longer than the next visit to the driver, and a yield waits for that.
    for (let round = 0; round < 3; round++) yield* yieldNow();
  },
};

// What a shared lock guards depends on the value, which may be a region; for a value that is none it is the value.
((value: { n: number }): [contract.Mutex<{ n: number }>, contract.RwLock<{ n: number }>] => [
  Mutex.shared(value),
  RwLock.shared(value),
]) satisfies unknown;
