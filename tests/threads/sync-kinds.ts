// Every kind of shared handle: how a test makes one, and verifies what another thread has done with it. The other half is
// fixtures/sync-kinds.mjs.

import type { Runtime } from "tokiwa/runtime";
import {
  Barrier,
  broadcast,
  CancellationToken,
  ClosedHandleError,
  Mutex,
  mpsc,
  Notify,
  OnceCell,
  oneshot,
  RwLock,
  Semaphore,
  SetOnce,
  TryLockError,
  watch,
} from "tokiwa/sync";
import { expect } from "vitest";
import { settles } from "../support/tasks.js";
import { LONG } from "./crew.js";

export interface Made {
  readonly handle: object;
  /** Begins when the handle has been sent. */
  meanwhile?: () => Promise<unknown>;
  /** What the other thread's exercise gives, and whatever else is to be seen by then. */
  verify(result: unknown): unknown;
}

export interface Kind {
  /** There is only one of it, so that sending moves it. */
  readonly isUnique: boolean;
  make(): Made;
  /** Uses a handle so that one which was disposed says so. */
  use(handle: never): unknown;
}

const awaited = <T>(promise: PromiseLike<T>): Promise<T> => settles(promise, LONG);

export const KINDS: Record<string, Kind> = {
  Semaphore: {
    isUnique: false,
    use: (handle: ReturnType<typeof Semaphore.shared>) => handle.availablePermits(),
    make() {
      const handle = Semaphore.shared(5);
      return {
        handle,
        verify(result) {
          expect(result).toBe(2);
          expect(handle.availablePermits()).toBe(3);
        },
      };
    },
  },
  Mutex: {
    isUnique: false,
    use: (handle: ReturnType<typeof Mutex.shared<string[]>>) => handle.isLocked(),
    make() {
      const handle = Mutex.shared(["here"]);
      return {
        handle,
        verify() {
          const guard = handle.tryLock();
          expect(guard.value).toEqual(["here", "there"]);
          guard.release();
        },
      };
    },
  },
  RwLock: {
    isUnique: false,
    // The other thread may hold it for writing at this moment.
    use: (handle: ReturnType<typeof RwLock.shared<string[]>>) => handle.isPoisoned(),
    make() {
      const handle = RwLock.shared(["here"], { maxReaders: 7 });
      return {
        handle,
        verify(result) {
          expect(result).toEqual(["here"]);
          const guards = Array.from({ length: 7 }, () => handle.tryRead());
          expect(() => handle.tryRead()).toThrow();
          expect(guards[6]?.value).toEqual(["here", "there"]);
          for (const guard of guards) guard.release();
        },
      };
    },
  },
  Notify: {
    isUnique: false,
    use: (handle: ReturnType<typeof Notify.shared>) => handle.notifyWaiters(),
    make() {
      const handle = Notify.shared();
      return { handle, verify: () => awaited(handle.notified()) };
    },
  },
  Barrier: {
    isUnique: false,
    use: (handle: ReturnType<typeof Barrier.shared>) => handle.wait()[Symbol.dispose](),
    make() {
      const handle = Barrier.shared(2);
      let here: Promise<{ isLeader: boolean }> | undefined;
      return {
        handle,
        meanwhile() {
          here = awaited(handle.wait());
          return here;
        },
        async verify(result) {
          expect((await here)?.isLeader).toBe(!result);
        },
      };
    },
  },
  OnceCell: {
    isUnique: false,
    use: (handle: ReturnType<typeof OnceCell.shared>) => handle.get(),
    make() {
      const handle = OnceCell.shared<object>();
      return {
        handle,
        verify(result) {
          expect(result).toEqual({ made: "there" });
          expect(handle.get()).toEqual({ made: "there" });
        },
      };
    },
  },
  SetOnce: {
    isUnique: false,
    use: (handle: ReturnType<typeof SetOnce.shared>) => handle.get(),
    make() {
      const handle = SetOnce.shared<object>();
      return {
        handle,
        meanwhile: () => awaited(handle.wait()),
        verify(result) {
          expect(result).toEqual({ made: "there" });
          expect(handle.get()).toEqual({ made: "there" });
        },
      };
    },
  },
  CancellationToken: {
    isUnique: false,
    use: (handle: CancellationToken) => handle.isCancelled(),
    make() {
      const handle = new CancellationToken();
      return {
        handle,
        meanwhile: () => awaited(handle.cancelled()),
        verify(result) {
          expect(result).toBe(false);
          expect(handle.isCancelled()).toBe(true);
        },
      };
    },
  },
  "mpsc.Sender": {
    isUnique: false,
    use: (handle: mpsc.SharedSender<string>) => handle.reserve()[Symbol.dispose](),
    make() {
      const [handle, receiver] = mpsc.shared<string>(3);
      return {
        handle,
        async verify(result) {
          expect(result).toBe(3);
          expect(await awaited(receiver.recv())).toBe("there");
        },
      };
    },
  },
  "mpsc.UnboundedSender": {
    isUnique: false,
    use: (handle: mpsc.SharedUnboundedSender<string>) => handle.clone().close(),
    make() {
      const [handle, receiver] = mpsc.sharedUnbounded<string>();
      return {
        handle,
        async verify(result) {
          expect(result).toBe(true);
          expect(await awaited(receiver.recv())).toBe("there");
        },
      };
    },
  },
  "mpsc.WeakSender": {
    isUnique: false,
    use: (handle: mpsc.SharedWeakSender<string>) => handle.upgrade()?.close(),
    make() {
      const [sender, receiver] = mpsc.shared<string>(3);
      return {
        handle: sender.downgrade(),
        async verify() {
          expect(await awaited(receiver.recv())).toBe("there");
          sender.close();
          expect(await awaited(receiver.recv())).toBe(undefined);
        },
      };
    },
  },
  "mpsc.Receiver": {
    isUnique: true,
    use: (handle: mpsc.SharedReceiver<string>) => handle.recv()[Symbol.dispose](),
    make() {
      const [sender, handle] = mpsc.shared<string>(3);
      sender.trySend("one");
      sender.trySend("two");
      return {
        handle,
        async meanwhile() {
          sender.close();
        },
        verify: (result) => expect(result).toEqual(["one", "two", undefined]),
      };
    },
  },
  "oneshot.Sender": {
    isUnique: true,
    use: (handle: oneshot.SharedSender<object>) => handle.closed()[Symbol.dispose](),
    make() {
      const [handle, receiver] = oneshot.shared<object>();
      return {
        handle,
        verify: async () => expect(await awaited(receiver)).toEqual({ from: "there" }),
      };
    },
  },
  "oneshot.Receiver": {
    isUnique: true,
    // It is a future: one that has moved says so as one that is over.
    use(handle: oneshot.SharedReceiver<string>) {
      if (isDisconnected(handle)) throw new ClosedHandleError("a oneshot receiver");
    },
    make() {
      const [sender, handle] = oneshot.shared<string>();
      return {
        handle,
        async meanwhile() {
          sender.send("here");
        },
        verify: (result) => expect(result).toBe("here"),
      };
    },
  },
  "broadcast.Sender": {
    isUnique: false,
    use: (handle: broadcast.SharedSender<string>) => handle.clone().close(),
    make() {
      const [handle, receiver] = broadcast.shared<string>(4);
      const other = receiver.resubscribe();
      return {
        handle,
        async verify(result) {
          expect(result).toBe(2);
          expect(await awaited(receiver.recv())).toBe("there");
          expect(other.tryRecv()).toBe("there");
        },
      };
    },
  },
  "broadcast.WeakSender": {
    isUnique: false,
    use: (handle: broadcast.SharedWeakSender<string>) => handle.upgrade()?.close(),
    make() {
      const [sender, receiver] = broadcast.shared<string>(4);
      return {
        handle: sender.downgrade(),
        async verify(result) {
          expect(result).toBe(1);
          expect(await awaited(receiver.recv())).toBe("there");
          expect(sender.strongCount()).toBe(1);
        },
      };
    },
  },
  "broadcast.Receiver": {
    isUnique: true,
    use: (handle: broadcast.SharedReceiver<string>) => handle.isClosed(),
    make() {
      const [sender, handle] = broadcast.shared<string>(4);
      sender.send("before");
      return {
        handle,
        async meanwhile() {
          sender.send("after");
        },
        verify: (result) => expect(result).toEqual(["before", "after"]),
      };
    },
  },
  "watch.Sender": {
    isUnique: false,
    use: (handle: watch.SharedSender<string>) => handle.borrow(),
    make() {
      const [handle, receiver] = watch.shared("here");
      return {
        handle,
        meanwhile: () => awaited(receiver.changed()),
        verify(result) {
          expect(result).toBe("here");
          expect(receiver.borrow()).toBe("there");
        },
      };
    },
  },
  "watch.Receiver": {
    isUnique: false,
    use: (handle: watch.SharedReceiver<string>) => handle.hasChanged(),
    make() {
      const [sender, handle] = watch.shared("here");
      return {
        handle,
        async meanwhile() {
          sender.send("there");
        },
        verify: (result) => expect(result).toBe("there"),
      };
    },
  },
};

function isDisconnected(receiver: oneshot.SharedReceiver<string>): boolean {
  try {
    receiver.tryRecv();
    return false;
  } catch (error) {
    return (error as { isDisconnected?: boolean }).isDisconnected === true;
  }
}

/** Whether a handle was disposed. */
export function isClosed(kind: Kind, handle: object): boolean {
  try {
    kind.use(handle as never);
    return false;
  } catch (error) {
    // A lock that the other thread has at this moment is there.
    if (error instanceof TryLockError) return false;
    expect(error).toBeInstanceOf(ClosedHandleError);
    return true;
  }
}

/** Runs code that is neither a task nor async inside of a runtime; undefined: outside of every one. */
export function inside<R>(rt: Runtime | undefined, fn: () => R): R {
  const entered = rt?.enter();
  try {
    return fn();
  } finally {
    entered?.[Symbol.dispose]();
  }
}
