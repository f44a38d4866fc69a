// DelayQueue against a list that is sorted anew at every step.

import fc from "fast-check";
import { Pending } from "tokiwa";
import { advance, type DelayKey, DelayQueue, Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { CountingWaker } from "../support/tasks.js";
import { now, runPaused, timers } from "../support/time.js";

interface Entry {
  readonly value: number;
  readonly key: DelayKey;
  deadline: number;
  order: number;
}

class Model {
  readonly entries: Entry[] = [];
  readonly gone: DelayKey[] = [];
  filed = 0;

  sorted(): Entry[] {
    return this.entries.sort((a, b) => a.deadline - b.deadline || a.order - b.order);
  }

  remove(entry: Entry): void {
    this.entries.splice(this.entries.indexOf(entry), 1);
    this.gone.push(entry.key);
  }
}

const delay = fc.oneof(fc.nat(5), fc.nat(200), fc.integer({ min: 0, max: 2 ** 36 }));
const which = fc.nat(1_000);

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("insert" as const), delay }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("reset" as const), which, delay }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), which }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant("poll" as const) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("advance" as const), delay }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("stale" as const), which }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
  ),
  { maxLength: 60 },
);

type Step =
  typeof steps extends fc.Arbitrary<infer S> ? (S extends (infer E)[] ? E : never) : never;

class Pair {
  readonly queue = new DelayQueue<number>();
  readonly model = new Model();
  readonly waker = new CountingWaker();
  /** Whether the last poll found nothing that was due, and nobody has been woken since. */
  waiting = false;
  values = 0;

  pick(index: number): Entry | undefined {
    return this.model.entries[index % Math.max(1, this.model.entries.length)];
  }

  insert(delayMs: number): void {
    this.values += 1;
    const deadline = now() + delayMs;
    const key =
      this.values % 2
        ? this.queue.insert(this.values, delayMs)
        : this.queue.insertAt(this.values, Instant.now().plus(delayMs));
    this.model.filed += 1;
    this.model.entries.push({ value: this.values, key, deadline, order: this.model.filed });
  }

  reset(entry: Entry, delayMs: number): void {
    this.queue.reset(entry.key, delayMs);
    this.model.filed += 1;
    entry.order = this.model.filed;
    entry.deadline = now() + delayMs;
  }

  poll(): void {
    const first = this.model.sorted()[0];
    const wakes = this.waker.wakes;
    const out = this.queue.pollExpired(this);
    if (first === undefined) expect(out).toBeUndefined();
    else if (first.deadline > now()) expect(out).toBe(Pending);
    else {
      expect(out).toMatchObject({ value: first.value, key: first.key });
      this.model.remove(first);
    }
    this.waiting = out === Pending;
    expect(this.waker.wakes).toBe(wakes);
  }

  clear(): void {
    this.queue.clear();
    for (const entry of [...this.model.entries]) this.model.remove(entry);
  }

  check(wakesBefore: number): void {
    const first = this.model.sorted()[0];
    expect(this.queue.len()).toBe(this.model.entries.length);
    expect(this.queue.peek()).toBe(first?.key);
    for (const { key, deadline } of this.model.entries)
      expect(this.queue.deadline(key).valueOf()).toBe(deadline);
    const due = first === undefined || first.deadline <= now();
    if (this.waiting && due) {
      expect(this.waker.wakes).toBeGreaterThan(wakesBefore);
      this.waiting = false;
    }
    expect(timers()).toBe(this.waiting ? 1 : 0);
  }
}

function* play(all: Step[]) {
  const pair = new Pair();
  for (const step of all) {
    const wakes = pair.waker.wakes;
    if (step.do === "insert") pair.insert(step.delay);
    else if (step.do === "poll") pair.poll();
    else if (step.do === "advance") yield* advance(step.delay);
    else if (step.do === "clear") pair.clear();
    else if (step.do === "stale") {
      const key = pair.model.gone[step.which % Math.max(1, pair.model.gone.length)];
      if (key !== undefined) expect(pair.queue.tryRemove(key)).toBeUndefined();
    } else {
      const entry = pair.pick(step.which);
      if (entry === undefined) continue;
      if (step.do === "reset") pair.reset(entry, step.delay);
      else {
        expect(pair.queue.remove(entry.key).value).toBe(entry.value);
        pair.model.remove(entry);
      }
    }
    pair.check(wakes);
  }
}

test("every operation does what it does to a sorted list", () => {
  fc.assert(
    fc.property(steps, (all) =>
      runPaused(function* () {
        yield* play(all);
      }),
    ),
    { numRuns: 400 },
  );
});
