// broadcast: what is received, by whom, and what a slow receiver is told. Mirrors Tokio's sync_broadcast.rs.

import {
  broadcast,
  CapacityError,
  LaggedError,
  RecvError,
  SendError,
  TryRecvError,
} from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

function expectEmpty(rx: broadcast.Receiver<unknown>): void {
  const error = thrownBy(() => rx.tryRecv());
  expect(error).toBeInstanceOf(TryRecvError);
  expect(error).toMatchObject({ isEmpty: true, isDisconnected: false });
}

function expectClosed(rx: broadcast.Receiver<unknown>): void {
  const error = thrownBy(() => rx.tryRecv());
  expect(error).toBeInstanceOf(TryRecvError);
  expect(error).toMatchObject({ isEmpty: false, isDisconnected: true });
}

function expectLagged(rx: broadcast.Receiver<unknown>, skipped: number): void {
  const error = thrownBy(() => rx.tryRecv());
  expect(error).toBeInstanceOf(LaggedError);
  expect(error).toMatchObject({ skipped });
}

describe("sending and receiving", () => {
  test("send_try_recv_bounded", () => {
    const [tx, rx] = broadcast.channel<string>(16);
    expectEmpty(rx);
    expect(tx.send("hello")).toBe(1);
    expect(rx.tryRecv()).toBe("hello");
    expectEmpty(rx);
  });

  test("send_two_recv: the same object, not a copy", () => {
    const [tx, rx1] = broadcast.channel<object>(16);
    const rx2 = tx.subscribe();
    const value = {};
    expect(tx.send(value)).toBe(2);
    expect(rx1.tryRecv()).toBe(value);
    expect(rx2.tryRecv()).toBe(value);
    expectEmpty(rx1);
    expectEmpty(rx2);
  });

  test("undefined is a value like any other", () => {
    const [tx, rx] = broadcast.channel<undefined>(2);
    tx.send(undefined);
    expect([rx.len(), tx.len()]).toEqual([1, 1]);
    expect(readyNow(rx.recv())).toBe(undefined);
    expectEmpty(rx);
  });

  test("send_recv_bounded", () => {
    const [tx, rx] = broadcast.channel<string>(16);
    const recv = waiting(rx.recv());
    tx.send("hello");
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe("hello");
  });

  test("send_two_recv_bounded", () => {
    const [tx, rx1] = broadcast.channel<string>(16);
    const rx2 = tx.subscribe();
    const first = [waiting(rx1.recv()), waiting(rx2.recv())];
    tx.send("hello");
    expect(first.map((recv) => recv.isWoken)).toEqual([true, true]);
    expect(first.map((recv) => recv.poll())).toEqual(["hello", "hello"]);
    const recv1 = waiting(rx1.recv());
    const recv2 = new Polled(rx2.recv());
    tx.send("world");
    expect([recv1.isWoken, recv2.isWoken]).toEqual([true, false]);
    expect([recv1.poll(), recv2.poll()]).toEqual(["world", "world"]);
  });

  test("send_slow_rx", () => {
    const [tx, rx1] = broadcast.channel<string>(16);
    const rx2 = tx.subscribe();
    const recv2 = waiting(rx2.recv());
    const recv1 = waiting(rx1.recv());
    tx.send("one");
    expect([recv1.isWoken, recv2.isWoken]).toEqual([true, true]);
    tx.send("two");
    expect(recv1.poll()).toBe("one");
    expect(readyNow(rx1.recv())).toBe("two");
    const third = waiting(rx1.recv());
    tx.send("three");
    expect(third.isWoken).toBe(true);
    expect(third.poll()).toBe("three");
    expect(recv2.poll()).toBe("one");
    expect([rx2.tryRecv(), rx2.tryRecv()]).toEqual(["two", "three"]);
  });

  test("send_no_rx: the value comes back, and a later receiver does not get it", () => {
    const [tx, rx] = broadcast.channel<string>(16);
    rx[Symbol.dispose]();
    const error = thrownBy(() => tx.send("hello"));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ value: "hello" });
    const later = tx.subscribe();
    expect(tx.send("world")).toBe(1);
    expect(later.tryRecv()).toBe("world");
  });

  test("a receiver that subscribes gets what is sent from then on", () => {
    const [tx, rx] = broadcast.channel<number>(4);
    tx.send(1);
    const later = tx.subscribe();
    expectEmpty(later);
    tx.send(2);
    expect([later.len(), rx.len()]).toEqual([1, 2]);
    expect(later.tryRecv()).toBe(2);
  });

  test("resubscribe starts at the tail too, wherever its receiver stands", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    for (const value of [1, 2, 3]) tx.send(value);
    const again = rx.resubscribe();
    expectEmpty(again);
    tx.send(4);
    expect(again.tryRecv()).toBe(4);
    expectLagged(rx, 2);
  });
});

describe("lagging", () => {
  test("lagging_rx", () => {
    const [tx, rx1] = broadcast.channel<string>(2);
    const rx2 = tx.subscribe();
    tx.send("one");
    tx.send("two");
    expect(rx1.tryRecv()).toBe("one");
    tx.send("three");
    expectLagged(rx2, 1);
    expect(rx2.tryRecv()).toBe("two");
    expect([rx1.tryRecv(), rx1.tryRecv()]).toEqual(["two", "three"]);
    tx.send("four");
    tx.send("five");
    expectLagged(rx2, 1);
    tx.send("six");
    expectLagged(rx2, 1);
  });

  test("recv tells it once, from the poll", () => {
    const [tx, rx] = broadcast.channel<number>(4);
    for (let value = 0; value < 10; value++) tx.send(value);
    const error = thrownBy(() => readyNow(rx.recv()));
    expect(error).toBeInstanceOf(LaggedError);
    expect(error).toMatchObject({ skipped: 6 });
    expect([1, 2, 3, 4].map(() => readyNow(rx.recv()))).toEqual([6, 7, 8, 9]);
  });

  test("a receiver that waited and was overtaken before its poll is told so", () => {
    const [tx, rx] = broadcast.channel<number>(1);
    const recv = waiting(rx.recv());
    tx.send(1);
    tx.send(2);
    expect(recv.isWoken).toBe(true);
    expect(() => recv.poll()).toThrow(LaggedError);
    expect(rx.tryRecv()).toBe(2);
  });

  test("single_capacity_recvs", () => {
    const [tx, rx] = broadcast.channel<number>(1);
    tx.send(1);
    expect(rx.tryRecv()).toBe(1);
    expectEmpty(rx);
  });

  test("lagging_receiver_recovers_after_wrap_open", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    for (const value of [1, 2, 3]) tx.send(value);
    expectLagged(rx, 1);
    expect([rx.tryRecv(), rx.tryRecv()]).toEqual([2, 3]);
    expectEmpty(rx);
  });

  test("receiver_len_with_lagged: three are rounded up to four, and what was missed counts", () => {
    const [tx, rx] = broadcast.channel<number>(3);
    for (const value of [10, 20, 30, 40]) tx.send(value);
    expect(rx.len()).toBe(4);
    expect(rx.tryRecv()).toBe(10);
    tx.send(50);
    tx.send(60);
    expect(rx.len()).toBe(5);
    expectLagged(rx, 1);
    expect(rx.len()).toBe(4);
  });

  test("the message says what was missed and what to do", () => {
    const [tx, rx] = broadcast.channel<number>(1);
    tx.send(1);
    tx.send(2);
    expect(() => rx.tryRecv()).toThrow(/missed 1 value: receive again/);
  });
});

describe("the end", () => {
  test("dropping_tx_notifies_rx", () => {
    const [tx, rx1] = broadcast.channel<void>(16);
    const rx2 = tx.subscribe();
    const tx2 = tx.clone();
    const recvs = [waiting(rx1.recv()), waiting(rx2.recv())];
    tx.close();
    expect(recvs.every((recv) => !recv.isWoken && recv.isPending())).toBe(true);
    tx2[Symbol.dispose]();
    for (const recv of recvs) {
      expect(recv.isWoken).toBe(true);
      expect(() => recv.poll()).toThrow(RecvError);
    }
    expect(rx1.isClosed()).toBe(true);
  });

  test("single_capacity_recvs_after_drop_1", () => {
    const [tx, rx] = broadcast.channel<number>(1);
    tx.send(1);
    tx.close();
    expect(rx.tryRecv()).toBe(1);
    expectClosed(rx);
  });

  test("single_capacity_recvs_after_drop_2", () => {
    const [tx, rx] = broadcast.channel<number>(1);
    tx.send(1);
    tx.send(2);
    tx.close();
    expectLagged(rx, 1);
    expect(rx.tryRecv()).toBe(2);
    expectClosed(rx);
  });

  test("dropping_sender_does_not_overwrite", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    tx.send(1);
    tx.send(2);
    tx.close();
    expect([readyNow(rx.recv()), readyNow(rx.recv())]).toEqual([1, 2]);
    expect(() => readyNow(rx.recv())).toThrow(RecvError);
    expect(() => readyNow(rx.recv())).toThrow(RecvError);
  });

  test.each([
    [[1, 2, 3], 1, [2, 3]],
    [[1, 2, 3, 4], 2, [3, 4]],
  ])("lagging_receiver_recovers_after_wrap_closed: %j", (sent, skipped, left) => {
    const [tx, rx] = broadcast.channel<number>(2);
    for (const value of sent) tx.send(value);
    tx.close();
    expectLagged(rx, skipped);
    expect(left.map(() => rx.tryRecv())).toEqual(left);
    expectClosed(rx);
  });

  test("a receiver that resubscribes to a closed channel finds it closed", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    tx.send(1);
    tx.close();
    expectClosed(rx.resubscribe());
    expect(rx.tryRecv()).toBe(1);
  });
});

describe("capacity", () => {
  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 30 + 1])(
    "zero_capacity, capacity_too_big: %d is refused",
    (capacity) => {
      const error = thrownBy(() => broadcast.channel(capacity));
      expect(error).toBeInstanceOf(CapacityError);
      expect(error).toMatchObject({ given: capacity });
    },
  );

  test.each([
    [1, 1],
    [2, 2],
    [3, 4],
    [5, 8],
    [16, 16],
    [17, 32],
    [1000, 1024],
  ])("%d keeps %d values", (capacity, kept) => {
    const [tx, rx] = broadcast.channel<number>(capacity);
    for (let value = 0; value < kept; value++) tx.send(value);
    expect(rx.tryRecv()).toBe(0);
    for (let value = 0; value < 2; value++) tx.send(kept + value);
    expectLagged(rx, 1);
    expect(rx.tryRecv()).toBe(2);
  });

  test("the largest one takes no memory before there are values", () => {
    const [tx, rx] = broadcast.channel<number>(2 ** 30);
    tx.send(1);
    expect(rx.tryRecv()).toBe(1);
  });
});

describe("for await", () => {
  test("ends when the channel is closed, and disposes the receiver", async () => {
    const [tx, rx] = broadcast.channel<number>(4);
    for (const value of [1, 2, 3]) tx.send(value);
    tx.close();
    const received: number[] = [];
    for await (const value of rx) received.push(value);
    expect(received).toEqual([1, 2, 3]);
    expect(tx.receiverCount()).toBe(0);
  });

  test("a LaggedError comes out of it, and another loop goes on", async () => {
    const [tx, rx] = broadcast.channel<number>(2);
    for (const value of [1, 2, 3, 4, 5]) tx.send(value);
    const received: number[] = [];
    await expect(async () => {
      for await (const value of rx) received.push(value);
    }).rejects.toThrow(LaggedError);
    tx.close();
    for await (const value of rx) received.push(value);
    expect(received).toEqual([4, 5]);
  });

  test("leaving it early disposes the receiver", async () => {
    const [tx, rx] = broadcast.channel<number>(4);
    tx.send(1);
    for await (const value of rx) {
      expect(value).toBe(1);
      break;
    }
    expect(tx.receiverCount()).toBe(0);
  });
});

test("yield* in a coroutine", () => {
  runPaused(function* () {
    const [tx, rx] = broadcast.channel<number>(2);
    tx.send(1);
    expect(yield* rx.recv()).toBe(1);
    tx.close();
    let error: unknown;
    try {
      yield* rx.recv();
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(RecvError);
  });
});
