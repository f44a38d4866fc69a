// Cancel-safety of the channel's futures under select, timeout and abort, and the cooperative budget.

import {
  borrow,
  type JoinHandle,
  Pending,
  PolledAfterCompletionError,
  pollFn,
  ready,
  select,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from "tokiwa";
import { mpsc } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { runPaused } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

describe("recv", () => {
  test("under select loses no value, whichever branch wins", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<number>(4);
      spawn(function* () {
        using _close = tx;
        for (let value = 0; value < 200; value++) {
          if (value % 3 === 0) yield* yieldNow();
          if (value % 7 === 0) yield* sleep(1 + (value % 3));
          yield* tx.send(value);
        }
      });
      const received: number[] = [];
      let others = 0;
      for (;;) {
        const winner = yield* select({ data: rx.recv(), tick: sleep(1) });
        if (winner.branch === "tick") others += 1;
        else if (winner.value === undefined) break;
        else received.push(winner.value);
      }
      expect(received).toEqual(Array.from({ length: 200 }, (_, value) => value));
      expect(others).toBeGreaterThan(0);
    });
  });

  test("that lost to a ready branch has taken nothing", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<number>(1);
      tx.trySend(1);
      const winner = yield* select({ now: ready("x"), data: rx.recv() }, { biased: true });
      expect(winner.branch).toBe("now");
      expect(rx.len()).toBe(1);
    });
  });

  test("that was woken and dropped leaves the value for the next", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const recv = waiting(rx.recv());
    tx.trySend(1);
    expect(recv.isWoken).toBe(true);
    recv.drop();
    recv.drop();
    expect(readyNow(rx.recv())).toBe(1);
  });

  test("under a timeout that elapses loses nothing", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<number>(1);
      let elapsed = 0;
      spawn(function* () {
        for (let value = 0; value < 10; value++) {
          yield* sleep(25);
          yield* tx.send(value);
        }
      });
      const received: number[] = [];
      while (received.length < 10) {
        try {
          received.push((yield* timeout(10, rx.recv())) as number);
        } catch {
          elapsed += 1;
        }
      }
      expect(received).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(elapsed).toBe(20);
    });
  });

  test("can be kept by borrow over many rounds", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<number>(1);
      spawn(function* () {
        yield* sleep(35);
        yield* tx.send(1);
      });
      const recv = rx.recv();
      let rounds = 0;
      for (;;) {
        const winner = yield* select({ data: borrow(recv), tick: sleep(10) });
        if (winner.branch === "data") break;
        rounds += 1;
      }
      expect(rounds).toBe(3);
      expect(() => new Polled(recv).poll()).toThrow(PolledAfterCompletionError);
    });
  });

  test("one that never waited may be dropped while another waits", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const unused = rx.recv();
    const recv = waiting(rx.recv());
    unused[Symbol.dispose]();
    rx.recvMany(3)[Symbol.dispose]();
    tx.trySend(1);
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe(1);
  });

  test("one that waited before may be dropped while another waits", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const before = waiting(rx.recv());
    const recv = waiting(rx.recv());
    before.drop();
    tx.trySend(1);
    expect(recv.isWoken).toBe(true);
  });

  test("the waker of the last poll counts", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const recv = rx.recv();
    const first = new Polled(recv);
    const second = new Polled(recv);
    first.poll();
    second.poll();
    tx.trySend(1);
    expect([first.isWoken, second.isWoken]).toEqual([false, true]);
    expect(second.poll()).toBe(1);
  });

  test("pollRecv is the same by hand", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const polled = new Polled<number | undefined>(
      // A future that polls the receiver without making a `recv` each time.
      Object.assign(sleep(0), { poll: rx.pollRecv.bind(rx) }) as never,
    );
    expect(polled.isPending()).toBe(true);
    tx.trySend(1);
    expect(polled.isWoken).toBe(true);
    expect(polled.poll()).toBe(1);
    tx.close();
    expect(polled.poll()).toBe(undefined);
  });
});

describe("send", () => {
  test("dropped before its poll sends nothing", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.send(1)[Symbol.dispose]();
    expect(rx.isEmpty()).toBe(true);
  });

  test("dropped while waiting sends nothing", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.trySend(1);
    const send = waiting(tx.send(2));
    send.drop();
    expect(readyNow(rx.recv())).toBe(1);
    expect([rx.len(), tx.capacity()]).toEqual([0, 1]);
  });

  test("under select sends its value once or not at all", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<number>(1);
      const sent: number[] = [];
      spawn(function* () {
        using _close = tx;
        for (let value = 0; value < 100; value++) {
          const winner = yield* select({ sent: tx.send(value), gaveUp: sleep(value % 4) });
          if (winner.branch === "sent") sent.push(value);
        }
      });
      const received: number[] = [];
      for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv()) {
        received.push(value);
        yield* sleep(2);
      }
      expect(received).toEqual(sent);
      expect(sent.length).toBeGreaterThan(10);
      expect(sent.length).toBeLessThan(100);
    });
  });

  test("the waker of the last poll counts", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.trySend(1);
    const send = tx.send(2);
    const first = waiting(send);
    const second = waiting(send);
    rx.tryRecv();
    expect([first.isWoken, second.isWoken]).toEqual([false, true]);
    expect(second.poll()).toBe(undefined);
  });

  test("of an aborted task leaves the line", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<number>(1);
      tx.trySend(1);
      const first = spawn(tx.send(2));
      const second = spawn(tx.send(3));
      yield* yieldNow();
      first.abort();
      expect([yield* rx.recv(), yield* rx.recv()]).toEqual([1, 3]);
      yield* second;
    });
  });

  test("polled after completion throws", () => {
    const [tx] = mpsc.channel<number>(1);
    const send = new Polled(tx.send(1));
    send.poll();
    expect(() => send.poll()).toThrow(PolledAfterCompletionError);
    expect(tx.len()).toBe(1);
  });
});

describe("the budget", () => {
  /** What another task saw of the counter at its first poll. */
  function* seenByOther(count: () => number) {
    return count();
  }

  test("a receiver that always finds a value gives way after 128", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.unbounded<number>();
      for (let value = 0; value < 1000; value++) tx.send(value);
      const received: number[] = [];
      const greedy = spawn(function* () {
        while (received.length < 1000) received.push((yield* rx.recv()) as number);
      });
      const other = spawn(seenByOther, () => received.length);
      expect(yield* other).toBe(128);
      yield* greedy;
      expect(received).toEqual(Array.from({ length: 1000 }, (_, value) => value));
    });
  });

  test("a sender that always finds room gives way after 128, and loses nothing", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<number>(2000);
      let sent = 0;
      const greedy = spawn(function* () {
        for (; sent < 1000; sent++) yield* tx.send(sent);
      });
      const other = spawn(seenByOther, () => sent);
      expect(yield* other).toBe(128);
      yield* greedy;
      expect(readyNow(rx.recvMany(2000))).toEqual(
        Array.from({ length: 1000 }, (_, value) => value),
      );
    });
  });

  test("a task that reserves gives way too", () => {
    runPaused(function* () {
      const [tx] = mpsc.channel<number>(2000);
      let permits = 0;
      const greedy = spawn(function* () {
        for (; permits < 500; permits++) (yield* tx.reserve())[Symbol.dispose]();
      });
      const other = spawn(seenByOther, () => permits);
      expect(yield* other).toBe(128);
      yield* greedy;
      expect(tx.capacity()).toBe(2000);
    });
  });

  test("a send that had to wait costs as much", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<number>(200);
      for (let value = 0; value < 200; value++) tx.trySend(value);
      let sends = Array.from({ length: 200 }, (_, value) => tx.send(value));
      const perPoll: number[] = [];
      const sender = spawn(
        pollFn((cx) => {
          const left = sends.filter((send) => send.poll(cx) === Pending);
          perPoll.push(sends.length - left.length);
          sends = left;
          return left.length === 0 ? undefined : Pending;
        }),
      );
      yield* yieldNow();
      readyNow(rx.recvMany(200));
      yield* sender;
      expect(perPoll.filter((count) => count > 0)).toEqual([128, 72]);
    });
  });

  test("a receive that had to wait costs as much, and no more", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<number>(1);
      let rounds = 0;
      const consumer = spawn(function* () {
        for (; rounds < 1000; rounds++) yield* rx.recv();
      });
      for (let value = 0; value < 1000; value++) yield* tx.send(value);
      yield* consumer;
      expect(rounds).toBe(1000);
    });
  });
});

test("two tasks that wait for one channel are both served", () => {
  runPaused(function* () {
    const [tx, rx] = mpsc.channel<number>(4);
    function* receive() {
      return yield* rx.recv();
    }
    const both = [spawn(receive), spawn(receive)];
    yield* yieldNow();
    tx.trySend(1);
    tx.trySend(2);
    const received = [yield* both[0] as JoinHandle<number>, yield* both[1] as JoinHandle<number>];
    expect(received.sort()).toEqual([1, 2]);
  });
});
