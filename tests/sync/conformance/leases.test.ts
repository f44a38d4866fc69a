// A shared receiver that is far behind takes note of many plain values at once, and says later how many of them it has used
// (assembly/core/shared/channel.ts, Leases). Nobody is to see any of that: counts and room are right, and nothing comes twice.

import { spawn } from "tokiwa";
import { expect } from "vitest";
import type { BoundedSender, Form, MpscReceiver } from "./contract.js";
import { drop, thrownBy, upTo } from "./hand.js";
import * as partners from "./partners.mjs";
import { type Cases, conformance } from "./worlds.js";

/** Room enough that values are leased, even with what is sent first. */
const CAPACITY = 300;
const SENT = 100;

/** A channel whose receiver has used some of a lease: the second look at plain values takes one. */
function leasing(form: Form, used: number): [BoundedSender<number>, MpscReceiver<number>] {
  const [tx, rx] = form.mpsc<number>(CAPACITY);
  for (const value of upTo(SENT)) tx.trySend(value);
  expect(upTo(used).map(() => rx.tryRecv())).toEqual(upTo(used));
  return [tx, rx];
}

function rest(used: number, count = SENT): number[] {
  return upTo(count).slice(used);
}

function leases(test: Cases): void {
  for (const used of [1, 2, 7, 62, 63, 64, 99]) {
    const left = SENT - used;

    test(`${used} used: what the receiver counts`, function* (form) {
      const [tx, rx] = leasing(form, used);
      expect([rx.len(), rx.isEmpty(), rx.capacity()]).toEqual([left, false, CAPACITY - left]);
      expect(upTo(left).map(() => rx.tryRecv())).toEqual(rest(used));
      expect([rx.len(), rx.isEmpty(), rx.capacity()]).toEqual([0, true, CAPACITY]);
      drop(tx, rx);
    });

    test(`${used} used: the room that the sender counts`, function* (form) {
      const [tx, rx] = leasing(form, used);
      expect(tx.capacity()).toBe(CAPACITY - left);
      drop(tx, rx);
    });

    test(`${used} used: the values that the sender counts`, function* (form) {
      const [tx, rx] = leasing(form, used);
      expect(tx.len()).toBe(left);
      drop(tx, rx);
    });

    test(`${used} used: all of their room can be sent into`, function* (form) {
      const [tx, rx] = leasing(form, used);
      for (const value of upTo(CAPACITY - left)) tx.trySend(SENT + value);
      expect(thrownBy(() => tx.trySend(0)).name).toBe("TrySendError");
      expect(upTo(CAPACITY).map(() => rx.tryRecv())).toEqual(rest(used, used + CAPACITY));
      drop(tx, rx);
    });

    test(`${used} used: all of their room can be reserved`, function* (form) {
      const [tx, rx] = leasing(form, used);
      const permits = upTo(CAPACITY - left).map(() => tx.tryReserve());
      expect(thrownBy(() => tx.tryReserve()).name).toBe("TrySendError");
      drop(...permits, tx, rx);
    });

    test(`${used} used: recvMany goes on behind them`, function* (form) {
      const [tx, rx] = leasing(form, used);
      expect(yield* rx.recvMany(SENT)).toEqual(rest(used));
      expect(rx.capacity()).toBe(CAPACITY);
      drop(tx, rx);
    });

    test(`${used} used: the end comes once, after all of them`, function* (form) {
      const [tx, rx] = leasing(form, used);
      drop(tx);
      for (const value of rest(used)) expect(yield* rx.recv()).toBe(value);
      expect(yield* rx.recv()).toBe(undefined);
      drop(rx);
    });

    test(`${used} used: a close by the receiver loses none`, function* (form) {
      const [tx, rx] = leasing(form, used);
      rx.close();
      expect(rx.len()).toBe(left);
      for (const value of rest(used)) expect(yield* rx.recv()).toBe(value);
      expect(yield* rx.recv()).toBe(undefined);
      drop(tx, rx);
    });

    test(`${used} used: a receiver that is dropped gives all room back`, function* (form) {
      const [tx, rx] = leasing(form, used);
      drop(rx);
      expect([tx.capacity(), tx.len(), tx.isClosed()]).toEqual([CAPACITY, 0, true]);
      drop(tx);
    });

    test.partnered(`${used} used: another thread goes on behind them`, function* (form) {
      const [tx, rx] = leasing(form, used);
      const partner = spawn(partners.receives, rx);
      drop(tx);
      expect(yield* partner).toEqual(rest(used));
    });
  }
}

conformance(leases);
