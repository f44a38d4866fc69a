// watch: the cases of Tokio's sync_watch.rs, under their names, and what its loom models are about.

import { Pending, spawn, Waker, yieldNow } from "tokiwa";
import { expect, vi } from "vitest";
import { drop, failing, readyNow, thrownBy, upTo, waiting } from "./hand.js";
import * as partners from "./partners.mjs";
import { conformance } from "./worlds.js";

const RECV_ERROR = { name: "RecvError" };

conformance((test) => {
  test("single_rx_recv", function* (form) {
    const [tx, rx] = form.watch("one");
    waiting(rx.changed()).drop();
    expect(rx.borrow()).toBe("one");
    const changed = waiting(rx.changed());
    tx.send("two");
    yield* form.settle();
    expect(changed.isWoken).toBe(true);
    expect(changed.poll()).toBe(undefined);
    expect(rx.borrow()).toBe("two");
    const ended = waiting(rx.changed());
    drop(tx);
    yield* form.settle();
    expect(ended.isWoken).toBe(true);
    expect(failing(ended.future)).toMatchObject(RECV_ERROR);
    expect(rx.borrow()).toBe("two");
  });

  test("rx_version_underflow", function* (form) {
    const [, rx] = form.watch("one");
    rx.markChanged();
    rx.markChanged();
    expect(rx.hasChanged()).toBe(true);
  });

  test("rx_mark_changed", function* (form) {
    const [tx, rx] = form.watch("one");
    const [second, third, fourth] = [rx.clone(), rx.clone(), rx.clone()];
    rx.markChanged();
    expect(rx.hasChanged()).toBe(true);
    expect(readyNow(rx.changed())).toBe(undefined);
    expect(second.hasChanged()).toBe(false);
    waiting(second.changed()).drop();
    third.markChanged();
    expect(third.borrow()).toBe("one");
    expect(third.hasChanged()).toBe(true);
    expect(third.borrowAndUpdate()).toBe("one");
    expect(third.hasChanged()).toBe(false);
    waiting(third.changed()).drop();
    tx.send("two");
    expect(fourth.hasChanged()).toBe(true);
    expect(fourth.borrowAndUpdate()).toBe("two");
    fourth.markChanged();
    expect(fourth.hasChanged()).toBe(true);
    expect(fourth.borrowAndUpdate()).toBe("two");
    expect(rx.borrow()).toBe("two");
  });

  test("rx_mark_unchanged", function* (form) {
    const [tx, rx] = form.watch("one");
    const other = rx.clone();
    rx.markChanged();
    expect(rx.hasChanged()).toBe(true);
    rx.markUnchanged();
    expect(rx.hasChanged()).toBe(false);
    waiting(rx.changed()).drop();
    tx.send("two");
    expect(other.hasChanged()).toBe(true);
    other.markUnchanged();
    expect(other.hasChanged()).toBe(false);
    expect(other.borrowAndUpdate()).toBe("two");
    expect(rx.hasChanged()).toBe(true);
  });

  test("multi_rx", function* (form) {
    const [tx, first] = form.watch("one");
    const second = first.clone();
    const waits = [waiting(first.changed()), waiting(second.changed())] as const;
    tx.send("two");
    yield* form.settle();
    expect(waits.map((wait) => wait.isWoken)).toEqual([true, true]);
    expect(waits[0].poll()).toBe(undefined);
    const again = waiting(first.changed());
    tx.send("three");
    yield* form.settle();
    expect(again.isWoken).toBe(true);
    expect([again.poll(), waits[1].poll()]).toEqual([undefined, undefined]);
    expect([first.borrow(), second.borrow()]).toEqual(["three", "three"]);
    const last = [waiting(first.changed()), waiting(second.changed())];
    tx.send("four");
    expect(last.map((wait) => wait.poll())).toEqual([undefined, undefined]);
    expect([first.borrow(), second.borrow()]).toEqual(["four", "four"]);
  });

  test("rx_observes_final_value", function* (form) {
    const [gone, initial] = form.watch("one");
    drop(gone);
    expect(failing(initial.changed())).toMatchObject(RECV_ERROR);
    expect(initial.borrow()).toBe("one");
    const [tx, rx] = form.watch("one");
    tx.send("two");
    expect(readyNow(rx.changed())).toBe(undefined);
    expect(rx.borrow()).toBe("two");
    const last = waiting(rx.changed());
    tx.send("three");
    drop(tx);
    yield* form.settle();
    expect(last.isWoken).toBe(true);
    expect(last.poll()).toBe(undefined);
    expect(rx.borrow()).toBe("three");
    expect(failing(rx.changed())).toMatchObject(RECV_ERROR);
    expect(rx.borrow()).toBe("three");
  });

  test("poll_close", function* (form) {
    const [tx, rx] = form.watch("one");
    const closed = waiting(tx.closed());
    drop(rx);
    yield* form.settle();
    expect(closed.isWoken).toBe(true);
    expect(closed.poll()).toBe(undefined);
    expect(thrownBy(() => tx.send("two"))).toMatchObject({ name: "SendError", value: "two" });
    // What was refused is not stored.
    expect(tx.borrow()).toBe("one");
  });

  test("borrow_and_update", function* (form) {
    const [tx, rx] = form.watch("one");
    expect(rx.hasChanged()).toBe(false);
    tx.send("two");
    expect(rx.hasChanged()).toBe(true);
    readyNow(rx.changed());
    waiting(rx.changed()).drop();
    expect(rx.hasChanged()).toBe(false);
    tx.send("three");
    expect(rx.borrow()).toBe("three");
    expect(rx.hasChanged()).toBe(true);
    expect(rx.borrowAndUpdate()).toBe("three");
    waiting(rx.changed()).drop();
    expect(rx.hasChanged()).toBe(false);
    drop(tx);
    expect(rx.borrowAndUpdate()).toBe("three");
    expect(failing(rx.changed())).toMatchObject(RECV_ERROR);
    expect(thrownBy(() => rx.hasChanged())).toMatchObject(RECV_ERROR);
  });

  test("reopened_after_subscribe", function* (form) {
    const [tx, rx] = form.watch("one");
    expect(tx.isClosed()).toBe(false);
    drop(rx);
    expect(tx.isClosed()).toBe(true);
    const again = tx.subscribe();
    expect(tx.isClosed()).toBe(false);
    tx.send("two");
    expect(again.borrow()).toBe("two");
    drop(again);
    expect(tx.isClosed()).toBe(true);
  });

  test("send_modify_panic", function* (form) {
    const [tx, rx] = form.watch("one");
    tx.sendModify((slot) => {
      slot.value = "two";
    });
    expect(rx.borrowAndUpdate()).toBe("two");
    const other = rx.clone();
    const changed = waiting(other.changed());
    const thrown = thrownBy(() =>
      tx.sendModify((slot) => {
        slot.value = "panicked";
        throw new Error("inside");
      }),
    );
    expect(thrown.message).toBe("inside");
    yield* form.settle();
    expect(changed.isPending()).toBe(true);
    expect(rx.borrow()).toBe("panicked");
    tx.sendModify((slot) => {
      slot.value = "three";
    });
    yield* form.settle();
    expect(changed.isWoken).toBe(true);
    expect(changed.poll()).toBe(undefined);
    expect(rx.borrowAndUpdate()).toBe("three");
  });

  test("multiple_sender", function* (form) {
    const [first, rx] = form.watch(0);
    const second = first.clone();
    expect([first.senderCount(), second.senderCount()]).toEqual([2, 2]);
    const task = spawn(function* () {
      yield* rx.changed();
      const one = rx.borrowAndUpdate();
      yield* rx.changed();
      return [one, rx.borrowAndUpdate()];
    });
    yield* yieldNow();
    first.send(1);
    for (let round = 0; round < 5; round++) yield* yieldNow();
    second.send(2);
    expect(yield* task).toEqual([1, 2]);
  });

  test("receiver_is_notified_when_last_sender_is_dropped", function* (form) {
    const [first, rx] = form.watch(0);
    const second = first.clone();
    const changed = waiting(rx.changed());
    drop(first);
    yield* form.settle();
    expect(changed.isWoken).toBe(false);
    drop(second);
    yield* form.settle();
    expect(changed.isWoken).toBe(true);
    expect(failing(changed.future)).toMatchObject(RECV_ERROR);
  });

  const cooperative: [
    string,
    (form: Parameters<Parameters<typeof test>[1]>[0]) => () => Generator,
  ][] = [
    [
      "receiver_changed_is_cooperative",
      (form) => {
        const [tx, rx] = form.watch(0);
        drop(tx);
        return function* () {
          try {
            yield* rx.changed();
          } catch {}
        };
      },
    ],
    [
      "receiver_changed_is_cooperative_ok",
      (form) => {
        const [tx, rx] = form.watch(0);
        return function* () {
          tx.send(1);
          yield* rx.changed();
        };
      },
    ],
    [
      "receiver_wait_for_is_cooperative",
      (form) => {
        const [tx, rx] = form.watch(0);
        drop(tx);
        return function* () {
          try {
            yield* rx.waitFor((value) => value === 1);
          } catch {}
        };
      },
    ],
    [
      "receiver_wait_for_is_cooperative_ok",
      (form) => {
        const [tx, rx] = form.watch(0);
        return function* () {
          tx.send(1);
          yield* rx.waitFor((value) => value === 1);
        };
      },
    ],
    [
      "sender_closed_is_cooperative",
      (form) => {
        const [tx, rx] = form.watch(0);
        drop(rx);
        return function* () {
          yield* tx.closed();
        };
      },
    ],
  ];
  for (const [name, make] of cooperative)
    test(
      name,
      function* (form) {
        const step = make(form) as () => ReturnType<typeof yieldsNothing>;
        const other = spawn(function* () {
          yield* yieldNow();
          return "had its turn";
        });
        for (let round = 0; !other.isFinished(); round++) {
          if (round > 10_000) throw new Error("nobody else had a turn");
          yield* step();
        }
        expect(yield* other).toBe("had its turn");
      },
      { budgeted: true },
    );

  test("changed_succeeds_on_closed_channel_with_unseen_value", function* (form) {
    const [tx, rx] = form.watch("A");
    tx.send("B");
    drop(tx);
    expect(readyNow(rx.changed())).toBe(undefined);
    expect(failing(rx.changed())).toMatchObject(RECV_ERROR);
  });

  test("changed_errors_on_closed_channel_with_seen_value", function* (form) {
    const [tx, rx] = form.watch("A");
    drop(tx);
    expect(failing(rx.changed())).toMatchObject(RECV_ERROR);
  });

  for (const seen of [true, false])
    test(`has_changed_errors_on_closed_channel_with_${seen ? "seen" : "unseen"}_value`, function* (form) {
      const [tx, rx] = form.watch("A");
      if (!seen) tx.send("B");
      drop(tx);
      expect(thrownBy(() => rx.hasChanged())).toMatchObject(RECV_ERROR);
    });

  test("receiver_is_closed_after_all_senders_are_dropped", function* (form) {
    const [tx, rx] = form.watch("A");
    const other = tx.clone();
    expect(rx.isClosed()).toBe(false);
    drop(tx, tx);
    expect(rx.isClosed()).toBe(false);
    other.close();
    expect(rx.isClosed()).toBe(true);
  });

  test("wait_for_errors_on_closed_channel_true_predicate", function* (form) {
    const [tx, rx] = form.watch("A");
    tx.send("B");
    drop(tx);
    expect(yield* rx.waitFor(() => true)).toBe("B");
    expect(failing(rx.waitFor(() => false))).toMatchObject(RECV_ERROR);
  });

  test("wait_for_test: the value that is there is asked first", function* (form) {
    const [tx, rx] = form.watch(0);
    expect(readyNow(rx.waitFor((value) => value === 0))).toBe(0);
    const wait = waiting(rx.waitFor((value) => value >= 2));
    tx.send(1);
    yield* form.settle();
    expect(wait.isPending()).toBe(true);
    tx.send(2);
    yield* form.settle();
    expect(wait.isWoken).toBe(true);
    expect(wait.poll()).toBe(2);
    // What was found has been seen.
    expect(rx.hasChanged()).toBe(false);
  });

  test("wait_for_returns_correct_value", function* (form) {
    const [tx, rx] = form.watch(0);
    const task = spawn(function* () {
      const seen: number[] = [];
      const value = yield* rx.waitFor((value) => {
        seen.push(value);
        return value > 0 && value % 2 === 0;
      });
      expect(seen.at(-1)).toBe(value);
      return value;
    });
    for (const value of [1, 3, 4]) {
      yield* yieldNow();
      yield* yieldNow();
      tx.send(value);
    }
    expect(yield* task).toBe(4);
  });

  test("wait_for: a predicate that throws", function* (form) {
    const [tx, rx] = form.watch(0);
    const failed = failing(
      rx.waitFor(() => {
        throw new Error("in the predicate");
      }),
    );
    expect(failed.message).toBe("in the predicate");
    tx.send(1);
    expect(readyNow(rx.waitFor((value) => value === 1))).toBe(1);
  });

  test("multiple_sender_drop_concurrently", function* (form) {
    const [tx, rx] = form.watch(0);
    const clones = upTo(4).map(() => tx.clone());
    const tasks = [tx, ...clones].map((sender) =>
      spawn(function* () {
        yield* yieldNow();
        drop(sender);
      }),
    );
    const error = yield* spawn(function* () {
      try {
        yield* rx.changed();
      } catch (caught) {
        return (caught as Error).name;
      }
    });
    expect(error).toBe("RecvError");
    for (const task of tasks) yield* task;
  });

  test("send, sendReplace, sendModify, sendIfModified", function* (form) {
    const [tx, rx] = form.watch<unknown>({ n: 0 });
    expect(tx.sendReplace({ n: 1 })).toEqual({ n: 0 });
    expect([rx.hasChanged(), rx.borrowAndUpdate()]).toEqual([true, { n: 1 }]);
    expect(tx.sendIfModified(() => false)).toBe(false);
    expect(rx.hasChanged()).toBe(false);
    expect(
      tx.sendIfModified((slot) => {
        slot.value = "changed";
        return true;
      }),
    ).toBe(true);
    expect([rx.hasChanged(), rx.borrowAndUpdate(), tx.borrow()]).toEqual([
      true,
      "changed",
      "changed",
    ]);
    tx.sendModify(() => {});
    expect(rx.hasChanged()).toBe(true);
  });

  test("a modification that says it is none is kept, silently", function* (form) {
    const [tx, rx] = form.watch("one");
    const changed = waiting(rx.changed());
    tx.sendIfModified((slot) => {
      slot.value = "two";
      return false;
    });
    yield* form.settle();
    expect([changed.isWoken, rx.hasChanged()]).toEqual([false, false]);
    expect(rx.borrow()).toBe("two");
    changed.drop();
  });

  test("what sendModify changes in place is kept", function* (form) {
    const [tx, rx] = form.watch({ list: [1] });
    tx.sendModify((slot) => {
      slot.value.list.push(2);
    });
    expect(rx.borrow()).toEqual({ list: [1, 2] });
  });

  test("with no receiver: send refuses, the others store", function* (form) {
    const [tx, rx] = form.watch("one");
    drop(rx);
    expect(thrownBy(() => tx.send("two"))).toMatchObject({ name: "SendError", value: "two" });
    expect(tx.borrow()).toBe("one");
    expect(tx.sendReplace("three")).toBe("one");
    expect(tx.borrow()).toBe("three");
    tx.sendModify((slot) => {
      slot.value = "four";
    });
    expect(tx.subscribe().borrow()).toBe("four");
  });

  test("subscribe starts as seen, clone as its original", function* (form) {
    const [tx, rx] = form.watch(0);
    tx.send(1);
    const fresh = tx.subscribe();
    const same = rx.clone();
    expect([fresh.hasChanged(), same.hasChanged()]).toEqual([false, true]);
    expect(fresh.borrow()).toBe(1);
    expect(tx.receiverCount()).toBe(3);
    drop(fresh, same, same);
    expect(tx.receiverCount()).toBe(1);
  });

  test("only the last value", function* (form) {
    const [tx, rx] = form.watch(0);
    for (const value of upTo(100)) tx.send(value);
    readyNow(rx.changed());
    expect(rx.borrow()).toBe(99);
    waiting(rx.changed()).drop();
  });

  test("closed(): all receivers gone", function* (form) {
    const [tx, rx] = form.watch(0);
    const other = rx.clone();
    const closed = waiting(tx.closed());
    drop(rx);
    yield* form.settle();
    expect(closed.isWoken).toBe(false);
    expect(closed.isPending()).toBe(true);
    drop(other);
    yield* form.settle();
    expect(closed.isWoken).toBe(true);
    const again = tx.subscribe();
    expect(closed.isPending()).toBe(true);
    drop(again);
    yield* form.settle();
    expect(closed.poll()).toBe(undefined);
  });

  test("the waker of the last poll counts", function* (form) {
    const [tx, rx] = form.watch(0);
    const changed = rx.changed();
    const before = waiting(changed);
    const after = waiting(changed);
    tx.send(1);
    yield* form.settle();
    expect([before.isWoken, after.isWoken]).toEqual([false, true]);
    after.poll();
  });

  test("a dropped changed() has seen nothing", function* (form) {
    const [tx, rx] = form.watch(0);
    const gone = waiting(rx.changed());
    tx.send(1);
    gone.drop();
    expect(rx.hasChanged()).toBe(true);
    expect(readyNow(rx.changed())).toBe(undefined);
    const never = waiting(rx.changed());
    never.drop();
    tx.send(2);
    yield* form.settle();
    expect(never.isWoken).toBe(false);
  });

  test("pollChanged", function* (form) {
    const [tx, rx] = form.watch(0);
    let wakes = 0;
    const waker = Waker.from(() => {
      wakes += 1;
    });
    expect(rx.pollChanged({ waker })).toBe(Pending);
    tx.send(1);
    yield* form.settle();
    expect(wakes).toBe(1);
    expect(rx.pollChanged({ waker })).toBe(undefined);
    expect(rx.hasChanged()).toBe(false);
    drop(tx);
    expect(thrownBy(() => rx.pollChanged({ waker }))).toMatchObject(RECV_ERROR);
  });

  test("polled after completion", function* (form) {
    const [tx, rx] = form.watch(0);
    tx.send(1);
    const changed = rx.changed();
    readyNow(changed);
    expect(failing(changed)).toMatchObject({ name: "PolledAfterCompletionError" });
    const wait = rx.waitFor((value) => value === 1);
    readyNow(wait);
    expect(failing(wait)).toMatchObject({ name: "PolledAfterCompletionError" });
  });

  test("same_channel", function* (form) {
    const [tx, rx] = form.watch(0);
    const [other, otherRx] = form.watch(0);
    expect([tx.sameChannel(tx.clone()), tx.sameChannel(other)]).toEqual([true, false]);
    expect([rx.sameChannel(tx.subscribe()), rx.sameChannel(otherRx)]).toEqual([true, false]);
  });

  test("handles that were closed refuse", function* (form) {
    const [tx, rx] = form.watch(0);
    drop(tx, rx);
    for (const use of [() => tx.send(1), () => tx.clone(), () => rx.changed(), () => rx.clone()])
      expect(thrownBy(use)).toMatchObject({ name: "ClosedHandleError" });
  });

  test("every receiver sees the last value in the end", function* (form) {
    const [tx, rx] = form.watch(0);
    const tasks = [rx, ...upTo(4).map(() => tx.subscribe())].map((receiver, index) =>
      spawn(function* () {
        const seen: number[] = [];
        for (;;) {
          try {
            yield* receiver.changed();
          } catch {
            return seen;
          }
          seen.push(receiver.borrowAndUpdate());
          for (let round = 0; round < index; round++) yield* yieldNow();
        }
      }),
    );
    for (let value = 1; value <= 50; value++) {
      tx.send(value);
      if (value % 3 === 0) yield* yieldNow();
    }
    tx.close();
    for (const task of tasks) {
      const seen = yield* task;
      expect(seen.at(-1)).toBe(50);
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    }
  });

  test(
    "a value that comes while another is read has not been seen",
    function* (form) {
      const [tx, rx] = form.watch([0]);
      tx.send([1]);
      // As another thread may at this moment.
      const { home } = rx as unknown as { home: { read(outcome: number): unknown } };
      const read = home.read.bind(home);
      vi.spyOn(home, "read").mockImplementationOnce((outcome) => {
        const value = read(outcome);
        tx.send([2]);
        return value;
      });
      expect(rx.borrowAndUpdate()).toEqual([1]);
      expect(rx.hasChanged()).toBe(true);
      readyNow(rx.changed());
      expect(rx.borrow()).toEqual([2]);
      vi.restoreAllMocks();
      drop(tx, rx);
    },
    { skip: { plain: "its values are read as they are" } },
  );

  // ── With a partner that may run on another thread ──────────────────────────────────────────────────────────────────────

  test.partnered("a partner sets, all see the last value", function* (form) {
    const [tx, rx] = form.watch(0);
    const receivers = [tx.subscribe(), tx.subscribe()];
    const watchers = receivers.map((receiver) => spawn(partners.watches, receiver));
    drop(...receivers);
    const partner = spawn(partners.sets, tx, 100);
    drop(tx);
    expect(yield* rx.waitFor((value) => value === 100)).toBe(100);
    for (const watcher of watchers) {
      const seen = (yield* watcher) as number[];
      expect(seen.at(-1)).toBe(100);
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    }
    yield* partner;
  });

  test.partnered("sendModify from several threads loses nothing", function* (form) {
    const [tx, rx] = form.watch({ sum: 0 });
    const tasks = upTo(3).map(() => spawn(partners.modifies, tx, 200));
    yield* partners.modifies(tx, 200);
    for (const task of tasks) yield* task;
    expect(rx.borrow()).toEqual({ sum: 800 });
  });

  test.partnered("closed: receivers that end on other threads", function* (form) {
    const [tx, rx] = form.watch(0);
    const other = rx.clone();
    const tasks = [spawn(partners.disposes, rx, 1), spawn(partners.forgets, other)];
    drop(rx, other);
    yield* tx.closed();
    for (const task of tasks) yield* task;
    expect(thrownBy(() => tx.send(1))).toMatchObject({ name: "SendError" });
  });
});

/** For its type. */
function* yieldsNothing() {
  yield* yieldNow();
}
