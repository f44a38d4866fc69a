// Handles that were given up: refused with a named error wherever they would be used, harmless where they are only asked.

import { TokiwaError } from "tokiwa";
import { ClosedHandleError, mpsc } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { thrownBy } from "../support/time.js";
import { readyNow, waiting } from "./polled.js";

describe("a sender that was given up", () => {
  const USES: readonly (readonly [string, (tx: mpsc.Sender<number>) => unknown])[] = [
    ["send", (tx) => tx.send(1)],
    ["trySend", (tx) => tx.trySend(1)],
    ["reserve", (tx) => tx.reserve()],
    ["reserveMany", (tx) => tx.reserveMany(1)],
    ["reserveOwned", (tx) => tx.reserveOwned()],
    ["tryReserve", (tx) => tx.tryReserve()],
    ["clone", (tx) => tx.clone()],
    ["downgrade", (tx) => tx.downgrade()],
  ];

  test.each(USES)("%s throws at the call", (_, use) => {
    const [tx, rx] = mpsc.channel<number>(1);
    const clone = tx.clone();
    tx[Symbol.dispose]();
    const error = thrownBy(() => use(tx));
    expect(error).toBeInstanceOf(ClosedHandleError);
    expect(error).toBeInstanceOf(TokiwaError);
    expect((error as Error).message).toMatch(/sender.*clone/);
    expect([rx.len(), clone.strongCount(), clone.weakCount(), clone.capacity()]).toEqual([
      0, 1, 0, 1,
    ]);
  });

  test("can still be asked", () => {
    const [tx, rx] = mpsc.channel<number>(3);
    tx.close();
    expect([tx.isClosed(), tx.strongCount(), tx.len(), tx.capacity(), tx.maxCapacity()]).toEqual([
      false,
      0,
      0,
      3,
      3,
    ]);
    rx.close();
    expect(tx.isClosed()).toBe(true);
  });

  test("leaves its sends that wait as they are", () => {
    const [tx, rx] = mpsc.channel<number>(1);
    const clone = tx.clone();
    tx.trySend(1);
    const send = waiting(tx.send(2));
    tx.close();
    expect(readyNow(rx.recv())).toBe(1);
    expect(send.poll()).toBe(undefined);
    expect(readyNow(rx.recv())).toBe(2);
    clone.close();
    expect(readyNow(rx.recv())).toBe(undefined);
  });
});

describe("a receiver that was given up", () => {
  const USES: readonly (readonly [string, (rx: mpsc.Receiver<number>) => unknown])[] = [
    ["recv", (rx) => rx.recv()],
    ["recvMany", (rx) => rx.recvMany(1)],
    ["tryRecv", (rx) => rx.tryRecv()],
  ];

  test.each(USES)("%s throws at the call", (_, use) => {
    const [, rx] = mpsc.channel<number>(1);
    rx[Symbol.dispose]();
    expect(thrownBy(() => use(rx))).toBeInstanceOf(ClosedHandleError);
  });

  test("can still be asked, and closed", () => {
    const [, rx] = mpsc.channel<number>(2);
    rx[Symbol.dispose]();
    rx.close();
    expect([rx.isClosed(), rx.len(), rx.isEmpty(), rx.capacity()]).toEqual([true, 0, true, 2]);
  });
});

test("the errors are named, so that a log line tells them apart", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  tx.trySend(1);
  expect(String(thrownBy(() => tx.trySend(2)))).toMatch(/^TrySendError: no available capacity/);
  rx.tryRecv();
  expect(String(thrownBy(() => rx.tryRecv()))).toMatch(/^TryRecvError: the channel is empty/);
  rx.close();
  expect(String(thrownBy(() => tx.trySend(2)))).toMatch(/^TrySendError: channel closed/);
  expect(String(thrownBy(() => rx.tryRecv()))).toMatch(/^TryRecvError: channel closed/);
});
