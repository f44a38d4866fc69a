// An unbounded channel: sending never waits, and fails only when it is closed. Mirrors Tokio's sync_mpsc.rs.

import fc from "fast-check";
import { spawn } from "tokiwa";
import { ClosedHandleError, mpsc, SendError, TryRecvError } from "tokiwa/sync";
import { expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { readyNow, waiting } from "./polled.js";

test("send_recv_unbounded", () => {
  const [tx, rx] = mpsc.unbounded<number>();
  tx.send(1);
  tx.send(2);
  expect([readyNow(rx.recv()), readyNow(rx.recv())]).toEqual([1, 2]);
  tx.close();
  expect(readyNow(rx.recv())).toBe(undefined);
});

test("async_send_recv_unbounded", () => {
  runPaused(function* () {
    const [tx, rx] = mpsc.unbounded<number>();
    spawn(function* () {
      using _close = tx;
      tx.send(1);
      tx.send(2);
    });
    expect([yield* rx.recv(), yield* rx.recv(), yield* rx.recv()]).toEqual([1, 2, undefined]);
  });
});

test("send_recv_many_unbounded: everything at once, in order", () => {
  const [tx, rx] = mpsc.unbounded<number>();
  for (let value = 0; value < 5; value++) tx.send(value);
  expect(readyNow(rx.recvMany(3))).toEqual([0, 1, 2]);
  expect(readyNow(rx.recvMany(100))).toEqual([3, 4]);
  tx.close();
  expect(readyNow(rx.recvMany(100))).toEqual([]);
});

test("a receiver that waits is woken", () => {
  const [tx, rx] = mpsc.unbounded<number>();
  const recv = waiting(rx.recv());
  tx.send(5);
  expect(recv.isWoken).toBe(true);
  expect(recv.poll()).toBe(5);
});

test("the last sender's end ends it, not the first's", () => {
  const [tx, rx] = mpsc.unbounded<number>();
  const clone = tx.clone();
  const recv = waiting(rx.recv());
  tx.close();
  expect(recv.isWoken).toBe(false);
  clone.send(1);
  clone[Symbol.dispose]();
  expect(recv.poll()).toBe(1);
  expect(readyNow(rx.recv())).toBe(undefined);
});

test("dropping_rx_closes_channel: the value comes back", () => {
  const [tx, rx] = mpsc.unbounded<object>();
  const value = {};
  rx[Symbol.dispose]();
  expect(tx.isClosed()).toBe(true);
  const error = thrownBy(() => tx.send(value));
  expect(error).toBeInstanceOf(SendError);
  expect((error as SendError).value).toBe(value);
});

test("close: what is queued can still be received", () => {
  const [tx, rx] = mpsc.unbounded<number>();
  tx.send(1);
  rx.close();
  expect(thrownBy(() => tx.send(2))).toBeInstanceOf(SendError);
  expect([readyNow(rx.recv()), readyNow(rx.recv())]).toEqual([1, undefined]);
});

test("try_recv_unbounded", () => {
  for (let count = 0; count < 5; count++) {
    const [tx, rx] = mpsc.unbounded<number>();
    for (let value = 0; value < count; value++) tx.send(value);
    for (let value = 0; value < count; value++) expect(rx.tryRecv()).toBe(value);
    expect(thrownBy(() => rx.tryRecv())).toMatchObject({ isEmpty: true, isDisconnected: false });
    tx.close();
    const error = thrownBy(() => rx.tryRecv());
    expect(error).toBeInstanceOf(TryRecvError);
    expect(error).toMatchObject({ isEmpty: false, isDisconnected: true });
  }
});

test("len, isEmpty, sameChannel, counts", () => {
  const [tx, rx] = mpsc.unbounded<number>();
  expect([tx.len(), rx.isEmpty()]).toEqual([0, true]);
  for (let value = 0; value < 100; value++) tx.send(value);
  expect([tx.len(), rx.len(), rx.isEmpty()]).toEqual([100, 100, false]);
  const clone = tx.clone();
  expect([tx.sameChannel(clone), tx.strongCount(), tx.weakCount()]).toEqual([true, 2, 0]);
  using _weak = tx.downgrade();
  expect(clone.weakCount()).toBe(1);
});

test("closed: waits for the receiver's end", () => {
  const [tx, rx] = mpsc.unbounded<number>();
  const closed = waiting(tx.closed());
  tx.send(1);
  expect(closed.isWoken).toBe(false);
  rx.close();
  expect(closed.isWoken).toBe(true);
  expect(closed.poll()).toBe(undefined);
});

test("a sender that was given up is refused", () => {
  const [tx] = mpsc.unbounded<number>();
  tx.close();
  for (const use of [() => tx.send(1), () => tx.clone(), () => tx.downgrade()])
    expect(thrownBy(use)).toBeInstanceOf(ClosedHandleError);
});

test("bursts of any size keep their order, however the queue grows and shrinks", () => {
  const bursts = fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 30 });
  fc.assert(
    fc.property(bursts, (bursts) => {
      const [tx, rx] = mpsc.unbounded<number>();
      let sent = 0;
      let received = 0;
      for (const [sends, receives] of bursts) {
        for (let count = 0; count < sends; count++) tx.send(sent++);
        for (let count = 0; count < receives && received < sent; count++)
          expect(rx.tryRecv()).toBe(received++);
        expect(rx.len()).toBe(sent - received);
      }
    }),
    { numRuns: 100 },
  );
});

test("a million values wait in it", () => {
  const [tx, rx] = mpsc.unbounded<number>();
  for (let value = 0; value < 1_000_000; value++) tx.send(value);
  const values = readyNow(rx.recvMany(2_000_000));
  expect(values.length).toBe(1_000_000);
  expect(values.findIndex((value, index) => value !== index)).toBe(-1);
});
