// A bounded channel: values in order, a sender that waits for room. Mirrors Tokio's sync_mpsc.rs.

import { sleep, spawn, yieldNow } from "tokiwa";
import { CapacityError, mpsc } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { now, runPaused, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

test("send_recv_with_buffer: values come in order, then the end", () => {
  const [tx, rx] = mpsc.channel<number>(16);
  tx.trySend(1);
  tx.trySend(2);
  tx.close();
  expect([readyNow(rx.recv()), readyNow(rx.recv()), readyNow(rx.recv())]).toEqual([
    1,
    2,
    undefined,
  ]);
  expect(readyNow(rx.recv())).toBe(undefined);
});

test("async_send_recv_with_buffer", () => {
  runPaused(function* () {
    const [tx, rx] = mpsc.channel<number>(16);
    spawn(function* () {
      using _close = tx;
      yield* tx.send(1);
      yield* tx.send(2);
    });
    expect([yield* rx.recv(), yield* rx.recv(), yield* rx.recv()]).toEqual([1, 2, undefined]);
  });
});

test("a receiver that waits is woken by a send", () => {
  const [tx, rx] = mpsc.channel<string>(1);
  const recv = waiting(rx.recv());
  readyNow(tx.send("a"));
  expect(recv.wakes).toBe(1);
  expect(recv.poll()).toBe("a");
});

test("start_send_past_cap: a sender waits for room, in the order of first polls", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const tx2 = tx.clone();
  expect(readyNow(tx.send(1))).toBe(undefined);
  const second = waiting(tx.send(2));
  const third = waiting(tx2.send(3));
  expect(readyNow(rx.recv())).toBe(1);
  expect([second.isWoken, third.isWoken]).toEqual([true, false]);
  expect(second.poll()).toBe(undefined);
  expect(readyNow(rx.recv())).toBe(2);
  expect(third.isWoken).toBe(true);
  expect(third.poll()).toBe(undefined);
  expect(readyNow(rx.recv())).toBe(3);
});

test("a send does nothing before it is polled", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const send = tx.send(1);
  expect([rx.len(), tx.capacity()]).toEqual([0, 1]);
  readyNow(send);
  expect([rx.len(), tx.capacity()]).toEqual([1, 0]);
});

test("send_recv_buffer_limited: capacity by permits and values", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const permit = readyNow(tx.reserve());
  permit.send(1);
  const next = waiting(tx.reserve());
  expect(tx.capacity()).toBe(0);
  expect(readyNow(rx.recv())).toBe(1);
  expect(next.isWoken).toBe(true);
  const second = next.poll() as mpsc.Permit<number>;
  expect(tx.capacity()).toBe(0);
  second.send(2);
  expect(readyNow(rx.recv())).toBe(2);
  expect(tx.capacity()).toBe(1);
});

test("a producer goes as fast as its consumer", () => {
  runPaused(function* () {
    const [tx, rx] = mpsc.channel<number>(2);
    const sent: string[] = [];
    spawn(function* () {
      using _close = tx;
      for (let value = 0; value < 5; value++) {
        yield* tx.send(value);
        sent.push(`${value}@${now()}`);
      }
    });
    const received: number[] = [];
    for (;;) {
      yield* sleep(10);
      const value = yield* rx.recv();
      if (value === undefined) break;
      received.push(value);
    }
    expect(received).toEqual([0, 1, 2, 3, 4]);
    expect(sent).toEqual(["0@0", "1@0", "2@10", "3@20", "4@30"]);
  });
});

test("values may be undefined: isClosed tells them from the end", () => {
  const [tx, rx] = mpsc.channel<undefined>(4);
  tx.trySend(undefined);
  expect(rx.len()).toBe(1);
  expect(readyNow(rx.recv())).toBe(undefined);
  expect(rx.isClosed()).toBe(false);
  expect(new Polled(rx.recv()).isPending()).toBe(true);
});

test("values are handed over, not copied", () => {
  const [tx, rx] = mpsc.channel<object>(1);
  const value = { deep: { er: 1 } };
  tx.trySend(value);
  expect(readyNow(rx.recv())).toBe(value);
});

describe("what it tells of itself", () => {
  test("len, isEmpty, capacity, maxCapacity on both sides", () => {
    const [tx, rx] = mpsc.channel<number>(10);
    const state = () => [tx.len(), rx.len(), rx.isEmpty(), tx.capacity(), rx.capacity()];
    expect(state()).toEqual([0, 0, true, 10, 10]);
    for (let value = 0; value < 4; value++) tx.trySend(value);
    expect(state()).toEqual([4, 4, false, 6, 6]);
    const permit = tx.tryReserve();
    expect(state()).toEqual([4, 4, false, 5, 5]);
    permit.send(9);
    expect(state()).toEqual([5, 5, false, 5, 5]);
    readyNow(rx.recv());
    expect(state()).toEqual([4, 4, false, 6, 6]);
    readyNow(rx.recvMany(10));
    expect(state()).toEqual([0, 0, true, 10, 10]);
    expect([tx.maxCapacity(), rx.maxCapacity()]).toEqual([10, 10]);
  });

  test("same_channel", () => {
    const [tx] = mpsc.channel<number>(1);
    const [other] = mpsc.channel<number>(1);
    expect(tx.sameChannel(tx)).toBe(true);
    expect(tx.sameChannel(tx.clone())).toBe(true);
    expect(tx.sameChannel(other)).toBe(false);
  });
});

describe("buffer_gteq_one: the capacity", () => {
  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "3", undefined, null])(
    "%s is refused",
    (given) => {
      const error = thrownBy(() => mpsc.channel(given as number));
      expect(error).toBeInstanceOf(CapacityError);
      expect(error).toMatchObject({ name: "CapacityError", given });
      expect((error as Error).message).toMatch(/whole number from 1/);
    },
  );

  test("1 and a million are fine", () => {
    for (const capacity of [1, 1_000_000]) {
      const [tx] = mpsc.channel<number>(capacity);
      expect(tx.capacity()).toBe(capacity);
    }
  });
});

test("a hundred thousand values through a small one", () => {
  runPaused(function* () {
    const [tx, rx] = mpsc.channel<number>(7);
    spawn(function* () {
      using _close = tx;
      for (let value = 0; value < 100_000; value++) yield* tx.send(value);
    });
    let expected = 0;
    for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv()) {
      if (value !== expected) throw new Error(`${value} came instead of ${expected}`);
      expected += 1;
    }
    expect(expected).toBe(100_000);
    yield* yieldNow();
  });
});
