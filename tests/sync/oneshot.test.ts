// oneshot: one value, once. Mirrors Tokio's sync_oneshot.rs.

import {
  borrow,
  PolledAfterCompletionError,
  select,
  sleep,
  spawn,
  timeout,
  yieldNow,
} from "tokiwa";
import { ClosedHandleError, oneshot, RecvError, SendError, TryRecvError } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { now, runPaused, runPausedOnLoop, thrownBy } from "../support/time.js";
import { Polled, waiting } from "./polled.js";

describe("sending and receiving", () => {
  test("send_recv: the receiver that waits is woken", () => {
    const [tx, rx] = oneshot.channel<number>();
    const recv = waiting(rx);
    tx.send(1);
    expect(recv.wakes).toBe(1);
    expect(recv.poll()).toBe(1);
  });

  test("a value that was sent before is there at the first poll", () => {
    const [tx, rx] = oneshot.channel<object>();
    const value = {};
    tx.send(value);
    expect(new Polled(rx).poll()).toBe(value);
  });

  test("async_send_recv", () => {
    runPaused(function* () {
      const [tx, rx] = oneshot.channel<number>();
      spawn(function* () {
        yield* sleep(10);
        tx.send(7);
      });
      expect(yield* rx).toBe(7);
      expect(now()).toBe(10);
    });
  });

  test("a request with its reply", () => {
    runPaused(function* () {
      const answers: number[] = [];
      for (let request = 0; request < 10; request++) {
        const [tx, rx] = oneshot.channel<number>();
        spawn(function* () {
          yield* yieldNow();
          tx.send(request * request);
        });
        answers.push(yield* rx);
      }
      expect(answers).toEqual([0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
    });
  });

  test("await works on the receiver", async () => {
    const [tx, rx] = oneshot.channel<string>();
    tx.send("a");
    expect(await rx).toBe("a");
    await runPausedOnLoop(function* () {
      const [reply, answer] = oneshot.channel<string>();
      const waiter = spawn(async () => await answer);
      yield* sleep(5);
      reply.send("b");
      expect(yield* waiter).toBe("b");
    });
  });

  test("undefined is a value", () => {
    const [tx, rx] = oneshot.channel<undefined>();
    tx.send(undefined);
    expect(rx.isEmpty()).toBe(false);
    expect(new Polled(rx).poll()).toBe(undefined);
    expect(rx.isTerminated()).toBe(true);
  });

  test("a sender sends once", () => {
    const [tx, rx] = oneshot.channel<number>();
    tx.send(1);
    expect(thrownBy(() => tx.send(2))).toBeInstanceOf(ClosedHandleError);
    expect(rx.tryRecv()).toBe(1);
    const [disposed] = oneshot.channel<number>();
    disposed[Symbol.dispose]();
    expect(thrownBy(() => disposed.send(1))).toBeInstanceOf(ClosedHandleError);
  });
});

describe("the sender's end", () => {
  test("close_tx: dropped without having sent, it wakes the receiver, which fails", () => {
    const [tx, rx] = oneshot.channel<number>();
    const recv = waiting(rx);
    tx[Symbol.dispose]();
    expect(recv.isWoken).toBe(true);
    const error = thrownBy(() => recv.poll());
    expect(error).toBeInstanceOf(RecvError);
    expect((error as Error).name).toBe("RecvError");
  });

  test("dropped after having sent, the value stays", () => {
    const [tx, rx] = oneshot.channel<number>();
    {
      using sender = tx;
      sender.send(1);
    }
    tx[Symbol.dispose]();
    expect(new Polled(rx).poll()).toBe(1);
  });

  test("an aborted task's `using` tells the receiver", () => {
    runPaused(function* () {
      const [tx, rx] = oneshot.channel<number>();
      const worker = spawn(function* () {
        using sender = tx;
        yield* sleep(1000);
        sender.send(1);
      });
      yield* yieldNow();
      worker.abort();
      let error: unknown;
      try {
        yield* rx;
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(RecvError);
      expect(now()).toBe(0);
    });
  });
});

describe("polling", () => {
  test("after completion throws: after the value and after the error", () => {
    const [tx, rx] = oneshot.channel<number>();
    tx.send(1);
    const recv = new Polled(rx);
    recv.poll();
    expect(() => recv.poll()).toThrow(PolledAfterCompletionError);
    const [dropped, failing] = oneshot.channel<number>();
    dropped[Symbol.dispose]();
    const failed = new Polled(failing);
    expect(() => failed.poll()).toThrow(RecvError);
    expect(() => failed.poll()).toThrow(PolledAfterCompletionError);
  });

  test("receiver_changes_task: the waker of the last poll counts", () => {
    const [tx, rx] = oneshot.channel<number>();
    const first = waiting(rx);
    const second = waiting(rx);
    tx.send(1);
    expect([first.isWoken, second.isWoken]).toEqual([false, true]);
    expect(second.poll()).toBe(1);
  });

  test("receiver_unregisters_task: a receiver that was dropped is not woken", () => {
    const [tx, rx] = oneshot.channel<number>();
    const recv = waiting(rx);
    recv.drop();
    tx[Symbol.dispose]();
    expect(recv.isWoken).toBe(false);
  });

  test("by borrow it survives a select that it loses", () => {
    runPaused(function* () {
      const [tx, rx] = oneshot.channel<number>();
      spawn(function* () {
        yield* sleep(25);
        tx.send(3);
      });
      let ticks = 0;
      for (;;) {
        const winner = yield* select({ value: borrow(rx), tick: sleep(10) });
        if (winner.branch === "value") {
          expect(winner.value).toBe(3);
          break;
        }
        ticks += 1;
      }
      expect(ticks).toBe(2);
    });
  });

  test("without borrow a timeout that elapses closes it", () => {
    runPaused(function* () {
      const [tx, rx] = oneshot.channel<number>();
      try {
        yield* timeout(10, rx);
      } catch {}
      expect(tx.isClosed()).toBe(true);
      expect(thrownBy(() => tx.send(1))).toMatchObject({ name: "SendError", value: 1 });
    });
  });

  test("receiving spends budget: a task that finds every value there starves nobody", () => {
    runPaused(function* () {
      let received = 0;
      let seen = -1;
      const greedy = spawn(function* () {
        for (; received < 1000; received++) {
          const [tx, rx] = oneshot.channel<number>();
          tx.send(received);
          if ((yield* rx) !== received) throw new Error("another value");
        }
      });
      const other = spawn(function* () {
        seen = received;
      });
      yield* other;
      expect(seen).toBe(128);
      yield* greedy;
    });
  });
});

describe("tryRecv", () => {
  test("empty, then the value, then disconnected", () => {
    const [tx, rx] = oneshot.channel<number>();
    const empty = thrownBy(() => rx.tryRecv());
    expect(empty).toBeInstanceOf(TryRecvError);
    expect(empty).toMatchObject({ isEmpty: true, isDisconnected: false });
    tx.send(17);
    expect(rx.tryRecv()).toBe(17);
    expect(thrownBy(() => rx.tryRecv())).toMatchObject({ isEmpty: false, isDisconnected: true });
  });

  test("try_recv_after_completion: close after it is harmless", () => {
    const [tx, rx] = oneshot.channel<number>();
    tx.send(17);
    expect(rx.tryRecv()).toBe(17);
    expect(thrownBy(() => rx.tryRecv())).toMatchObject({ isDisconnected: true });
    rx.close();
    expect(rx.isTerminated()).toBe(true);
  });

  test("try_recv_after_completion_await: a poll after it throws", () => {
    const [tx, rx] = oneshot.channel<number>();
    tx.send(17);
    rx.tryRecv();
    expect(() => new Polled(rx).poll()).toThrow(PolledAfterCompletionError);
  });

  test("disconnected once the sender is gone", () => {
    const [tx, rx] = oneshot.channel<number>();
    tx[Symbol.dispose]();
    expect(thrownBy(() => rx.tryRecv())).toMatchObject({ isEmpty: false, isDisconnected: true });
  });
});

describe("what it tells of itself", () => {
  test("receiver_is_empty", () => {
    const [tx, rx] = oneshot.channel<number>();
    expect(rx.isEmpty()).toBe(true);
    tx.send(17);
    expect(rx.isEmpty()).toBe(false);
    rx.tryRecv();
    expect(rx.isEmpty()).toBe(true);
    const [dropped, none] = oneshot.channel<number>();
    dropped[Symbol.dispose]();
    expect(none.isEmpty()).toBe(true);
    none.close();
    expect(none.isEmpty()).toBe(true);
  });

  test("receiver_is_terminated_send, _drop: after the value or the error was given, not before", () => {
    const [tx, rx] = oneshot.channel<number>();
    expect(rx.isTerminated()).toBe(false);
    tx.send(17);
    expect(rx.isTerminated()).toBe(false);
    new Polled(rx).poll();
    expect(rx.isTerminated()).toBe(true);
    const [dropped, failing] = oneshot.channel<number>();
    dropped[Symbol.dispose]();
    expect(failing.isTerminated()).toBe(false);
    expect(() => new Polled(failing).poll()).toThrow(RecvError);
    expect(failing.isTerminated()).toBe(true);
  });

  test("receiver_is_terminated_try_recv: not by an empty one, by a value", () => {
    const [tx, rx] = oneshot.channel<number>();
    thrownBy(() => rx.tryRecv());
    expect(rx.isTerminated()).toBe(false);
    tx.send(17);
    rx.tryRecv();
    expect(rx.isTerminated()).toBe(true);
  });

  test("the error of a send has Tokio's meaning: the value is in it", () => {
    const [tx, rx] = oneshot.channel<string>();
    rx[Symbol.dispose]();
    const error = thrownBy(() => tx.send("back"));
    expect(error).toBeInstanceOf(SendError);
    expect((error as SendError<string>).value).toBe("back");
  });
});
