// Random programs on a watch channel against a plain model: a value, a version, and the version that each receiver has seen.

import fc from "fast-check";
import { Pending } from "tokiwa";
import { RecvError, SendError, type watch } from "tokiwa/sync";
import { expect, test } from "vitest";
import type { Form } from "./conformance/contract.js";
import { plain, shared } from "./conformance/forms.js";
import { Polled } from "./polled.js";

interface Reader {
  readonly rx: watch.Receiver<number>;
  /** The version that it has seen; -1 after `markChanged`. */
  seen: number;
  waiting: { readonly changed: Polled<void>; woken: boolean } | undefined;
}

interface Step {
  readonly op: keyof typeof WEIGHTS;
  readonly at: number;
}

const WEIGHTS = {
  send: 10,
  sendReplace: 4,
  sendIfModified: 6,
  modifyThrows: 2,
  changed: 14,
  poll: 10,
  dropChanged: 4,
  waitFor: 5,
  borrowAndUpdate: 6,
  markChanged: 2,
  markUnchanged: 2,
  clone: 3,
  subscribe: 3,
  dropReceiver: 4,
  cloneSender: 1,
  dropSender: 1,
};

const steps = fc.array(
  fc.record({
    op: fc.oneof(
      ...Object.entries(WEIGHTS).map(([op, weight]) => ({
        weight,
        arbitrary: fc.constant(op as Step["op"]),
      })),
    ),
    at: fc.nat(30),
  }),
  { maxLength: 150, size: "max" },
);

function outcomeOf(action: () => unknown): unknown {
  try {
    const value = action();
    return value === Pending ? "pending" : { value };
  } catch (error) {
    if (error instanceof RecvError) return "closed";
    throw error;
  }
}

/** Much cheaper than `expect`, which each of these would call thousands of times. */
function assertSame(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${actual}, expected ${expected}`);
}

class Model {
  private readonly senders: watch.Sender<number>[];
  private readonly readers: Reader[] = [];
  private value = 0;
  private version = 0;
  private last = 0;

  constructor(form: Form) {
    const [tx, rx] = form.watch(0) as [watch.Sender<number>, watch.Receiver<number>];
    this.senders = [tx];
    this.readers.push({ rx, seen: 0, waiting: undefined });
  }

  run({ op, at }: Step): void {
    this[op](at);
    this.check();
  }

  private reader(at: number): Reader | undefined {
    return this.readers[at % Math.max(this.readers.length, 1)];
  }

  private store(value: number): void {
    this.value = value;
    this.version += 1;
    this.expectWakes();
  }

  private expectWakes(): void {
    for (const { waiting } of this.readers) if (waiting !== undefined) waiting.woken = true;
  }

  private send(): void {
    const tx = this.senders[0];
    if (tx === undefined) return;
    this.last += 1;
    if (this.readers.length === 0) {
      expect(() => tx.send(this.last)).toThrow(SendError);
      return;
    }
    this.store(this.last);
    tx.send(this.last);
  }

  private sendReplace(): void {
    const tx = this.senders[0];
    if (tx === undefined) return;
    const previous = this.value;
    this.last += 1;
    this.store(this.last);
    expect(tx.sendReplace(this.last)).toBe(previous);
  }

  private sendIfModified(at: number): void {
    const tx = this.senders[0];
    if (tx === undefined) return;
    const told = at % 2 === 0;
    this.last += 1;
    if (told) this.store(this.last);
    else this.value = this.last;
    const returned = tx.sendIfModified((slot) => {
      slot.value = this.last;
      return told;
    });
    expect(returned).toBe(told);
  }

  private modifyThrows(): void {
    const tx = this.senders[0];
    if (tx === undefined) return;
    this.last += 1;
    this.value = this.last;
    expect(() =>
      tx.sendModify((slot) => {
        slot.value = this.last;
        throw new Error("modify failed");
      }),
    ).toThrow("modify failed");
  }

  private changed(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined || reader.waiting !== undefined) return;
    reader.waiting = { changed: new Polled(reader.rx.changed()), woken: false };
    this.poll(at);
  }

  private poll(at: number): void {
    const reader = this.reader(at);
    const waiting = reader?.waiting;
    if (reader === undefined || waiting === undefined) return;
    const isNew = reader.seen !== this.version;
    const expected = isNew
      ? { value: undefined }
      : this.senders.length === 0
        ? "closed"
        : "pending";
    expect(outcomeOf(() => waiting.changed.poll())).toEqual(expected);
    reader.seen = this.version;
    waiting.woken = false;
    if (expected !== "pending") reader.waiting = undefined;
  }

  private dropChanged(at: number): void {
    const reader = this.reader(at);
    reader?.waiting?.changed.drop();
    if (reader !== undefined) reader.waiting = undefined;
  }

  private waitFor(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined) return;
    const wanted = at % 2;
    const polled = new Polled(reader.rx.waitFor((value) => value % 2 === wanted));
    const refused = this.senders.length === 0 ? "closed" : "pending";
    const expected = this.value % 2 === wanted ? { value: this.value } : refused;
    expect(outcomeOf(() => polled.poll())).toEqual(expected);
    polled.drop();
    reader.seen = this.version;
  }

  private borrowAndUpdate(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined) return;
    expect(reader.rx.borrowAndUpdate()).toBe(this.value);
    reader.seen = this.version;
  }

  private markChanged(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined) return;
    reader.rx.markChanged();
    reader.seen = -1;
  }

  private markUnchanged(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined) return;
    reader.rx.markUnchanged();
    reader.seen = this.version;
  }

  private clone(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined || this.readers.length > 6) return;
    this.readers.push({ rx: reader.rx.clone(), seen: reader.seen, waiting: undefined });
  }

  private subscribe(): void {
    const tx = this.senders[0];
    if (tx === undefined || this.readers.length > 6) return;
    this.readers.push({ rx: tx.subscribe(), seen: this.version, waiting: undefined });
  }

  private dropReceiver(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined) return;
    this.dropChanged(at);
    this.readers.splice(this.readers.indexOf(reader), 1);
    reader.rx[Symbol.dispose]();
  }

  private cloneSender(): void {
    const tx = this.senders[0];
    if (tx !== undefined) this.senders.push(tx.clone());
  }

  private dropSender(): void {
    const tx = this.senders.pop();
    if (tx === undefined) return;
    if (this.senders.length === 0) this.expectWakes();
    tx.close();
  }

  private check(): void {
    const tx = this.senders[0];
    if (tx !== undefined) {
      assertSame(tx.receiverCount(), this.readers.length, "receiverCount");
      assertSame(tx.senderCount(), this.senders.length, "senderCount");
      assertSame(tx.borrow(), this.value, "borrow of the sender");
    }
    for (const { rx, seen, waiting } of this.readers) {
      assertSame(rx.borrow(), this.value, "borrow of a receiver");
      if (tx !== undefined) assertSame(rx.hasChanged(), seen !== this.version, "hasChanged");
      if (waiting !== undefined) assertSame(waiting.changed.isWoken, waiting.woken, "isWoken");
    }
  }
}

test.each([plain, shared])("a channel agrees with the model: $form", (form) => {
  fc.assert(
    fc.property(steps, (program) => {
      const model = new Model(form);
      for (const step of program) model.run(step);
    }),
    { numRuns: 300 },
  );
});
