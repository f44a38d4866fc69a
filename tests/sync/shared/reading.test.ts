// What stands in shared memory while it is read and written: wakers that poll at once, values that cannot be read, regions, leases.

import { type Context, type Future, Pending, type Poll, Waker } from "tokiwa";
import {
  broadcast,
  Mutex,
  mpsc,
  OnceCell,
  oneshot,
  RegionValueError,
  RwLock,
  region,
  watch,
} from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { unmanned } from "../../threads/crew.js";
import { inside } from "../../threads/sync-kinds.js";
import { Polled } from "../polled.js";

const NOBODY = { waker: Waker.noop() };

describe("a waker that polls at once", () => {
  test("comes after the value that is being read", () => {
    const [tx, rx] = mpsc.sharedUnbounded<unknown>();
    const [otherTx, otherRx] = mpsc.sharedUnbounded<string>();
    for (let index = 0; index < 5; index++) otherTx.send(`other-${index}`);
    const [inner, innerRx] = mpsc.sharedUnbounded<number>();
    const seen: unknown[] = [];
    const looks = Waker.from(() => {
      seen.push(otherRx.recvMany(63).poll(NOBODY));
    });
    const waits = innerRx.recv();
    expect(waits.poll({ waker: looks })).toBe(Pending);
    // Reading the first value lets go of the last sender that the waiting receiver has, in the middle of the batch.
    tx.send({ inner });
    for (let index = 1; index < 6; index++) tx.send(`one-${index}`);
    inner.close();
    tx.send({ last: 1 });
    const [first, ...rest] = rx.recvMany(63).poll(NOBODY) as [{ inner: Disposable }, ...unknown[]];
    expect(rest).toEqual(["one-1", "one-2", "one-3", "one-4", "one-5", { last: 1 }]);
    first.inner[Symbol.dispose]();
    expect(seen).toEqual([["other-0", "other-1", "other-2", "other-3", "other-4"]]);
  });

  test("broadcast.tryRecv has read its value by then", () => {
    const [tx, rx] = broadcast.shared<string>(4);
    const [otherTx, otherRx] = mpsc.sharedUnbounded<string>();
    otherTx.send("other");
    const late = tx.subscribe();
    const waits = rx.recv();
    waits.poll({ waker: Waker.from(() => void otherRx.tryRecv()) });
    tx.send("value");
    expect(late.tryRecv()).toBe("value");
  });
});

describe("a value that cannot be read", () => {
  test("fails the next call of recvMany, and keeps back nothing", () => {
    const [tx, rx] = mpsc.sharedUnbounded<unknown>();
    tx.send("a");
    tx.send("b");
    tx.send(unreadable());
    tx.send("c".repeat(50));
    tx.send(4);
    const many = rx.recvMany(10).poll(NOBODY);
    expect(many).toEqual(["a", "b", "c".repeat(50), 4]);
    expect(() => rx.recvMany(10).poll(NOBODY)).toThrow(/has been received already/);
    expect(rx.recvMany(10).poll(NOBODY)).toBe(Pending);
    expect(rx.len()).toBe(0);
  });
});

/** There is only one of a receiver: of one that is disposed while it is being encoded nothing arrives. */
function unreadable(): unknown {
  const [, moves] = mpsc.shared<number>(1);
  return {
    moves,
    get now() {
      moves[Symbol.dispose]();
      return 1;
    },
  };
}

describe("a region", () => {
  test("is the memory itself: what a guard shows is not copied when it is released", () => {
    const mutex = Mutex.shared(region(Float64Array, 4));
    const guard = mutex.tryLock();
    const view = guard.value;
    let copies = 0;
    Object.defineProperty(view, "set", { value: () => copies++ });
    view[0] = 1;
    guard.release();
    expect(copies).toBe(0);
    expect([...mutex.tryLock().value]).toEqual([1, 0, 0, 0]);
  });

  test("is filled at once from what is assigned, as far as that goes", () => {
    const mutex = Mutex.shared(region(Int32Array, 3));
    const guard = mutex.tryLock();
    guard.value = new Int32Array([1, 2]);
    expect([...guard.value]).toEqual([1, 2, 0]);
    guard.value = new Int32Array([7, 8, 9]);
    guard.map((value) => value).release();
    expect([...mutex.tryLock().value]).toEqual([7, 8, 9]);
  });

  test.each<[string, unknown]>([
    ["a longer array", new Int32Array(4)],
    ["text", "123"],
    ["bigints", new BigInt64Array(1)],
    ["an array of bigints", [1n]],
    ["an array with text in it", [1, "2"]],
    ["a view without elements", new DataView(new ArrayBuffer(4))],
    ["nothing", undefined],
  ])("refuses %s, and keeps what it had", (_, given) => {
    const mutex = Mutex.shared(region(Int32Array, 3));
    const guard = mutex.tryLock();
    guard.value[0] = 5;
    expect(() => {
      guard.value = given as never;
    }).toThrow(RegionValueError);
    guard.release();
    expect([...mutex.tryLock().value]).toEqual([5, 0, 0]);
  });

  test("of bigints refuses numbers", () => {
    const guard = Mutex.shared(region(BigInt64Array, 3)).tryLock();
    expect(() => {
      guard.value = new Int32Array(1) as never;
    }).toThrow(/bigints/);
  });
});

describe("polled by hand", () => {
  test("an error ends the future: the next poll is another's", () => {
    const [tx, rx] = watch.shared(1);
    tx.close();
    for (let poll = 0; poll < 2; poll++)
      expect(() => rx.pollChanged(NOBODY)).toThrow(expect.objectContaining({ name: "RecvError" }));
  });

  test("pollRecvMany takes another limit at each poll", () => {
    const [tx, rx] = mpsc.shared<number>(4);
    expect(rx.pollRecvMany(NOBODY, 1)).toBe(Pending);
    for (let value = 0; value < 3; value++) tx.trySend(value);
    expect(rx.pollRecvMany(NOBODY, 2)).toEqual([0, 1]);
    expect(rx.pollRecvMany(NOBODY, 2)).toEqual([2]);
  });
});

describe("disposing a receiver with a wait by it", () => {
  test.each([
    ["mpsc.recv", () => mpsc.shared<number>(1), (rx: mpsc.SharedReceiver<number>) => rx.recv()],
    [
      "mpsc.recvMany",
      () => mpsc.shared<number>(1),
      (rx: mpsc.SharedReceiver<number>) => rx.recvMany(2),
    ],
    [
      "broadcast.recv",
      () => broadcast.shared(1),
      (rx: broadcast.SharedReceiver<number>) => rx.recv(),
    ],
    ["watch.changed", () => watch.shared(1), (rx: watch.SharedReceiver<number>) => rx.changed()],
  ] as [string, () => [unknown, Disposable], (rx: never) => ReturnType<typeof pendingOf>][])(
    "%s is woken",
    (name, make, wait) => {
      const [, rx] = make();
      const polled = new Polled(wait(rx as never) as never);
      expect(polled.poll()).toBe(Pending);
      rx[Symbol.dispose]();
      expect(polled.isWoken).toBe(true);
      const none = name === "mpsc.recv" ? undefined : [];
      if (name.startsWith("mpsc")) expect(polled.poll()).toEqual(none);
      else expect(() => polled.poll()).toThrow(/was used after it had been disposed/);
    },
  );
});

describe("disposing a handle that is polled by hand", () => {
  test.each<[string, (cx: Context) => [Poll<unknown>, Disposable]]>([
    ["mpsc.pollRecv", (cx) => kept(mpsc.shared<number>(1), (rx) => rx.pollRecv(cx))],
    ["mpsc.pollRecvMany", (cx) => kept(mpsc.shared<number>(1), (rx) => rx.pollRecvMany(cx, 2))],
    ["broadcast.pollRecv", (cx) => kept(broadcast.shared(1), (rx) => rx.pollRecv(cx))],
    ["watch.pollChanged", (cx) => kept(watch.shared(1), (rx) => rx.pollChanged(cx))],
    ["oneshot.pollClosed", (cx) => kept(turned(oneshot.shared()), (tx) => tx.pollClosed(cx))],
  ])("%s is woken", (_, poll) => {
    let wakes = 0;
    const [answer, handle] = poll({ waker: Waker.from(() => void wakes++) });
    expect(answer).toBe(Pending);
    handle[Symbol.dispose]();
    expect(wakes).toBeGreaterThan(0);
  });
});

/** Other ends stay: nothing else wakes who waits. */
const ends: unknown[] = [];

function kept<H extends Disposable>(
  [other, handle]: readonly [unknown, H],
  poll: (handle: H) => Poll<unknown>,
): [Poll<unknown>, Disposable] {
  ends.push(other);
  return [poll(handle), handle];
}

function turned<A, B>([one, other]: readonly [A, B]): [B, A] {
  return [other, one];
}

describe("a value that gives up what it is sent by, while it is being written", () => {
  test("a sender: nothing is sent", () => {
    const [tx, rx] = mpsc.shared<unknown>(1);
    const value = readOnce(() => tx.close());
    expect(() => tx.send(value).poll(NOBODY)).toThrow(/was used after it had been disposed/);
    expect(rx.recv().poll(NOBODY)).toBe(undefined);
  });

  test("a permit: nothing is sent, and the room is there again", () => {
    const [tx, rx] = mpsc.shared<unknown>(1);
    const permit = tx.tryReserve();
    const value = readOnce(() => permit[Symbol.dispose]());
    expect(() => permit.send(value)).toThrow(/it is for one value/);
    expect([tx.capacity(), rx.len()]).toEqual([1, 0]);
  });

  test("a guard: who has the lock by then keeps what it wrote", () => {
    const mutex = Mutex.shared<unknown>("first");
    const guard = mutex.tryLock();
    guard.value = readOnce(() => {
      guard.release();
      const theirs = mutex.tryLock();
      theirs.value = "theirs";
      theirs.release();
    });
    guard.release();
    expect(mutex.tryLock().value).toBe("theirs");
  });
});

/** Its first reader has `then` happen. */
function readOnce(then: () => void): unknown {
  let left = 1;
  return {
    get now() {
      if (left-- > 0) then();
      return 1;
    },
  };
}

describe("an async function under a shared lock that leaves what cannot be sent", () => {
  type Change = (value: { field: unknown }) => Promise<void>;
  const first = (): { field: unknown } => ({ field: 1 });
  test.each<[string, (change: Change) => Future<void>]>([
    ["Mutex.with", (change) => Mutex.shared(first()).with(change)],
    ["RwLock.withWrite", (change) => RwLock.shared(first()).withWrite(change)],
  ])("%s fails", async (_, lock) => {
    const changed = lock(async (value) => {
      value.field = () => {};
    });
    await expect(changed).rejects.toMatchObject({ name: "SendError" });
  });
});

describe("a lease", () => {
  test("whose renewal wakes who takes by hand gives nothing twice", async () => {
    const rt = unmanned(1);
    const received = inside(rt, () => {
      const [tx, rx] = mpsc.sharedUnbounded<number>();
      for (let value = 0; value < 10; value++) tx.send(value);
      const taken = [rx.recv().poll(NOBODY)];
      const [other, closes] = mpsc.shared<number>(1);
      other.closed().poll({ waker: Waker.from(() => taken.push(rx.tryRecv())) });
      // As another thread would: nothing of this thread has run since.
      const { home, object } = closes as unknown as Inside;
      home.core.closeObject(object);
      for (let more = 0; more < 5; more++) taken.push(rx.recv().poll(NOBODY));
      return taken;
    });
    await rt.shutdown();
    expect(received).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

/** What a handle has of the core. */
interface Inside {
  readonly object: number;
  readonly home: { readonly core: { closeObject(object: number): void } };
}

function pendingOf(): unknown {
  return Pending;
}

describe("a OnceCell that is taken by another handle", () => {
  test("what was read of it is read no longer", () => {
    const cell = OnceCell.shared<{ id: number }>();
    using other = cell.clone();
    cell.set({ id: 1 });
    expect([cell.get(), other.get()]).toEqual([{ id: 1 }, { id: 1 }]);
    expect(other.take()).toEqual({ id: 1 });
    expect([cell.get(), cell.isInitialized()]).toEqual([undefined, false]);
    other.set({ id: 2 });
    expect(cell.get()).toEqual({ id: 2 });
    other.take();
    other.set({ id: 3 });
    expect(cell.get()).toEqual({ id: 3 });
  });

  test("what there is one of goes with the first who reads", () => {
    const cell = OnceCell.shared<{ tx: oneshot.SharedSender<number> }>();
    using other = cell.clone();
    const [tx, rx] = oneshot.shared<number>();
    cell.set({ tx });
    const read = cell.get();
    expect(() => other.take()).toThrow(/has been received already/);
    expect(cell.isInitialized()).toBe(false);
    read?.tx.send(2);
    expect(rx.poll(NOBODY)).toBe(2);
  });

  test.each([false, true])("it is let go of, and what came with it: read before: %s", (read) => {
    const cell = OnceCell.shared<{ tx: mpsc.SharedSender<number> }>();
    const [tx, rx] = mpsc.shared<number>(1);
    cell.set({ tx });
    tx[Symbol.dispose]();
    if (read) cell.get();
    const taken = cell.take();
    const received = rx.recv();
    expect(received.poll(NOBODY)).toBe(Pending);
    taken?.tx[Symbol.dispose]();
    expect(received.poll(NOBODY)).toBe(undefined);
  });
});

test.each([0, 1])(
  "a send that its value drops while it is written sends nothing: %s queued",
  (queued) => {
    const [tx, rx] = mpsc.shared<unknown>(1);
    if (queued === 1) tx.trySend("first");
    const send: Future<void> = tx.send({
      get dropping() {
        send[Symbol.dispose]();
        return 1;
      },
    });
    expect(send.poll(NOBODY)).toBe(Pending);
    expect(rx.len()).toBe(queued);
    expect(() => send.poll(NOBODY)).toThrow(/after completion/);
    if (queued === 1) rx.tryRecv();
    // It holds no place in the line.
    tx.trySend("next");
  },
);
