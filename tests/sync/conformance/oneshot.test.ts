// oneshot: the cases of Tokio's sync_oneshot.rs, under their names, and what its loom models are about.

import { Pending, select, spawn, yieldNow } from "tokiwa";
import { expect } from "vitest";
import { drop, failing, Polled, readyNow, thrownBy, waiting } from "./hand.js";
import * as partners from "./partners.mjs";
import { conformance } from "./worlds.js";

const EMPTY = { name: "TryRecvError", isEmpty: true, isDisconnected: false };
const DISCONNECTED = { name: "TryRecvError", isEmpty: false, isDisconnected: true };
const RECV_ERROR = { name: "RecvError" };

conformance((test) => {
  test("send_recv", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    const recv = waiting(rx);
    tx.send(1);
    yield* form.settle();
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe(1);
  });

  test("async_send_recv", function* (form) {
    const [tx, rx] = form.oneshot<unknown>();
    tx.send({ a: [1, "b"] });
    expect(yield* rx).toEqual({ a: [1, "b"] });
  });

  test("close_tx", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    const recv = waiting(rx);
    drop(tx);
    yield* form.settle();
    expect(recv.isWoken).toBe(true);
    expect(failing(rx)).toMatchObject(RECV_ERROR);
  });

  test("close_rx", function* (form) {
    const [unread, gone] = form.oneshot<number>();
    drop(gone);
    expect(thrownBy(() => unread.send(1))).toMatchObject({ name: "SendError", value: 1 });
    const [tx, rx] = form.oneshot<number>();
    const closed = waiting(tx.closed());
    drop(rx);
    yield* form.settle();
    expect(closed.isWoken).toBe(true);
    expect(tx.isClosed()).toBe(true);
    expect(closed.poll()).toBe(undefined);
    expect(thrownBy(() => tx.send(2))).toMatchObject({ name: "SendError", value: 2 });
  });

  test("async_rx_closed", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    const task = spawn(function* () {
      drop(rx);
    });
    yield* tx.closed();
    yield* task;
  });

  test("explicit_close_poll", function* (form) {
    const [sent, kept] = form.oneshot<number>();
    sent.send(1);
    kept.close();
    expect(readyNow(kept)).toBe(1);
    const [tx, rx] = form.oneshot<number>();
    const closed = waiting(tx.closed());
    rx.close();
    yield* form.settle();
    expect(closed.isWoken).toBe(true);
    expect(tx.isClosed()).toBe(true);
    expect(closed.poll()).toBe(undefined);
    expect(thrownBy(() => tx.send(1))).toMatchObject({ name: "SendError", value: 1 });
    expect(failing(rx)).toMatchObject(RECV_ERROR);
  });

  test("explicit_close_poll, without an attempt to send", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    const closed = waiting(tx.closed());
    rx.close();
    yield* form.settle();
    expect(closed.isWoken).toBe(true);
    expect(failing(rx)).toMatchObject(RECV_ERROR);
  });

  test("explicit_close_try_recv", function* (form) {
    const [sent, kept] = form.oneshot<number>();
    sent.send(1);
    kept.close();
    expect(kept.tryRecv()).toBe(1);
    const [tx, rx] = form.oneshot<number>();
    const closed = waiting(tx.closed());
    rx.close();
    yield* form.settle();
    expect(closed.isWoken).toBe(true);
    expect(closed.poll()).toBe(undefined);
    expect(thrownBy(() => rx.tryRecv())).toMatchObject(DISCONNECTED);
  });

  test("close_try_recv_poll", function* (form) {
    const [, rx] = form.oneshot<number>();
    rx.close();
    expect(thrownBy(() => rx.tryRecv())).toMatchObject(DISCONNECTED);
    expect(failing(rx)).toMatchObject({ name: "PolledAfterCompletionError" });
  });

  test("close_after_recv", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    tx.send(17);
    expect(rx.tryRecv()).toBe(17);
    rx.close();
    expect(rx.isTerminated()).toBe(true);
  });

  test("try_recv_after_completion", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    expect(thrownBy(() => rx.tryRecv())).toMatchObject(EMPTY);
    tx.send(17);
    expect(rx.tryRecv()).toBe(17);
    expect(thrownBy(() => rx.tryRecv())).toMatchObject(DISCONNECTED);
    rx.close();
  });

  test("try_recv_after_completion_await", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    tx.send(17);
    expect(readyNow(rx)).toBe(17);
    expect(thrownBy(() => rx.tryRecv())).toMatchObject(DISCONNECTED);
    rx.close();
  });

  test("polled after completion", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    tx.send(17);
    expect(readyNow(rx)).toBe(17);
    expect(failing(rx)).toMatchObject({ name: "PolledAfterCompletionError" });
    const [other, dropped] = form.oneshot<number>();
    drop(dropped);
    const closed = other.closed();
    readyNow(closed);
    expect(failing(closed)).toMatchObject({ name: "PolledAfterCompletionError" });
  });

  test("receiver_changes_task", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    const before = waiting(rx);
    const after = waiting(rx);
    tx.send(1);
    yield* form.settle();
    expect([before.isWoken, after.isWoken]).toEqual([false, true]);
    expect(after.poll()).toBe(1);
  });

  test("sender_changes_task", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    const closed = tx.closed();
    const before = waiting(closed);
    const after = waiting(closed);
    drop(rx);
    yield* form.settle();
    expect([before.isWoken, after.isWoken]).toEqual([false, true]);
    expect(after.poll()).toBe(undefined);
  });

  test("receiver_is_terminated_send", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    expect(rx.isTerminated()).toBe(false);
    tx.send(17);
    expect(rx.isTerminated()).toBe(false);
    expect(readyNow(rx)).toBe(17);
    expect(rx.isTerminated()).toBe(true);
  });

  test("receiver_is_terminated_try_recv", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    tx.send(17);
    expect(rx.isTerminated()).toBe(false);
    expect(rx.tryRecv()).toBe(17);
    expect(rx.isTerminated()).toBe(true);
  });

  test("receiver_is_terminated_drop", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    drop(tx);
    expect(rx.isTerminated()).toBe(false);
    expect(failing(rx)).toMatchObject(RECV_ERROR);
    expect(rx.isTerminated()).toBe(true);
  });

  test("receiver_is_terminated_rx_close", function* (form) {
    const [, rx] = form.oneshot<number>();
    rx.close();
    expect(rx.isTerminated()).toBe(false);
    expect(failing(rx)).toMatchObject(RECV_ERROR);
    expect(rx.isTerminated()).toBe(true);
  });

  test("receiver_is_empty_send", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    expect(rx.isEmpty()).toBe(true);
    tx.send(17);
    expect(rx.isEmpty()).toBe(false);
    expect(readyNow(rx)).toBe(17);
    expect(rx.isEmpty()).toBe(true);
  });

  test("receiver_is_empty_try_recv", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    tx.send(17);
    expect(rx.isEmpty()).toBe(false);
    expect(rx.tryRecv()).toBe(17);
    expect(rx.isEmpty()).toBe(true);
  });

  test("receiver_is_empty_drop", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    drop(tx);
    expect(rx.isEmpty()).toBe(true);
    expect(failing(rx)).toMatchObject(RECV_ERROR);
    expect(rx.isEmpty()).toBe(true);
  });

  test("receiver_is_empty_rx_close", function* (form) {
    const [, rx] = form.oneshot<number>();
    rx.close();
    expect(rx.isEmpty()).toBe(true);
  });

  test("drop_rx_after_poll", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    const recv = waiting(rx);
    recv.drop();
    recv.drop();
    expect(tx.isClosed()).toBe(true);
    expect(thrownBy(() => tx.send(1))).toMatchObject({ name: "SendError", value: 1 });
    yield* form.settle();
    expect(recv.isWoken).toBe(false);
  });

  test("checking_tx_send_ok_not_drop", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    tx.send(1);
    drop(tx);
    expect(readyNow(rx)).toBe(1);
  });

  test("a sender sends once", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    tx.send(1);
    expect(thrownBy(() => tx.send(2))).toMatchObject({ name: "ClosedHandleError" });
    expect(readyNow(rx)).toBe(1);
    const [gone] = form.oneshot<number>();
    drop(gone);
    expect(thrownBy(() => gone.send(2))).toMatchObject({ name: "ClosedHandleError" });
  });

  test("undefined is a value", function* (form) {
    const [tx, rx] = form.oneshot<undefined>();
    tx.send(undefined);
    expect(rx.isEmpty()).toBe(false);
    expect(readyNow(rx)).toBe(undefined);
    expect(rx.isTerminated()).toBe(true);
  });

  test("closed() that was dropped is not woken", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    const gone = waiting(tx.closed());
    gone.drop();
    drop(rx);
    yield* form.settle();
    expect(gone.isWoken).toBe(false);
    expect(readyNow(tx.closed())).toBe(undefined);
  });

  test("a receiver that loses a select closes the channel", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    const winner = yield* select({ rx, now: yieldNow() });
    expect(winner.branch).toBe("now");
    expect(tx.isClosed()).toBe(true);
  });

  test("many tasks wait for one each", function* (form) {
    const pairs = Array.from({ length: 100 }, () => form.oneshot<number>());
    const tasks = pairs.map(([, rx]) =>
      spawn(function* () {
        return yield* rx;
      }),
    );
    yield* yieldNow();
    pairs.forEach(([tx], index) => {
      tx.send(index);
    });
    for (const [index, task] of tasks.entries()) expect(yield* task).toBe(index);
  });

  test(
    "is cooperative: 128 receivers in one poll, then another's turn",
    function* (form) {
      const receivers = Array.from({ length: 200 }, () => {
        const [tx, rx] = form.oneshot<number>();
        tx.send(1);
        return rx;
      });
      yield* yieldNow();
      const given = receivers.filter((rx) => new Polled(rx).poll() !== Pending);
      expect(given.length).toBe(128);
      yield* yieldNow();
      for (const rx of receivers.slice(128)) expect(yield* rx).toBe(1);
    },
    { budgeted: true },
  );

  // ── With a partner that may run on another thread ──────────────────────────────────────────────────────────────────────

  test.partnered("async_send_recv from another thread", function* (form) {
    const [tx, rx] = form.oneshot<unknown>();
    const partner = spawn(partners.answers, tx, { a: ["b"] });
    expect(yield* rx).toEqual({ a: ["b"] });
    yield* partner;
  });

  test.partnered("a receiver on another thread", function* (form) {
    const [tx, rx] = form.oneshot<number>();
    const partner = spawn(partners.awaits, rx);
    tx.send(5);
    expect(yield* partner).toEqual({ value: 5 });
  });

  test.partnered("recv_closed: a sender that ends on another thread", function* (form) {
    for (const partner of [partners.disposes, partners.forgets]) {
      const [tx, rx] = form.oneshot<number>();
      const task = spawn(partner, tx, 2);
      const error = yield* spawn(function* () {
        try {
          yield* rx;
        } catch (caught) {
          return (caught as Error).name;
        }
      });
      expect(error).toBe("RecvError");
      yield* task;
    }
  });

  test.partnered("closed: a receiver that ends on another thread", function* (form) {
    for (const partner of [partners.disposes, partners.forgets]) {
      const [tx, rx] = form.oneshot<number>();
      const task = spawn(partner, rx, 2);
      yield* tx.closed();
      expect(thrownBy(() => tx.send(1))).toMatchObject({ name: "SendError", value: 1 });
      yield* task;
    }
  });

  test.absent("drops_tasks", "wakers are not counted");
});
