// Random programs on Semaphore and RwLock against plain models, with futures polled by hand: permits are conserved, who came
// first is served first, nobody is woken for nothing, and everybody who can go on is woken.

import fc from "fast-check";
import { Pending } from "tokiwa";
import {
  AcquireError,
  type ReadGuard,
  type RwLock,
  type Semaphore,
  type SemaphorePermit,
  TryAcquireError,
  TryLockError,
  type WriteGuard,
} from "tokiwa/sync";
import { test } from "vitest";
import type { Form } from "./conformance/contract.js";
import { plain, shared } from "./conformance/forms.js";
import { Polled } from "./polled.js";

function assertSame(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected)
    throw new Error(`${what}: ${String(actual)}, expected ${String(expected)}`);
}

/** What `action` gives, or `refused` if it throws one of `Refusal`. */
function attempt<T>(action: () => T, Refusal: new (...args: never[]) => Error): T | "refused" {
  try {
    return action();
  } catch (error) {
    if (error instanceof Refusal) return "refused";
    throw error;
  }
}

function takeAt<T>(list: T[], at: number): T | undefined {
  return list.length === 0 ? undefined : list.splice(at % list.length, 1)[0];
}

// ── The line ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Asking<G> {
  readonly future: Polled<G>;
  readonly wanted: number;
  /** Stands in the line, or was served. */
  polled: boolean;
  assigned: number;
}

/** What both have: permits, and a line for them. */
class Line<G extends Disposable> {
  free: number;
  closed = false;
  readonly unpolled: Asking<G>[] = [];
  line: Asking<G>[] = [];
  readonly served: Asking<G>[] = [];

  constructor(free: number) {
    this.free = free;
  }

  /** Those whose futures exist. */
  get asking(): Asking<G>[] {
    return [...this.unpolled, ...this.line, ...this.served];
  }

  canTake(count: number): boolean {
    return !this.closed && this.free >= count;
  }

  give(count: number): void {
    this.free += count;
    while (this.free > 0 && this.line[0] !== undefined) {
      const first = this.line[0];
      const given = Math.min(this.free, first.wanted - first.assigned);
      first.assigned += given;
      this.free -= given;
      if (first.assigned < first.wanted) return;
      this.line.shift();
      this.served.push(first);
    }
  }

  /** A poll of the model: granted, refused because closed, or neither. */
  poll(asking: Asking<G>): "granted" | "refused" | "waits" {
    if (this.closed) {
      this.leave(asking);
      return "refused";
    }
    if (this.served.includes(asking)) {
      this.served.splice(this.served.indexOf(asking), 1);
      return "granted";
    }
    if (asking.polled) return "waits";
    this.unpolled.splice(this.unpolled.indexOf(asking), 1);
    asking.polled = true;
    if (this.free >= asking.wanted) {
      this.free -= asking.wanted;
      return "granted";
    }
    asking.assigned = this.free;
    this.free = 0;
    this.line.push(asking);
    return "waits";
  }

  leave(asking: Asking<G>): void {
    for (const list of [this.unpolled, this.line, this.served])
      if (list.includes(asking)) list.splice(list.indexOf(asking), 1);
    const { assigned } = asking;
    asking.assigned = 0;
    this.give(assigned);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const asking of this.line.splice(0)) {
      this.free += asking.assigned;
      asking.assigned = 0;
      this.served.push(asking);
    }
  }

  assertWakes(): void {
    for (const { future } of this.unpolled) assertSame("woken unpolled", future.wakes, 0);
    for (const { future } of this.line) assertSame("woken for nothing", future.wakes, 0);
    for (const { future } of this.served) assertSame("wakes of who was served", future.wakes, 1);
  }
}

// ── Semaphore ────────────────────────────────────────────────────────────────────────────────────────────────────────

const SEMAPHORE_OPERATIONS = {
  acquire: 8,
  poll: 16,
  drop: 5,
  tryAcquire: 5,
  release: 9,
  split: 3,
  merge: 3,
  forget: 1,
  addPermits: 2,
  forgetPermits: 2,
} as const;

type SemaphoreOperation = keyof typeof SEMAPHORE_OPERATIONS | "close";

interface Step<Operation> {
  readonly op: Operation;
  readonly at: number;
  readonly count: number;
}

class Semaphores {
  private readonly semaphore: Semaphore;
  private readonly model: Line<SemaphorePermit>;
  private readonly held: { permit: SemaphorePermit; count: number }[] = [];
  private total: number;

  constructor(form: Form, permits: number) {
    this.semaphore = form.semaphore(permits) as Semaphore;
    this.model = new Line(permits);
    this.total = permits;
  }

  run(step: Step<SemaphoreOperation>): void {
    this[step.op](step);
    assertSame("free", this.semaphore.availablePermits(), this.model.free);
    for (const { permit, count } of this.held) assertSame("numPermits", permit.numPermits(), count);
    this.model.assertWakes();
  }

  private acquire({ count }: Step<unknown>): void {
    const future = new Polled(this.semaphore.acquire(count));
    this.model.unpolled.push({ future, wanted: count, polled: false, assigned: 0 });
  }

  private poll({ at }: Step<unknown>): void {
    const asking = this.model.asking[at % Math.max(this.model.asking.length, 1)];
    if (asking === undefined) return;
    const outcome = attempt(() => asking.future.poll(), AcquireError);
    const expected = this.model.poll(asking);
    if (expected === "waits") assertSame("a poll", outcome, Pending);
    else if (expected === "refused") assertSame("a poll", outcome, "refused");
    else this.hold(outcome as SemaphorePermit, asking.wanted);
  }

  private hold(permit: SemaphorePermit, count: number): void {
    assertSame("numPermits", permit.numPermits(), count);
    this.held.push({ permit, count });
  }

  private drop({ at }: Step<unknown>): void {
    const asking = this.model.asking[at % Math.max(this.model.asking.length, 1)];
    if (asking === undefined) return;
    asking.future.drop();
    asking.future.drop();
    this.model.leave(asking);
  }

  private tryAcquire({ count }: Step<unknown>): void {
    const permit = attempt(() => this.semaphore.tryAcquire(count), TryAcquireError);
    assertSame("tryAcquire", permit !== "refused", this.model.canTake(count));
    if (permit === "refused") return;
    this.model.free -= count;
    this.hold(permit, count);
  }

  private release({ at }: Step<unknown>): void {
    const held = takeAt(this.held, at);
    held?.permit.release();
    held?.permit.release();
    this.model.give(held?.count ?? 0);
  }

  private split({ at, count }: Step<unknown>): void {
    const held = this.held[at % Math.max(this.held.length, 1)];
    if (held === undefined) return;
    const part = held.permit.split(count);
    assertSame("split", part !== undefined, count <= held.count);
    if (part === undefined) return;
    held.count -= count;
    this.held.push({ permit: part, count });
  }

  private merge({ at, count }: Step<unknown>): void {
    const other = takeAt(this.held, at);
    if (other === undefined) return;
    const held = this.held[count % Math.max(this.held.length, 1)];
    if (held === undefined) {
      this.held.push(other);
      return;
    }
    held.permit.merge(other.permit);
    held.count += other.count;
    other.permit.release();
  }

  private forget({ at }: Step<unknown>): void {
    const held = takeAt(this.held, at);
    held?.permit.forget();
    this.total -= held?.count ?? 0;
  }

  private addPermits({ count }: Step<unknown>): void {
    this.semaphore.addPermits(count);
    this.total += count;
    this.model.give(count);
  }

  private forgetPermits({ count }: Step<unknown>): void {
    const expected = Math.min(count, this.model.free);
    assertSame("forgetPermits", this.semaphore.forgetPermits(count), expected);
    this.model.free -= expected;
    this.total -= expected;
  }

  private close(): void {
    this.semaphore.close();
    // One that was granted has been woken already, one in line is woken now: once each.
    this.model.close();
  }

  end(): void {
    while (this.model.asking.length > 0) this.drop({ op: "", at: 0, count: 0 });
    while (this.held.length > 0) this.release({ op: "", at: 0, count: 0 });
    assertSame("permits at the end", this.semaphore.availablePermits(), this.total);
  }
}

function stepsOf<Operation extends string>(
  weights: Readonly<Record<Operation, number>>,
): fc.Arbitrary<Step<Operation>[]> {
  const operations = Object.entries<number>(weights).map(([op, weight]) => ({
    weight,
    arbitrary: fc.constant(op as Operation),
  }));
  const step = fc.record({
    op: fc.oneof(...operations),
    at: fc.nat(20),
    count: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 3 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 9 }) },
    ),
  });
  return fc.array(step, { maxLength: 100, size: "max" });
}

test.each([
  ["an open semaphore", SEMAPHORE_OPERATIONS, plain],
  ["a semaphore that is closed", { ...SEMAPHORE_OPERATIONS, close: 1 }, plain],
  ["an open shared semaphore", SEMAPHORE_OPERATIONS, shared],
  ["a shared semaphore that is closed", { ...SEMAPHORE_OPERATIONS, close: 1 }, shared],
])("%s agrees with the model", (_, operations, form) => {
  fc.assert(
    fc.property(fc.nat(6), stepsOf<SemaphoreOperation>(operations as never), (permits, steps) => {
      const semaphores = new Semaphores(form, permits);
      for (const step of steps) semaphores.run(step);
      semaphores.end();
    }),
    { numRuns: 400 },
  );
});

// ── RwLock ───────────────────────────────────────────────────────────────────────────────────────────────────────────

type AnyGuard = ReadGuard<number> | WriteGuard<number>;

const LOCK_OPERATIONS = {
  read: 8,
  write: 5,
  tryRead: 4,
  tryWrite: 3,
  poll: 16,
  drop: 5,
  release: 9,
  downgrade: 4,
  map: 2,
} as const;

class Locks {
  private readonly lock: RwLock<number>;
  private readonly model: Line<AnyGuard>;
  private readonly maxReaders: number;
  private held: { guard: Disposable & { value: number }; permits: number; writes: boolean }[] = [];
  /** What the lock guards: counts the writes. */
  private value = 0;

  constructor(form: Form, maxReaders: number) {
    this.lock = form.rwLock(0, { maxReaders }) as RwLock<number>;
    this.model = new Line(maxReaders);
    this.maxReaders = maxReaders;
  }

  run(step: Step<keyof typeof LOCK_OPERATIONS>): void {
    this[step.op](step);
    this.model.assertWakes();
    const writers = this.held.filter(({ permits }) => permits === this.maxReaders);
    if (this.maxReaders > 1 && writers.length > 0)
      assertSame("holders beside a writer", this.held.length, 1);
    for (const { guard } of this.held) assertSame("value", guard.value, this.value);
  }

  private ask(future: Polled<AnyGuard>, wanted: number): void {
    this.model.unpolled.push({ future, wanted, polled: false, assigned: 0 });
  }

  private read(): void {
    this.ask(new Polled<AnyGuard>(this.lock.read()), 1);
  }

  private write(): void {
    this.ask(new Polled<AnyGuard>(this.lock.write()), this.maxReaders);
  }

  private hold(guard: AnyGuard, permits: number): void {
    const writes = "downgrade" in guard;
    if (writes) {
      this.value += 1;
      (guard as WriteGuard<number>).value = this.value;
    }
    this.held.push({ guard, permits, writes });
  }

  private take(what: string, permits: number, action: () => AnyGuard): void {
    const guard = attempt(action, TryLockError);
    assertSame(what, guard !== "refused", this.model.canTake(permits));
    if (guard === "refused") return;
    this.model.free -= permits;
    this.hold(guard, permits);
  }

  private tryRead(): void {
    this.take("tryRead", 1, () => this.lock.tryRead());
  }

  private tryWrite(): void {
    this.take("tryWrite", this.maxReaders, () => this.lock.tryWrite());
  }

  private poll({ at }: Step<unknown>): void {
    const asking = this.model.asking[at % Math.max(this.model.asking.length, 1)];
    if (asking === undefined) return;
    const guard = asking.future.poll();
    const expected = this.model.poll(asking);
    assertSame("a poll", guard === Pending, expected === "waits");
    if (guard !== Pending) this.hold(guard, asking.wanted);
  }

  private drop({ at }: Step<unknown>): void {
    const asking = this.model.asking[at % Math.max(this.model.asking.length, 1)];
    if (asking === undefined) return;
    asking.future.drop();
    asking.future.drop();
    this.model.leave(asking);
  }

  private release({ at }: Step<unknown>): void {
    const held = takeAt(this.held, at);
    held?.guard[Symbol.dispose]();
    held?.guard[Symbol.dispose]();
    this.model.give(held?.permits ?? 0);
  }

  private downgrade(): void {
    const held = this.held.find(({ writes }) => writes);
    if (held === undefined) return;
    held.guard = (held.guard as WriteGuard<number>).downgrade();
    held.writes = false;
    const given = held.permits - 1;
    held.permits = 1;
    this.model.give(given);
  }

  private map({ at }: Step<unknown>): void {
    const held = this.held[at % Math.max(this.held.length, 1)];
    if (held === undefined) return;
    const before = held.guard as AnyGuard;
    // A mapped guard has the part that it was made with; here the part is the value, which nobody else can write meanwhile.
    held.guard = before.map((value) => value) as Disposable & { value: number };
    held.writes = false;
    before.release();
  }

  end(): void {
    while (this.model.asking.length > 0) this.drop({ op: "", at: 0, count: 0 });
    while (this.held.length > 0) this.release({ op: "", at: 0, count: 0 });
    this.lock.tryWrite().release();
  }
}

test.each([plain, shared])("an RwLock agrees with the model: $form", (form) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), stepsOf(LOCK_OPERATIONS), (maxReaders, steps) => {
      const locks = new Locks(form, maxReaders);
      for (const step of steps) locks.run(step);
      locks.end();
    }),
    { numRuns: 400 },
  );
});
