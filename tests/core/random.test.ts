// The random streams: repeatable by seed, independent of each other, in range and even.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BUILDS, type CoreExports, loadCore } from "../support/core.js";

const STREAMS = [0, 1, 2, 3, 4, 5, 6, 7];

describe.each(BUILDS)("the random streams of core.%s", (build) => {
  function seeded(low: number, high = 0): CoreExports {
    const { core } = loadCore(build);
    core.seedStreams(low, high);
    return core;
  }

  function draws(core: CoreExports, stream: number, count: number, bound = 2 ** 30): number[] {
    return Array.from({ length: count }, () => core.drawBelow(stream, bound));
  }

  test("the same seed gives the same numbers", () => {
    for (const stream of STREAMS)
      expect(draws(seeded(42, 7), stream, 50)).toEqual(draws(seeded(42, 7), stream, 50));
  });

  test("both halves of the seed count", () => {
    const first = draws(seeded(1, 0), 0, 20);
    expect(draws(seeded(2, 0), 0, 20)).not.toEqual(first);
    expect(draws(seeded(1, 1), 0, 20)).not.toEqual(first);
  });

  test("seed 0 is a seed like any other", () => {
    for (const stream of STREAMS)
      expect(new Set(draws(seeded(0), stream, 20)).size).toBeGreaterThan(15);
  });

  test("streams differ from each other", () => {
    const core = seeded(5);
    const first = STREAMS.map((stream) => draws(core, stream, 10).join());
    expect(new Set(first).size).toBe(STREAMS.length);
  });

  test("drawing from one stream does not shift another", () => {
    const alone = draws(seeded(9), 1, 30);
    const core = seeded(9);
    const among: number[] = [];
    for (let index = 0; index < 30; index++) {
      for (const stream of STREAMS) if (stream !== 1) core.drawBelow(stream, 10 + index);
      among.push(core.drawBelow(1, 2 ** 30));
    }
    expect(among).toEqual(alone);
  });

  test("seeding again starts over", () => {
    const core = seeded(3);
    const first = draws(core, 2, 10);
    core.seedStreams(3, 0);
    expect(draws(core, 2, 10)).toEqual(first);
  });

  test("a number is whole, from 0 on and below the bound", () => {
    const core = seeded(11);
    const bounds = fc.integer({ min: 1, max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(bounds, fc.constantFrom(...STREAMS), (bound, stream) => {
        const value = core.drawBelow(stream, bound);
        return Number.isInteger(value) && value >= 0 && value < bound;
      }),
      { numRuns: 500 },
    );
    expect(core.drawBelow(0, 1)).toBe(0);
  });

  test("roughly even: chi-squared over 64 cells", () => {
    const cells = 64;
    const each = 500;
    for (const seed of [1, 2, 3]) {
      const core = seeded(seed);
      for (const stream of STREAMS) {
        const counts = new Array<number>(cells).fill(0);
        for (const cell of draws(core, stream, cells * each, cells))
          counts[cell] = (counts[cell] as number) + 1;
        const chi = counts.reduce((sum, count) => sum + (count - each) ** 2 / each, 0);
        // 63 degrees of freedom: mean 63, deviation 11. The seeds are fixed, so this either holds or never does.
        expect(chi).toBeGreaterThan(25);
        expect(chi).toBeLessThan(115);
      }
    }
  });
});
