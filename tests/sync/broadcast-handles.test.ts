// broadcast: handles that come and go: counts, weak senders, closed(), and how long values live.

import { broadcast, ClosedHandleError } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { collectGarbage, untilCollected } from "../support/tasks.js";
import { readyNow, waiting } from "./polled.js";

describe("counts", () => {
  test("of senders, weak senders and receivers; disposing twice counts once", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const clone = tx.clone();
    const weak = tx.downgrade();
    const other = tx.subscribe();
    expect([tx.strongCount(), tx.weakCount(), tx.receiverCount()]).toEqual([2, 1, 2]);
    for (const handle of [clone, weak, other]) {
      handle[Symbol.dispose]();
      handle[Symbol.dispose]();
    }
    expect([tx.strongCount(), tx.weakCount(), tx.receiverCount()]).toEqual([1, 0, 1]);
    expect(rx.isClosed()).toBe(false);
  });

  test("sameChannel", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const [other, otherRx] = broadcast.channel<number>(2);
    expect([tx.sameChannel(tx.clone()), tx.sameChannel(other)]).toEqual([true, false]);
    expect([rx.sameChannel(rx.resubscribe()), rx.sameChannel(otherRx)]).toEqual([true, false]);
  });

  test("len: what some receiver has not received", () => {
    const [tx, rx] = broadcast.channel<number>(4);
    const slow = tx.subscribe();
    expect([tx.len(), tx.isEmpty()]).toEqual([0, true]);
    for (const value of [1, 2, 3]) tx.send(value);
    rx.tryRecv();
    rx.tryRecv();
    expect(tx.len()).toBe(3);
    slow.tryRecv();
    expect([tx.len(), tx.isEmpty()]).toEqual([2, false]);
    slow[Symbol.dispose]();
    expect(tx.len()).toBe(1);
    rx.tryRecv();
    expect([tx.len(), tx.isEmpty()]).toEqual([0, true]);
  });

  test("len does not count what was overwritten", () => {
    const [tx, rx] = broadcast.channel<number>(4);
    for (let value = 0; value < 100; value++) tx.send(value);
    expect([tx.len(), rx.len()]).toEqual([4, 100]);
  });
});

describe("weak senders", () => {
  test("do not keep the channel open", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const weak = tx.downgrade();
    const recv = waiting(rx.recv());
    tx.close();
    expect(recv.isWoken).toBe(true);
    expect(rx.isClosed()).toBe(true);
    expect(weak.upgrade()).toBe(undefined);
    expect([weak.strongCount(), weak.weakCount()]).toEqual([0, 1]);
  });

  test("upgrade to a sender that does", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const weak = tx.downgrade();
    const upgraded = weak.upgrade();
    tx.close();
    expect(rx.isClosed()).toBe(false);
    expect(upgraded?.send(1)).toBe(1);
    upgraded?.close();
    expect(rx.isClosed()).toBe(true);
    expect(rx.tryRecv()).toBe(1);
  });
});

describe("closed", () => {
  test("waits until the last receiver goes", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const other = tx.subscribe();
    const closed = waiting(tx.closed());
    rx[Symbol.dispose]();
    expect(closed.isWoken).toBe(false);
    other[Symbol.dispose]();
    expect(closed.isWoken).toBe(true);
    expect(closed.poll()).toBe(undefined);
    expect(readyNow(tx.closed())).toBe(undefined);
  });

  test("waits on when a receiver has come meanwhile", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const closed = waiting(tx.closed());
    rx[Symbol.dispose]();
    const again = tx.subscribe();
    expect(closed.isPending()).toBe(true);
    again[Symbol.dispose]();
    expect(closed.isWoken).toBe(true);
    expect(closed.poll()).toBe(undefined);
  });

  test("one that was dropped is not woken", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const dropped = waiting(tx.closed());
    const closed = waiting(tx.closed());
    dropped.drop();
    dropped.drop();
    rx[Symbol.dispose]();
    expect([dropped.isWoken, closed.isWoken]).toEqual([false, true]);
  });
});

describe("handles that were disposed", () => {
  test("refuse what needs them", () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const weak = tx.downgrade();
    for (const handle of [tx, rx, weak]) handle[Symbol.dispose]();
    const uses: (() => unknown)[] = [
      () => tx.send(1),
      () => tx.subscribe(),
      () => tx.clone(),
      () => tx.downgrade(),
      () => rx.recv(),
      () => rx.tryRecv(),
      () => weak.upgrade(),
    ];
    for (const use of uses) expect(use).toThrow(ClosedHandleError);
    expect([rx.len(), rx.isEmpty()]).toEqual([0, true]);
  });

  test("a recv that waits by a receiver which is disposed is woken, and fails", () => {
    const [, rx] = broadcast.channel<number>(2);
    const recv = waiting(rx.recv());
    rx[Symbol.dispose]();
    expect(recv.isWoken).toBe(true);
    expect(() => recv.poll()).toThrow(ClosedHandleError);
  });

  test("drop_rx_while_values_remain", () => {
    const [tx, rx] = broadcast.channel<string>(16);
    const other = tx.subscribe();
    for (const value of ["one", "two"]) tx.send(value);
    rx.tryRecv();
    other.tryRecv();
    other[Symbol.dispose]();
    rx[Symbol.dispose]();
    expect(tx.len()).toBe(0);
  });
});

describe("how long values live", () => {
  function sent(tx: broadcast.Sender<object>): WeakRef<object> {
    const value = { large: true };
    tx.send(value);
    return new WeakRef(value);
  }

  test("until the last reader has received them", async () => {
    const [tx, rx] = broadcast.channel<object>(4);
    const other = tx.subscribe();
    const value = sent(tx);
    rx.tryRecv();
    await collectGarbage();
    expect(value.deref()).toBeDefined();
    other.tryRecv();
    await untilCollected("the value", () => value.deref() === undefined);
  });

  test("unconsumed_messages_are_dropped: until the last one who would have received them goes", async () => {
    const [tx, rx] = broadcast.channel<object>(4);
    const values = [sent(tx), sent(tx)];
    rx[Symbol.dispose]();
    await untilCollected("the values", () => values.every((value) => value.deref() === undefined));
    expect(tx.receiverCount()).toBe(0);
  });

  test("until they are overwritten", async () => {
    const [tx, rx] = broadcast.channel<object>(1);
    const value = sent(tx);
    tx.send({});
    await untilCollected("the value", () => value.deref() === undefined);
    expect(rx.len()).toBe(2);
  });
});
