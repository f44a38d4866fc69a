// What becomes of futures and permits when their sender is used up, closed or moved; of a oneshot's and of mpsc's.

import { PolledAfterCompletionError, Waker } from "tokiwa";
import {
  broadcast,
  CapacityError,
  ClosedHandleError,
  mpsc,
  oneshot,
  SendError,
  SyncArgumentError,
  TrySendError,
  watch,
} from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { Polled, readyNow, waiting } from "./polled.js";

describe("a future whose sender was closed before its first poll", () => {
  const MAKERS: readonly (readonly [string, (tx: mpsc.Sender<number>) => Disposable])[] = [
    ["send", (tx) => tx.send(7)],
    ["reserve", (tx) => tx.reserve()],
    ["reserveMany", (tx) => tx.reserveMany(2)],
    ["reserveOwned", (tx) => tx.reserveOwned()],
  ];

  test.each(MAKERS)("%s fails: the receiver was told of the end", (_, make) => {
    const [tx, rx] = mpsc.channel<number>(2);
    const future = make(tx) as ReturnType<typeof tx.reserve>;
    tx.close();
    expect(readyNow(rx.recv())).toBe(undefined);
    expect(thrownBy(() => new Polled(future).poll())).toBeInstanceOf(ClosedHandleError);
    expect(() => new Polled(future).poll()).toThrow(PolledAfterCompletionError);
    expect([rx.len(), tx.capacity(), tx.strongCount()]).toEqual([0, 2, 0]);
    expect(readyNow(rx.recv())).toBe(undefined);
  });

  test("says after its end what it was", () => {
    const [tx] = mpsc.channel<number>(9);
    const said = [tx.send(1), tx.reserve(), tx.reserveMany(2), tx.clone().reserveOwned()].map(
      (future) => {
        readyNow<unknown>(future);
        return (thrownBy(() => new Polled<unknown>(future).poll()) as Error).message.split(" ")[0];
      },
    );
    expect(said).toEqual([
      "mpsc.send()",
      "mpsc.reserve()",
      "mpsc.reserveMany()",
      "mpsc.reserveOwned()",
    ]);
  });
});

describe("reserveOwned takes its sender along", () => {
  test("once there is room, and not before", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.trySend(1);
    const reserving = waiting(tx.reserveOwned());
    expect(tx.strongCount()).toBe(1);
    rx.tryRecv();
    const permit = reserving.poll() as mpsc.OwnedPermit<number>;
    expect(() => tx.trySend(2)).toThrow(ClosedHandleError);
    tx.close();
    expect([rx.senderStrongCount(), rx.isClosed()]).toEqual([1, false]);
    const back = permit.send(2);
    expect(rx.tryRecv()).toBe(2);
    back.trySend(3);
    back.close();
    expect([rx.tryRecv(), readyNow(rx.recv())]).toEqual([3, undefined]);
  });

  test("two do not get the same one: the later fails, and its room comes back", () => {
    const [tx] = mpsc.channel<number>(3);
    const [first, second] = [tx.reserveOwned(), tx.reserveOwned()];
    const permit = readyNow(first);
    expect(thrownBy(() => new Polled(second).poll())).toBeInstanceOf(ClosedHandleError);
    expect([tx.capacity(), tx.strongCount()]).toEqual([2, 1]);
    permit[Symbol.dispose]();
    expect([tx.capacity(), tx.strongCount()]).toEqual([3, 0]);
  });

  test("closed while it waits: fails, and the room goes to the next", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const other = tx.clone();
    tx.trySend(1);
    const reserving = waiting(tx.reserveOwned());
    const send = waiting(other.send(2));
    tx.close();
    rx.tryRecv();
    expect(reserving.isWoken).toBe(true);
    expect(thrownBy(() => reserving.poll())).toBeInstanceOf(ClosedHandleError);
    expect(send.poll()).toBe(undefined);
    expect(rx.tryRecv()).toBe(2);
  });

  test("sameChannel, sameChannelAsSender", () => {
    const [tx] = mpsc.channel<number>(3);
    const [other] = mpsc.channel<number>(3);
    const kept = tx.clone();
    const [one, two, three] = [
      tx.clone().tryReserveOwned(),
      tx.tryReserveOwned(),
      other.clone().tryReserveOwned(),
    ];
    expect([one.sameChannel(two), one.sameChannel(three)]).toEqual([true, false]);
    expect([one.sameChannelAsSender(kept), one.sameChannelAsSender(other)]).toEqual([true, false]);
  });

  test("tryReserveOwned: at once, or the sender stays as it is", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const back = tx.tryReserveOwned().send(1);
    expect(thrownBy(() => tx.tryReserveOwned())).toBeInstanceOf(ClosedHandleError);
    const full = thrownBy(() => back.tryReserveOwned());
    expect(full).toMatchObject({ isFull: true, value: back });
    rx.close();
    expect(thrownBy(() => back.tryReserveOwned())).toMatchObject({ isClosed: true, value: back });
    expect(back.strongCount()).toBe(1);
  });
});

describe("several permits", () => {
  test("tryReserveMany", () => {
    const [tx, rx] = mpsc.channel<number>(3);
    const permits = tx.tryReserveMany(2);
    expect([permits.len(), tx.capacity()]).toEqual([2, 1]);
    expect(thrownBy(() => tx.tryReserveMany(2))).toMatchObject({ isFull: true });
    expect(thrownBy(() => tx.tryReserveMany(4))).toBeInstanceOf(CapacityError);
    permits.take()?.send(5);
    permits[Symbol.dispose]();
    expect([rx.tryRecv(), tx.capacity()]).toEqual([5, 3]);
    expect(tx.tryReserveMany(0).len()).toBe(0);
    rx.close();
    expect(thrownBy(() => tx.tryReserveMany(0))).toBeInstanceOf(TrySendError);
  });

  test("none are there at once, whoever waits", () => {
    const [tx] = mpsc.channel<number>(1);
    tx.trySend(1);
    const line = waiting(tx.send(2));
    expect(readyNow(tx.reserveMany(0)).len()).toBe(0);
    expect(tx.tryReserveMany(0).take()).toBe(undefined);
    expect(line.isWoken).toBe(false);
  });
});

describe("recvMany and wakers that come back in", () => {
  test("one that receives: each value goes to one of them, and all room is counted", () => {
    const [tx, rx] = mpsc.channel<number>(2);
    tx.trySend(1);
    tx.trySend(2);
    const send = waiting(tx.send(3));
    let inner: unknown;
    send.onWake = () => {
      inner = thrownBy(() => rx.tryRecv());
    };
    expect(readyNow(rx.recvMany(2))).toEqual([1, 2]);
    expect(inner).toMatchObject({ isEmpty: true });
    expect([rx.len(), rx.capacity()]).toEqual([0, 1]);
    send.poll();
    expect(rx.tryRecv()).toBe(3);
    expect(rx.capacity()).toBe(2);
  });

  test("one that disposes the receiver", () => {
    const [tx, rx] = mpsc.channel<number>(3);
    for (const value of [1, 2, 3]) tx.trySend(value);
    const send = waiting(tx.send(4));
    send.onWake = () => rx[Symbol.dispose]();
    expect(readyNow(rx.recvMany(2))).toEqual([1, 2]);
    send.drop();
    expect([rx.len(), rx.capacity()]).toEqual([0, 3]);
  });

  test("pollRecvMany waits, and keeps the waker of the last poll", () => {
    const [tx, rx] = mpsc.channel<number>(4);
    let wakes = 0;
    const cx = { waker: Waker.from(() => (wakes += 1)) };
    rx.pollRecvMany({ waker: Waker.noop() }, 3);
    rx.pollRecvMany(cx, 3);
    for (const value of [1, 2, 3, 4]) tx.trySend(value);
    expect(wakes).toBe(1);
    expect(rx.pollRecvMany(cx, 3)).toEqual([1, 2, 3]);
    expect(rx.pollRecvMany(cx, 3)).toEqual([4]);
    tx.close();
    expect(rx.pollRecvMany(cx, 3)).toEqual([]);
    expect(thrownBy(() => rx.pollRecvMany(cx, -1))).toBeInstanceOf(CapacityError);
  });
});

describe("closed() of a oneshot sender", () => {
  test("several wait, and one that is dropped takes nobody along", () => {
    const [tx, rx] = oneshot.channel<number>();
    const [first, second, third] = [
      waiting(tx.closed()),
      waiting(tx.closed()),
      waiting(tx.closed()),
    ];
    third.drop();
    rx.close();
    expect([first.isWoken, second.isWoken, third.isWoken]).toEqual([true, true, false]);
  });

  test("is over with the sender: at the call, and woken where it waits", () => {
    for (const use of [
      (tx: oneshot.Sender<number>) => tx.send(1),
      (tx: oneshot.Sender<number>) => tx.close(),
    ]) {
      const [tx, rx] = oneshot.channel<number>();
      const closed = waiting(tx.closed());
      use(tx);
      expect(closed.isWoken).toBe(true);
      expect(thrownBy(() => closed.poll())).toBeInstanceOf(ClosedHandleError);
      expect(thrownBy(() => tx.closed())).toBeInstanceOf(ClosedHandleError);
      expect(rx.isTerminated()).toBe(false);
    }
  });

  test("by hand", () => {
    const [tx, rx] = oneshot.channel<number>();
    let wakes = 0;
    const cx = { waker: Waker.from(() => (wakes += 1)) };
    tx.pollClosed(cx);
    tx.pollClosed(cx);
    rx.close();
    expect([wakes, tx.pollClosed(cx)]).toEqual([1, undefined]);
  });
});

test("receivers count senders", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const [btx, brx] = broadcast.channel<number>(1);
  const clones = [tx.clone(), btx.clone(), tx.downgrade()];
  expect([rx.senderStrongCount(), rx.senderWeakCount()]).toEqual([2, 1]);
  expect([brx.senderStrongCount(), brx.senderWeakCount()]).toEqual([2, 0]);
  for (const clone of clones) clone[Symbol.dispose]();
  expect([rx.senderStrongCount(), rx.senderWeakCount()]).toEqual([1, 0]);
});

describe("what errors say", () => {
  test("a receiver and a permit that are used up speak of no clone()", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const permit = tx.tryReserve();
    permit.send(1);
    rx[Symbol.dispose]();
    for (const use of [() => rx.recv(), () => permit.send(1)])
      expect((thrownBy(use) as Error).message).not.toContain("clone()");
  });

  test("no receiver is not a receiver that was closed", () => {
    const [btx, brx] = broadcast.channel<number>(1);
    const [wtx, wrx] = watch.channel(1);
    brx[Symbol.dispose]();
    wrx[Symbol.dispose]();
    for (const use of [() => btx.send(1), () => wtx.send(1)]) {
      const error = thrownBy(use) as SendError;
      expect(error).toBeInstanceOf(SendError);
      expect(error.message).toMatch(/^there is no receiver now.*error\.value/);
    }
  });

  test("a capacity that has no text", () => {
    for (const given of [Object.create(null), Symbol("x"), () => 1, "5", [1]])
      expect(thrownBy(() => mpsc.channel(given as number))).toBeInstanceOf(CapacityError);
  });

  test("a receiver that waits for a permit of a closed channel: the report says who has it", () => {
    const error = thrownBy(() =>
      runPaused(function* () {
        const [tx, rx] = mpsc.channel<number>(1);
        const permit = yield* tx.reserve();
        tx.close();
        yield* rx.recv();
        permit.send(1);
      }),
    ) as Error;
    expect(error.message).toMatch(
      /mpsc\.recv\(\), of a closed channel whose permits are held by task \d+/,
    );
  });
});

describe("functions for a watch", () => {
  test("what is none is refused at the call", () => {
    const [tx, rx] = watch.channel(1);
    for (const use of [
      () => tx.sendModify(undefined as never),
      () => tx.sendIfModified(1 as never),
      () => rx.waitFor(undefined as never),
    ])
      expect(thrownBy(use)).toBeInstanceOf(SyncArgumentError);
    expect(rx.hasChanged()).toBe(false);
  });

  test("async functions and coroutines are refused, by type and at run time; nobody is told", () => {
    const [tx, rx] = watch.channel(1);
    const refused = [
      // @ts-expect-error
      () => tx.sendModify(async (slot) => (slot.value = await 2)),
      () =>
        // @ts-expect-error
        tx.sendModify(function* (slot) {
          slot.value = 3;
        }),
      // @ts-expect-error
      () => tx.sendIfModified(async () => true),
    ];
    for (const use of refused) expect(thrownBy(use)).toBeInstanceOf(SyncArgumentError);
    expect([rx.hasChanged(), rx.borrow()]).toEqual([false, 1]);
    tx.sendModify((slot) => (slot.value += 1));
    tx.sendModify((slot) => {
      slot.value += 1;
    });
    tx.sendModify((slot): unknown => slot);
    expect(rx.borrow()).toBe(3);
  });

  test("a predicate that asserts a type gives its value that type", () => {
    const [, rx] = watch.channel<string | undefined>("on");
    const isText = (value: string | undefined): value is string => value !== undefined;
    const value: string = readyNow(rx.waitFor(isText));
    expect(value).toBe("on");
  });
});
