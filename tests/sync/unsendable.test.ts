// A primitive of one thread that somebody tries to send says what to write instead.

import { type Future, Pending, Waker } from "tokiwa";
import { Builder } from "tokiwa/runtime";
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
import { SendError } from "tokiwa/task";
import { expect, test } from "vitest";
import { thrown } from "../support/tasks.js";

function now<T>(future: Future<T>): T {
  const value = future.poll({ waker: Waker.noop() });
  if (value === Pending) throw new Error("is pending");
  return value;
}

const mutex = new Mutex(1);
const lock = new RwLock(1);
const [tx, rx] = mpsc.channel<number>(2);
const [unbounded] = mpsc.unbounded<number>();
const [once, given] = oneshot.channel<number>();
const [all, each] = broadcast.channel<number>(1);
const [shown, seen] = watch.channel(1);

const REFUSED: [string, unknown, RegExp][] = [
  ["Mutex", mutex, /`Mutex\.shared`/],
  ["RwLock", lock, /`RwLock\.shared`/],
  ["Semaphore", new Semaphore(1), /`Semaphore\.shared`/],
  ["Notify", new Notify(), /`Notify\.shared`/],
  ["Barrier", new Barrier(1), /`Barrier\.shared`/],
  ["OnceCell", new OnceCell(), /`OnceCell\.shared`/],
  ["SetOnce", new SetOnce(), /`SetOnce\.shared`/],
  ["Sender", tx, /`mpsc\.shared`/],
  ["WeakSender", tx.downgrade(), /`mpsc\.shared`/],
  ["UnboundedSender", unbounded, /`mpsc\.shared`/],
  ["Receiver", rx, /`mpsc\.shared`/],
  ["Sender", once, /`oneshot\.shared`/],
  ["Receiver", given, /`oneshot\.shared`/],
  ["Sender", all, /`broadcast\.shared`/],
  ["Receiver", each, /`broadcast\.shared`/],
  ["Sender", shown, /`watch\.shared`/],
  ["Receiver", seen, /`watch\.shared`/],
  ["MutexGuard", mutex.tryLock(), /release it, or send what it guards/],
  ["ReadGuard", lock.tryRead(), /release it, or send what it guards/],
  ["SemaphorePermit", new Semaphore(1).tryAcquire(), /release it/],
  ["Permit", tx.tryReserve(), /use it here, and send the value/],
];

test.each(REFUSED)("%s", (name, value, advice) => {
  const rt = Builder.newCurrentThread().build();
  using _entered = rt.enter();
  const [to] = mpsc.shared<unknown>(1);
  const error = thrown(() => now(to.send({ a: { b: value } }))) as SendError;
  expect(error).toBeInstanceOf(SendError);
  expect(error.path).toBe("value.a.b");
  expect(error.message).toContain(
    `value.a.b is an instance of class ${name}, which belongs to this thread`,
  );
  expect(error.message).toMatch(advice);
});

test("a guard of a shared lock cannot be sent either", () => {
  const rt = Builder.newCurrentThread().build();
  using _entered = rt.enter();
  const shared = Mutex.shared(1);
  using guard = now(shared.lock());
  const [to] = mpsc.shared<unknown>(1);
  const error = thrown(() => now(to.send(guard)));
  expect(error.message).toMatch(/^value is an instance of class SharedMutexGuard.*release it/);
});

test.each<[string, (tx: mpsc.SharedSender<number>) => unknown, string]>([
  ["SharedPermit", (tx) => tx.tryReserve(), "use it here, and send the value"],
  ["SharedPermits", (tx) => tx.tryReserveMany(2), "use them here, and send the values"],
  ["SharedOwnedPermit", (tx) => tx.tryReserveOwned(), "use it here, and send the value"],
])("nor can a %s of a shared channel", (name, take, advice) => {
  const rt = Builder.newCurrentThread().build();
  using _entered = rt.enter();
  const [tx] = mpsc.shared<number>(2);
  const [to] = mpsc.shared<unknown>(1);
  const error = thrown(() => now(to.send(take(tx))));
  expect(error.message).toContain(`value is an instance of class ${name},`);
  expect(error.message).toContain(advice);
});

test("what a lock cannot hold is found by the same path", () => {
  const rt = Builder.newCurrentThread().build();
  using _entered = rt.enter();
  const error = thrown(() => Mutex.shared({ f: (() => 1) as unknown })) as SendError;
  expect(error.path).toBe("value.f");
});
