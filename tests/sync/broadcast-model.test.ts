// Random programs on a broadcast channel against a plain model: an array of all that was ever sent, and positions in it.

import fc from "fast-check";
import { Pending } from "tokiwa";
import { type broadcast, LaggedError, RecvError, SendError, TryRecvError } from "tokiwa/sync";
import { expect, test } from "vitest";
import type { Form } from "./conformance/contract.js";
import { plain, shared } from "./conformance/forms.js";
import { Polled } from "./polled.js";

interface Reader {
  readonly rx: broadcast.Receiver<number>;
  readonly born: number;
  position: number;
  /** Futures of this receiver that wait; the flag says that the model expects a wake since its last poll. */
  readonly waiting: { readonly recv: Polled<number>; woken: boolean }[];
}

interface Step {
  readonly op: keyof typeof WEIGHTS;
  readonly at: number;
}

const WEIGHTS = {
  send: 20,
  tryRecv: 14,
  recv: 14,
  poll: 10,
  dropRecv: 5,
  subscribe: 4,
  resubscribe: 2,
  dropReceiver: 3,
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

type Outcome = { value: number } | "pending" | "empty" | "closed" | { lagged: number };

function outcomeOf(action: () => unknown): Outcome {
  try {
    const value = action();
    return value === Pending ? "pending" : { value: value as number };
  } catch (error) {
    if (error instanceof LaggedError) return { lagged: error.skipped };
    if (error instanceof RecvError) return "closed";
    if (error instanceof TryRecvError) return error.isDisconnected ? "closed" : "empty";
    throw error;
  }
}

/** Much cheaper than `expect`, which each of these would call thousands of times. */
function assertSame(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${actual}, expected ${expected}`);
}

class Model {
  private readonly kept: number;
  private readonly senders: broadcast.Sender<number>[];
  private readonly any: broadcast.Sender<number>;
  private readonly isShared: boolean;
  private readonly readers: Reader[] = [];
  private readonly sent: number[] = [];

  constructor(form: Form, capacity: number) {
    this.kept = capacity <= 1 ? 1 : capacity <= 2 ? 2 : capacity <= 4 ? 4 : 8;
    const [tx, rx] = form.broadcast<number>(capacity) as [
      broadcast.Sender<number>,
      broadcast.Receiver<number>,
    ];
    this.senders = [tx];
    this.any = tx;
    this.isShared = form === shared;
    this.join(rx);
  }

  run({ op, at }: Step): void {
    this[op](at);
    this.check();
  }

  private join(rx: broadcast.Receiver<number>): void {
    this.readers.push({ rx, born: this.sent.length, position: this.sent.length, waiting: [] });
  }

  private reader(at: number): Reader | undefined {
    return this.readers[at % Math.max(this.readers.length, 1)];
  }

  private expectWakes(readers: readonly Reader[]): void {
    for (const reader of readers) for (const wait of reader.waiting) wait.woken = true;
  }

  /** What a receive gives now; the model's reader moves on. */
  private receive(reader: Reader): Outcome {
    const oldest = Math.max(0, this.sent.length - this.kept);
    if (reader.position < oldest) {
      const lagged = oldest - reader.position;
      reader.position = oldest;
      return { lagged };
    }
    const value = this.sent[reader.position];
    if (value === undefined) return this.senders.length === 0 ? "closed" : "empty";
    reader.position += 1;
    return { value };
  }

  private send(): void {
    const tx = this.senders[0];
    if (tx === undefined) return;
    const value = this.sent.length;
    if (this.readers.length === 0) {
      expect(() => tx.send(value)).toThrow(SendError);
      return;
    }
    this.sent.push(value);
    this.expectWakes(this.readers);
    expect(tx.send(value)).toBe(this.readers.length);
  }

  private tryRecv(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined) return;
    const outcome = outcomeOf(() => reader.rx.tryRecv());
    expect(outcome).toEqual(this.receive(reader));
  }

  private recv(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined) return;
    const wait = { recv: new Polled(reader.rx.recv()), woken: false };
    reader.waiting.push(wait);
    this.pollWait(reader, reader.waiting.length - 1);
  }

  private poll(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined || reader.waiting.length === 0) return;
    this.pollWait(reader, at % reader.waiting.length);
  }

  private pollWait(reader: Reader, index: number): void {
    const wait = reader.waiting[index] as Reader["waiting"][number];
    const expected = this.receive(reader);
    expect(outcomeOf(() => wait.recv.poll())).toEqual(expected === "empty" ? "pending" : expected);
    wait.woken = false;
    if (expected !== "empty") reader.waiting.splice(index, 1);
  }

  private dropRecv(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined || reader.waiting.length === 0) return;
    reader.waiting.splice(at % reader.waiting.length, 1)[0]?.recv.drop();
  }

  private subscribe(): void {
    const tx = this.senders[0];
    if (tx !== undefined && this.readers.length < 6) this.join(tx.subscribe());
  }

  private resubscribe(at: number): void {
    const reader = this.reader(at);
    if (reader !== undefined && this.readers.length < 6) this.join(reader.rx.resubscribe());
  }

  private dropReceiver(at: number): void {
    const reader = this.reader(at);
    if (reader === undefined) return;
    this.readers.splice(this.readers.indexOf(reader), 1);
    for (const wait of reader.waiting) wait.recv.drop();
    reader.rx[Symbol.dispose]();
  }

  private cloneSender(): void {
    const tx = this.senders[0];
    if (tx !== undefined) this.senders.push(tx.clone());
  }

  private dropSender(): void {
    const tx = this.senders.pop();
    if (tx === undefined) return;
    if (this.senders.length === 0) this.expectWakes(this.readers);
    tx.close();
  }

  /** A shared handle that was given up knows nothing any more, the last plain one does. */
  private checkCounts(): void {
    const sender = this.senders[0] ?? (this.isShared ? undefined : this.any);
    if (sender === undefined) return;
    assertSame(sender.receiverCount(), this.readers.length, "receiverCount");
    assertSame(sender.strongCount(), this.senders.length, "strongCount");
    const oldest = Math.max(0, this.sent.length - this.kept);
    const positions = this.readers.map((reader) => Math.max(reader.position, oldest));
    const needed = this.sent.length - Math.min(this.sent.length, ...positions);
    assertSame(sender.len(), needed, "len of the channel");
  }

  private check(): void {
    this.checkCounts();
    for (const reader of this.readers) {
      assertSame(reader.rx.len(), this.sent.length - reader.position, "len of a receiver");
      for (const wait of reader.waiting) assertSame(wait.recv.isWoken, wait.woken, "isWoken");
    }
  }
}

test.each([plain, shared])("a channel agrees with the model: $form", (form) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), steps, (capacity, program) => {
      const model = new Model(form, capacity);
      for (const step of program) model.run(step);
    }),
    { numRuns: 300 },
  );
});
