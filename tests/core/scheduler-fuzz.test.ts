// Millions of random operations on task slab, states, run queue, deferred list and lifo slot against a naive scheduler.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Build, COMPLETED, DROP_FLAG, EMPTY, PENDING, YIELDED } from "../support/core.js";
import { fuzzScheduler, PROFILES, Schedulers } from "./scheduler-model.js";

const STEPS = 20_000;
const SEEDS = 6;

/** What is shipped, and the check build that asserts its own invariants, with atomics. */
const FUZZED: readonly Build[] = ["single", "check-threads"];

describe.each(FUZZED)("the scheduler of core.%s", (build) => {
  test.each(PROFILES)("agrees with the model: $name", (profile) => {
    let operations = 0;
    const seeds = fc.noShrink(fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    fc.assert(
      fc.property(seeds, (seed) => {
        operations += fuzzScheduler(build, profile, seed, STEPS);
      }),
      { numRuns: SEEDS },
    );
    expect(operations).toBeGreaterThanOrEqual(SEEDS * STEPS * 0.7);
  });

  test("agrees with the model on short programs, which shrink", () => {
    const step = fc.oneof(
      fc.record({ op: fc.constant("spawn" as const) }),
      fc.record({ op: fc.constant("next" as const), outcome: fc.constantFrom(0, 1, 2) }),
      fc.record({ op: fc.constantFrom("wake" as const, "cancel" as const), slot: fc.nat(3) }),
      fc.record({ op: fc.constant("driver" as const) }),
    );
    const settings = fc.record({
      taskLimit: fc.constant(4),
      timerLimit: fc.constant(1),
      eventInterval: fc.integer({ min: 1, max: 5 }),
      lifo: fc.boolean(),
    });
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 60, size: "max" }), (settings, steps) => {
        const both = new Schedulers(build, settings);
        let answer = EMPTY;
        for (const step of steps) {
          if (step.op === "spawn") both.spawn();
          else if (step.op === "next")
            answer = both.next(
              answer >= 0 && (answer & DROP_FLAG) !== 0
                ? COMPLETED
                : ([PENDING, YIELDED, COMPLETED][step.outcome] as number),
            );
          else if (step.op === "wake") both.wake(step.slot, both.generationOf(step.slot, 0));
          else if (step.op === "cancel") both.cancel(step.slot, both.generationOf(step.slot, 0));
          else if (!both.polling) both.driver(1);
        }
        both.checkAll();
      }),
      { numRuns: 300 },
    );
  });
});
