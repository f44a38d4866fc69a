// Values that nobody receives: what is owned of them is disposed at once, without the garbage collector.

import { main, sleep, spawn } from "tokiwa";
import { broadcast, Mutex, mpsc, oneshot, RecvError, Semaphore, SendError } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { readyNow, waiting } from "./polled.js";

/** A question, and whether who asked was told that there is no answer. */
function question(): { answer: oneshot.Sender<number>; isTold(): boolean } {
  const [answer, reply] = oneshot.channel<number>();
  const asking = waiting(reply);
  return {
    answer,
    isTold: () => asking.isWoken && thrownBy(() => asking.poll()) instanceof RecvError,
  };
}

describe("an mpsc queue", () => {
  test("its receiver is disposed: ends, permits and guards that are values or right inside of one", () => {
    const semaphore = new Semaphore(1);
    const mutex = new Mutex(0);
    const [alone, inside, listed] = [question(), question(), question()];
    const inner = mpsc.channel<number>(1);
    const subscription = broadcast.channel<number>(1);
    const room = mpsc.channel<number>(1);
    const [tx, rx] = mpsc.unbounded<unknown>();
    tx.send(alone.answer);
    tx.send({ id: 1, answer: inside.answer });
    tx.send([2, listed.answer, semaphore.tryAcquire(), mutex.tryLock()]);
    tx.send([inner[1], subscription[1], room[0].tryReserve()]);
    rx[Symbol.dispose]();
    expect([alone.isTold(), inside.isTold(), listed.isTold()]).toEqual([true, true, true]);
    expect([semaphore.availablePermits(), mutex.isLocked()]).toEqual([1, false]);
    expect([inner[0].isClosed(), subscription[0].receiverCount()]).toEqual([true, 0]);
    expect(room[0].capacity()).toBe(1);
  });

  test("leaves alone what others may hold: senders, disposables of the program, what is deeper", () => {
    const deep = question();
    const [shared] = mpsc.channel<number>(1);
    let disposals = 0;
    const own = {
      [Symbol.dispose]() {
        disposals += 1;
      },
    };
    const [tx, rx] = mpsc.unbounded<unknown>();
    for (const value of [own, { own }, { deep: { answer: deep.answer } }, { shared }, null, 1])
      tx.send(value);
    rx[Symbol.dispose]();
    expect(disposals).toBe(0);
    expect(deep.isTold()).toBe(false);
    shared.trySend(1);
  });

  test("close keeps what is queued: it can be received", () => {
    const { answer, isTold } = question();
    const [tx, rx] = mpsc.unbounded<oneshot.Sender<number>>();
    tx.send(answer);
    rx.close();
    expect(isTold()).toBe(false);
    rx.tryRecv().send(1);
  });

  test("a permit that sends after the receiver was disposed", () => {
    const { answer, isTold } = question();
    const [tx, rx] = mpsc.channel<oneshot.Sender<number>>(1);
    const permit = tx.tryReserve();
    rx[Symbol.dispose]();
    permit.send(answer);
    expect(isTold()).toBe(true);
    expect(tx.capacity()).toBe(1);
  });

  test("a send that is dropped unsent, and not one that has failed and gives its value back", () => {
    const [dropped, unpolled, refused] = [question(), question(), question()];
    const [tx, rx] = mpsc.channel<oneshot.Sender<number> | undefined>(1);
    tx.trySend(undefined);
    waiting(tx.send(dropped.answer)).drop();
    tx.send(unpolled.answer)[Symbol.dispose]();
    expect([dropped.isTold(), unpolled.isTold()]).toEqual([true, true]);
    const send = waiting(tx.send(refused.answer));
    rx.close();
    const error = thrownBy(() => send.poll());
    send.drop();
    expect(error).toBeInstanceOf(SendError);
    expect((error as SendError).value).toBe(refused.answer);
    expect(refused.isTold()).toBe(false);
  });

  test("a send that was made is the receiver's, whatever becomes of its future", () => {
    const { answer, isTold } = question();
    const [tx, rx] = mpsc.channel<oneshot.Sender<number>>(1);
    const send = tx.send(answer);
    readyNow(send);
    send[Symbol.dispose]();
    expect(isTold()).toBe(false);
    rx.tryRecv().send(1);
  });

  test("a receiver in its own queue", () => {
    const [tx, rx] = mpsc.unbounded<unknown>();
    tx.send(rx);
    rx[Symbol.dispose]();
    expect(tx.isClosed()).toBe(true);
  });

  test("an actor that dies: who asked is told, at once and without waiting for the collector", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<oneshot.Sender<number>>(8);
      const actor = spawn(function* () {
        using requests = rx;
        yield* requests.recv();
        throw new Error("actor died");
      });
      function* ask() {
        const [answer, reply] = oneshot.channel<number>();
        yield* tx.send(answer);
        try {
          return yield* reply;
        } catch (error) {
          return error;
        }
      }
      const first = spawn(ask);
      const second = spawn(ask);
      yield* sleep(10);
      expect(second.isFinished()).toBe(true);
      expect(yield* second).toBeInstanceOf(RecvError);
      first.abort();
      try {
        yield* actor;
      } catch {}
    });
  });
});

test("a oneshot: its receiver goes without taking what was sent", () => {
  const semaphore = new Semaphore(2);
  const [tx, rx] = oneshot.channel<unknown>();
  tx.send({ permit: semaphore.tryAcquire() });
  rx[Symbol.dispose]();
  expect(semaphore.availablePermits()).toBe(2);
  const [late, gone] = oneshot.channel<unknown>();
  gone[Symbol.dispose]();
  const permit = semaphore.tryAcquire();
  expect(thrownBy(() => late.send(permit))).toMatchObject({ value: permit });
  // It came back with the error.
  expect(semaphore.availablePermits()).toBe(1);
});

test("a broadcast keeps its hands off: every receiver has the same value", () => {
  const semaphore = new Semaphore(1);
  const [tx, rx] = broadcast.channel<Disposable>(1);
  const slow = tx.subscribe();
  tx.send(semaphore.tryAcquire());
  using permit = rx.tryRecv();
  slow[Symbol.dispose]();
  expect(permit).toBeDefined();
  expect(semaphore.availablePermits()).toBe(0);
});

test("a whole program ends that hung before", async () => {
  const outcome = await main({ startPaused: true }, function* () {
    const [tx, rx] = mpsc.channel<{ reply: oneshot.Sender<string> }>(4);
    const [reply, answer] = oneshot.channel<string>();
    yield* tx.send({ reply });
    rx[Symbol.dispose]();
    try {
      return yield* answer;
    } catch (error) {
      return (error as Error).name;
    }
  });
  expect(outcome).toBe("RecvError");
});
