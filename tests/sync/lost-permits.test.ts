// Permits of mpsc channels that nobody uses: the garbage collector finds them, their room comes back, and a report says where they
// were taken.

import { ClosedHandleError, mpsc, SendError, trackGuardSites } from "tokiwa/sync";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { collectGarbage, count, stderrOf, untilCollected } from "../support/tasks.js";
import { readyNow, waiting } from "./polled.js";

const LOST = "a permit of an mpsc channel was dropped without being released";

beforeEach(() => trackGuardSites(true));
afterEach(() => trackGuardSites(false));

/** Runs `lose` and collects until `isFound`; what was reported. */
async function reportOf(lose: () => unknown, isFound: () => boolean): Promise<string> {
  return stderrOf(async () => {
    lose();
    await untilCollected("what was lost", isFound);
    // A second report of the same would come now.
    await collectGarbage();
  });
}

type Taking = (tx: mpsc.Sender<number>) => unknown;

const WAYS: readonly (readonly [string, Taking])[] = [
  ["reserve", (tx) => readyNow(tx.reserve())],
  ["tryReserve", (tx) => tx.tryReserve()],
  ["reserveMany", (tx) => readyNow(tx.reserveMany(2))],
  ["tryReserveMany", (tx) => tx.tryReserveMany(2)],
  ["take of Permits", (tx) => readyNow(tx.reserveMany(2)).take()],
  ["reserveOwned", (tx) => readyNow(tx.clone().reserveOwned())],
  ["tryReserveOwned", (tx) => tx.clone().tryReserveOwned()],
];

test.each(WAYS)("%s: the room comes back, and the place is told", async (_, take) => {
  const [tx, rx] = mpsc.channel<number>(3);
  const text = await reportOf(
    () => take(tx),
    () => tx.capacity() === 3 && tx.strongCount() === 1,
  );
  expect(count(text, LOST)).toBeGreaterThan(0);
  expect(text).toMatch(/taken by somebody at .*lost-permits\.test\.ts:\d+:\d+/);
  for (const value of [1, 2, 3]) tx.trySend(value);
  expect(readyNow(rx.recvMany(9))).toEqual([1, 2, 3]);
});

test("who waits for room gets it, and a receiver that waits for the end is told", async () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const lose = (): unknown => tx.tryReserve();
  lose();
  const send = waiting(tx.send(1));
  await reportOf(
    () => {},
    () => send.isWoken,
  );
  expect(send.poll()).toBe(undefined);
  expect(readyNow(rx.recv())).toBe(1);
  lose();
  tx.close();
  const recv = waiting(rx.recv());
  await reportOf(
    () => {},
    () => recv.isWoken,
  );
  expect(recv.poll()).toBe(undefined);
});

test("an owned permit that was used does not keep its loan, which the next that is lost was lent", async () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const used = tx.clone().tryReserveOwned();
  used.send(1).close();
  rx.tryRecv();
  await reportOf(
    () => tx.tryReserve(),
    () => tx.capacity() === 1,
  );
  expect(() => used.send(2)).toThrow(ClosedHandleError);
});

const WAITS: readonly (readonly [string, Taking])[] = [
  ["reserve", (tx) => waiting(tx.reserve())],
  ["reserveMany", (tx) => waiting(tx.reserveMany(1))],
  ["reserveOwned", (tx) => waiting(tx.clone().reserveOwned())],
];

test.each(WAITS)(
  "%s: room that was granted to a wait, and the wait lost before it was polled again",
  async (_, wait) => {
    const [tx, rx] = mpsc.channel<number>(1);
    tx.trySend(1);
    const lose = (): unknown => wait(tx);
    lose();
    const behind = waiting(tx.send(2));
    expect(rx.tryRecv()).toBe(1);
    expect(behind.isWoken).toBe(false);
    const text = await reportOf(
      () => {},
      () => behind.isWoken,
    );
    expect(count(text, LOST)).toBe(1);
    expect(text).toMatch(/taken by somebody at .*lost-permits\.test\.ts:\d+:\d+/);
    expect(behind.poll()).toBe(undefined);
    expect(tx.strongCount()).toBe(1);
  },
);

test("room that was granted is given back with its loan: by a drop, by a close, and by a sender that was closed", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const owner = tx.clone();
  tx.trySend(1);
  const dropped = waiting(tx.reserve());
  const closed = waiting(owner.reserveOwned());
  const refused = waiting(tx.reserve());
  rx.tryRecv();
  dropped.drop();
  owner.close();
  expect(() => closed.poll()).toThrow(ClosedHandleError);
  expect(refused.isWoken).toBe(true);
  rx.close();
  expect(() => refused.poll()).toThrow(SendError);
  expect(readyNow(rx.recv())).toBe(undefined);
});

test("one of many is found while the others are held, whatever was lent before", async () => {
  const [tx, rx] = mpsc.channel<number>(4);
  const permits = Array.from({ length: 4 }, () => tx.tryReserve());
  for (const permit of permits.splice(0)) permit[Symbol.dispose]();
  permits.push(...Array.from({ length: 4 }, () => tx.tryReserve()));
  for (let left = 3; left > 0; left--) {
    await reportOf(
      () => permits.splice(left, 1),
      () => tx.capacity() === 4 - left,
    );
  }
  permits[0]?.send(1);
  expect([rx.tryRecv(), tx.capacity()]).toEqual([1, 4]);
});

describe("what was not lost", () => {
  test("permits that are held, used or given back", async () => {
    const [tx, rx] = mpsc.channel<number>(8);
    const held = tx.tryReserve();
    const text = await stderrOf(async () => {
      const use = (): void => {
        for (let round = 0; round < 20; round++) {
          tx.tryReserve().send(round);
          rx.tryRecv();
          tx.tryReserve()[Symbol.dispose]();
          for (const permit of tx.tryReserveMany(3)) permit.send(round);
          readyNow(rx.recvMany(3));
          tx.clone().tryReserveOwned().send(round).close();
          rx.tryRecv();
        }
      };
      use();
      await collectGarbage();
      await collectGarbage();
    });
    expect(text).toBe("");
    expect(tx.capacity()).toBe(7);
    held.send(1);
    expect(rx.tryRecv()).toBe(1);
  });

  test("nothing is registered per reservation", () => {
    const [tx] = mpsc.channel<number>(4);
    tx.tryReserve()[Symbol.dispose]();
    const register = vi.spyOn(FinalizationRegistry.prototype, "register");
    try {
      for (let round = 0; round < 100; round++) readyNow(tx.reserve())[Symbol.dispose]();
      expect(register).toHaveBeenCalledTimes(0);
    } finally {
      register.mockRestore();
    }
  });
});
