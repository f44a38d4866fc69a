// watch: the last value, who has seen it, and the end. Mirrors Tokio's sync_watch.rs.

import { Pending, PolledAfterCompletionError, select, sleep, spawn, Waker } from "tokiwa";
import { ClosedHandleError, RecvError, SendError, watch } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

describe("changed", () => {
  test("single_rx_recv", () => {
    const [tx, rx] = watch.channel("one");
    waiting(rx.changed()).drop();
    expect(rx.borrow()).toBe("one");
    const changed = waiting(rx.changed());
    tx.send("two");
    expect(changed.isWoken).toBe(true);
    expect(changed.poll()).toBe(undefined);
    expect(rx.borrow()).toBe("two");
    const last = waiting(rx.changed());
    tx.close();
    expect(last.isWoken).toBe(true);
    expect(() => last.poll()).toThrow(RecvError);
    expect(rx.borrow()).toBe("two");
  });

  test("multi_rx", () => {
    const [tx, rx1] = watch.channel("one");
    const rx2 = rx1.clone();
    const slow = waiting(rx2.changed());
    const first = waiting(rx1.changed());
    tx.send("two");
    expect([first.isWoken, slow.isWoken]).toEqual([true, true]);
    first.poll();
    expect(rx1.borrow()).toBe("two");
    const second = waiting(rx1.changed());
    tx.send("three");
    expect(second.isWoken).toBe(true);
    expect([second.poll(), slow.poll()]).toEqual([undefined, undefined]);
    expect(rx2.borrow()).toBe("three");
    const both = [waiting(rx1.changed()), waiting(rx2.changed())];
    tx.send("four");
    for (const changed of both) expect(changed.isPending()).toBe(false);
    expect([rx1.borrow(), rx2.borrow()]).toEqual(["four", "four"]);
  });

  test("rx_observes_final_value: without a change since, it fails at once", () => {
    const [tx, rx] = watch.channel("one");
    tx.close();
    expect(() => readyNow(rx.changed())).toThrow(RecvError);
    expect(rx.borrow()).toBe("one");
  });

  test("rx_observes_final_value: one that was not seen comes before the end", () => {
    const [tx, rx] = watch.channel("one");
    tx.send("two");
    readyNow(rx.changed());
    const changed = waiting(rx.changed());
    tx.send("three");
    tx.close();
    expect(changed.isWoken).toBe(true);
    expect(changed.poll()).toBe(undefined);
    expect(rx.borrow()).toBe("three");
    expect(() => readyNow(rx.changed())).toThrow(RecvError);
    expect(rx.borrow()).toBe("three");
  });

  test("many changes are one", () => {
    const [tx, rx] = watch.channel(0);
    for (let value = 1; value <= 10; value++) tx.send(value);
    readyNow(rx.changed());
    expect(rx.borrow()).toBe(10);
    expect(new Polled(rx.changed()).isPending()).toBe(true);
  });

  test("the same value again is a change", () => {
    const [tx, rx] = watch.channel(1);
    tx.send(1);
    expect(new Polled(rx.changed()).isPending()).toBe(false);
  });

  test("one that was woken and dropped has seen nothing", () => {
    const [tx, rx] = watch.channel(1);
    const changed = waiting(rx.changed());
    tx.send(2);
    changed.drop();
    changed.drop();
    expect(rx.hasChanged()).toBe(true);
    readyNow(rx.changed());
  });

  test("one that was dropped is not woken; the waker of the last poll counts", () => {
    const [tx, rx] = watch.channel(1);
    const dropped = waiting(rx.changed());
    const future = rx.changed();
    const first = waiting(future);
    const second = waiting(future);
    dropped.drop();
    tx.send(2);
    expect([dropped.isWoken, first.isWoken, second.isWoken]).toEqual([false, false, true]);
  });

  test("polled after completion it throws, after an error too", () => {
    const [tx, rx] = watch.channel(1);
    tx.send(2);
    const changed = new Polled(rx.changed());
    changed.poll();
    expect(() => changed.poll()).toThrow(PolledAfterCompletionError);
    tx.close();
    const failed = new Polled(rx.changed());
    expect(() => failed.poll()).toThrow(RecvError);
    expect(() => failed.poll()).toThrow(PolledAfterCompletionError);
  });

  test("pollChanged is the same by hand", () => {
    const [tx, rx] = watch.channel(1);
    let wakes = 0;
    const cx = { waker: Waker.from(() => (wakes += 1)) };
    expect(rx.pollChanged(cx)).toBe(Pending);
    tx.send(2);
    expect(wakes).toBe(1);
    expect(rx.pollChanged(cx)).toBe(undefined);
    expect(rx.pollChanged(cx)).toBe(Pending);
    tx.close();
    expect(wakes).toBe(2);
    expect(() => rx.pollChanged(cx)).toThrow(RecvError);
  });

  test("under select loses no change", () => {
    runPaused(function* () {
      const [tx, rx] = watch.channel(0);
      spawn(function* () {
        using _close = tx;
        for (let value = 1; value <= 50; value++) {
          yield* sleep(1 + (value % 4));
          tx.send(value);
        }
      });
      const seen: number[] = [];
      try {
        for (;;) {
          const winner = yield* select({ changed: rx.changed(), tick: sleep(1) });
          if (winner.branch === "changed") seen.push(rx.borrow());
        }
      } catch (error) {
        expect(error).toBeInstanceOf(RecvError);
      }
      expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    });
  });

  test("the budget: one that always finds a change gives way after 128", () => {
    runPaused(function* () {
      const [, rx] = watch.channel(0);
      let rounds = 0;
      const greedy = spawn(function* () {
        for (; rounds < 500; rounds++) {
          rx.markChanged();
          yield* rx.changed();
        }
      });
      const other = spawn(function* () {
        return rounds;
      });
      expect(yield* other).toBe(128);
      yield* greedy;
    });
  });
});

describe("what has been seen", () => {
  test("borrow_and_update", () => {
    const [tx, rx] = watch.channel("one");
    expect(rx.hasChanged()).toBe(false);
    tx.send("two");
    expect(rx.hasChanged()).toBe(true);
    readyNow(rx.changed());
    expect(new Polled(rx.changed()).isPending()).toBe(true);
    expect(rx.hasChanged()).toBe(false);
    tx.send("three");
    expect(rx.borrow()).toBe("three");
    expect(rx.hasChanged()).toBe(true);
    expect(rx.borrowAndUpdate()).toBe("three");
    expect(rx.hasChanged()).toBe(false);
    expect(new Polled(rx.changed()).isPending()).toBe(true);
    tx.close();
    expect(rx.borrowAndUpdate()).toBe("three");
    expect(() => readyNow(rx.changed())).toThrow(RecvError);
    expect(() => rx.hasChanged()).toThrow(RecvError);
  });

  test("hasChanged of a closed channel throws, with a value not seen too", () => {
    const [tx, rx] = watch.channel(1);
    tx.send(2);
    tx.close();
    expect(() => rx.hasChanged()).toThrow(RecvError);
    expect(readyNow(rx.changed())).toBe(undefined);
  });

  test("rx_mark_changed: it counts as new, for this receiver alone, and even when closed", () => {
    const [tx, rx] = watch.channel("one");
    const other = rx.clone();
    rx.markChanged();
    expect([rx.hasChanged(), other.hasChanged()]).toEqual([true, false]);
    readyNow(rx.changed());
    expect(rx.hasChanged()).toBe(false);
    tx.close();
    rx.markChanged();
    readyNow(rx.changed());
    expect(() => readyNow(rx.changed())).toThrow(RecvError);
  });

  test("rx_mark_unchanged", () => {
    const [tx, rx] = watch.channel("one");
    const other = rx.clone();
    tx.send("two");
    rx.markUnchanged();
    expect([rx.hasChanged(), other.hasChanged()]).toEqual([false, true]);
    expect(new Polled(rx.changed()).isPending()).toBe(true);
  });

  test("a clone has seen what its receiver has; a subscriber has seen the current value", () => {
    const [tx, rx] = watch.channel(1);
    tx.send(2);
    expect([rx.clone().hasChanged(), tx.subscribe().hasChanged()]).toEqual([true, false]);
    rx.borrowAndUpdate();
    expect(rx.clone().hasChanged()).toBe(false);
  });
});

describe("sending", () => {
  test("send without a receiver fails, and stores nothing", () => {
    const [tx, rx] = watch.channel("one");
    rx[Symbol.dispose]();
    const error = thrownBy(() => tx.send("two"));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ value: "two" });
    expect(tx.borrow()).toBe("one");
  });

  test("sendReplace, sendModify and sendIfModified store without a receiver", () => {
    const [tx, rx] = watch.channel(1);
    rx[Symbol.dispose]();
    expect(tx.sendReplace(2)).toBe(1);
    tx.sendModify((slot) => {
      slot.value += 10;
    });
    expect(tx.borrow()).toBe(12);
    expect(
      tx.sendIfModified((slot) => {
        slot.value += 100;
        return true;
      }),
    ).toBe(true);
    expect(tx.borrow()).toBe(112);
  });

  test("send_modify_panic: what it wrote stays, and nobody is told", () => {
    const [tx, rx] = watch.channel("one");
    tx.sendModify((slot) => {
      slot.value = "two";
    });
    expect(rx.borrowAndUpdate()).toBe("two");
    const rx2 = rx.clone();
    const changed = waiting(rx2.changed());
    expect(() =>
      tx.sendModify((slot) => {
        slot.value = "thrown";
        throw new Error("modify failed");
      }),
    ).toThrow("modify failed");
    expect(changed.isWoken).toBe(false);
    expect(changed.isPending()).toBe(true);
    expect(rx.borrow()).toBe("thrown");
    expect(rx.hasChanged()).toBe(false);
    tx.sendModify((slot) => {
      slot.value = "three";
    });
    expect(changed.poll()).toBe(undefined);
    expect(rx.borrowAndUpdate()).toBe("three");
  });

  test("sendIfModified that throws: the same", () => {
    const [tx, rx] = watch.channel(1);
    expect(() =>
      tx.sendIfModified((slot) => {
        slot.value = 2;
        throw new Error("modify failed");
      }),
    ).toThrow("modify failed");
    expect([rx.hasChanged(), rx.borrow()]).toEqual([false, 2]);
  });

  test("sendIfModified that returns false changes silently", () => {
    const [tx, rx] = watch.channel({ count: 0 });
    const changed = waiting(rx.changed());
    const told = tx.sendIfModified((slot) => {
      slot.value.count += 1;
      return false;
    });
    expect([told, changed.isWoken, rx.hasChanged(), rx.borrow().count]).toEqual([
      false,
      false,
      false,
      1,
    ]);
    tx.sendIfModified((slot) => {
      slot.value.count += 1;
      return true;
    });
    expect(changed.isWoken).toBe(true);
    expect(rx.borrow().count).toBe(2);
  });

  test("what is written into the slot is the value at once; the slot ends with the function", () => {
    const [tx] = watch.channel(1);
    let kept: { value: number } | undefined;
    tx.sendModify((slot) => {
      kept = slot;
      slot.value = 2;
      expect([slot.value, tx.borrow()]).toEqual([2, 2]);
    });
    expect(() => kept?.value).toThrow(ClosedHandleError);
    expect(() => {
      if (kept !== undefined) kept.value = 3;
    }).toThrow(ClosedHandleError);
    expect(tx.borrow()).toBe(2);
  });

  test("a send from inside of sendModify is not lost", () => {
    const [tx, rx] = watch.channel("a");
    tx.sendModify((slot) => {
      tx.send("b");
      slot.value += "c";
    });
    expect(rx.borrowAndUpdate()).toBe("bc");
  });

  test("several senders; the channel ends with the last", () => {
    const [tx, rx] = watch.channel(0);
    const clone = tx.clone();
    expect([tx.senderCount(), tx.sameChannel(clone)]).toEqual([2, true]);
    tx.close();
    tx.close();
    expect([rx.isClosed(), clone.senderCount()]).toEqual([false, 1]);
    clone.send(1);
    expect(rx.borrowAndUpdate()).toBe(1);
    clone[Symbol.dispose]();
    expect(rx.isClosed()).toBe(true);
  });
});

describe("the receivers", () => {
  test("poll_close", () => {
    const [tx, rx] = watch.channel("one");
    const closed = waiting(tx.closed());
    rx[Symbol.dispose]();
    rx[Symbol.dispose]();
    expect(closed.isWoken).toBe(true);
    expect(closed.poll()).toBe(undefined);
    expect(() => tx.send("two")).toThrow(SendError);
  });

  test("reopened_after_subscribe", () => {
    const [tx, rx] = watch.channel("one");
    expect(tx.isClosed()).toBe(false);
    rx[Symbol.dispose]();
    expect([tx.isClosed(), tx.receiverCount()]).toEqual([true, 0]);
    const again = tx.subscribe();
    expect([tx.isClosed(), tx.receiverCount()]).toEqual([false, 1]);
    again[Symbol.dispose]();
    expect(tx.isClosed()).toBe(true);
  });

  test("closed waits on when a receiver has come meanwhile", () => {
    const [tx, rx] = watch.channel("one");
    const closed = waiting(tx.closed());
    rx[Symbol.dispose]();
    const again = tx.subscribe();
    expect(closed.isPending()).toBe(true);
    again[Symbol.dispose]();
    expect(closed.poll()).toBe(undefined);
  });

  test("sameChannel", () => {
    const [tx, rx] = watch.channel(1);
    const [, other] = watch.channel(1);
    expect([rx.sameChannel(tx.subscribe()), rx.sameChannel(other)]).toEqual([true, false]);
  });

  test("handles that were disposed refuse what needs them", () => {
    const [tx, rx] = watch.channel(1);
    tx[Symbol.dispose]();
    rx[Symbol.dispose]();
    const uses: (() => unknown)[] = [
      () => tx.send(1),
      () => tx.sendReplace(1),
      () => tx.sendModify(() => {}),
      () => tx.sendIfModified(() => true),
      () => tx.borrow(),
      () => tx.subscribe(),
      () => tx.clone(),
      () => rx.changed(),
      () => rx.waitFor(() => true),
      () => rx.hasChanged(),
      () => rx.borrow(),
      () => rx.borrowAndUpdate(),
      () => rx.clone(),
    ];
    for (const use of uses) expect(use).toThrow(ClosedHandleError);
  });

  test("a future that waits by a receiver which is disposed is woken, and fails", () => {
    const [, rx] = watch.channel(1);
    const changed = waiting(rx.changed());
    rx[Symbol.dispose]();
    expect(changed.isWoken).toBe(true);
    expect(() => changed.poll()).toThrow(ClosedHandleError);
  });
});

describe("waitFor", () => {
  test("wait_for_test: the current value first, seen or not", () => {
    const [, rx] = watch.channel(5);
    expect(readyNow(rx.waitFor((value) => value === 5))).toBe(5);
  });

  test("waits until a value is good, and has seen it", () => {
    const [tx, rx] = watch.channel(0);
    const asked: number[] = [];
    const found = waiting(
      rx.waitFor((value) => {
        asked.push(value);
        return value > 2;
      }),
    );
    tx.send(1);
    expect(found.isPending()).toBe(true);
    expect(found.isPending()).toBe(true);
    tx.send(2);
    tx.send(3);
    expect(found.poll()).toBe(3);
    expect(asked).toEqual([0, 1, 3]);
    expect(rx.hasChanged()).toBe(false);
  });

  test("refused values are seen too", () => {
    const [tx, rx] = watch.channel(0);
    tx.send(1);
    waiting(rx.waitFor(() => false));
    expect(rx.hasChanged()).toBe(false);
  });

  test("closed: the last value is asked about, then it fails", () => {
    const [tx, rx] = watch.channel(0);
    const good = waiting(rx.waitFor((value) => value === 2));
    const other = rx.clone();
    const never = waiting(other.waitFor(() => false));
    tx.send(2);
    tx.close();
    expect(good.poll()).toBe(2);
    expect(() => never.poll()).toThrow(RecvError);
    expect(readyNow(rx.waitFor((value) => value === 2))).toBe(2);
    expect(() => readyNow(rx.waitFor((value) => value === 3))).toThrow(RecvError);
  });

  test("a predicate that throws ends it, and the channel is as before", () => {
    const [tx, rx] = watch.channel(0);
    const failing = waiting(
      rx.waitFor((value) => {
        if (value === 1) throw new Error("predicate failed");
        return false;
      }),
    );
    tx.send(1);
    expect(() => failing.poll()).toThrow("predicate failed");
    expect(() => failing.poll()).toThrow(PolledAfterCompletionError);
    tx.send(2);
    expect(readyNow(rx.waitFor((value) => value === 2))).toBe(2);
  });

  test("a predicate that sends is asked again", () => {
    const [tx, rx] = watch.channel(0);
    const found = readyNow(
      rx.waitFor((value) => {
        if (value < 3) tx.send(value + 1);
        return value === 3;
      }),
    );
    expect(found).toBe(3);
  });

  test("is not cheated by a changed() of the same receiver", () => {
    const [tx, rx] = watch.channel(0);
    const found = waiting(rx.waitFor((value) => value === 1));
    const changed = waiting(rx.changed());
    tx.send(1);
    expect(changed.poll()).toBe(undefined);
    expect(found.poll()).toBe(1);
  });
});

test("futures say what they wait for", () => {
  const [tx, rx] = watch.channel(0);
  expect(rx.changed().waitsFor()).toBe("watch.changed()");
  expect(rx.waitFor(() => false).waitsFor()).toBe("watch.waitFor()");
  expect(tx.closed().waitsFor()).toBe("watch.closed()");
});

describe("wakers that use the channel which wakes them", () => {
  test("one that sends: the others see the last value, each is woken once a change", () => {
    const [tx, rx] = watch.channel(0);
    const other = rx.clone();
    rx.changed().poll({
      waker: Waker.from(() => {
        if (rx.borrowAndUpdate() === 1) tx.send(2);
      }),
    });
    const changed = waiting(other.changed());
    tx.send(1);
    expect(changed.wakes).toBe(1);
    expect(changed.poll()).toBe(undefined);
    expect(other.borrow()).toBe(2);
    expect(new Polled(other.changed()).isPending()).toBe(true);
  });

  test("one that joins again is not woken twice by one send", () => {
    const [tx, rx] = watch.channel(0);
    let wakes = 0;
    const join = (): void => {
      rx.markUnchanged();
      rx.changed().poll({
        waker: Waker.from(() => {
          wakes += 1;
          join();
        }),
      });
    };
    join();
    waiting(rx.clone().changed());
    tx.send(1);
    expect(wakes).toBe(1);
  });

  test("one that closes the sender, and disposes the receivers", () => {
    const [tx, rx] = watch.channel(0);
    const other = rx.clone();
    const closed = waiting(tx.closed());
    rx.changed().poll({
      waker: Waker.from(() => {
        tx.close();
        other[Symbol.dispose]();
        rx[Symbol.dispose]();
      }),
    });
    const changed = waiting(other.changed());
    tx.send(1);
    expect(changed.isWoken).toBe(true);
    expect(() => changed.poll()).toThrow(ClosedHandleError);
    expect(closed.isWoken).toBe(true);
  });
});

test("a hundred thousand who wait, and leave in any order", () => {
  const count = 100_000;
  const [tx, rx] = watch.channel(0);
  let wakes = 0;
  const cx = { waker: Waker.from(() => (wakes += 1)) };
  const receivers = Array.from({ length: count }, () => rx.clone());
  const futures = [...receivers, ...receivers.map(() => rx)].map((each) => each.changed());
  for (const changed of futures) changed.poll(cx);
  for (let index = 0; index < futures.length; index += 2) futures[index]?.[Symbol.dispose]();
  for (let index = count - 1; index > 0; index -= 4) receivers[index]?.[Symbol.dispose]();
  wakes = 0;
  tx.send(1);
  expect(wakes).toBe(count / 2 + count / 4);
});
