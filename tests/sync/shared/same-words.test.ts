// The shared form of a primitive refuses in the words of the plain one: its errors are about the same mistakes.

import type { Future } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { broadcast, CapacityError, mpsc, OnceCell, oneshot, Semaphore, watch } from "tokiwa/sync";
import { expect, test } from "vitest";
import { inside } from "../../threads/sync-kinds.js";
import { readyNow, waiting } from "../polled.js";

/** A mistake in each form. */
type Mistakes = Record<string, readonly [plain: () => unknown, shared: () => unknown]>;

const spent = <H extends Disposable>(handle: H): H => {
  handle[Symbol.dispose]();
  return handle;
};

const MISTAKES: Mistakes = {
  "watch: send without a receiver": both(watch.channel, watch.shared, (make) => {
    const [tx, rx] = make(1);
    spent(rx);
    tx.send(2);
  }),
  "watch: changed without a sender": both(watch.channel, watch.shared, (make) => {
    const [tx, rx] = make(1);
    spent(tx);
    readyNow(rx.changed());
  }),
  "watch: hasChanged without a sender": both(watch.channel, watch.shared, (make) => {
    const [tx, rx] = make(1);
    spent(tx);
    rx.hasChanged();
  }),
  "watch: sendModify of no function": both(watch.channel, watch.shared, (make) => {
    make(1)[0].sendModify(1 as never);
  }),
  "broadcast: send without a receiver": both(broadcast.channel, broadcast.shared, (make) => {
    const [tx, rx] = make<number>(1);
    spent(rx);
    tx.send(2);
  }),
  "broadcast: recv without a sender": both(broadcast.channel, broadcast.shared, (make) => {
    const [tx, rx] = make<number>(1);
    spent(tx);
    readyNow(rx.recv());
  }),
  "broadcast: a receiver that was disposed": both(broadcast.channel, broadcast.shared, (make) => {
    spent(make<number>(1)[1]).tryRecv();
  }),
  "broadcast: a weak sender that was disposed": both(
    broadcast.channel,
    broadcast.shared,
    (make) => {
      spent(make<number>(1)[0].downgrade()).upgrade();
    },
  ),
  "mpsc: a weak sender that was disposed": both(mpsc.channel, mpsc.shared, (make) => {
    spent(make<number>(1)[0].downgrade()).upgrade();
  }),
  "mpsc: a permit that was used": both(mpsc.channel, mpsc.shared, (make) => {
    const permit = make<number>(2)[0].tryReserve();
    permit.send(1);
    permit.send(2);
  }),
  "mpsc: an owned permit that was used": both(mpsc.channel, mpsc.shared, (make) => {
    const permit = make<number>(2)[0].tryReserveOwned();
    permit.send(1);
    permit.send(2);
  }),
  "Semaphore: merge of what is no permit": both(newSemaphore, Semaphore.shared, (make) => {
    make(1)
      .tryAcquire()
      .merge(1 as never);
  }),
  "OnceCell: getOrInit of no function": both(newCell, OnceCell.shared<number>, (make) => {
    make().getOrInit(1 as never);
  }),
};

function newSemaphore(permits: number): Semaphore {
  return new Semaphore(permits);
}

function newCell(): OnceCell<number> {
  return new OnceCell();
}

function both<P, S>(
  plain: P,
  shared: S,
  mistake: (make: P) => unknown,
): readonly [() => unknown, () => unknown] {
  return [() => mistake(plain), () => mistake(shared as unknown as P)];
}

function refusal(use: () => unknown): string {
  try {
    use();
  } catch (error) {
    return String(error);
  }
  throw new Error("was not refused");
}

const newRuntime = () => Builder.newCurrentThread().build();

test.each(Object.entries(MISTAKES))("%s", (_, [plain, shared]) => {
  inside(newRuntime(), () => expect(refusal(shared)).toBe(refusal(plain)));
});

test("what waits for permits says for how many", () => {
  inside(newRuntime(), () => {
    const [plain, shared] = [new Semaphore(0).acquire(3), Semaphore.shared(0).acquire(3)];
    expect(waiting(shared).future.waitsFor()).toBe("Semaphore.acquire(3)");
    expect(waiting(plain).future.waitsFor()).toContain("Semaphore.acquire(3)");
  });
});

test("forgetPermits takes any whole number", () => {
  inside(newRuntime(), () => {
    for (const make of [newSemaphore, Semaphore.shared]) {
      expect(make(3).forgetPermits(2 ** 40)).toBe(3);
      expect(() => make(3).forgetPermits(0.5)).toThrow(CapacityError);
    }
  });
});

test("either end of a shared oneshot that is used again is the only one", () => {
  inside(newRuntime(), () => {
    const [to] = mpsc.sharedUnbounded<unknown>();
    for (const end of oneshot.shared<number>())
      expect(refusal(() => to.send(spent(end as Disposable)))).toContain("there is only one of it");
  });
});

test("who waits for the other side to go says of which channel", () => {
  inside(newRuntime(), () => {
    const senders: [string, { closed(): Future<void> }[]][] = [
      ["mpsc", [mpsc.channel(1)[0], mpsc.shared<number>(1)[0]]],
      ["watch", [watch.channel(1)[0], watch.shared(1)[0]]],
      ["broadcast", [broadcast.channel(1)[0], broadcast.shared<number>(1)[0]]],
      ["oneshot", [oneshot.channel()[0], oneshot.shared<number>()[0]]],
    ];
    for (const [name, forms] of senders)
      for (const sender of forms) expect(sender.closed().waitsFor()).toBe(`${name}.closed()`);
  });
});
