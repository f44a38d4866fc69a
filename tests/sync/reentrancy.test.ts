// Wakers that use the channel which wakes them: nothing is lost, skipped or done twice.

import { Pending, Waker } from "tokiwa";
import { mpsc, oneshot } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { Polled, readyNow, waiting } from "./polled.js";

describe("mpsc", () => {
  test("a receiver that receives from inside its wake", () => {
    const [tx, rx] = mpsc.channel<number>(2);
    const received: number[] = [];
    const waker = Waker.from(() => drain());
    const drain = (): void => {
      for (;;) {
        const recv = rx.recv();
        const value = recv.poll({ waker });
        if (value === Pending || value === undefined) return;
        received.push(value as number);
      }
    };
    drain();
    for (let value = 0; value < 5; value++) tx.trySend(value);
    expect(received).toEqual([0, 1, 2, 3, 4]);
    expect(tx.capacity()).toBe(2);
  });

  test("a sender that is served sends from inside its wake", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.trySend(0);
    const outcomes: string[] = [];
    const send = tx.send(1);
    const waker = Waker.from(() => {
      outcomes.push(send.poll({ waker }) === Pending ? "pending" : "sent");
    });
    send.poll({ waker });
    const next = waiting(tx.send(2));
    expect(rx.tryRecv()).toBe(0);
    expect(outcomes).toEqual(["sent"]);
    expect(rx.tryRecv()).toBe(1);
    expect(next.poll()).toBe(undefined);
    expect(rx.tryRecv()).toBe(2);
  });

  test("a waker that drops the others of the line", () => {
    const [tx, rx] = mpsc.channel<number>(3);
    for (let value = 0; value < 3; value++) tx.trySend(value);
    const others: Polled<void>[] = [];
    const first = tx.send(10);
    const waker = Waker.from(() => {
      for (const other of others) other.drop();
    });
    first.poll({ waker });
    for (const value of [11, 12]) others.push(waiting(tx.send(value)));
    const last = waiting(tx.send(13));
    expect(readyNow(rx.recvMany(3))).toEqual([0, 1, 2]);
    expect(others.some((other) => other.isWoken)).toBe(false);
    expect(last.isWoken).toBe(true);
    first.poll({ waker });
    last.poll();
    expect(readyNow(rx.recvMany(3))).toEqual([10, 13]);
    expect(tx.capacity()).toBe(3);
  });

  test("a waker that closes the receiver while others are served", () => {
    const [tx, rx] = mpsc.channel<number>(2);
    tx.trySend(0);
    tx.trySend(1);
    const first = tx.send(10);
    first.poll({ waker: Waker.from(() => rx.close()) });
    const second = waiting(tx.send(11));
    readyNow(rx.recvMany(2));
    expect(second.isWoken).toBe(true);
    // Whether a send that was served before the close still goes through is open; that its value is not lost is not.
    const sent = [first, second.future].filter((send) => {
      try {
        return new Polled(send).poll() !== Pending;
      } catch (error) {
        expect(error).toMatchObject({ name: "SendError" });
        return false;
      }
    });
    expect(readyNow(rx.recvMany(9))).toHaveLength(sent.length);
    expect(readyNow(rx.recv())).toBe(undefined);
    expect(tx.capacity()).toBe(2);
  });

  test("a waker of closed() that disposes the sender", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.closed().poll({ waker: Waker.from(() => tx.close()) });
    const other = waiting(tx.closed());
    rx.close();
    expect(other.isWoken).toBe(true);
    expect(tx.strongCount()).toBe(0);
  });
});

describe("oneshot", () => {
  test("a receiver that takes the value from inside its wake", () => {
    const [tx, rx] = oneshot.channel<number>();
    let value: unknown;
    const waker = Waker.from(() => {
      value = rx.poll({ waker });
    });
    rx.poll({ waker });
    tx.send(5);
    expect(value).toBe(5);
    expect(rx.isTerminated()).toBe(true);
  });

  test("a sender that sends from inside the wake of closed()", () => {
    const [tx, rx] = oneshot.channel<number>();
    let error: unknown;
    tx.closed().poll({
      waker: Waker.from(() => {
        try {
          tx.send(1);
        } catch (caught) {
          error = caught;
        }
      }),
    });
    rx.close();
    expect(error).toMatchObject({ name: "SendError", value: 1 });
  });
});
