// recvMany: up to so many at once, what it waits for, and what it costs.

import { PolledAfterCompletionError, spawn } from "tokiwa";
import { CapacityError, mpsc } from "tokiwa/sync";
import { expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

test("async_send_recv_many_with_buffer: what is there, in order, then the end", () => {
  const [tx, rx] = mpsc.channel<number>(16);
  for (const value of [1, 2, 3]) tx.trySend(value);
  expect(readyNow(rx.recvMany(10))).toEqual([1, 2, 3]);
  tx.close();
  expect(readyNow(rx.recvMany(10))).toEqual([]);
});

test("send_recv_many_bounded_capacity: never more than the limit", () => {
  const [tx, rx] = mpsc.channel<number>(10);
  for (let value = 0; value < 10; value++) tx.trySend(value);
  expect(readyNow(rx.recvMany(4))).toEqual([0, 1, 2, 3]);
  expect(readyNow(rx.recvMany(6))).toEqual([4, 5, 6, 7, 8, 9]);
  expect(tx.capacity()).toBe(10);
});

test("waits for the first value, not for as many as the limit", () => {
  const [tx, rx] = mpsc.channel<number>(10);
  const many = waiting(rx.recvMany(5));
  tx.trySend(1);
  tx.trySend(2);
  expect(many.isWoken).toBe(true);
  expect(many.poll()).toEqual([1, 2]);
});

test("a limit of zero gives nothing, at once, and takes nothing", () => {
  const [tx, rx] = mpsc.channel<number>(10);
  expect(readyNow(rx.recvMany(0))).toEqual([]);
  tx.trySend(1);
  expect(readyNow(rx.recvMany(0))).toEqual([]);
  expect(rx.len()).toBe(1);
});

test("gives room to those who wait, as much as it took", () => {
  const [tx, rx] = mpsc.channel<number>(2);
  tx.trySend(1);
  tx.trySend(2);
  const sends = [3, 4, 5].map((value) => waiting(tx.send(value)));
  expect(readyNow(rx.recvMany(10))).toEqual([1, 2]);
  expect(sends.map((send) => send.isWoken)).toEqual([true, true, false]);
});

test("the end is only told when no permit is out", () => {
  const [tx, rx] = mpsc.channel<number>(2);
  const permit = tx.tryReserve();
  tx.close();
  const many = waiting(rx.recvMany(5));
  permit.send(1);
  expect(many.poll()).toEqual([1]);
  expect(readyNow(rx.recvMany(5))).toEqual([]);
});

test("is cancel-safe: dropped, it has taken nothing", () => {
  const [tx, rx] = mpsc.channel<number>(2);
  const many = waiting(rx.recvMany(5));
  tx.trySend(1);
  many.drop();
  expect(readyNow(rx.recv())).toBe(1);
});

test("polled after completion it throws", () => {
  const [tx, rx] = mpsc.channel<number>(2);
  tx.trySend(1);
  const many = new Polled(rx.recvMany(5));
  expect(many.poll()).toEqual([1]);
  expect(() => many.poll()).toThrow(PolledAfterCompletionError);
});

test("bad limits are refused at the call", () => {
  const [, rx] = mpsc.channel<number>(2);
  for (const limit of [-1, 1.5, Number.NaN, "1", undefined]) {
    const error = thrownBy(() => rx.recvMany(limit as number));
    expect(error).toBeInstanceOf(CapacityError);
    expect(error).toMatchObject({ given: limit });
  }
});

test("costs one unit of budget, however many it takes", () => {
  runPaused(function* () {
    const [tx, rx] = mpsc.unbounded<number>();
    for (let value = 0; value < 10_000; value++) tx.send(value);
    let rounds = 0;
    let seen = -1;
    const greedy = spawn(function* () {
      for (; rounds < 500; rounds++) yield* rx.recvMany(10);
    });
    const other = spawn(function* () {
      seen = rounds;
    });
    yield* other;
    expect(seen).toBe(128);
    yield* greedy;
  });
});
