// Permits: reserve, reserveMany, reserveOwned, tryReserve, and what gives room back. Mirrors Tokio's sync_mpsc.rs.

import { CapacityError, ClosedHandleError, mpsc, SendError, TrySendError } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

describe("reserve", () => {
  test("reserve_disarm: a permit that is dropped wakes the next", () => {
    const [tx] = mpsc.channel<number>(2);
    const [tx2, tx3, tx4] = [tx.clone(), tx.clone(), tx.clone()];
    const first = readyNow(tx.reserve());
    const second = readyNow(tx2.reserve());
    const third = waiting(tx3.reserve());
    const fourth = waiting(tx4.reserve());
    second[Symbol.dispose]();
    expect([third.isWoken, fourth.isWoken]).toEqual([true, false]);
    const permit = third.poll() as mpsc.Permit<number>;
    first[Symbol.dispose]();
    expect(fourth.isWoken).toBe(true);
    expect(fourth.isPending()).toBe(false);
    permit[Symbol.dispose]();
    expect(tx.capacity()).toBe(1);
  });

  test("drop_permit_releases_permit", () => {
    const [tx] = mpsc.channel<number>(1);
    const permit = readyNow(tx.reserve());
    const next = waiting(tx.reserve());
    permit[Symbol.dispose]();
    expect(next.isWoken).toBe(true);
    expect(next.isPending()).toBe(false);
  });

  test("a permit is used once: sent or dropped, then refused", () => {
    const [tx, rx] = mpsc.channel<number>(2);
    const sent = readyNow(tx.reserve());
    sent.send(1);
    expect(thrownBy(() => sent.send(2))).toBeInstanceOf(ClosedHandleError);
    sent[Symbol.dispose]();
    expect([rx.len(), tx.capacity()]).toEqual([1, 1]);
    const dropped = readyNow(tx.reserve());
    dropped[Symbol.dispose]();
    dropped[Symbol.dispose]();
    expect(thrownBy(() => dropped.send(2))).toBeInstanceOf(ClosedHandleError);
    expect([rx.len(), tx.capacity()]).toEqual([1, 1]);
  });

  test("permits may be used in another order than they were got", () => {
    const [tx, rx] = mpsc.channel<number>(3);
    const permits = [1, 2, 3].map(() => readyNow(tx.reserve()));
    permits[2]?.send(3);
    permits[0]?.send(1);
    expect(readyNow(rx.recvMany(5))).toEqual([3, 1]);
    permits[1]?.send(2);
    expect(readyNow(rx.recv())).toBe(2);
    expect(tx.capacity()).toBe(3);
  });
});

describe("tryReserve", () => {
  test("try_reserve_fails: when there is no room", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const permit = tx.tryReserve();
    expect(thrownBy(() => tx.tryReserve())).toMatchObject({ isFull: true, isClosed: false });
    permit.send(1);
    expect(thrownBy(() => tx.tryReserve())).toBeInstanceOf(TrySendError);
    readyNow(rx.recv());
    const next = tx.tryReserve();
    next[Symbol.dispose]();
    tx.tryReserve()[Symbol.dispose]();
    expect(tx.capacity()).toBe(1);
  });

  test("when the receiver is closed", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    rx.close();
    expect(thrownBy(() => tx.tryReserve())).toMatchObject({ isFull: false, isClosed: true });
  });

  test("does not overtake who waits", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.trySend(1);
    const first = waiting(tx.reserve());
    const second = waiting(tx.reserve());
    rx.tryRecv();
    expect(first.isWoken).toBe(true);
    expect(thrownBy(() => tx.tryReserve())).toMatchObject({ isFull: true });
    expect(second.isWoken).toBe(false);
  });
});

describe("reserveMany", () => {
  test("reserve_many_and_send: each permit sends one", () => {
    const [tx, rx] = mpsc.channel<number>(10);
    for (let count = 0; count <= 10; count++) {
      const permits = readyNow(tx.reserveMany(count));
      expect(permits.len()).toBe(count);
      expect(tx.capacity()).toBe(10 - count);
      let value = 0;
      for (const permit of permits) {
        permit.send(value);
        value += 1;
      }
      expect(value).toBe(count);
      expect(readyNow(rx.recvMany(count))).toEqual(Array.from({ length: count }, (_, i) => i));
      expect(tx.capacity()).toBe(10);
    }
  });

  test("drop_permit_iterator_releases_permits: what was not taken comes back", () => {
    for (const taken of [0, 1, 2]) {
      const [tx, rx] = mpsc.channel<number>(3);
      const permits = readyNow(tx.reserveMany(3));
      const held = Array.from({ length: taken }, () => permits.take() as mpsc.Permit<number>);
      permits[Symbol.dispose]();
      permits[Symbol.dispose]();
      expect(permits.len()).toBe(0);
      expect(permits.take()).toBe(undefined);
      expect(tx.capacity()).toBe(3 - taken);
      for (const permit of held) permit.send(1);
      expect(rx.len()).toBe(taken);
    }
  });

  test("leaving the loop early gives back the rest, in whatever way", () => {
    const [tx] = mpsc.channel<number>(3);
    const permits = readyNow(tx.reserveMany(3));
    for (const permit of permits) {
      permit.send(1);
      break;
    }
    expect([permits.len(), tx.len(), tx.capacity()]).toEqual([0, 1, 2]);
    expect(() => {
      for (const permit of readyNow(tx.reserveMany(2))) {
        permit[Symbol.dispose]();
        throw new Error("left");
      }
    }).toThrow("left");
    const [first] = readyNow(tx.reserveMany(2));
    expect(tx.capacity()).toBe(1);
    first?.send(2);
    expect(tx.len()).toBe(2);
  });

  test("waits until there is room for all of them", () => {
    const [tx, rx] = mpsc.channel<number>(3);
    for (let value = 0; value < 3; value++) tx.trySend(value);
    const many = waiting(tx.reserveMany(2));
    rx.tryRecv();
    expect(many.isWoken).toBe(false);
    rx.tryRecv();
    expect(many.isWoken).toBe(true);
    expect((many.poll() as mpsc.Permits<number>).len()).toBe(2);
  });

  test("reserve_many_above_cap: refused at the call, as is what is no count", () => {
    const [tx] = mpsc.channel<number>(3);
    for (const count of [4, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const error = thrownBy(() => tx.reserveMany(count));
      expect(error).toBeInstanceOf(CapacityError);
      expect(error).toMatchObject({ given: count });
    }
    expect(tx.capacity()).toBe(3);
  });

  test("reserve_many_zero: at once, with a full channel too, and refused when closed", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    expect(readyNow(tx.reserveMany(0)).len()).toBe(0);
    tx.trySend(1);
    expect(readyNow(tx.reserveMany(0)).take()).toBe(undefined);
    rx.close();
    expect(() => new Polled(tx.reserveMany(0)).poll()).toThrow(SendError);
  });
});

describe("reserveOwned", () => {
  test("the permit gives the sender back", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const permit = readyNow(tx.reserveOwned());
    expect(tx.capacity()).toBe(0);
    expect(thrownBy(() => tx.clone())).toBeInstanceOf(ClosedHandleError);
    const back = permit.send(7);
    expect(back.sameChannel(tx)).toBe(true);
    expect(rx.tryRecv()).toBe(7);
    back.trySend(8);
    expect(rx.tryRecv()).toBe(8);
  });

  test("release gives room and sender back", () => {
    const [tx] = mpsc.channel<number>(1);
    const back = readyNow(tx.reserveOwned()).release();
    expect(tx.capacity()).toBe(1);
    back.trySend(1);
    expect(tx.capacity()).toBe(0);
  });

  test("is used once", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const permit = readyNow(tx.reserveOwned());
    permit.send(1);
    expect(thrownBy(() => permit.send(2))).toBeInstanceOf(ClosedHandleError);
    expect(thrownBy(() => permit.release())).toBeInstanceOf(ClosedHandleError);
    permit[Symbol.dispose]();
    expect([rx.len(), rx.isClosed()]).toEqual([1, false]);
  });

  test("dropping the permit gives the room back and disposes the sender", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const recv = waiting(rx.recv());
    readyNow(tx.reserveOwned())[Symbol.dispose]();
    expect(rx.capacity()).toBe(1);
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe(undefined);
  });

  test("dropping the future disposes neither: the sender goes on", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.trySend(1);
    const future = waiting(tx.reserveOwned());
    future.drop();
    expect(rx.tryRecv()).toBe(1);
    tx.trySend(2);
    expect(rx.tryRecv()).toBe(2);
  });

  test("fails with the sender when the receiver is closed", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    rx.close();
    const error = thrownBy(() => new Polled(tx.reserveOwned()).poll());
    expect(error).toBeInstanceOf(SendError);
    expect((error as SendError).value).toBe(tx);
  });
});
