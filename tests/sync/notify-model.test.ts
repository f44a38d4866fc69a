// Random programs on Notify and oneshot against plain models, with futures polled by hand.

import fc from "fast-check";
import { Pending } from "tokiwa";
import {
  ClosedHandleError,
  type Notified,
  RecvError,
  type SendError,
  TryRecvError,
} from "tokiwa/sync";
import { expect, test } from "vitest";
import type { Form, Notify } from "./conformance/contract.js";
import { plain, shared } from "./conformance/forms.js";
import { Polled } from "./polled.js";

function assertSame(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected)
    throw new Error(`${what}: ${String(actual)}, expected ${String(expected)}`);
}

// ── Notify ───────────────────────────────────────────────────────────────────────────────────────────────────────────

type Chosen = "one" | "last" | "all" | undefined;

interface Waiter {
  readonly notified: Polled<void>;
  /** Stands in the line, or was taken out of it by a notification. */
  joined: boolean;
  chosen: Chosen;
}

interface NotifyStep {
  readonly op: "make" | "notifyOne" | "notifyLast" | "notifyWaiters" | "poll" | "enable" | "drop";
  readonly at: number;
}

/** A Notify and its model, driven together. */
class Notifies {
  private readonly notify: Notify;
  private readonly all: Waiter[] = [];
  private line: Waiter[] = [];
  private permit = false;
  /** How many notifications came, and how many were seen or are stored: at the end the same. */
  private given = 0;
  private seen = 0;

  constructor(form: Form) {
    this.notify = form.notify();
  }

  run(step: NotifyStep): void {
    if (step.op === "make") this.make();
    else if (step.op === "notifyOne" || step.op === "notifyLast") this.notifyOne(step.op);
    else if (step.op === "notifyWaiters") this.notifyWaiters();
    else {
      const waiter = this.all[step.at % Math.max(this.all.length, 1)];
      if (waiter !== undefined) this[step.op](waiter);
    }
    for (const waiter of this.line)
      assertSame("woken without a notification", waiter.notified.isWoken, false);
  }

  private make(): void {
    if (this.all.length === 8) return;
    this.all.push({
      notified: new Polled(this.notify.notified()),
      joined: false,
      chosen: undefined,
    });
  }

  private notifyOne(method: "notifyOne" | "notifyLast"): void {
    this.given += 1;
    this.notify[method]();
    this.choose(method === "notifyOne" ? "one" : "last");
  }

  private choose(kind: "one" | "last"): void {
    const waiter = kind === "one" ? this.line.shift() : this.line.pop();
    if (waiter === undefined) {
      // A second permit is not stored.
      if (this.permit) this.given -= 1;
      this.permit = true;
      return;
    }
    waiter.chosen = kind;
  }

  private notifyWaiters(): void {
    // Whether one that was made before it takes a stored permit along is left open; here none is stored then.
    if (this.permit) {
      assertSame("a stored permit", new Polled(this.notify.notified()).isPending(), false);
      this.permit = false;
      this.seen += 1;
    }
    this.notify.notifyWaiters();
    this.line = [];
    for (const waiter of this.all) waiter.chosen ??= "all";
  }

  /** Joins the line, or takes what is there. */
  private advance(waiter: Waiter): boolean {
    if (waiter.chosen !== undefined) return true;
    if (waiter.joined) return false;
    waiter.joined = true;
    if (this.permit) {
      this.permit = false;
      waiter.chosen = "one";
      return true;
    }
    this.line.push(waiter);
    return false;
  }

  private poll(waiter: Waiter): void {
    const expected = this.advance(waiter);
    assertSame("a poll", waiter.notified.poll() !== Pending, expected);
    if (!expected) return;
    if (waiter.chosen !== "all") this.seen += 1;
    this.all.splice(this.all.indexOf(waiter), 1);
  }

  private enable(waiter: Waiter): void {
    const expected = this.advance(waiter);
    assertSame("enable", (waiter.notified.future as Notified).enable(), expected);
  }

  private drop(waiter: Waiter): void {
    this.all.splice(this.all.indexOf(waiter), 1);
    waiter.notified.drop();
    waiter.notified.drop();
    this.line = this.line.filter((other) => other !== waiter);
    if (waiter.chosen === "one" || waiter.chosen === "last") this.choose(waiter.chosen);
  }

  end(): void {
    while (this.all.length > 0) this.drop(this.all[0] as Waiter);
    const stored = !new Polled(this.notify.notified()).isPending();
    assertSame("a permit is stored", stored, this.permit);
    assertSame("notifications", this.seen + (stored ? 1 : 0), this.given);
  }
}

const notifyStep: fc.Arbitrary<NotifyStep> = fc.record({
  op: fc.oneof(
    { weight: 4, arbitrary: fc.constant("make" as const) },
    { weight: 4, arbitrary: fc.constantFrom("notifyOne" as const, "notifyLast" as const) },
    { weight: 1, arbitrary: fc.constant("notifyWaiters" as const) },
    { weight: 8, arbitrary: fc.constantFrom("poll" as const, "enable" as const, "drop" as const) },
  ),
  at: fc.nat(7),
});

test.each([plain, shared])(
  "Notify agrees with the model, and no notification is lost: $form",
  (form) => {
    fc.assert(
      fc.property(fc.array(notifyStep, { maxLength: 80, size: "max" }), (steps) => {
        const notifies = new Notifies(form);
        for (const step of steps) notifies.run(step);
        notifies.end();
      }),
      { numRuns: 500 },
    );
  },
);

// ── oneshot ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const ONESHOT_STEPS = ["poll", "tryRecv", "send", "dropSender", "close", "pollClosed"] as const;

interface OneshotModel {
  value: boolean;
  senderOpen: boolean;
  receiverOpen: boolean;
  done: boolean;
}

function outcomeOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

/** Whether the sender is to be asked: one of the shared form that has been used up has no more to say. */
function isSender(model: OneshotModel, form: Form): boolean {
  return model.senderOpen || form === plain;
}

/** What a poll gives: the value, its absence for ever, or not yet. */
function expectPoll(model: OneshotModel, outcome: unknown): void {
  const over = !model.senderOpen || !model.receiverOpen;
  if (model.value) expect(outcome).toBe(7);
  else if (over) expect(outcome).toBeInstanceOf(RecvError);
  else expect(outcome).toBe(Pending);
  model.done = model.value || over;
  model.value = false;
}

test.each([plain, shared])("oneshot agrees with the model: $form", (form) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...ONESHOT_STEPS), { maxLength: 12 }), (steps) => {
      const [tx, rx] = form.oneshot<number>();
      const recv = new Polled(rx);
      const closed = new Polled(tx.closed());
      const model: OneshotModel = {
        value: false,
        senderOpen: true,
        receiverOpen: true,
        done: false,
      };
      let isWaiting = false;
      let sawClose = false;
      for (const step of steps) {
        if (step === "poll" && !model.done) {
          expectPoll(
            model,
            outcomeOf(() => recv.poll()),
          );
          isWaiting = !model.done;
        } else if (step === "tryRecv" && !model.done) {
          const outcome = outcomeOf(() => rx.tryRecv());
          if (model.value) {
            expect(outcome).toBe(7);
            model.done = true;
            model.value = false;
          } else {
            const over = !model.senderOpen || !model.receiverOpen;
            expect(outcome).toBeInstanceOf(TryRecvError);
            expect((outcome as TryRecvError).isDisconnected).toBe(over);
            // As Tokio: the error that it is over is the receiver's last word.
            model.done = over;
          }
        } else if (step === "send" && model.senderOpen) {
          const outcome = outcomeOf(() => tx.send(7));
          model.senderOpen = false;
          if (model.receiverOpen && !model.done) {
            expect(outcome).toBe(undefined);
            model.value = true;
            if (isWaiting) expect(recv.isWoken).toBe(true);
          } else expect((outcome as SendError<number>).value).toBe(7);
        } else if (step === "dropSender") {
          tx[Symbol.dispose]();
          if (model.senderOpen && isWaiting && !model.done) expect(recv.isWoken).toBe(true);
          model.senderOpen = false;
        } else if (step === "close") {
          rx.close();
          model.receiverOpen = false;
        } else if (step === "pollClosed" && !sawClose && isSender(model, form)) {
          const outcome = outcomeOf(() => closed.poll());
          sawClose = outcome !== Pending;
          // A sender that is used up has nothing to wait for.
          if (!model.receiverOpen) expect(outcome).toBe(undefined);
          else if (!model.senderOpen) expect(outcome).toBeInstanceOf(ClosedHandleError);
          else expect(outcome).toBe(Pending);
        }
        expect(rx.isEmpty()).toBe(!model.value);
        expect(rx.isTerminated()).toBe(model.done);
        if (isSender(model, form)) expect(tx.isClosed()).toBe(!model.receiverOpen);
      }
    }),
    { numRuns: 500 },
  );
});
