// Bounds and corners of the shared primitives' core: how many permits there may be, who asks for none, the waker of the first task,
// what goes with a receiver that is far behind.

import { Pending, pollFn } from "tokiwa";
import { broadcast, CapacityError, mpsc, Notify, Semaphore } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { settles, thrown } from "../support/tasks.js";
import { readyNow, waiting } from "../sync/polled.js";
import { crew, LONG } from "./crew.js";
import { inside } from "./sync-kinds.js";

const MOST = Semaphore.MAX_PERMITS;

describe("permits", () => {
  test("those that are in hands count as permits there are", () => {
    const semaphore = Semaphore.shared(MOST);
    const held = semaphore.tryAcquire(MOST - 1);
    expect(thrown(() => semaphore.addPermits(1))).toBeInstanceOf(CapacityError);
    expect(semaphore.availablePermits()).toBe(1);
    semaphore.tryAcquire(1).forget();
    semaphore.addPermits(1);
    held.release();
    expect(semaphore.availablePermits()).toBe(MOST);
  });

  test("those that the first in line has so far count too, and so do those that nobody has seen yet", () => {
    const semaphore = Semaphore.shared(MOST - 1);
    const most = waiting(semaphore.acquire(MOST));
    expect(thrown(() => semaphore.addPermits(2))).toBeInstanceOf(CapacityError);
    semaphore.addPermits(1);
    expect(thrown(() => semaphore.addPermits(1))).toBeInstanceOf(CapacityError);
    most.drop();
    expect(semaphore.availablePermits()).toBe(MOST);
  });

  test("who asks for none does not wait behind others", () => {
    const semaphore = Semaphore.shared(1);
    const others = waiting(semaphore.acquire(2));
    expect(readyNow(semaphore.acquire(0)).numPermits()).toBe(0);
    expect(semaphore.tryAcquire(0).numPermits()).toBe(0);
    others.drop();
    const [sender] = mpsc.shared<number>(1);
    sender.trySend(1);
    const permit = waiting(sender.reserve());
    expect([...readyNow(sender.reserveMany(0))]).toEqual([]);
    permit.drop();
  });
});

test("enable() leaves the waker of a Notified that has been polled by the first task of a runtime", async () => {
  const rt = crew(1);
  const notify = inside(rt, () => Notify.shared());
  const ready = inside(rt, () => Semaphore.shared(0));
  const woken = rt.run(function* () {
    const notified = notify.notified();
    let polls = 0;
    yield* pollFn((cx) => {
      const answer = notified.poll(cx);
      polls += 1;
      if (polls === 1) {
        expect(notified.enable()).toBe(false);
        ready.addPermits(1);
      }
      return answer === Pending ? Pending : "notified";
    });
    return polls;
  });
  (await settles(ready.acquire(), LONG)).release();
  notify.notifyOne();
  expect(await settles(woken, LONG)).toBe(2);
});

describe("a receiver that goes", () => {
  test("takes along what it had not read of a channel, however much, handles in it too", () => {
    const [sender, receiver] = mpsc.sharedUnbounded<unknown>();
    const [inner, innerReceiver] = mpsc.shared<number>(1);
    for (let value = 0; value < 500; value++)
      sender.send(value % 3 === 0 ? `text ${value}` : value);
    for (let value = 0; value < 100; value++) receiver.tryRecv();
    sender.send({ inner });
    inner.close();
    receiver[Symbol.dispose]();
    expect(readyNow(innerReceiver.recv())).toBe(undefined);
    expect(thrown(() => sender.send(1))).toMatchObject({ name: "SendError" });
  });

  test("lets go of what only it had not read of a broadcast, and of nothing else", () => {
    const [sender, receiver] = broadcast.shared<number>(256);
    const other = sender.subscribe();
    for (let value = 0; value < 200; value++) sender.send(value);
    for (let value = 0; value < 50; value++) expect(other.tryRecv()).toBe(value);
    expect(sender.len()).toBe(200);
    receiver[Symbol.dispose]();
    expect(sender.len()).toBe(150);
    for (let value = 200; value < 500; value++) sender.send(value);
    expect(sender.len()).toBe(256);
    other[Symbol.dispose]();
    expect(sender.len()).toBe(0);
  });
});
