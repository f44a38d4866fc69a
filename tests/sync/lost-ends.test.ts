// Ends of channels that nobody closes: the garbage collector finds them, and the other side hears of it. Nothing is reported.

import { spawn, Waker, yieldNow } from "tokiwa";
import {
  broadcast,
  ClosedHandleError,
  mpsc,
  oneshot,
  RecvError,
  Semaphore,
  watch,
} from "tokiwa/sync";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { collectGarbage, stderrOf, untilCollected } from "../support/tasks.js";
import { runPaused } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

let text = "";
let stop: (() => void) | undefined;
let reported: Promise<void>;

beforeEach(() => {
  reported = stderrOf(() => new Promise<void>((resolve) => (stop = resolve))).then((written) => {
    text = written;
  });
});

afterEach(async () => {
  stop?.();
  await reported;
  expect(text).toBe("");
});

/** Collects until `isFound`. */
async function found(isFound: () => boolean): Promise<void> {
  await untilCollected("what was lost", isFound);
}

/** Collects for as long as `found` would take for what is there. */
async function collected(): Promise<void> {
  for (let round = 0; round < 3; round++) await collectGarbage();
}

describe("mpsc", () => {
  test("senders that are lost: the receiver gets what is queued, and then the end", async () => {
    const lose = (): mpsc.Receiver<number> => {
      const [tx, rx] = mpsc.channel<number>(4);
      tx.trySend(1);
      tx.clone().trySend(2);
      return rx;
    };
    const rx = lose();
    await found(() => rx.isClosed());
    expect([rx.tryRecv(), rx.tryRecv(), readyNow(rx.recv())]).toEqual([1, 2, undefined]);
  });

  test("who waits is woken", async () => {
    const recv = waiting(mpsc.unbounded<number>()[1].recv());
    await found(() => recv.isWoken);
    expect(recv.poll()).toBe(undefined);
  });

  test("a weak sender: it is not counted any more, and keeps nothing", async () => {
    const [tx] = mpsc.channel<number>(1);
    const lose = (): unknown => [tx.downgrade(), tx.downgrade()];
    lose();
    expect(tx.weakCount()).toBe(2);
    await found(() => tx.weakCount() === 0);
    expect(tx.strongCount()).toBe(1);
  });

  test("a receiver: senders are woken and fail, and what is queued is dropped", async () => {
    const [answer, reply] = oneshot.channel<number>();
    const lose = (): mpsc.Sender<unknown> => {
      const [tx] = mpsc.channel<unknown>(1);
      tx.trySend({ answer });
      return tx;
    };
    const tx = lose();
    const send = waiting(tx.send(1));
    const closed = waiting(tx.closed());
    await found(() => send.isWoken);
    expect(closed.isWoken).toBe(true);
    expect(() => send.poll()).toThrow("channel closed");
    expect(() => readyNow(reply)).toThrow(RecvError);
  });

  test("futures that wait keep their handle: recv, send, reserve and closed", async () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const [other, otherRx] = mpsc.channel<number>(1);
    const begin = (): Polled<unknown>[] => {
      const sender = tx.clone();
      sender.trySend(1);
      const receiver = mpsc.channel<number>(1);
      const closed = other.clone();
      other[Symbol.dispose]();
      return [
        waiting(sender.send(2)),
        waiting(tx.clone().reserve()),
        waiting(closed.closed()),
        waiting(receiver[1].recv()),
        new Polled(receiver[0].reserve()),
      ];
    };
    const waits = begin();
    tx[Symbol.dispose]();
    await collected();
    expect(waits.map((wait) => wait.isWoken)).toEqual([false, false, false, false, false]);
    expect([rx.senderStrongCount(), otherRx.senderStrongCount()]).toEqual([2, 1]);
    expect(otherRx.isClosed()).toBe(false);
    expect(rx.tryRecv()).toBe(1);
    expect(waits[0]?.poll()).toBe(undefined);
    expect(rx.tryRecv()).toBe(2);
    otherRx.close();
    expect(waits[2]?.isWoken).toBe(true);
    // The one that has not been polled has its sender still.
    expect(waits[4]?.poll()).toBeInstanceOf(mpsc.Permit);
  });

  test("senders of a channel that stand in its own queue", async () => {
    const insides: WeakRef<object>[] = [];
    const lose = (): mpsc.Sender<unknown> => {
      const [tx, rx] = mpsc.unbounded<unknown>();
      insides.push(new WeakRef(rx));
      for (let round = 0; round < 3; round++) {
        const clone = tx.clone();
        insides.push(new WeakRef(clone));
        tx.send({ clone });
      }
      return tx as unknown as mpsc.Sender<unknown>;
    };
    const tx = lose();
    await found(() => tx.strongCount() === 1);
    expect(tx.isClosed()).toBe(true);
    await found(() => insides.every((inside) => inside.deref() === undefined));
  });

  test("channels that hold each other's ends, and permits and waits: nothing is kept", async () => {
    const insides: WeakRef<object>[] = [];
    const lose = (): void => {
      const [tx1, rx1] = mpsc.channel<unknown>(1);
      const [tx2, rx2] = mpsc.channel<unknown>(1);
      tx1.trySend([rx2, tx1]);
      tx2.trySend([rx1, tx2]);
      const woken = { tx1 };
      tx1.send(1).poll({ waker: Waker.from(() => void woken) });
      for (const end of [tx1, rx1, tx2, rx2]) insides.push(new WeakRef(end));
    };
    lose();
    await found(() => insides.every((inside) => inside.deref() === undefined));
  });
});

describe("oneshot", () => {
  test("a sender: the receiver is woken, and fails", async () => {
    const recv = waiting(oneshot.channel<number>()[1]);
    await found(() => recv.isWoken);
    expect(() => recv.poll()).toThrow(RecvError);
  });

  test("a receiver: the sender hears of it, and a value that was sent is dropped", async () => {
    const semaphore = new Semaphore(1);
    const [tx] = oneshot.channel<number>();
    const closed = waiting(tx.closed());
    const lose = (): void => oneshot.channel<unknown>()[0].send(semaphore.tryAcquire());
    lose();
    await found(() => closed.isWoken && semaphore.availablePermits() === 1);
    expect(tx.isClosed()).toBe(true);
  });

  test("a task that waits, and a sender that waits in closed(), are not lost", async () => {
    const ends: oneshot.Sender<number>[] = [];
    const begin = (): Polled<unknown>[] => {
      const [tx, rx] = oneshot.channel<number>();
      ends.push(tx);
      const [other, otherRx] = oneshot.channel<number>();
      return [waiting(rx), waiting(other.closed()), waiting(otherRx)];
    };
    const waits = begin();
    await collected();
    expect(waits.map((wait) => wait.isWoken)).toEqual([false, false, false]);
    ends[0]?.send(4);
    expect(waits[0]?.poll()).toBe(4);
  });

  test("what has ended is no loss: nothing happens to those that come after", async () => {
    const live: [oneshot.Sender<number>, oneshot.Receiver<number>][] = [];
    const use = (): void => {
      for (let round = 0; round < 50; round++) {
        const [tx, rx] = oneshot.channel<number>();
        tx.send(round);
        readyNow(rx);
        live.push(oneshot.channel<number>());
      }
    };
    use();
    await collected();
    for (const [index, [tx]] of live.entries()) tx.send(index);
    expect(live.map(([, rx]) => readyNow(rx))).toEqual(live.map((_, index) => index));
  });
});

describe("broadcast", () => {
  test("senders, weak senders and receivers", async () => {
    const [tx, rx] = broadcast.channel<number>(4);
    const lose = (): unknown => [tx.clone(), tx.downgrade(), tx.subscribe(), tx.subscribe()];
    lose();
    expect([tx.strongCount(), tx.weakCount(), tx.receiverCount()]).toEqual([2, 1, 3]);
    tx.send(1);
    expect(rx.tryRecv()).toBe(1);
    expect(tx.len()).toBe(1);
    const done = (): boolean =>
      tx.strongCount() === 1 && tx.weakCount() === 0 && tx.receiverCount() === 1;
    await found(done);
    // What only they had to receive is let go of.
    expect(tx.len()).toBe(0);
    tx.send(2);
    expect(rx.tryRecv()).toBe(2);
  });

  test("the last of either: who waits is woken", async () => {
    const recv = waiting(broadcast.channel<number>(2)[1].recv());
    const closed = waiting(broadcast.channel<number>(2)[0].closed());
    await found(() => recv.isWoken && closed.isWoken);
    expect(() => recv.poll()).toThrow(RecvError);
    expect(closed.poll()).toBe(undefined);
  });

  test("a wait keeps its receiver, where it stands", async () => {
    const [tx, rx] = broadcast.channel<number>(2);
    const begin = (): Polled<number> => waiting(rx.resubscribe().recv());
    const recv = begin();
    await collected();
    expect(tx.receiverCount()).toBe(2);
    tx.send(3);
    expect(recv.poll()).toBe(3);
  });
});

describe("watch", () => {
  test("senders and receivers", async () => {
    const [tx, rx] = watch.channel(0);
    const lose = (): unknown => [tx.clone(), tx.subscribe(), rx.clone()];
    lose();
    expect([tx.senderCount(), tx.receiverCount()]).toEqual([2, 3]);
    await found(() => tx.senderCount() === 1 && tx.receiverCount() === 1);
    tx.send(1);
    expect(rx.borrow()).toBe(1);
  });

  test("the last of either: who waits is woken", async () => {
    const changed = waiting(watch.channel(0)[1].changed());
    const closed = waiting(watch.channel(0)[0].closed());
    await found(() => changed.isWoken && closed.isWoken);
    expect(() => changed.poll()).toThrow(RecvError);
    expect(closed.poll()).toBe(undefined);
  });

  test("a wait keeps its receiver", async () => {
    const [tx, rx] = watch.channel(0);
    const begin = (): Polled<number> => waiting(rx.clone().waitFor((value) => value > 1));
    const wait = begin();
    rx[Symbol.dispose]();
    await collected();
    expect(tx.receiverCount()).toBe(1);
    tx.send(2);
    expect(wait.poll()).toBe(2);
  });
});

describe("costs", () => {
  test("nothing is registered for a handle, once as many were open at once", () => {
    const use = (): void => {
      const [tx, rx] = oneshot.channel<number>();
      tx.send(1);
      readyNow(rx);
      const [sender, receiver] = mpsc.channel<number>(1);
      sender.clone()[Symbol.dispose]();
      sender[Symbol.dispose]();
      receiver[Symbol.dispose]();
      const [left, right] = oneshot.channel<number>();
      left[Symbol.dispose]();
      right[Symbol.dispose]();
    };
    use();
    const register = vi.spyOn(FinalizationRegistry.prototype, "register");
    try {
      for (let round = 0; round < 100; round++) use();
      expect(register).toHaveBeenCalledTimes(0);
    } finally {
      register.mockRestore();
    }
  });
});

test("handles that were closed by hand are not closed again", async () => {
  const [tx, rx] = mpsc.channel<number>(2);
  const use = (): void => {
    for (let round = 0; round < 10; round++) {
      const clone = tx.clone();
      clone.close();
      clone.close();
      expect(() => clone.trySend(1)).toThrow(ClosedHandleError);
    }
  };
  use();
  await collected();
  expect(rx.senderStrongCount()).toBe(1);
});

test("a task that is aborted while it waits has lost nothing", async () => {
  const [tx, rx] = mpsc.channel<number>(1);
  runPaused(function* () {
    const task = spawn(rx.recv());
    yield* yieldNow();
    task.abort();
    yield* yieldNow();
  });
  await collected();
  tx.trySend(1);
  expect(rx.tryRecv()).toBe(1);
});
