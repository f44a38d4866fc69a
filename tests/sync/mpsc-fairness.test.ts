// The line of those who wait for room: first come, first served; a large request holds back the small ones behind it; who
// leaves the line loses a place and nobody else does.

import { spawn, yieldNow } from "tokiwa";
import { mpsc } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { type Polled, readyNow, waiting } from "./polled.js";

function full(capacity: number): [mpsc.Sender<number>, mpsc.Receiver<number>] {
  const [tx, rx] = mpsc.channel<number>(capacity);
  for (let value = 0; value < capacity; value++) tx.trySend(value);
  return [tx, rx];
}

function woken(line: readonly Polled<unknown>[]): number[] {
  return [...line.keys()].filter((index) => line[index]?.isWoken);
}

test("served in the order of the first polls, not of the making", () => {
  const [tx, rx] = full(1);
  const early = tx.send(10);
  const late = tx.send(20);
  const second = waiting(late);
  const first = waiting(early);
  rx.tryRecv();
  expect([second.isWoken, first.isWoken]).toEqual([true, false]);
});

test("polling again keeps the place", () => {
  const [tx, rx] = full(1);
  const line = [1, 2, 3].map((value) => waiting(tx.send(value)));
  expect(line[0]?.isPending()).toBe(true);
  expect(line[2]?.isPending()).toBe(true);
  rx.tryRecv();
  expect(woken(line)).toEqual([0]);
});

test("sends, reserves and owned reserves stand in one line", () => {
  const [tx, rx] = full(1);
  const reserve = waiting(tx.reserve());
  const send = waiting(tx.send(1));
  const owned = waiting(tx.reserveOwned());
  const many = waiting(tx.reserveMany(1));
  const line = [reserve, send, owned, many];
  rx.tryRecv();
  expect(woken(line)).toEqual([0]);
  (reserve.poll() as mpsc.Permit<number>)[Symbol.dispose]();
  expect(woken(line)).toEqual([1]);
  send.poll();
  rx.tryRecv();
  expect(woken(line)).toEqual([2]);
  (owned.poll() as mpsc.OwnedPermit<number>).release();
  expect(woken(line)).toEqual([3]);
});

test("trySend does not overtake who waits", () => {
  const [tx, rx] = full(2);
  const big = waiting(tx.reserveMany(2));
  rx.tryRecv();
  expect(big.isWoken).toBe(false);
  expect(thrownBy(() => tx.trySend(9))).toMatchObject({ isFull: true });
  rx.tryRecv();
  expect(big.isWoken).toBe(true);
});

test("a new send does not overtake who waits", () => {
  const [tx, rx] = full(2);
  const big = waiting(tx.reserveMany(2));
  rx.tryRecv();
  const small = waiting(tx.send(9));
  rx.tryRecv();
  expect([big.isWoken, small.isWoken]).toEqual([true, false]);
  (big.poll() as mpsc.Permits<number>)[Symbol.dispose]();
  expect(small.isWoken).toBe(true);
});

test("permits are held for who was served until it takes them", () => {
  const [tx, rx] = full(1);
  const first = waiting(tx.send(1));
  rx.tryRecv();
  expect(thrownBy(() => tx.trySend(9))).toMatchObject({ isFull: true });
  first.poll();
  expect(rx.tryRecv()).toBe(1);
});

describe("leaving the line", () => {
  test.each([0, 1, 2, 3])("the %s. of four: the others keep their places", (leaver) => {
    const [tx, rx] = full(1);
    const line = [1, 2, 3, 4].map((value) => waiting(tx.send(value)));
    line[leaver]?.drop();
    const order: number[] = [];
    rx.tryRecv();
    for (let served = 0; served < 3; served++) {
      const [next] = woken(line);
      expect(woken(line)).toHaveLength(1);
      line[next as number]?.poll();
      order.push(rx.tryRecv());
    }
    expect(order).toEqual([1, 2, 3, 4].filter((value) => value !== leaver + 1));
  });

  test("a big request at the head that leaves lets the small ones through", () => {
    const [tx, rx] = full(3);
    const big = waiting(tx.reserveMany(3));
    const small = [7, 8, 9].map((value) => waiting(tx.send(value)));
    rx.tryRecv();
    rx.tryRecv();
    expect(woken([big, ...small])).toEqual([]);
    big.drop();
    expect(woken(small)).toEqual([0, 1]);
    for (const send of small.slice(0, 2)) send.poll();
    expect(readyNow(rx.recvMany(9))).toEqual([2, 7, 8]);
  });

  test("a big request in the middle that leaves changes nothing for the head", () => {
    const [tx, rx] = full(3);
    const line = [tx.reserveMany(2), tx.reserveMany(3), tx.reserveMany(1)].map((f) => waiting(f));
    rx.tryRecv();
    line[1]?.drop();
    expect(woken(line)).toEqual([]);
    rx.tryRecv();
    expect(woken(line)).toEqual([0]);
    rx.tryRecv();
    expect(woken(line)).toEqual([0, 2]);
  });

  test("who was served and leaves passes its room on", () => {
    const [tx, rx] = full(2);
    const line = [waiting(tx.reserveMany(2)), waiting(tx.send(8)), waiting(tx.send(9))];
    readyNow(rx.recvMany(2));
    expect(woken(line)).toEqual([0]);
    line[0]?.drop();
    expect(woken(line)).toEqual([0, 1, 2]);
    line[1]?.poll();
    line[2]?.poll();
    expect(readyNow(rx.recvMany(2))).toEqual([8, 9]);
    expect(tx.capacity()).toBe(2);
  });

  test("dropping twice gives room back once", () => {
    const [tx, rx] = full(2);
    const send = waiting(tx.send(1));
    rx.tryRecv();
    send.drop();
    send.drop();
    expect(tx.capacity()).toBe(1);
    readyNow(rx.recvMany(5));
    expect(tx.capacity()).toBe(2);
  });
});

test("tasks that wait for room go on in the order in which they came", () => {
  runPaused(function* () {
    const [tx, rx] = mpsc.channel<number>(1);
    for (let id = 0; id < 50; id++)
      spawn(function* () {
        yield* tx.send(id);
        yield* tx.send(id + 100);
      });
    yield* yieldNow();
    const received: number[] = [];
    for (let count = 0; count < 100; count++) received.push((yield* rx.recv()) as number);
    // The first has found room, and stands at the head of the line with its second value.
    const others = Array.from({ length: 49 }, (_, index) => index + 1);
    expect(received).toEqual([0, 100, ...others, ...others.map((id) => id + 100)]);
  });
});
