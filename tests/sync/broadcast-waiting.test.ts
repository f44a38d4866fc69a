// broadcast: futures that wait for values: cancel-safety, wakers, the budget, many of them.

import { borrow, Pending, PolledAfterCompletionError, select, sleep, spawn, Waker } from "tokiwa";
import { broadcast, LaggedError, RecvError, SendError } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { runPaused } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

describe("recv", () => {
  test("change_tasks: the waker of the last poll counts", () => {
    const [tx, rx] = broadcast.channel<string>(1);
    const recv = rx.recv();
    const first = waiting(recv);
    const second = waiting(recv);
    tx.send("hello");
    expect([first.isWoken, second.isWoken]).toEqual([false, true]);
    expect(second.poll()).toBe("hello");
  });

  test("one that was woken and dropped leaves the value for the next", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const recv = waiting(rx.recv());
    tx.send(1);
    recv.drop();
    recv.drop();
    expect(readyNow(rx.recv())).toBe(1);
  });

  test("one that was dropped is not woken; another of the same receiver is", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const dropped = waiting(rx.recv());
    const kept = waiting(rx.recv());
    const unused = rx.recv();
    dropped.drop();
    unused[Symbol.dispose]();
    tx.send(1);
    expect([dropped.isWoken, kept.isWoken]).toEqual([false, true]);
  });

  test("one that was polled again after another had left is dropped for good", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const first = waiting(rx.recv());
    const second = waiting(rx.recv());
    first.drop();
    expect(second.isPending()).toBe(true);
    second.drop();
    tx.send(1);
    expect([first.isWoken, second.isWoken]).toEqual([false, false]);
  });

  test("two of one receiver: one gets the value, the other waits on", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const recvs = [waiting(rx.recv()), waiting(rx.recv())];
    tx.send(1);
    expect(recvs.map((recv) => recv.isWoken)).toEqual([true, true]);
    expect(recvs.map((recv) => recv.poll())).toEqual([1, Pending]);
    tx.send(2);
    expect(recvs[1]?.isWoken).toBe(true);
    expect(recvs[1]?.poll()).toBe(2);
  });

  test("polled after completion it throws, after an error too", () => {
    const [tx, rx] = broadcast.channel<number>(1);
    tx.send(1);
    const recv = new Polled(rx.recv());
    recv.poll();
    expect(() => recv.poll()).toThrow(PolledAfterCompletionError);
    tx.close();
    const failed = new Polled(rx.recv());
    expect(() => failed.poll()).toThrow(RecvError);
    expect(() => failed.poll()).toThrow(PolledAfterCompletionError);
  });

  test("pollRecv is the same by hand", () => {
    const [tx, rx] = broadcast.channel<number>(1);
    let wakes = 0;
    const cx = { waker: Waker.from(() => (wakes += 1)) };
    expect(rx.pollRecv(cx)).toBe(Pending);
    expect(rx.pollRecv(cx)).toBe(Pending);
    tx.send(1);
    expect(wakes).toBe(1);
    expect(rx.pollRecv(cx)).toBe(1);
    tx.send(2);
    tx.send(3);
    expect(wakes).toBe(1);
    expect(() => rx.pollRecv(cx)).toThrow(LaggedError);
    tx.close();
    expect(rx.pollRecv(cx)).toBe(3);
    expect(() => rx.pollRecv(cx)).toThrow(RecvError);
  });

  test("under select loses no value, whichever branch wins", () => {
    runPaused(function* () {
      const [tx, rx] = broadcast.channel<number>(64);
      spawn(function* () {
        using _close = tx;
        for (let value = 0; value < 100; value++) {
          if (value % 3 === 0) yield* sleep(1 + (value % 4));
          tx.send(value);
        }
      });
      const received: number[] = [];
      let ticks = 0;
      try {
        for (;;) {
          const winner = yield* select({ data: rx.recv(), tick: sleep(1) });
          if (winner.branch === "tick") ticks += 1;
          else received.push(winner.value);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(RecvError);
      }
      expect(received).toEqual(Array.from({ length: 100 }, (_, value) => value));
      expect(ticks).toBeGreaterThan(0);
    });
  });

  test("can be kept by borrow over many rounds", () => {
    runPaused(function* () {
      const [tx, rx] = broadcast.channel<number>(1);
      spawn(function* () {
        yield* sleep(35);
        tx.send(1);
      });
      const recv = rx.recv();
      let rounds = 0;
      for (;;) {
        const winner = yield* select({ data: borrow(recv), tick: sleep(10) });
        if (winner.branch === "data") break;
        rounds += 1;
      }
      expect(rounds).toBe(3);
    });
  });

  test("says what it waits for", () => {
    const [tx, rx] = broadcast.channel<number>(1);
    expect(waiting(rx.recv()).future.waitsFor()).toBe("broadcast.recv()");
    expect(waiting(tx.closed()).future.waitsFor()).toBe("broadcast.closed()");
  });
});

test("the budget: a receiver that always finds a value gives way after 128", () => {
  runPaused(function* () {
    const [tx, rx] = broadcast.channel<number>(1024);
    for (let value = 0; value < 1000; value++) tx.send(value);
    let received = 0;
    const greedy = spawn(function* () {
      for (; received < 1000; received++) yield* rx.recv();
    });
    const other = spawn(function* () {
      return received;
    });
    expect(yield* other).toBe(128);
    yield* greedy;
    expect(received).toBe(1000);
  });
});

describe("wakers that use the channel which wakes them", () => {
  test("a receiver that receives from inside its wake gets every value once", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const received: number[] = [];
    const waker = Waker.from(() => drain());
    const drain = (): void => {
      for (;;) {
        const value = rx.recv().poll({ waker });
        if (value === Pending) return;
        received.push(value as number);
      }
    };
    drain();
    for (let value = 0; value < 5; value++) tx.send(value);
    expect(received).toEqual([0, 1, 2, 3, 4]);
  });

  test("one that sends: everybody gets both values in one order", () => {
    const [tx, rx1] = broadcast.channel<number>(4);
    const rx2 = tx.subscribe();
    let sent = false;
    rx1.recv().poll({
      waker: Waker.from(() => {
        if (!sent) tx.send(2);
        sent = true;
      }),
    });
    const recv = waiting(rx2.recv());
    expect(tx.send(1)).toBe(2);
    expect(recv.poll()).toBe(1);
    expect([rx2.tryRecv(), rx1.tryRecv(), rx1.tryRecv()]).toEqual([2, 1, 2]);
  });

  test("one that disposes the others, and subscribes again", () => {
    const [tx, rx] = broadcast.channel<number>(4);
    const others = [tx.subscribe(), tx.subscribe()];
    const late: broadcast.Receiver<number>[] = [];
    rx.recv().poll({
      waker: Waker.from(() => {
        for (const other of others) other[Symbol.dispose]();
        late.push(tx.subscribe());
      }),
    });
    const recvs = others.map((other) => waiting(other.recv()));
    tx.send(1);
    expect(recvs.map((recv) => recv.isWoken)).toEqual([true, true]);
    expect(tx.receiverCount()).toBe(2);
    expect(late[0]?.isEmpty()).toBe(true);
    expect(rx.tryRecv()).toBe(1);
    expect(tx.len()).toBe(0);
  });

  test("one that joins again is not woken twice by one send", () => {
    const [tx, rx] = broadcast.channel<number>(4);
    let wakes = 0;
    const join = (): void => {
      rx.recv().poll({
        waker: Waker.from(() => {
          wakes += 1;
          rx.tryRecv();
          join();
        }),
      });
    };
    join();
    waiting(tx.subscribe().recv());
    tx.send(1);
    expect(wakes).toBe(1);
  });

  test("the waker of closed() that sends finds no receiver", () => {
    const [tx, rx] = broadcast.channel<number>(4);
    let error: unknown;
    tx.closed().poll({
      waker: Waker.from(() => {
        try {
          tx.send(1);
        } catch (caught) {
          error = caught;
        }
      }),
    });
    rx[Symbol.dispose]();
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ value: 1 });
  });
});

test("a hundred thousand who wait, and leave in any order", () => {
  const count = 100_000;
  const [tx, rx] = broadcast.channel<number>(2);
  const cx = { waker: Waker.noop() };
  const sameReceiver = Array.from({ length: count }, () => rx.recv());
  const receivers = Array.from({ length: count }, () => tx.subscribe());
  const ownReceiver = receivers.map((receiver) => receiver.recv());
  for (const recv of [...sameReceiver, ...ownReceiver]) recv.poll(cx);
  for (let index = 0; index < count; index += 2) {
    sameReceiver[index]?.[Symbol.dispose]();
    ownReceiver[index]?.[Symbol.dispose]();
  }
  for (let index = count - 1; index > 0; index -= 2) {
    sameReceiver[index]?.[Symbol.dispose]();
    ownReceiver[index]?.[Symbol.dispose]();
    receivers[index]?.[Symbol.dispose]();
  }
  expect(tx.send(1)).toBe(1 + count / 2);
  expect(rx.tryRecv()).toBe(1);
});
