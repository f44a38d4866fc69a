// Random programs on a bounded channel against a plain model: no value lost, none twice, first come first served, permits
// conserved, nobody woken for nothing.

import fc from "fast-check";
import { test } from "vitest";
import type { Form } from "./conformance/contract.js";
import { plain, shared } from "./conformance/forms.js";
import { Channels, type Operation, type Step } from "./mpsc-model.js";

function steps(weights: Readonly<Partial<Record<Operation, number>>>): fc.Arbitrary<Step[]> {
  const operations = Object.entries(weights).map(([op, weight]) => ({
    weight,
    arbitrary: fc.constant(op as Operation),
  }));
  const step = fc.record({ op: fc.oneof(...operations), at: fc.nat(30) });
  return fc.array(step, { maxLength: 120, size: "max" });
}

const OPEN = {
  send: 10,
  trySend: 8,
  reserve: 6,
  reserveMany: 6,
  recv: 10,
  tryRecv: 6,
  recvMany: 4,
  poll: 16,
  drop: 8,
  usePermit: 8,
  dropPermit: 6,
};

/** What ends a channel comes rarely, or most programs would be over before they began. */
const ENDING = { ...OPEN, clone: 1, dropSender: 1, close: 1 };

function runAll(form: Form): (capacity: number, steps: readonly Step[]) => void {
  return (capacity, steps) => {
    const channels = new Channels(form, capacity);
    for (const each of steps) channels.run(each);
    channels.end();
  };
}

const capacity = fc.integer({ min: 1, max: 6 });

test.each([plain, shared])("an open channel agrees with the model: $form", (form) => {
  fc.assert(fc.property(capacity, steps(OPEN), runAll(form)), { numRuns: 400 });
});

test.each([plain, shared])(
  "a channel that is closed from either side agrees with the model: $form",
  (form) => {
    fc.assert(fc.property(capacity, steps(ENDING), runAll(form)), { numRuns: 400 });
  },
);
