// A plain model of a bounded channel (arrays and counts) and a harness that runs it beside the real one, with futures
// polled by hand: after every operation both must agree on room, values, who was woken and what came out.

import { type Future, Pending, type Poll } from "tokiwa";
import { type mpsc, SendError, TryRecvError, TrySendError } from "tokiwa/sync";
import type { Form } from "./conformance/contract.js";
import { Polled } from "./polled.js";

interface Waiter {
  readonly future: Polled<unknown>;
  readonly kind: "send" | "reserve" | "many";
  readonly wanted: number;
  readonly value: number;
  granted: boolean;
}

interface Held {
  readonly permit: mpsc.Permit<number> | mpsc.Permits<number>;
  count: number;
}

export type Operation =
  | "send"
  | "trySend"
  | "reserve"
  | "reserveMany"
  | "poll"
  | "drop"
  | "usePermit"
  | "dropPermit"
  | "recv"
  | "recvMany"
  | "tryRecv"
  | "close"
  | "clone"
  | "dropSender";

export interface Step {
  readonly op: Operation;
  /** Which of those that there are, or how many, whatever the operation asks. */
  readonly at: number;
}

function assertSame(what: string, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    throw new Error(`${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}

function outcomeOf<T>(action: () => T): { value: T } | { error: unknown } {
  try {
    return { value: action() };
  } catch (error) {
    return { error };
  }
}

/** The channel and its model, driven together. `run` throws when they differ. */
export class Channels {
  private readonly capacity: number;
  private readonly senders: mpsc.Sender<number>[];
  private readonly rx: mpsc.Receiver<number>;
  private free: number;
  private values: number[] = [];
  private readonly line: Waiter[] = [];
  private readonly waiters: Waiter[] = [];
  private readonly held: Held[] = [];
  private promised = 0;
  private closed = false;
  private receiving: Polled<number | undefined> | undefined;
  private lastValue = 0;
  /** Accepted values, in the order of acceptance, and what was received: at the end the same. */
  readonly accepted: number[] = [];
  readonly received: number[] = [];

  constructor(form: Form, capacity: number) {
    this.capacity = capacity;
    this.free = capacity;
    const [tx, rx] = form.mpsc<number>(capacity) as unknown as [
      mpsc.Sender<number>,
      mpsc.Receiver<number>,
    ];
    this.senders = [tx];
    this.rx = rx;
  }

  private readonly operations: Readonly<Record<Operation, (at: number) => void>> = {
    send: () => this.start("send", 1),
    reserve: () => this.start("reserve", 1),
    reserveMany: (at) => this.start("many", 1 + (at % this.capacity)),
    trySend: () => this.trySend(),
    poll: (at) => this.pollWaiter(at),
    drop: (at) => this.dropWaiter(at),
    usePermit: (at) => this.usePermit(at),
    dropPermit: (at) => this.dropPermit(at),
    recv: () => this.recv(),
    recvMany: (at) => this.recvMany(at % 5),
    tryRecv: () => this.tryRecv(),
    close: () => this.close(),
    clone: () => this.clone(),
    dropSender: (at) => this.dropSender(at),
  };

  run(step: Step): void {
    this.operations[step.op](step.at);
    this.check();
  }

  private get tx(): mpsc.Sender<number> | undefined {
    return this.senders[this.senders.length - 1];
  }

  private makeFuture(
    tx: mpsc.Sender<number>,
    kind: Waiter["kind"],
    wanted: number,
  ): Future<unknown> {
    this.lastValue += 1;
    if (kind === "send") return tx.send(this.lastValue);
    return kind === "reserve" ? tx.reserve() : tx.reserveMany(wanted);
  }

  private start(kind: Waiter["kind"], wanted: number): void {
    const tx = this.tx;
    if (tx === undefined) return;
    const future = new Polled(this.makeFuture(tx, kind, wanted));
    const waiter: Waiter = { future, kind, wanted, value: this.lastValue, granted: false };
    const outcome = outcomeOf(() => future.poll());
    if (this.closed) this.expectClosed(outcome, waiter);
    else if (this.free >= wanted && this.line.length === 0) {
      this.free -= wanted;
      this.promised += wanted;
      this.finish(waiter, outcome);
    } else {
      assertSame("a send without room", "value" in outcome && outcome.value === Pending, true);
      this.line.push(waiter);
      this.waiters.push(waiter);
    }
  }

  private expectClosed(outcome: { value: unknown } | { error: unknown }, waiter: Waiter): void {
    const error = "error" in outcome ? outcome.error : undefined;
    assertSame("the error of a closed channel", error instanceof SendError, true);
    if (waiter.kind === "send")
      assertSame("the value that comes back", (error as SendError).value, waiter.value);
  }

  /** A waiter has its permits: its poll has given what it is for. */
  private finish(waiter: Waiter, outcome: { value: unknown } | { error: unknown }): void {
    const value = "value" in outcome ? outcome.value : Pending;
    assertSame("a future whose room is there", value !== Pending, true);
    if (waiter.kind === "send") this.accept(waiter.value);
    else this.held.push({ permit: value as Held["permit"], count: waiter.wanted });
  }

  private accept(value: number): void {
    this.promised -= 1;
    this.values.push(value);
    this.accepted.push(value);
    this.wakeReceiver();
  }

  private wakeReceiver(): void {
    if (this.receiving === undefined) return;
    assertSame("the receiver that waits was woken", this.receiving.isWoken, true);
    const got = this.receiving.poll();
    this.receiving = undefined;
    this.modelReceived(got);
  }

  private modelReceived(got: Poll<number | undefined>): void {
    const expected = this.values.shift();
    assertSame("received", got === Pending ? "Pending" : got, expected);
    if (expected === undefined) {
      assertSame("the end", this.isDrained(), true);
      return;
    }
    this.received.push(expected);
    this.restore(1);
  }

  private isDrained(): boolean {
    const ended = this.closed || this.senders.length === 0;
    return ended && this.values.length === 0 && this.promised === 0;
  }

  private restore(count: number): void {
    this.free += count;
    for (let first = this.line[0]; first !== undefined && first.wanted <= this.free; ) {
      this.line.shift();
      this.free -= first.wanted;
      this.promised += first.wanted;
      first.granted = true;
      assertSame("who was served is woken", first.future.isWoken, true);
      first = this.line[0];
    }
  }

  private release(count: number): void {
    this.promised -= count;
    this.restore(count);
    if (this.isDrained()) this.wakeReceiver();
  }

  private pollWaiter(at: number): void {
    const waiter = this.waiters[at % Math.max(this.waiters.length, 1)];
    if (waiter === undefined) return;
    if (!waiter.granted && !this.closed) {
      assertSame("who waits and polls again", waiter.future.isPending(), true);
      return;
    }
    this.forget(waiter);
    const outcome = outcomeOf(() => waiter.future.poll());
    // Served before the close and polled after it: either is right, as long as permits are conserved.
    if (waiter.granted && "error" in outcome && this.closed) this.release(waiter.wanted);
    else if (waiter.granted) this.finish(waiter, outcome);
    else this.expectClosed(outcome, waiter);
  }

  private forget(waiter: Waiter): void {
    this.waiters.splice(this.waiters.indexOf(waiter), 1);
  }

  private dropWaiter(at: number): void {
    const waiter = this.waiters[at % Math.max(this.waiters.length, 1)];
    if (waiter === undefined) return;
    this.forget(waiter);
    waiter.future.drop();
    if (waiter.granted) this.release(waiter.wanted);
    else if (!this.closed) {
      this.line.splice(this.line.indexOf(waiter), 1);
      this.restore(0);
    }
  }

  private heldAt(at: number): Held | undefined {
    return this.held[at % Math.max(this.held.length, 1)];
  }

  private usePermit(at: number): void {
    const held = this.heldAt(at);
    if (held === undefined) return;
    const permit = "take" in held.permit ? held.permit.take() : held.permit;
    held.count -= 1;
    if (held.count === 0) this.held.splice(this.held.indexOf(held), 1);
    this.lastValue += 1;
    (permit as mpsc.Permit<number>).send(this.lastValue);
    this.accept(this.lastValue);
  }

  private dropPermit(at: number): void {
    const held = this.heldAt(at);
    if (held === undefined) return;
    this.held.splice(this.held.indexOf(held), 1);
    held.permit[Symbol.dispose]();
    this.release(held.count);
  }

  private trySend(): void {
    const tx = this.tx;
    if (tx === undefined) return;
    this.lastValue += 1;
    const outcome = outcomeOf(() => tx.trySend(this.lastValue));
    const error = "error" in outcome ? (outcome.error as TrySendError<number>) : undefined;
    if (this.closed || this.free === 0 || this.line.length > 0) {
      assertSame("a trySend without room", error instanceof TrySendError, true);
      assertSame("its error", [error?.value, error?.isClosed], [this.lastValue, this.closed]);
    } else {
      assertSame("a trySend with room", error, undefined);
      this.free -= 1;
      this.promised += 1;
      this.accept(this.lastValue);
    }
  }

  private recv(): void {
    if (this.receiving !== undefined) {
      // Dropping the one that waits loses nothing.
      this.receiving.drop();
      this.receiving = undefined;
    }
    const recv = new Polled(this.rx.recv());
    const got = recv.poll();
    if (this.values.length > 0 || this.isDrained()) this.modelReceived(got);
    else {
      assertSame("a recv of nothing", got === Pending, true);
      this.receiving = recv;
    }
  }

  private recvMany(limit: number): void {
    if (this.receiving !== undefined || (this.values.length === 0 && !this.isDrained())) return;
    const got = new Polled(this.rx.recvMany(limit)).poll();
    const expected = this.values.splice(0, limit);
    assertSame("recvMany", got, expected);
    this.received.push(...expected);
    for (const _ of expected) this.restore(1);
  }

  private tryRecv(): void {
    const outcome = outcomeOf(() => this.rx.tryRecv());
    if (this.values.length > 0) this.modelReceived("value" in outcome ? outcome.value : Pending);
    else {
      const error = "error" in outcome ? (outcome.error as TryRecvError) : undefined;
      assertSame("a tryRecv of nothing", error instanceof TryRecvError, true);
      assertSame("its error", error?.isDisconnected, this.isDrained());
    }
  }

  close(): void {
    this.rx.close();
    if (!this.closed) {
      this.closed = true;
      for (const waiter of this.line.splice(0))
        assertSame("who waits hears of the close", waiter.future.isWoken, true);
      if (this.isDrained()) this.wakeReceiver();
    }
  }

  private clone(): void {
    const tx = this.tx;
    if (tx !== undefined && this.senders.length < 5) this.senders.push(tx.clone());
  }

  private dropSender(at: number): void {
    const [sender] = this.senders.splice(at % Math.max(this.senders.length, 1), 1);
    sender?.[Symbol.dispose]();
    sender?.[Symbol.dispose]();
    if (this.senders.length === 0 && this.isDrained()) this.wakeReceiver();
  }

  private check(): void {
    const { rx } = this;
    // What is free while somebody waits is for the one who waits.
    assertSame("capacity", rx.capacity(), this.line.length === 0 ? this.free : 0);
    assertSame("len", rx.len(), this.values.length);
    assertSame("isClosed", rx.isClosed(), this.closed || this.senders.length === 0);
    assertSame("permits", this.free + this.promised + this.values.length, this.capacity);
    const woken = this.line.filter((waiter) => waiter.future.isWoken);
    assertSame("woken without being served", woken.length, 0);
    const tx = this.tx;
    if (tx !== undefined) assertSame("strongCount", tx.strongCount(), this.senders.length);
  }

  /** Everything that is still out is dropped; then nothing may be missing. */
  end(): void {
    while (this.waiters.length > 0) this.dropWaiter(0);
    while (this.held.length > 0) this.dropPermit(0);
    while (this.values.length > 0) this.tryRecv();
    while (this.senders.length > 0) this.dropSender(0);
    this.check();
    assertSame("received in the order of acceptance", this.received, this.accepted);
    assertSame("room at the end", this.rx.capacity(), this.capacity);
    assertSame("the end", new Polled(this.rx.recv()).poll(), undefined);
  }
}
