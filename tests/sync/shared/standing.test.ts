// Handles of one lock or cell on one thread stand on one claim, however many there are; each can be given up by itself.

import {
  Barrier,
  Mutex,
  mpsc,
  Notify,
  OnceCell,
  RwLock,
  Semaphore,
  SetOnce,
  type SharedMutex,
} from "tokiwa/sync";
import { expect, test } from "vitest";

/** Claims on the object of a handle: the first word of the object. */
function claimsOn(handle: object): number {
  const { home, object } = handle as { home: { buffer: SharedArrayBuffer }; object: number };
  return new Int32Array(home.buffer)[object >> 2] as number;
}

interface Whole extends Disposable {
  clone(): Whole;
}

test.each<[string, () => Whole]>([
  ["Mutex", () => Mutex.shared(0)],
  ["RwLock", () => RwLock.shared(0)],
  ["Semaphore", () => Semaphore.shared(1)],
  ["Notify", () => Notify.shared()],
  ["Barrier", () => Barrier.shared(2)],
  ["OnceCell", () => OnceCell.shared<number>()],
  ["SetOnce", () => SetOnce.shared<number>()],
])("%s", (_, make) => {
  const handle = make();
  const [tx, rx] = mpsc.sharedUnbounded<SharedMutex<number>>();
  const others: Whole[] = [handle.clone()];
  for (let round = 0; round < 50; round++) {
    tx.send(handle as SharedMutex<number>);
    others.push(rx.tryRecv());
  }
  expect(claimsOn(handle)).toBe(1);
  for (const other of others) {
    other[Symbol.dispose]();
    other[Symbol.dispose]();
  }
  expect(claimsOn(handle)).toBe(1);
  const last = handle.clone();
  handle[Symbol.dispose]();
  expect(() => handle.clone()).toThrow(/was used after it had been disposed/);
  expect(claimsOn(last)).toBe(1);
  last.clone()[Symbol.dispose]();
});
