// broadcast: the cases of Tokio's sync_broadcast.rs and sync_broadcast_weak.rs, under their names, and what its loom models
// are about.

import { Pending, spawn, Waker, yieldNow } from "tokiwa";
import { expect } from "vitest";
import type { BroadcastReceiver } from "./contract.js";
import { drop, failing, readyNow, thrownBy, upTo, waiting } from "./hand.js";
import * as partners from "./partners.mjs";
import { conformance } from "./worlds.js";

const EMPTY = { name: "TryRecvError", isEmpty: true, isDisconnected: false };
const DISCONNECTED = { name: "TryRecvError", isEmpty: false, isDisconnected: true };
const RECV_ERROR = { name: "RecvError" };

function expectEmpty(...receivers: BroadcastReceiver<unknown>[]): void {
  for (const rx of receivers) expect(thrownBy(() => rx.tryRecv())).toMatchObject(EMPTY);
}

function expectClosed(rx: BroadcastReceiver<unknown>): void {
  expect(thrownBy(() => rx.tryRecv())).toMatchObject(DISCONNECTED);
}

function expectLagged(rx: BroadcastReceiver<unknown>, skipped: number): void {
  expect(thrownBy(() => rx.tryRecv())).toMatchObject({ name: "LaggedError", skipped });
}

/** Takes these values, and that is all there is. */
function expectValues<T>(rx: BroadcastReceiver<T>, ...values: T[]): void {
  for (const value of values) expect(rx.tryRecv()).toEqual(value);
}

conformance((test) => {
  test("send_try_recv_bounded", function* (form) {
    const [tx, rx] = form.broadcast<string>(16);
    expectEmpty(rx);
    expect(tx.send("hello")).toBe(1);
    expectValues(rx, "hello");
    expectEmpty(rx);
  });

  test("send_two_recv", function* (form) {
    const [tx, first] = form.broadcast<unknown>(16);
    const second = tx.subscribe();
    expectEmpty(first, second);
    expect(tx.send({ a: ["hello"] })).toBe(2);
    expectValues(first, { a: ["hello"] });
    expectValues(second, { a: ["hello"] });
    expectEmpty(first, second);
  });

  test("send_recv_bounded", function* (form) {
    const [tx, rx] = form.broadcast<string>(16);
    const recv = waiting(rx.recv());
    tx.send("hello");
    yield* form.settle();
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe("hello");
  });

  test("send_two_recv_bounded", function* (form) {
    const [tx, first] = form.broadcast<string>(16);
    const second = tx.subscribe();
    const recvs = [waiting(first.recv()), waiting(second.recv())];
    tx.send("hello");
    yield* form.settle();
    expect(recvs.map((recv) => recv.isWoken)).toEqual([true, true]);
    expect(recvs.map((recv) => recv.poll())).toEqual(["hello", "hello"]);
    const recv = waiting(first.recv());
    const unpolled = second.recv();
    tx.send("world");
    yield* form.settle();
    expect(recv.isWoken).toBe(true);
    expect([recv.poll(), readyNow(unpolled)]).toEqual(["world", "world"]);
  });

  test("change_tasks", function* (form) {
    const [tx, rx] = form.broadcast<string>(1);
    const recv = rx.recv();
    const before = waiting(recv);
    const after = waiting(recv);
    tx.send("hello");
    yield* form.settle();
    expect([before.isWoken, after.isWoken]).toEqual([false, true]);
    expect(after.poll()).toBe("hello");
  });

  test("send_slow_rx", function* (form) {
    const [tx, fast] = form.broadcast<string>(16);
    const slow = tx.subscribe();
    const slowRecv = waiting(slow.recv());
    const fastRecv = waiting(fast.recv());
    tx.send("one");
    yield* form.settle();
    expect([slowRecv.isWoken, fastRecv.isWoken]).toEqual([true, true]);
    tx.send("two");
    expect(fastRecv.poll()).toBe("one");
    expect(readyNow(fast.recv())).toBe("two");
    const next = waiting(fast.recv());
    tx.send("three");
    yield* form.settle();
    expect(next.isWoken).toBe(true);
    expect(next.poll()).toBe("three");
    expect(slowRecv.poll()).toBe("one");
    expectValues(slow, "two", "three");
    expectEmpty(slow, fast);
  });

  test("drop_rx_while_values_remain", function* (form) {
    const [tx, first] = form.broadcast<string>(16);
    const second = tx.subscribe();
    tx.send("one");
    tx.send("two");
    expectValues(first, "one");
    expectValues(second, "one");
    drop(second);
    expect([tx.receiverCount(), tx.len()]).toEqual([1, 1]);
    drop(first, first);
    expect([tx.receiverCount(), tx.len()]).toEqual([0, 0]);
  });

  test("drop_multiple_rx_with_overflow", function* (form) {
    const [tx, rx] = form.broadcast<number>(1);
    const others = upTo(3).map(() => tx.subscribe());
    tx.send(1);
    drop(others[0]);
    tx.send(2);
    drop(others[1], rx);
    tx.send(3);
    expectLagged(others[2] as BroadcastReceiver<number>, 2);
    expectValues(others[2] as BroadcastReceiver<number>, 3);
    drop(others[2]);
    expect(thrownBy(() => tx.send(4))).toMatchObject({ name: "SendError", value: 4 });
  });

  test("lagging_rx", function* (form) {
    const [tx, fast] = form.broadcast<string>(2);
    const slow = tx.subscribe();
    tx.send("one");
    tx.send("two");
    expectValues(fast, "one");
    tx.send("three");
    expectLagged(slow, 1);
    expectValues(slow, "two");
    expectValues(fast, "two", "three");
    tx.send("four");
    tx.send("five");
    expectLagged(slow, 1);
    tx.send("six");
    expectLagged(slow, 1);
    expectValues(slow, "five", "six");
  });

  test("send_no_rx", function* (form) {
    const [tx, gone] = form.broadcast<string>(16);
    drop(gone);
    expect(thrownBy(() => tx.send("hello"))).toMatchObject({ name: "SendError", value: "hello" });
    const rx = tx.subscribe();
    tx.send("world");
    expectValues(rx, "world");
    expectEmpty(rx);
  });

  test("zero_capacity, capacity_too_big", function* (form) {
    for (const capacity of [0, -1, 1.5, Number.NaN, 2 ** 53])
      expect(thrownBy(() => form.broadcast(capacity))).toMatchObject({ name: "CapacityError" });
  });

  test("dropping_tx_notifies_rx", function* (form) {
    const [tx, first] = form.broadcast<number>(16);
    const second = tx.subscribe();
    const other = tx.clone();
    const recvs = [waiting(first.recv()), waiting(second.recv())];
    drop(tx);
    yield* form.settle();
    expect(recvs.map((recv) => recv.isPending())).toEqual([true, true]);
    drop(other);
    yield* form.settle();
    expect(recvs.map((recv) => recv.isWoken)).toEqual([true, true]);
    for (const recv of recvs) expect(failing(recv.future)).toMatchObject(RECV_ERROR);
    expect([first.isClosed(), second.isClosed()]).toEqual([true, true]);
  });

  test("single_capacity_recvs", function* (form) {
    const [tx, rx] = form.broadcast<number>(1);
    tx.send(1);
    expectValues(rx, 1);
    expectEmpty(rx);
  });

  test("single_capacity_recvs_after_drop_1", function* (form) {
    const [tx, rx] = form.broadcast<number>(1);
    tx.send(1);
    drop(tx);
    expectValues(rx, 1);
    expectClosed(rx);
  });

  test("single_capacity_recvs_after_drop_2", function* (form) {
    const [tx, rx] = form.broadcast<number>(1);
    tx.send(1);
    tx.send(2);
    drop(tx);
    expectLagged(rx, 1);
    expectValues(rx, 2);
    expectClosed(rx);
  });

  test("dropping_sender_does_not_overwrite", function* (form) {
    const [tx, rx] = form.broadcast<number>(2);
    tx.send(1);
    tx.send(2);
    drop(tx);
    expectValues(rx, 1, 2);
    expectClosed(rx);
  });

  for (const [name, sent, skipped, open] of [
    ["lagging_receiver_recovers_after_wrap_closed_1", 3, 1, false],
    ["lagging_receiver_recovers_after_wrap_closed_2", 4, 2, false],
    ["lagging_receiver_recovers_after_wrap_open", 3, 1, true],
  ] as const)
    test(name, function* (form) {
      const [tx, rx] = form.broadcast<number>(2);
      for (const value of upTo(sent)) tx.send(value);
      if (!open) drop(tx);
      expectLagged(rx, skipped);
      expectValues(rx, ...upTo(sent).slice(skipped));
      if (open) expectEmpty(rx);
      else expectClosed(rx);
    });

  test("receiver_len_with_lagged", function* (form) {
    const [tx, rx] = form.broadcast<number>(3);
    for (const value of [10, 20, 30, 40]) tx.send(value);
    expect(rx.len()).toBe(4);
    expectValues(rx, 10);
    tx.send(50);
    tx.send(60);
    expect(rx.len()).toBe(5);
    expectLagged(rx, 1);
    expect(rx.len()).toBe(4);
  });

  test("resubscribe_points_to_tail", function* (form) {
    const [tx, rx] = form.broadcast<number>(3);
    tx.send(1);
    const again = rx.resubscribe();
    expectEmpty(again);
    expectValues(rx, 1);
    tx.send(2);
    expectValues(again, 2);
    tx.send(3);
    expectValues(rx, 2, 3);
    expectEmpty(rx);
    expectValues(again, 3);
    expectEmpty(again);
  });

  test("resubscribe_lagged", function* (form) {
    const [tx, rx] = form.broadcast<number>(1);
    tx.send(1);
    tx.send(2);
    const again = rx.resubscribe();
    expectLagged(rx, 1);
    expectEmpty(again);
    expectValues(rx, 2);
    expectEmpty(rx, again);
  });

  test("resubscribe_to_closed_channel", function* (form) {
    const [tx, rx] = form.broadcast<number>(2);
    drop(tx);
    expectClosed(rx.resubscribe());
  });

  test("sender_len", function* (form) {
    const [tx, first] = form.broadcast<number>(4);
    const second = tx.subscribe();
    expect([tx.len(), tx.isEmpty()]).toEqual([0, true]);
    for (const value of upTo(3)) tx.send(value);
    expect([tx.len(), tx.isEmpty()]).toEqual([3, false]);
    expectValues(first, 0, 1);
    expect(tx.len()).toBe(3);
    expectValues(second, 0);
    expect([tx.len(), tx.isEmpty()]).toEqual([2, false]);
    for (const value of [3, 4, 5]) tx.send(value);
    expect(tx.len()).toBe(4);
  });

  test("sender_len_random", function* (form) {
    const [tx, first] = form.broadcast<number>(16);
    const second = tx.subscribe();
    let state = 12345;
    for (let step = 0; step < 500; step++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      const choice = (state >>> 16) % 4;
      if (choice < 2) {
        try {
          (choice === 0 ? first : second).tryRecv();
        } catch {}
      } else tx.send(step);
      expect(tx.len()).toBe(Math.min(Math.max(first.len(), second.len()), 16));
      expect(tx.isEmpty()).toBe(tx.len() === 0);
    }
  });

  test(
    "receiver_recv_is_cooperative",
    function* (form) {
      const [tx, rx] = form.broadcast<number>(8);
      const other = spawn(function* () {
        yield* yieldNow();
        return "had its turn";
      });
      for (let round = 0; !other.isFinished(); round++) {
        if (round > 10_000) throw new Error("nobody else had a turn");
        tx.send(round);
        expect(yield* rx.recv()).toBe(round);
      }
      expect(yield* other).toBe("had its turn");
    },
    { budgeted: true },
  );

  test("broadcast_sender_closed", function* (form) {
    const [tx, first] = form.broadcast<number>(1);
    const second = tx.subscribe();
    const closed = waiting(tx.closed());
    drop(first);
    yield* form.settle();
    expect(closed.isWoken).toBe(false);
    expect(closed.isPending()).toBe(true);
    drop(second);
    yield* form.settle();
    expect(closed.isWoken).toBe(true);
    expect(closed.poll()).toBe(undefined);
  });

  test("broadcast_sender_closed_with_extra_subscribe", function* (form) {
    const [tx, first] = form.broadcast<number>(1);
    const closed = waiting(tx.closed());
    drop(first);
    yield* form.settle();
    expect(closed.isWoken).toBe(true);
    const third = tx.subscribe();
    expect(closed.isPending()).toBe(true);
    drop(third);
    yield* form.settle();
    expect(closed.isWoken).toBe(true);
    expect(closed.poll()).toBe(undefined);
    expect(readyNow(tx.closed())).toBe(undefined);
    const fourth = tx.subscribe();
    const again = waiting(tx.closed());
    drop(fourth);
    yield* form.settle();
    expect(again.isWoken).toBe(true);
    expect(again.poll()).toBe(undefined);
  });

  test("broadcast_sender_new_must_be_closed", function* (form) {
    const [tx, rx] = form.broadcast<number>(1);
    drop(rx);
    expect(readyNow(tx.closed())).toBe(undefined);
    tx.subscribe();
    waiting(tx.closed()).drop();
  });

  test("slow_receiver_within_capacity_does_not_lag", function* (form) {
    const [tx, slow] = form.broadcast<number>(2);
    const fast = tx.subscribe();
    tx.send(1);
    tx.send(2);
    expectValues(fast, 1, 2);
    expectValues(slow, 1, 2);
    expectEmpty(fast, slow);
  });

  test("capacity_overflow_reports_lagged_then_oldest_retained", function* (form) {
    const [tx, rx] = form.broadcast<number>(2);
    for (const value of [10, 20, 30]) tx.send(value);
    expectLagged(rx, 1);
    expectValues(rx, 20, 30);
    expectEmpty(rx);
  });

  test("lagged_count_matches_number_of_overwritten_messages", function* (form) {
    const [tx, rx] = form.broadcast<number>(4);
    for (const value of [1, 2, 3, 4]) tx.send(value);
    expectValues(rx, 1);
    for (const value of [5, 6, 7, 8]) tx.send(value);
    expectLagged(rx, 3);
    expectValues(rx, 5, 6, 7, 8);
    expectEmpty(rx);
  });

  test("lag_uses_power_of_two_buffer_length", function* (form) {
    const [tx, rx] = form.broadcast<number>(3);
    for (const value of [1, 2, 3, 4]) tx.send(value);
    expect(rx.len()).toBe(4);
    expectValues(rx, 1);
    tx.send(5);
    expect(rx.len()).toBe(4);
    tx.send(6);
    expect(rx.len()).toBe(5);
    expectLagged(rx, 1);
    expectValues(rx, 3, 4, 5, 6);
    expectEmpty(rx);
  });

  test("async_recv_lagged_then_resumes_from_oldest_retained", function* (form) {
    const [tx, rx] = form.broadcast<number>(2);
    for (const value of [10, 20, 30]) tx.send(value);
    expect(failing(rx.recv())).toMatchObject({ name: "LaggedError", skipped: 1 });
    expect([yield* rx.recv(), yield* rx.recv()]).toEqual([20, 30]);
  });

  test("lag_catch_up_then_lag_again", function* (form) {
    const [tx, rx] = form.broadcast<number>(2);
    for (const base of [0, 3]) {
      for (const value of upTo(3)) tx.send(base + value);
      expectLagged(rx, 1);
      expectValues(rx, base + 1, base + 2);
      expectEmpty(rx);
    }
  });

  test("lag_is_per_receiver", function* (form) {
    const [tx, slow] = form.broadcast<number>(2);
    const fast = tx.subscribe();
    tx.send(1);
    tx.send(2);
    expectValues(fast, 1, 2);
    tx.send(3);
    tx.send(4);
    expectValues(fast, 3, 4);
    expectLagged(slow, 2);
    expectValues(slow, 3, 4);
    expectEmpty(slow, fast);
  });

  test("lag_again_before_reading_retained_messages", function* (form) {
    const [tx, rx] = form.broadcast<number>(2);
    for (const value of [1, 2, 3]) tx.send(value);
    expectLagged(rx, 1);
    for (const value of [4, 5, 6]) tx.send(value);
    expectLagged(rx, 3);
    expectValues(rx, 5, 6);
    expectEmpty(rx);
  });

  test("single_slot_capacity_lag_semantics", function* (form) {
    const [tx, rx] = form.broadcast<number>(1);
    tx.send(1);
    expectValues(rx, 1);
    tx.send(2);
    tx.send(3);
    expectLagged(rx, 1);
    expectValues(rx, 3);
    expectEmpty(rx);
  });

  test("receiver_len_after_lag_error_advances_cursor", function* (form) {
    const [tx, rx] = form.broadcast<number>(2);
    for (const value of [1, 2, 3, 4]) tx.send(value);
    expect([rx.len(), rx.isEmpty()]).toEqual([4, false]);
    expectLagged(rx, 2);
    expect(rx.len()).toBe(2);
    expectValues(rx, 3);
    expect(rx.len()).toBe(1);
    expectValues(rx, 4);
    expect([rx.len(), rx.isEmpty()]).toEqual([0, true]);
  });

  test("a recv that waits may lag too", function* (form) {
    const [tx, rx] = form.broadcast<number>(2);
    const recv = waiting(rx.recv());
    for (const value of upTo(5)) tx.send(value);
    yield* form.settle();
    expect(recv.isWoken).toBe(true);
    expect(failing(recv.future)).toMatchObject({ name: "LaggedError", skipped: 3 });
    expectValues(rx, 3, 4);
  });

  test("broadcast_wrap: a ring that goes round many times", function* (form) {
    const [tx, rx] = form.broadcast<number>(4);
    let expected = 0;
    for (const value of upTo(500)) {
      tx.send(value);
      if (value % 4 === 3)
        for (let index = 0; index < 4; index++) {
          expect(rx.tryRecv()).toBe(expected);
          expected += 1;
        }
    }
    expectEmpty(rx);
  });

  test("a dropped recv loses nothing and is not woken", function* (form) {
    const [tx, rx] = form.broadcast<number>(4);
    const gone = waiting(rx.recv());
    gone.drop();
    tx.send(1);
    yield* form.settle();
    expect(gone.isWoken).toBe(false);
    const woken = waiting(tx.subscribe().recv());
    tx.send(2);
    woken.drop();
    expectValues(rx, 1, 2);
  });

  test("pollRecv", function* (form) {
    const [tx, rx] = form.broadcast<number>(4);
    let wakes = 0;
    const waker = Waker.from(() => {
      wakes += 1;
    });
    expect(rx.pollRecv({ waker })).toBe(Pending);
    tx.send(5);
    yield* form.settle();
    expect(wakes).toBe(1);
    expect(rx.pollRecv({ waker })).toBe(5);
    drop(tx);
    expect(thrownBy(() => rx.pollRecv({ waker }))).toMatchObject(RECV_ERROR);
  });

  test("polled after completion", function* (form) {
    const [tx, rx] = form.broadcast<number>(4);
    tx.send(1);
    const recv = rx.recv();
    readyNow(recv);
    expect(failing(recv)).toMatchObject({ name: "PolledAfterCompletionError" });
  });

  test(
    "for await ends with the channel, and throws what was skipped",
    function* (form) {
      const [tx, rx] = form.broadcast<number>(2);
      const lagging = tx.subscribe();
      tx.send(0);
      tx.send(1);
      const received = yield* spawn(async () => {
        const values: number[] = [];
        for await (const value of rx) {
          values.push(value);
          if (values.length === 2) {
            tx.send(2);
            tx.close();
          }
        }
        return values;
      });
      expect(received).toEqual([0, 1, 2]);
      const error = yield* spawn(async () => {
        try {
          for await (const value of lagging) throw new Error(`came: ${value}`);
        } catch (caught) {
          return caught;
        }
      });
      expect(error).toMatchObject({ name: "LaggedError", skipped: 1 });
    },
    { onLoop: true },
  );

  test("handles that were closed refuse", function* (form) {
    const [tx, rx] = form.broadcast<number>(4);
    drop(tx, rx);
    tx.close();
    for (const use of [() => tx.send(1), () => tx.clone(), () => rx.tryRecv(), () => rx.recv()])
      expect(thrownBy(use)).toMatchObject({ name: "ClosedHandleError" });
  });

  test("same_channel", function* (form) {
    const [tx, rx] = form.broadcast<number>(1);
    const [other, otherRx] = form.broadcast<number>(1);
    expect([tx.sameChannel(tx.clone()), tx.sameChannel(other)]).toEqual([true, false]);
    expect([rx.sameChannel(tx.subscribe()), rx.sameChannel(otherRx)]).toEqual([true, false]);
  });

  test("many tasks receive every value", function* (form) {
    const [tx, rx] = form.broadcast<number>(128);
    const receivers = [rx, ...upTo(4).map(() => tx.subscribe())];
    const tasks = receivers.map((receiver) =>
      spawn(function* () {
        const values: number[] = [];
        for (;;) {
          try {
            values.push(yield* receiver.recv());
          } catch {
            return values;
          }
        }
      }),
    );
    for (const value of upTo(100)) {
      expect(tx.send(value)).toBe(5);
      if (value % 10 === 0) yield* yieldNow();
    }
    tx.close();
    for (const task of tasks) expect(yield* task).toEqual(upTo(100));
  });

  // ── Weak senders ──────────────────────────────────────────────────────────────────────────────────────────────────

  test("weak_sender", function* (form) {
    const [tx, rx] = form.broadcast<number>(11);
    const weak = tx.downgrade();
    for (const value of upTo(10)) tx.send(value);
    const again = weak.upgrade();
    again?.send(20);
    drop(again, tx);
    for (const value of [...upTo(10), 20]) expect(yield* rx.recv()).toBe(value);
    expect(failing(rx.recv())).toMatchObject(RECV_ERROR);
    expect(weak.upgrade()).toBe(undefined);
  });

  test("downgrade_upgrade_sender_failure", function* (form) {
    const [tx] = form.broadcast<number>(1);
    const weak = tx.downgrade();
    drop(tx);
    expect(weak.upgrade()).toBe(undefined);
  });

  test("downgrade_drop_upgrade", function* (form) {
    const [tx] = form.broadcast<number>(1);
    const clone = tx.clone();
    const weak = clone.downgrade();
    drop(clone, tx);
    expect(weak.upgrade()).toBe(undefined);
  });

  test("test_tx_count_weak_sender", function* (form) {
    const [tx] = form.broadcast<number>(1);
    const weak = [tx.downgrade(), tx.downgrade()] as const;
    expect([tx.strongCount(), tx.weakCount()]).toEqual([1, 2]);
    drop(tx);
    expect([weak[0].upgrade(), weak[1].upgrade()]).toEqual([undefined, undefined]);
    expect([weak[0].strongCount(), weak[0].weakCount()]).toEqual([0, 2]);
  });

  test("test_rx_is_closed_when_dropping_all_senders_except_weak_senders", function* (form) {
    const [tx, rx] = form.broadcast<number>(10);
    const weak = tx.downgrade();
    drop(tx);
    expect([weak.strongCount(), weak.weakCount()]).toEqual([0, 1]);
    expect(rx.isClosed()).toBe(true);
  });

  test("sender_strong_and_weak_conut", function* (form) {
    const [tx] = form.broadcast<number>(1);
    const other = tx.clone();
    const weak = tx.downgrade();
    const weak2 = other.downgrade();
    for (const handle of [tx, other, weak, weak2])
      expect([handle.strongCount(), handle.weakCount()]).toEqual([2, 2]);
    drop(other, other, weak2, weak2);
    for (const handle of [tx, weak])
      expect([handle.strongCount(), handle.weakCount()]).toEqual([1, 1]);
  });

  // ── With a partner that may run on another thread ──────────────────────────────────────────────────────────────────────

  test.partnered("a partner sends to all", function* (form) {
    const [tx, rx] = form.broadcast<number>(512);
    const listeners = [
      spawn(partners.listens, tx.subscribe()),
      spawn(partners.listens, tx.subscribe()),
    ];
    const partner = spawn(partners.broadcasts, tx, 300);
    drop(tx);
    for (const value of upTo(300)) expect(yield* rx.recv()).toBe(value);
    for (const listener of listeners) expect(yield* listener).toEqual(upTo(300));
    yield* partner;
  });

  test.partnered("a receiver that moves to another thread goes on where it was", function* (form) {
    const [tx, rx] = form.broadcast<number>(8);
    const [late, lagging] = [tx.subscribe(), tx.subscribe()];
    for (const value of upTo(6)) tx.send(value);
    expectValues(rx, 0, 1);
    const moved = spawn(partners.listens, rx);
    const second = spawn(partners.listens, late);
    expect(yield* lagging.recv()).toBe(0);
    // What those have not read is kept for them.
    for (const value of [6, 7, 8]) tx.send(value);
    const third = spawn(partners.listens, lagging);
    drop(tx);
    expect(yield* moved).toEqual([2, 3, 4, 5, 6, 7, 8]);
    const seen = (yield* second) as unknown[];
    expect(seen.at(-1)).toBe(8);
    expect(yield* third).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test.partnered("a message with a receiver in it: it goes on where it was", function* (form) {
    const [tx, rx] = form.broadcast<number>(4);
    for (const value of upTo(3)) tx.send(value);
    expectValues(rx, 0);
    const [there, here] = form.oneshot<unknown>();
    there.send({ rx });
    const { rx: moved } = (yield* here) as { rx: BroadcastReceiver<number> };
    expectValues(moved, 1, 2);
    tx.send(3);
    expectValues(moved, 3);
    drop(tx, moved);
  });

  test.partnered("closed: receivers that end on other threads", function* (form) {
    const [tx, rx] = form.broadcast<number>(4);
    const tasks = [spawn(partners.disposes, rx, 1), spawn(partners.forgets, tx.subscribe())];
    yield* tx.closed();
    expect(tx.receiverCount()).toBe(0);
    for (const task of tasks) yield* task;
  });

  test.absent("panic_in_clone", "values are not cloned by user code");
  test.absent("unconsumed_messages_are_dropped", "values have no destructors");
  test.absent("send_in_waker_drop", "wakers have no destructors");
  test.absent(
    "broadcast_sender_closed_in_waker",
    "wakers that re-enter: tests/sync/reentrancy.test.ts",
  );
});
