// oneshot: the receiver's end, and a sender that waits for it. Mirrors Tokio's sync_oneshot.rs.

import { PolledAfterCompletionError, select, sleep, spawn } from "tokiwa";
import { oneshot, RecvError, SendError } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { now, runPaused, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

describe("the receiver's end", () => {
  test("close_rx: the value comes back", () => {
    const [tx, rx] = oneshot.channel<number>();
    const closed = waiting(tx.closed());
    rx[Symbol.dispose]();
    expect(closed.isWoken).toBe(true);
    expect(tx.isClosed()).toBe(true);
    expect(closed.poll()).toBe(undefined);
    expect(thrownBy(() => tx.send(1))).toMatchObject({ value: 1 });
  });

  test("async_rx_closed", () => {
    runPaused(function* () {
      const [tx, rx] = oneshot.channel<number>();
      const waiter = spawn(function* () {
        yield* tx.closed();
        return now();
      });
      yield* sleep(30);
      rx.close();
      expect(yield* waiter).toBe(30);
    });
  });

  test("explicit_close_poll: a value that was sent can still be received", () => {
    const [tx, rx] = oneshot.channel<number>();
    tx.send(17);
    rx.close();
    expect(new Polled(rx).poll()).toBe(17);
  });

  test("explicit_close_poll: without one the poll fails", () => {
    const [tx, rx] = oneshot.channel<number>();
    const closed = waiting(tx.closed());
    rx.close();
    expect(closed.isWoken).toBe(true);
    expect(tx.isClosed()).toBe(true);
    expect(closed.poll()).toBe(undefined);
    expect(thrownBy(() => tx.send(17))).toBeInstanceOf(SendError);
    expect(() => new Polled(rx).poll()).toThrow(RecvError);
  });

  test("explicit_close_try_recv: a value that was sent can be rescued", () => {
    const [tx, rx] = oneshot.channel<number>();
    tx.send(17);
    rx.close();
    expect(rx.tryRecv()).toBe(17);
  });

  test("explicit_close_try_recv: without one there will never be one", () => {
    const [, rx] = oneshot.channel<number>();
    rx.close();
    expect(thrownBy(() => rx.tryRecv())).toMatchObject({ isEmpty: false, isDisconnected: true });
  });

  test("close_try_recv_poll: after that error a poll throws", () => {
    const [, rx] = oneshot.channel<number>();
    rx.close();
    thrownBy(() => rx.tryRecv());
    expect(rx.isTerminated()).toBe(true);
    expect(() => new Polled(rx).poll()).toThrow(PolledAfterCompletionError);
  });

  test("a waiting receiver that is closed is over at its next poll", () => {
    const [, rx] = oneshot.channel<number>();
    const recv = waiting(rx);
    rx.close();
    expect(() => recv.poll()).toThrow(RecvError);
  });

  test("a task that waits is woken by the close of its receiver", () => {
    const [, rx] = oneshot.channel<number>();
    const recv = waiting(rx);
    rx.close();
    expect(recv.isWoken).toBe(true);
  });

  test("close_after_recv, and twice: harmless", () => {
    const [tx, rx] = oneshot.channel<number>();
    tx.send(17);
    expect(rx.tryRecv()).toBe(17);
    rx.close();
    rx.close();
    rx[Symbol.dispose]();
  });

  test("receiver_is_terminated_rx_close: not by the close itself", () => {
    const [, rx] = oneshot.channel<number>();
    rx.close();
    expect(rx.isTerminated()).toBe(false);
    expect(() => new Polled(rx).poll()).toThrow(RecvError);
    expect(rx.isTerminated()).toBe(true);
  });

  test("a dropped receiver drops the value, and a poll of it throws", () => {
    const [tx, rx] = oneshot.channel<number>();
    tx.send(1);
    rx[Symbol.dispose]();
    rx[Symbol.dispose]();
    expect(rx.isEmpty()).toBe(true);
    expect(() => new Polled(rx).poll()).toThrow(PolledAfterCompletionError);
  });
});

describe("closed", () => {
  test("is over at once for a channel that is closed", () => {
    const [tx, rx] = oneshot.channel<number>();
    rx.close();
    expect(readyNow(tx.closed())).toBe(undefined);
  });

  test("sender_changes_task: the waker of the last poll counts", () => {
    const [tx, rx] = oneshot.channel<number>();
    const closed = tx.closed();
    const first = waiting(closed);
    const second = waiting(closed);
    rx[Symbol.dispose]();
    expect([first.isWoken, second.isWoken]).toEqual([false, true]);
    expect(second.poll()).toBe(undefined);
  });

  test("is cancel-safe: a sender gives up work that nobody waits for", () => {
    runPaused(function* () {
      const [tx, rx] = oneshot.channel<number>();
      const worker = spawn(function* () {
        for (let step = 0; ; step++) {
          const winner = yield* select({ gone: tx.closed(), worked: sleep(10) });
          if (winner.branch === "gone") return step;
        }
      });
      yield* sleep(35);
      rx.close();
      expect(yield* worker).toBe(3);
      expect(now()).toBe(35);
    });
  });

  test("one that was dropped is not woken", () => {
    const [tx, rx] = oneshot.channel<number>();
    const closed = waiting(tx.closed());
    closed.drop();
    rx.close();
    expect(closed.isWoken).toBe(false);
  });

  test("dropping one that never waited leaves the one that does", () => {
    const [tx, rx] = oneshot.channel<number>();
    const unused = tx.closed();
    const closed = waiting(tx.closed());
    unused[Symbol.dispose]();
    rx.close();
    expect(closed.isWoken).toBe(true);
  });

  test("polled after completion it throws", () => {
    const [tx, rx] = oneshot.channel<number>();
    rx.close();
    const closed = new Polled(tx.closed());
    closed.poll();
    expect(() => closed.poll()).toThrow(PolledAfterCompletionError);
  });
});
