// Weak senders of mpsc, bounded and unbounded: the cases of Tokio's sync_mpsc_weak.rs, under their names.

import { spawn } from "tokiwa";
import { expect } from "vitest";
import type { AnySender, Form, MpscReceiver, WeakSender } from "./contract.js";
import { drop, failing, readyNow, thrownBy, upTo, waiting } from "./hand.js";
import { conformance } from "./worlds.js";

const KINDS = ["bounded", "unbounded"] as const;
type Kind = (typeof KINDS)[number];

function channel<T>(form: Form, kind: Kind, capacity = 1): [AnySender<T>, MpscReceiver<T>] {
  return kind === "bounded" ? form.mpsc<T>(capacity) : form.unbounded<T>();
}

/** Sends by whichever sender it is what must fit. */
function push<T>(tx: AnySender<T>, value: T): void {
  if ("trySend" in tx) (tx as ReturnType<Form["mpsc"]>[0]).trySend(value);
  else (tx as ReturnType<Form["unbounded"]>[0]).send(value);
}

function upgraded<S>(weak: WeakSender<S>): S {
  const sender = weak.upgrade();
  if (sender === undefined) throw new Error("could not be upgraded");
  return sender;
}

interface Ask {
  readonly kind: "ask" | "self";
}

conformance((test) => {
  for (const kind of KINDS) {
    const named = (bounded: string, unbounded: string) =>
      kind === "bounded" ? bounded : unbounded;

    test(named("weak_sender", "weak_unbounded_sender"), function* (form) {
      const [tx, rx] = channel<number>(form, kind, 11);
      const task = spawn(function* () {
        const weak = tx.clone();
        const kept = weak.downgrade();
        drop(weak);
        for (const value of upTo(10)) push(tx, value);
        const again = upgraded(kept);
        push(again, 20);
        const last = again.downgrade();
        drop(again, kept, tx);
        return () => last;
      });
      const weak = (yield* task)();
      const received: unknown[] = [];
      for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv())
        received.push(value);
      expect(received).toEqual([...upTo(10), 20]);
      expect(weak.upgrade()).toBe(undefined);
    });

    test(named("actor_weak_sender", "actor_weak_unbounded_sender"), function* (form) {
      const [tx, rx] = channel<Ask>(form, kind, 8);
      const weak = tx.downgrade();
      const actor = spawn(function* () {
        const log: string[] = [];
        for (let message = yield* rx.recv(); message !== undefined; message = yield* rx.recv()) {
          log.push(message.kind);
          const self = log.length === 1 ? weak.upgrade() : undefined;
          if (self !== undefined) push(self, { kind: "self" });
          drop(self);
        }
        return log;
      });
      yield* spawn(function* () {
        push(tx, { kind: "ask" });
      });
      // The actor may find its sender gone already; it ends all the same.
      const closes = spawn(function* () {
        for (;;) {
          if (actor.isFinished() || tx.len() === 0) break;
          yield* form.settle();
        }
        drop(tx);
      });
      const log = yield* actor;
      yield* closes;
      expect(log[0]).toBe("ask");
      expect(log.slice(1).every((entry) => entry === "self")).toBe(true);
      expect(weak.upgrade()).toBe(undefined);
    });

    test(
      named("test_msgs_dropped_on_rx_drop", "test_msgs_dropped_on_unbounded_rx_drop"),
      function* (form) {
        const [tx, rx] = channel<string>(form, kind, 3);
        const weak = tx.downgrade();
        for (const value of ["a", "b", "c"]) push(tx, value);
        expect([readyNow(rx.recv()), readyNow(rx.recv())]).toEqual(["a", "b"]);
        drop(rx);
        expect(tx.len()).toBe(0);
        expect(thrownBy(() => push(tx, "d"))).toMatchObject({ value: "d" });
        drop(tx);
        expect(weak.upgrade()).toBe(undefined);
      },
    );

    test(
      named("downgrade_upgrade_sender_success", "downgrade_upgrade_unbounded_sender_success"),
      function* (form) {
        const [tx, rx] = channel<number>(form, kind);
        const again = upgraded(tx.downgrade());
        push(again, 5);
        expect(readyNow(rx.recv())).toBe(5);
        drop(tx);
        expect(rx.isClosed()).toBe(false);
        drop(again);
        expect(rx.isClosed()).toBe(true);
      },
    );

    test(
      named("downgrade_upgrade_sender_failure", "downgrade_upgrade_unbounded_sender_failure"),
      function* (form) {
        const [tx] = channel<number>(form, kind);
        const weak = tx.downgrade();
        drop(tx);
        expect(weak.upgrade()).toBe(undefined);
      },
    );

    test(named("downgrade_drop_upgrade", "downgrade_drop_upgrade_unbounded"), function* (form) {
      const [tx] = channel<number>(form, kind);
      const clone = tx.clone();
      const weak = clone.downgrade();
      drop(clone, tx);
      expect(weak.upgrade()).toBe(undefined);
    });

    test(
      named("test_tx_count_weak_sender", "test_tx_count_weak_unbounded_sender"),
      function* (form) {
        const [tx] = channel<number>(form, kind);
        const first = tx.downgrade();
        const second = tx.downgrade();
        drop(tx);
        expect([first.upgrade(), second.upgrade()]).toEqual([undefined, undefined]);
      },
    );

    test(
      named(
        "test_rx_is_closed_when_dropping_all_senders_except_weak_senders",
        "test_rx_unbounded_is_closed_when_dropping_all_senders_except_weak_senders",
      ),
      function* (form) {
        const [tx, rx] = channel<number>(form, kind, 10);
        const recv = waiting(rx.recv());
        const weak = tx.downgrade();
        drop(tx);
        expect(rx.isClosed()).toBe(true);
        yield* form.settle();
        expect(recv.isWoken).toBe(true);
        expect(recv.poll()).toBe(undefined);
        drop(weak);
      },
    );

    const prefix = named("", "unbounded_");

    test(`${prefix}sender_strong_count_when_cloned`, function* (form) {
      const [tx] = channel<number>(form, kind);
      const other = tx.clone();
      expect([tx.strongCount(), other.strongCount()]).toEqual([2, 2]);
    });

    test(`${prefix}sender_weak_count_when_downgraded`, function* (form) {
      const [tx] = channel<number>(form, kind);
      const weak = tx.downgrade();
      expect([tx.weakCount(), weak.weakCount()]).toEqual([1, 1]);
    });

    test(`${prefix}sender_strong_count_when_dropped`, function* (form) {
      const [tx] = channel<number>(form, kind);
      const other = tx.clone();
      drop(other, other);
      expect(tx.strongCount()).toBe(1);
    });

    test(`${prefix}sender_weak_count_when_dropped`, function* (form) {
      const [tx] = channel<number>(form, kind);
      const weak = tx.downgrade();
      drop(weak, weak);
      expect(tx.weakCount()).toBe(0);
    });

    test(`${prefix}sender_strong_and_weak_conut`, function* (form) {
      const [tx] = channel<number>(form, kind);
      const other = tx.clone();
      const weak = tx.downgrade();
      const weak2 = other.downgrade();
      for (const handle of [tx, other, weak, weak2])
        expect([handle.strongCount(), handle.weakCount()]).toEqual([2, 2]);
      drop(other, weak2);
      for (const handle of [tx, weak])
        expect([handle.strongCount(), handle.weakCount()]).toEqual([1, 1]);
      const again = upgraded(weak);
      expect(weak.strongCount()).toBe(2);
      drop(tx, again);
      expect([weak.strongCount(), weak.weakCount()]).toEqual([0, 1]);
    });

    test(`a weak ${kind} sender that was closed refuses`, function* (form) {
      const [tx] = channel<number>(form, kind);
      const weak = tx.downgrade();
      drop(weak);
      expect(thrownBy(() => weak.upgrade())).toMatchObject({ name: "ClosedHandleError" });
    });
  }

  test("downgrade_get_permit_upgrade_no_senders", function* (form) {
    const [tx] = form.mpsc<number>(1);
    const weak = tx.downgrade();
    const permit = yield* tx.reserveOwned();
    const again = upgraded(weak);
    expect(failsToReserve(again)).toBe(true);
    drop(permit);
    again.trySend(1);
  });

  test("downgrade_upgrade_get_permit_no_senders", function* (form) {
    const [tx, rx] = form.mpsc<number>(1);
    const other = tx.clone();
    const permit = yield* tx.reserveOwned();
    const weak = other.downgrade();
    drop(other);
    drop(upgraded(weak));
    drop(permit);
    expect(weak.upgrade()).toBe(undefined);
    expect(readyNow(rx.recv())).toBe(undefined);
  });

  test("an upgraded sender of a closed channel fails to send", function* (form) {
    const [tx, rx] = form.mpsc<number>(1);
    const weak = tx.downgrade();
    rx.close();
    expect(failing(upgraded(weak).send(1))).toMatchObject({ name: "SendError", value: 1 });
  });
});

function failsToReserve(tx: { tryReserve(): Disposable }): boolean {
  try {
    drop(tx.tryReserve());
    return false;
  } catch {
    return true;
  }
}
