// Closing from either side, and the rule of the end: undefined only when closed, empty, and no permit is out. Mirrors
// Tokio's sync_mpsc.rs.

import { PolledAfterCompletionError, spawn, yieldNow } from "tokiwa";
import { mpsc, SendError, TryRecvError, TrySendError } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

describe("by the receiver", () => {
  test("recv_close_gets_none_idle", () => {
    const [tx, rx] = mpsc.channel<number>(10);
    rx.close();
    expect(readyNow(rx.recv())).toBe(undefined);
    expect(() => new Polled(tx.send(1)).poll()).toThrow(SendError);
  });

  test("recv_close_gets_none_reserved: a permit that is out may still be used", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const tx2 = tx.clone();
    const permit = readyNow(tx.reserve());
    const late = waiting(tx2.reserve());
    rx.close();
    expect(late.isWoken).toBe(true);
    expect(() => late.poll()).toThrow(SendError);
    const recv = waiting(rx.recv());
    permit.send(123);
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe(123);
    expect(readyNow(rx.recv())).toBe(undefined);
  });

  test("ready_close_cancel_bounded: a permit that is dropped ends it", () => {
    const [tx, rx] = mpsc.channel<number>(100);
    const permit = readyNow(tx.reserve());
    rx.close();
    const recv = waiting(rx.recv());
    permit[Symbol.dispose]();
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe(undefined);
  });

  test("permit_available_not_acquired_close: a permit granted but not taken, and dropped, ends it", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const first = readyNow(tx.reserve());
    const second = waiting(tx.clone().reserve());
    first[Symbol.dispose]();
    expect(second.isWoken).toBe(true);
    rx.close();
    const recv = waiting(rx.recv());
    second.drop();
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe(undefined);
  });

  test("several permits: each is waited for", () => {
    const [tx, rx] = mpsc.channel<number>(4);
    const permits = readyNow(tx.reserveMany(3));
    const taken = permits.take() as mpsc.Permit<number>;
    rx.close();
    tx.close();
    expect(new Polled(rx.recv()).isPending()).toBe(true);
    permits[Symbol.dispose]();
    expect(new Polled(rx.recv()).isPending()).toBe(true);
    taken.send(1);
    expect(readyNow(rx.recv())).toBe(1);
    expect(readyNow(rx.recv())).toBe(undefined);
  });

  test("what is queued is drained first", () => {
    const [tx, rx] = mpsc.channel<number>(3);
    for (const value of [1, 2, 3]) tx.trySend(value);
    rx.close();
    expect([1, 2, 3, 4].map(() => readyNow(rx.recv()))).toEqual([1, 2, 3, undefined]);
  });

  test("who waits for room fails with its value", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.trySend(1);
    const sends = [2, 3].map((value) => waiting(tx.send(value)));
    rx.close();
    for (const [index, send] of sends.entries()) {
      expect(send.isWoken).toBe(true);
      const error = thrownBy(() => send.poll());
      expect(error).toBeInstanceOf(SendError);
      expect((error as SendError<number>).value).toBe(index + 2);
      expect(() => send.poll()).toThrow(PolledAfterCompletionError);
    }
    expect([readyNow(rx.recv()), readyNow(rx.recv())]).toEqual([1, undefined]);
  });

  test("a receiver that waits is told of its own close", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const recv = waiting(rx.recv());
    rx.close();
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe(undefined);
    expect(tx.isClosed()).toBe(true);
  });

  test("closing twice is harmless", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.trySend(1);
    rx.close();
    rx.close();
    expect([readyNow(rx.recv()), readyNow(rx.recv())]).toEqual([1, undefined]);
  });
});

describe("by dropping the receiver", () => {
  test("dropping_rx_closes_channel: sends, reserves and tries fail", () => {
    const [tx, rx] = mpsc.channel<object>(100);
    const value = {};
    rx[Symbol.dispose]();
    expect(() => new Polled(tx.reserve()).poll()).toThrow(SendError);
    const error = thrownBy(() => new Polled(tx.send(value)).poll());
    expect((error as SendError).value).toBe(value);
    expect(thrownBy(() => tx.trySend(value))).toMatchObject({ isClosed: true, value });
  });

  test("unconsumed_messages_are_dropped: nothing keeps them", () => {
    const [tx, rx] = mpsc.channel<number>(100);
    tx.trySend(1);
    tx.trySend(2);
    rx[Symbol.dispose]();
    expect([tx.len(), tx.capacity()]).toEqual([0, 100]);
  });

  test("who waits for room is woken and fails", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.trySend(1);
    const send = waiting(tx.send(2));
    rx[Symbol.dispose]();
    expect(send.isWoken).toBe(true);
    expect(() => send.poll()).toThrow(SendError);
  });

  test("disposing twice is harmless", () => {
    const [tx, rx] = mpsc.channel<number>(3);
    tx.trySend(1);
    rx[Symbol.dispose]();
    rx[Symbol.dispose]();
    expect(tx.capacity()).toBe(3);
  });

  test("a permit that is out may be used without harm", () => {
    const [tx, rx] = mpsc.channel<number>(2);
    const permit = tx.tryReserve();
    rx[Symbol.dispose]();
    permit.send(1);
    expect(tx.isClosed()).toBe(true);
  });
});

describe("by the senders", () => {
  test("tx_close_gets_none", () => {
    const [tx, rx] = mpsc.channel<number>(10);
    tx[Symbol.dispose]();
    expect(readyNow(rx.recv())).toBe(undefined);
  });

  test("the last one counts, and wakes the receiver", () => {
    const [tx, rx] = mpsc.channel<number>(10);
    const clones = [tx.clone(), tx.clone()];
    const recv = waiting(rx.recv());
    tx.close();
    clones[0]?.close();
    expect(recv.isWoken).toBe(false);
    clones[1]?.close();
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe(undefined);
  });

  test("a sender disposed twice counts once", () => {
    const [tx, rx] = mpsc.channel<number>(10);
    const clone = tx.clone();
    tx[Symbol.dispose]();
    tx[Symbol.dispose]();
    tx.close();
    expect(clone.strongCount()).toBe(1);
    clone.trySend(1);
    expect(readyNow(rx.recv())).toBe(1);
    expect(rx.isClosed()).toBe(false);
  });

  test("a permit outlives its sender", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const permit = tx.tryReserve();
    tx.close();
    const recv = waiting(rx.recv());
    permit.send(5);
    expect(recv.poll()).toBe(5);
    expect(readyNow(rx.recv())).toBe(undefined);
  });

  test("`using` closes at the end of the block, and of an aborted task", () => {
    runPaused(function* () {
      const [tx, rx] = mpsc.channel<number>(1);
      const clone = tx.clone();
      const holder = spawn(function* () {
        using _tx = clone;
        yield* clone.closed();
      });
      {
        using _tx = tx;
        tx.trySend(1);
      }
      yield* yieldNow();
      expect([yield* rx.recv(), rx.isClosed()]).toEqual([1, false]);
      holder.abort();
      expect(yield* rx.recv()).toBe(undefined);
    });
  });
});

describe("isClosed", () => {
  test("test_rx_is_closed: by close with and without senders, and by the senders' end", () => {
    const [, closed] = mpsc.channel<number>(1);
    closed.close();
    expect(closed.isClosed()).toBe(true);
    const [tx, left] = mpsc.channel<number>(1);
    expect([left.isClosed(), tx.isClosed()]).toEqual([false, false]);
    tx.trySend(1);
    tx.close();
    expect(left.isClosed()).toBe(true);
    const [kept, open] = mpsc.channel<number>(1);
    const clone = kept.clone();
    kept.close();
    expect([open.isClosed(), clone.isClosed()]).toEqual([false, false]);
  });

  test("is true with permits out and values queued", () => {
    const [tx, rx] = mpsc.channel<number>(3);
    tx.trySend(1);
    const permit = tx.tryReserve();
    rx.close();
    expect([rx.isClosed(), tx.isClosed(), rx.len()]).toEqual([true, true, 1]);
    permit[Symbol.dispose]();
  });
});

describe("closed", () => {
  test("waits for the receiver to be closed, or dropped", () => {
    for (const end of ["close", "dispose"] as const) {
      const [tx, rx] = mpsc.channel<number>(1);
      const closed = [waiting(tx.closed()), waiting(tx.clone().closed())];
      if (end === "close") rx.close();
      else rx[Symbol.dispose]();
      for (const each of closed) {
        expect(each.isWoken).toBe(true);
        expect(each.poll()).toBe(undefined);
      }
      expect(readyNow(tx.closed())).toBe(undefined);
    }
  });

  test("is cancel-safe: one that is dropped is not woken, the others are", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const [first, second, third] = [tx, tx, tx].map((sender) => waiting(sender.closed()));
    second?.drop();
    second?.drop();
    rx.close();
    expect([first?.isWoken, second?.isWoken, third?.isWoken]).toEqual([true, false, true]);
  });

  test("the senders' end is not the receiver's", () => {
    const [tx] = mpsc.channel<number>(1);
    const clone = tx.clone();
    const closed = waiting(clone.closed());
    tx.close();
    expect(closed.isWoken).toBe(false);
  });

  test("polled after completion it throws", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    rx.close();
    const closed = new Polled(tx.closed());
    expect(closed.poll()).toBe(undefined);
    expect(() => closed.poll()).toThrow(PolledAfterCompletionError);
  });
});

describe("tryRecv and the end", () => {
  test("try_recv_bounded: empty, then disconnected", () => {
    const [tx, rx] = mpsc.channel<number>(5);
    const tx2 = tx.clone();
    for (let value = 0; value < 5; value++) tx.trySend(value);
    expect(thrownBy(() => tx2.trySend(9))).toBeInstanceOf(TrySendError);
    for (let value = 0; value < 5; value++) expect(rx.tryRecv()).toBe(value);
    const empty = thrownBy(() => rx.tryRecv());
    expect(empty).toBeInstanceOf(TryRecvError);
    expect(empty).toMatchObject({ isEmpty: true, isDisconnected: false });
    tx.close();
    tx2.trySend(7);
    tx2.close();
    expect(rx.tryRecv()).toBe(7);
    expect(thrownBy(() => rx.tryRecv())).toMatchObject({ isEmpty: false, isDisconnected: true });
  });

  test("try_recv_close_while_empty: disconnected once nothing can come", () => {
    const [tx, rx] = mpsc.channel<number>(5);
    const permit = tx.tryReserve();
    rx.close();
    expect(thrownBy(() => rx.tryRecv())).toMatchObject({ isEmpty: true });
    permit.send(1);
    expect(rx.tryRecv()).toBe(1);
    expect(thrownBy(() => rx.tryRecv())).toMatchObject({ isDisconnected: true });
  });

  test("try_send_fail_with_try_recv: the value comes back, and room is found again", () => {
    const [tx, rx] = mpsc.channel<string>(1);
    tx.trySend("hello");
    expect(thrownBy(() => tx.trySend("fail"))).toMatchObject({
      name: "TrySendError",
      isFull: true,
      isClosed: false,
      value: "fail",
    });
    expect(rx.tryRecv()).toBe("hello");
    tx.trySend("goodbye");
    tx.close();
    expect(rx.tryRecv()).toBe("goodbye");
  });
});
