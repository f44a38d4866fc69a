// What shared primitives refuse: handles that were given up, a runtime that is gone, an object in which a thread died. Every method
// gives a named error or an answer that needs no shared memory; none goes on to an object that may be somebody else's by now.

import { Builder } from "tokiwa/runtime";
import {
  Barrier,
  broadcast,
  Mutex,
  mpsc,
  Notify,
  OnceCell,
  oneshot,
  RwLock,
  Semaphore,
  SetOnce,
  watch,
} from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { inside } from "../../threads/sync-kinds.js";
import { Polled } from "../polled.js";

type Answer = string | number | boolean | undefined;
/** A use of a handle, by what it is called; a future is polled. */
type Uses<H> = Record<string, (handle: H) => unknown>;

interface Kind {
  readonly make: () => Disposable;
  readonly uses: Uses<never>;
  /** What a handle says that was given up, where it is no ClosedHandleError. */
  readonly afterwards: Record<string, Answer>;
  /** What a use says of a broken object, where it is no BrokenError: counts, and what changes nothing. */
  readonly broken: readonly string[];
}

function kind<H extends Disposable>(
  make: () => H,
  uses: Uses<H>,
  broken: readonly (keyof typeof uses)[] = [],
  afterwards: Record<string, Answer> = {},
): Kind {
  return { make, uses, afterwards, broken };
}

const KINDS: Record<string, Kind> = {
  Mutex: kind(
    () => Mutex.shared(0),
    {
      lock: (h) => h.lock(),
      with: (h) => h.with(() => 1),
      tryLock: (h) => h.tryLock(),
      isLocked: (h) => h.isLocked(),
      isPoisoned: (h) => h.isPoisoned(),
      clone: (h) => h.clone(),
    },
    ["isLocked", "isPoisoned", "clone"],
  ),
  RwLock: kind(
    () => RwLock.shared(0),
    {
      read: (h) => h.read(),
      write: (h) => h.write(),
      tryRead: (h) => h.tryRead(),
      tryWrite: (h) => h.tryWrite(),
      isPoisoned: (h) => h.isPoisoned(),
      clone: (h) => h.clone(),
    },
    ["isPoisoned", "clone"],
  ),
  Semaphore: kind(
    () => Semaphore.shared(1),
    {
      acquire: (h) => h.acquire(),
      tryAcquire: (h) => h.tryAcquire(),
      addPermits: (h) => h.addPermits(1),
      forgetPermits: (h) => h.forgetPermits(1),
      availablePermits: (h) => h.availablePermits(),
      isClosed: (h) => h.isClosed(),
      close: (h) => h.close(),
      clone: (h) => h.clone(),
    },
    ["availablePermits", "isClosed", "close", "clone"],
  ),
  Notify: kind(
    () => Notify.shared(),
    {
      notified: (h) => h.notified(),
      enable: (h) => h.notified().enable(),
      notifyOne: (h) => h.notifyOne(),
      notifyLast: (h) => h.notifyLast(),
      notifyWaiters: (h) => h.notifyWaiters(),
      clone: (h) => h.clone(),
    },
    ["clone"],
  ),
  Barrier: kind(() => Barrier.shared(2), { wait: (h) => h.wait(), clone: (h) => h.clone() }, [
    "clone",
  ]),
  OnceCell: kind(
    () => OnceCell.shared<number>(),
    {
      get: (h) => h.get(),
      set: (h) => h.set(1),
      isInitialized: (h) => h.isInitialized(),
      getOrInit: (h) => h.getOrInit(() => 1),
      clone: (h) => h.clone(),
    },
    ["isInitialized", "clone"],
  ),
  SetOnce: kind(
    () => SetOnce.shared<number>(),
    {
      get: (h) => h.get(),
      set: (h) => h.set(1),
      isInitialized: (h) => h.isInitialized(),
      wait: (h) => h.wait(),
      clone: (h) => h.clone(),
    },
    ["isInitialized", "clone"],
  ),
  "mpsc.Sender": kind(
    () => mpsc.shared<number>(2)[0],
    {
      send: (h) => h.send(1),
      trySend: (h) => h.trySend(1),
      reserve: (h) => h.reserve(),
      reserveMany: (h) => h.reserveMany(2),
      reserveOwned: (h) => h.reserveOwned(),
      tryReserve: (h) => h.tryReserve(),
      tryReserveMany: (h) => h.tryReserveMany(2),
      tryReserveOwned: (h) => h.tryReserveOwned(),
      closed: (h) => h.closed(),
      isClosed: (h) => h.isClosed(),
      strongCount: (h) => h.strongCount(),
      weakCount: (h) => h.weakCount(),
      len: (h) => h.len(),
      capacity: (h) => h.capacity(),
      sameChannel: (h) => h.sameChannel(h),
      clone: (h) => h.clone(),
      downgrade: (h) => h.downgrade(),
    },
    [
      "isClosed",
      "strongCount",
      "weakCount",
      "len",
      "capacity",
      "sameChannel",
      "clone",
      "downgrade",
    ],
  ),
  "mpsc.UnboundedSender": kind(
    () => mpsc.sharedUnbounded<number>()[0],
    { send: (h) => h.send(1), clone: (h) => h.clone(), downgrade: (h) => h.downgrade() },
    ["clone", "downgrade"],
  ),
  "mpsc.WeakSender": kind(
    () => mpsc.shared<number>(2)[0].downgrade(),
    {
      upgrade: (h) => h.upgrade(),
      strongCount: (h) => h.strongCount(),
      weakCount: (h) => h.weakCount(),
    },
    ["upgrade", "strongCount", "weakCount"],
  ),
  "mpsc.Receiver": kind(
    () => mpsc.shared<number>(2)[1],
    {
      recv: (h) => h.recv(),
      recvMany: (h) => h.recvMany(2),
      tryRecv: (h) => h.tryRecv(),
      len: (h) => h.len(),
      isEmpty: (h) => h.isEmpty(),
      isClosed: (h) => h.isClosed(),
      capacity: (h) => h.capacity(),
      senderStrongCount: (h) => h.senderStrongCount(),
      senderWeakCount: (h) => h.senderWeakCount(),
      close: (h) => h.close(),
    },
    ["len", "isEmpty", "isClosed", "capacity", "senderStrongCount", "senderWeakCount", "close"],
    { len: 0, isEmpty: true, isClosed: true, close: undefined },
  ),
  "oneshot.Sender": kind(
    () => oneshot.shared<number>()[0],
    {
      isClosed: (h) => h.isClosed(),
      closed: (h) => h.closed(),
      send: (h) => h.send(1),
    },
    ["isClosed"],
  ),
  "broadcast.Sender": kind(
    () => broadcast.shared<number>(2)[0],
    {
      send: (h) => h.send(1),
      subscribe: (h) => h.subscribe(),
      len: (h) => h.len(),
      isEmpty: (h) => h.isEmpty(),
      receiverCount: (h) => h.receiverCount(),
      closed: (h) => h.closed(),
      strongCount: (h) => h.strongCount(),
      weakCount: (h) => h.weakCount(),
      sameChannel: (h) => h.sameChannel(h),
      clone: (h) => h.clone(),
      downgrade: (h) => h.downgrade(),
    },
    [
      "subscribe",
      "len",
      "isEmpty",
      "receiverCount",
      "strongCount",
      "weakCount",
      "sameChannel",
      "clone",
      "downgrade",
    ],
  ),
  "broadcast.WeakSender": kind(
    () => broadcast.shared<number>(2)[0].downgrade(),
    {
      upgrade: (h) => h.upgrade(),
      strongCount: (h) => h.strongCount(),
      weakCount: (h) => h.weakCount(),
    },
    ["upgrade", "strongCount", "weakCount"],
  ),
  "broadcast.Receiver": kind(
    () => broadcast.shared<number>(2)[1],
    {
      recv: (h) => h.recv(),
      tryRecv: (h) => h.tryRecv(),
      len: (h) => h.len(),
      isEmpty: (h) => h.isEmpty(),
      isClosed: (h) => h.isClosed(),
      resubscribe: (h) => h.resubscribe(),
      sameChannel: (h) => h.sameChannel(h),
    },
    ["len", "isEmpty", "isClosed", "resubscribe", "sameChannel"],
    { len: 0, isEmpty: true },
  ),
  "watch.Sender": kind(
    () => watch.shared("a")[0],
    {
      send: (h) => h.send("b"),
      sendReplace: (h) => h.sendReplace("b"),
      sendModify: (h) => h.sendModify(() => {}),
      sendIfModified: (h) => h.sendIfModified(() => true),
      borrow: (h) => h.borrow(),
      subscribe: (h) => h.subscribe(),
      isClosed: (h) => h.isClosed(),
      closed: (h) => h.closed(),
      receiverCount: (h) => h.receiverCount(),
      senderCount: (h) => h.senderCount(),
      sameChannel: (h) => h.sameChannel(h),
      clone: (h) => h.clone(),
    },
    ["subscribe", "isClosed", "receiverCount", "senderCount", "sameChannel", "clone"],
  ),
  "watch.Receiver": kind(
    () => watch.shared("a")[1],
    {
      changed: (h) => h.changed(),
      waitFor: (h) => h.waitFor(() => true),
      hasChanged: (h) => h.hasChanged(),
      borrow: (h) => h.borrow(),
      borrowAndUpdate: (h) => h.borrowAndUpdate(),
      markChanged: (h) => h.markChanged(),
      markUnchanged: (h) => h.markUnchanged(),
      isClosed: (h) => h.isClosed(),
      sameChannel: (h) => h.sameChannel(h),
      clone: (h) => h.clone(),
    },
    ["markChanged", "markUnchanged", "isClosed", "sameChannel", "clone"],
  ),
};

/** What a use comes to: a future is polled once. The name of the error, or what was given. */
function outcome(use: (handle: never) => unknown, handle: Disposable): unknown {
  try {
    const given = use(handle as never) as { poll?: unknown };
    return typeof given?.poll === "function" ? new Polled(given as never).poll() : given;
  } catch (error) {
    return (error as Error).name;
  }
}

const USES = Object.entries(KINDS).flatMap(([name, { make, uses, afterwards, broken }]) =>
  Object.entries(uses).map(([method, use]) => ({
    call: `${name}.${method}`,
    make,
    use,
    afterwards: method in afterwards ? afterwards[method] : "ClosedHandleError",
    isIndifferent: broken.includes(method),
  })),
);

describe("a handle that was given up", () => {
  test.each(USES)("$call", ({ make, use, afterwards }) => {
    const handle = make();
    handle[Symbol.dispose]();
    expect(outcome(use, handle)).toBe(afterwards);
  });

  test("futures that were made before and not polled refuse, and those that wait go on", () => {
    const notify = Notify.shared();
    const other = notify.clone();
    const unpolled = notify.notified();
    const waits = new Polled(notify.notified());
    waits.poll();
    notify[Symbol.dispose]();
    expect(outcome(() => unpolled, notify)).toBe("ClosedHandleError");
    expect(outcome(() => unpolled.enable(), notify)).toBe("ClosedHandleError");
    other.notifyOne();
    expect(waits.poll()).toBe(undefined);
  });

  test("a guard outlives its lock's handle", () => {
    const mutex = Mutex.shared("a");
    const other = mutex.clone();
    const guard = mutex.tryLock();
    mutex[Symbol.dispose]();
    expect(guard.value).toBe("a");
    guard.value = "b";
    guard.release();
    expect(other.tryLock().value).toBe("b");
  });

  test("a value whose encoding disposes the handle is not sent", () => {
    const [sender, receiver] = mpsc.shared<object>(1);
    const keeps = sender.clone();
    const value = {
      get now() {
        sender.close();
        return 1;
      },
    };
    expect(outcome(() => sender.trySend(value), sender)).toBe("ClosedHandleError");
    expect(receiver.isEmpty()).toBe(true);
    keeps.trySend({});
  });
});

describe("a runtime that is gone", () => {
  test("every use is a ShutdownError, and disposal is none", async () => {
    const rt = Builder.newMultiThread().workerThreads(1).enableAll().build();
    const handles = inside(rt, () => USES.map(({ make }) => make()));
    const mutex = inside(rt, () => Mutex.shared([1]));
    const held = mutex.tryLock();
    held.value.push(2);
    const [tx] = inside(rt, () => mpsc.shared<string>(1));
    const permit = tx.tryReserve();
    await rt.shutdown();
    const found = USES.map(({ call, use }, index) => [
      call,
      outcome(use, handles[index] as Disposable),
    ]);
    expect(found).toEqual(USES.map(({ call }) => [call, expect.stringMatching(/^ShutdownError$/)]));
    expect(outcome(() => held.value, held)).toBe("ShutdownError");
    expect(
      outcome(() => {
        held.value = [];
      }, held),
    ).toBe("ShutdownError");
    expect(outcome(() => permit.send("a"), permit)).toBe("ShutdownError");
    held.release();
    permit[Symbol.dispose]();
    for (const handle of handles) handle[Symbol.dispose]();
  });
});

/** What `recover` does to an object whose lock a dead thread held. */
function breakObject(handle: object): void {
  const { home, object } = handle as { home: { buffer: SharedArrayBuffer }; object: number };
  new Int32Array(home.buffer)[(object + 12) >> 2] = 1;
}

describe("an object that a dead thread was changing", () => {
  test.each(USES)("$call", ({ make, use, isIndifferent }) => {
    const handle = make();
    breakObject(handle);
    if (isIndifferent) expect(outcome(use, handle)).not.toBe("BrokenError");
    else expect(outcome(use, handle)).toBe("BrokenError");
  });

  test("a permit that is used", () => {
    const [sender] = mpsc.shared<string>(1);
    const permit = sender.tryReserve();
    breakObject(sender);
    expect(outcome(() => permit.send("a"), permit)).toBe("BrokenError");
    permit[Symbol.dispose]();
  });

  test("a oneshot's receiver", () => {
    const [sender, receiver] = oneshot.shared<number>();
    breakObject(sender);
    expect(outcome(() => receiver.tryRecv(), sender)).toBe("BrokenError");
    expect(outcome(() => receiver, sender)).toBe("BrokenError");
  });
});
