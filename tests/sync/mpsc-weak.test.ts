// Weak senders: they do not keep a channel open, and give a sender back while one is left. Mirrors Tokio's
// sync_mpsc_weak.rs.

import { spawn } from "tokiwa";
import { ClosedHandleError, mpsc } from "tokiwa/sync";
import { describe, expect, test } from "vitest";
import { runPaused, thrownBy } from "../support/time.js";
import { readyNow, waiting } from "./polled.js";

test("weak_sender: sends by an upgrade, and the channel ends with the last strong one", () => {
  runPaused(function* () {
    const [tx, rx] = mpsc.channel<number>(11);
    const weak = spawn(function* () {
      const weak = tx.downgrade();
      for (let value = 0; value < 10; value++) yield* tx.send(value);
      tx.close();
      return weak;
    });
    const received: number[] = [];
    for (let value = yield* rx.recv(); value !== undefined; value = yield* rx.recv())
      received.push(value);
    expect(received).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect((yield* weak).upgrade()).toBe(undefined);
  });
});

const KINDS = [
  ["bounded", () => mpsc.channel<number>(4)],
  ["unbounded", () => mpsc.unbounded<number>()],
] as const;

describe.each(KINDS)("%s", (_, make) => {
  test("actor_weak_sender: a downgraded handle lets the receiver see the end", () => {
    const [tx, rx] = make();
    const weak = tx.downgrade();
    const recv = waiting(rx.recv());
    tx.close();
    expect(recv.isWoken).toBe(true);
    expect(recv.poll()).toBe(undefined);
    expect(weak.upgrade()).toBe(undefined);
  });

  test("upgrade gives a sender of its own, of the same channel", () => {
    const [tx, rx] = make();
    const weak = tx.downgrade();
    const upgraded = weak.upgrade();
    expect(upgraded?.strongCount()).toBe(2);
    expect(upgraded?.sameChannel(tx as never)).toBe(true);
    tx.close();
    expect(rx.isClosed()).toBe(false);
    upgraded?.close();
    expect(rx.isClosed()).toBe(true);
    expect(weak.upgrade()).toBe(undefined);
  });

  test("downgrade_upgrade_sender_failure: once all are gone, none comes back", () => {
    const [tx] = make();
    const weak = tx.downgrade();
    tx.close();
    expect(weak.upgrade()).toBe(undefined);
    expect(weak.strongCount()).toBe(0);
  });

  test("downgrade_drop_upgrade: a clone keeps it upgradable", () => {
    const [tx] = make();
    const weak = tx.downgrade();
    const clone = tx.clone();
    tx.close();
    const upgraded = weak.upgrade();
    expect(upgraded).not.toBe(undefined);
    expect(clone.strongCount()).toBe(2);
  });

  test("a closed receiver does not keep a weak one from being upgraded", () => {
    const [tx, rx] = make();
    const weak = tx.downgrade();
    rx.close();
    expect(weak.upgrade()?.isClosed()).toBe(true);
  });

  test("sender_strong_count_when_cloned / _when_dropped", () => {
    const [tx] = make();
    expect([tx.strongCount(), tx.weakCount()]).toEqual([1, 0]);
    const clone = tx.clone();
    expect([tx.strongCount(), clone.strongCount()]).toEqual([2, 2]);
    clone.close();
    clone.close();
    expect(tx.strongCount()).toBe(1);
  });

  test("weak_count: by downgrade, and down again by dispose, once", () => {
    const [tx] = make();
    const first = tx.downgrade();
    const second = tx.downgrade();
    expect([tx.weakCount(), first.weakCount(), first.strongCount()]).toEqual([2, 2, 1]);
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect([tx.weakCount(), second.weakCount()]).toEqual([1, 1]);
    second.upgrade()?.close();
    expect(tx.weakCount()).toBe(1);
  });

  test("a weak sender that was disposed is refused", () => {
    const [tx] = make();
    const weak = tx.downgrade();
    weak[Symbol.dispose]();
    expect(thrownBy(() => weak.upgrade())).toBeInstanceOf(ClosedHandleError);
    expect(tx.strongCount()).toBe(1);
  });
});

test("an upgraded sender shares the room", () => {
  const [tx, rx] = mpsc.channel<number>(1);
  const upgraded = tx.downgrade().upgrade();
  tx.trySend(1);
  const send = waiting((upgraded as mpsc.Sender<number>).send(2));
  expect(readyNow(rx.recv())).toBe(1);
  expect(send.poll()).toBe(undefined);
  expect(readyNow(rx.recv())).toBe(2);
});
