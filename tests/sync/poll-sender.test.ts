// PollSender: room by polling. Mirrors tokio-util's mpsc.rs.

import { Pending, pollFn } from "tokiwa";
import { ClosedHandleError, mpsc, NotReservedError, PollSender, SendError } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

function channel(capacity: number): [PollSender<number>, mpsc.Receiver<number>] {
  const [tx, rx] = mpsc.channel<number>(capacity);
  return [new PollSender(tx), rx];
}

/** `pollReserve` as a future, polled by hand. */
function reserve(send: PollSender<number>): Polled<void> {
  return new Polled(pollFn((cx) => send.pollReserve(cx)));
}

function sendNow(send: PollSender<number>, value: number): void {
  expect(reserve(send).poll()).toBe(undefined);
  send.sendItem(value);
}

describe("sending", () => {
  test("simple", () => {
    const [send, rx] = channel(3);
    for (const value of [1, 2, 3]) sendNow(send, value);
    const next = reserve(send);
    expect(next.isPending()).toBe(true);
    expect(rx.tryRecv()).toBe(1);
    expect(next.isWoken).toBe(true);
    expect(next.poll()).toBe(undefined);
    rx[Symbol.dispose]();
    send.sendItem(42);
  });

  test("repeated_poll_reserve: ready as long as the room is held, which is one", () => {
    const [send, rx] = channel(2);
    for (let polls = 0; polls < 3; polls++) expect(reserve(send).poll()).toBe(undefined);
    expect(send.getRef()?.capacity()).toBe(1);
    send.sendItem(1);
    expect(rx.tryRecv()).toBe(1);
    expect(send.getRef()?.capacity()).toBe(2);
  });

  test("a pending reservation keeps its place in the line, and the waker of the last poll", () => {
    const [send, rx] = channel(1);
    sendNow(send, 1);
    const first = reserve(send);
    expect(first.isPending()).toBe(true);
    const behind = waiting((send.getRef() as mpsc.Sender<number>).send(9));
    const second = reserve(send);
    expect(second.isPending()).toBe(true);
    rx.tryRecv();
    expect([first.isWoken, second.isWoken, behind.isWoken]).toEqual([false, true, false]);
    expect(second.poll()).toBe(undefined);
  });

  test("start_send_panics_when_idle, and when acquiring: the value comes back", () => {
    const [send] = channel(1);
    const idle = thrownBy(() => send.sendItem(5));
    expect(idle).toBeInstanceOf(NotReservedError);
    expect(idle).toMatchObject({ value: 5 });
    sendNow(send, 1);
    expect(reserve(send).isPending()).toBe(true);
    expect(() => send.sendItem(2)).toThrow(NotReservedError);
  });

  test("closed_when_receiver_drops", () => {
    const [send, rx] = channel(1);
    rx[Symbol.dispose]();
    expect(send.isClosed()).toBe(false);
    expect(() => reserve(send).poll()).toThrow(SendError);
    expect(send.isClosed()).toBe(true);
    expect(() => reserve(send).poll()).toThrow(SendError);
    const error = thrownBy(() => send.sendItem(7));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ value: 7 });
  });

  test("a reservation that waits fails when the receiver goes", () => {
    const [send, rx] = channel(1);
    sendNow(send, 1);
    const next = reserve(send);
    next.poll();
    rx.close();
    expect(next.isWoken).toBe(true);
    expect(() => next.poll()).toThrow(SendError);
    expect(send.isClosed()).toBe(true);
  });

  test("in a task, against a slow receiver", () => {
    runPaused(function* () {
      const [send, rx] = channel(2);
      let next = 0;
      const received: (number | undefined)[] = [];
      yield* pollFn((cx) => {
        for (;;) {
          if (next === 20) return undefined;
          if (send.pollReserve(cx) === Pending) {
            received.push(rx.tryRecv());
            continue;
          }
          send.sendItem(next);
          next += 1;
        }
      });
      send.close();
      for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv())
        received.push(value);
      expect(received).toEqual(Array.from({ length: 20 }, (_, value) => value));
    });
  });
});

describe("abortSend", () => {
  test("abort_send: the room goes to the next in the line", () => {
    const [send, rx] = channel(3);
    const other = send.getRef()?.clone() as mpsc.Sender<number>;
    for (const value of [1, 2, 3]) sendNow(send, value);
    const next = reserve(send);
    expect(next.isPending()).toBe(true);
    expect(rx.tryRecv()).toBe(1);
    expect(next.poll()).toBe(undefined);
    const behind = waiting(other.send(5));
    expect(send.abortSend()).toBe(true);
    expect(behind.isWoken).toBe(true);
    expect(behind.poll()).toBe(undefined);
    expect([rx.tryRecv(), rx.tryRecv(), rx.tryRecv()]).toEqual([2, 3, 5]);
  });

  test("abort_send_after_pending_reserve", () => {
    const [send] = channel(1);
    sendNow(send, 1);
    expect(send.abortSend()).toBe(false);
    expect(reserve(send).isPending()).toBe(true);
    expect(send.abortSend()).toBe(true);
    expect(send.abortSend()).toBe(false);
    expect(send.getRef()?.capacity()).toBe(0);
  });

  test("abort_send_after_successful_reserve", () => {
    const [send] = channel(1);
    expect(reserve(send).poll()).toBe(undefined);
    expect(send.getRef()?.capacity()).toBe(0);
    expect(send.abortSend()).toBe(true);
    expect(send.getRef()?.capacity()).toBe(1);
    sendNow(send, 1);
  });
});

describe("close", () => {
  test("close_sender_last", () => {
    const [send, rx] = channel(3);
    const recv = waiting(rx.recv());
    send.close();
    send.close();
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe(undefined);
    expect(() => reserve(send).poll()).toThrow(SendError);
    expect(send.getRef()).toBe(undefined);
  });

  test("close_sender_not_last", () => {
    const [send, rx] = channel(3);
    const other = send.getRef()?.clone() as mpsc.Sender<number>;
    const recv = waiting(rx.recv());
    send.close();
    expect(recv.isWoken).toBe(false);
    other.close();
    expect(recv.poll()).toBe(undefined);
  });

  test("close_sender_after_pending_reserve", () => {
    const [send, rx] = channel(1);
    sendNow(send, 1);
    expect(reserve(send).isPending()).toBe(true);
    send.close();
    expect(send.isClosed()).toBe(true);
    expect(() => reserve(send).poll()).toThrow(SendError);
    expect([readyNow(rx.recv()), readyNow(rx.recv())]).toEqual([1, undefined]);
  });

  test("close_sender_after_successful_reserve: that room may be used once", () => {
    const [send, rx] = channel(3);
    const recv = waiting(rx.recv());
    expect(reserve(send).poll()).toBe(undefined);
    send.close();
    expect(send.isClosed()).toBe(true);
    expect(recv.isPending()).toBe(true);
    expect(reserve(send).poll()).toBe(undefined);
    send.sendItem(1);
    expect(recv.poll()).toBe(1);
    expect(() => send.sendItem(2)).toThrow(SendError);
    expect(readyNow(rx.recv())).toBe(undefined);
  });

  test("the same, given back", () => {
    const [send, rx] = channel(3);
    const recv = waiting(rx.recv());
    reserve(send).poll();
    send.close();
    expect(send.abortSend()).toBe(true);
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe(undefined);
    expect(() => reserve(send).poll()).toThrow(SendError);
  });

  test("disposing closes, and gives back what is held", () => {
    const [send, rx] = channel(1);
    const other = send.getRef()?.clone() as mpsc.Sender<number>;
    {
      using owned = send;
      reserve(owned).poll();
      expect(other.capacity()).toBe(0);
    }
    expect([other.capacity(), other.strongCount()]).toEqual([1, 1]);
    expect(rx.isClosed()).toBe(false);
  });

  test("a clone has a sender of its own", () => {
    const [send, rx] = channel(2);
    reserve(send).poll();
    const clone = send.clone();
    send[Symbol.dispose]();
    sendNow(clone, 1);
    expect(rx.tryRecv()).toBe(1);
    expect(() => send.clone()).toThrow(ClosedHandleError);
  });
});
