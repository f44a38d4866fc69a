// Millions of random operations on the timer wheel against a naive one: nothing lost, nothing early, in the order of
// (deadline, registration), the next expiry exact after every operation.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Build, FOREIGN } from "../support/core.js";
import { fuzzWheel, PROFILES, Wheels } from "./wheel-model.js";

const STEPS = 20_000;
const SEEDS = 8;

/** The release does what is shipped, the check build asserts its own invariants meanwhile. */
const FUZZED: readonly Build[] = ["single", "check-single"];

describe.each(FUZZED)("the wheel of core.%s", (build) => {
  test.each(PROFILES)("agrees with the model: $name", (profile) => {
    let operations = 0;
    const seeds = fc.noShrink(fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    fc.assert(
      fc.property(seeds, (seed) => {
        operations += fuzzWheel(build, profile, seed, STEPS);
      }),
      { numRuns: SEEDS },
    );
    expect(operations).toBeGreaterThanOrEqual(SEEDS * STEPS * 0.9);
  });

  test("agrees with the model on short programs, which shrink", () => {
    const distance = fc.tuple(fc.nat(39), fc.nat(70)).map(([bits, more]) => 2 ** bits - 1 + more);
    const step = fc.oneof(
      fc.record({ op: fc.constant("insert" as const), distance }),
      fc.record({ op: fc.constant("cancel" as const), index: fc.nat(20) }),
      fc.record({ op: fc.constant("next" as const) }),
      fc.record({ op: fc.constant("advance" as const), distance }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
        const wheels = new Wheels(build, 20);
        for (const step of steps) {
          if (step.op === "insert") wheels.insert(wheels.now() + step.distance, FOREIGN);
          else if (step.op === "cancel") wheels.cancel(step.index);
          else if (step.op === "advance") wheels.advance(wheels.now() + step.distance);
          else wheels.advance(wheels.deadlineAt(0) ?? wheels.now());
        }
        while (wheels.pending > 0) wheels.advance(wheels.deadlineAt(0) as number);
      }),
      { numRuns: 500 },
    );
  });
});
