// Instant: differences, arithmetic, comparison.

import { advance, DurationError, Instant } from "tokiwa/time";
import { describe, expect, test } from "vitest";
import { DAY, runPaused, thrownBy, YEAR } from "../support/time.js";

describe("Instant", () => {
  test("durationSince is zero when the other is later", () => {
    runPaused(function* () {
      const start = Instant.now();
      yield* advance(40);
      const later = Instant.now();
      expect(later.durationSince(start)).toBe(40);
      expect(start.durationSince(later)).toBe(0);
      expect(start.durationSince(start)).toBe(0);
    });
  });

  test("checkedDurationSince is undefined when the other is later", () => {
    runPaused(function* () {
      const start = Instant.now();
      yield* advance(40);
      const later = Instant.now();
      expect(later.checkedDurationSince(start)).toBe(40);
      expect(start.checkedDurationSince(later)).toBe(undefined);
      expect(start.checkedDurationSince(start)).toBe(0);
    });
  });

  test("elapsed is the time to now, and zero for what lies ahead", () => {
    runPaused(function* () {
      const start = Instant.now();
      const ahead = start.plus(100);
      yield* advance(40);
      expect(start.elapsed()).toBe(40);
      expect(ahead.elapsed()).toBe(0);
    });
  });

  test("plus and minus make new ones", () => {
    const start = Instant.now();
    const later = start.plus(1500);
    expect(later.durationSince(start)).toBeCloseTo(1500, 6);
    expect(start.durationSince(start)).toBe(0);
    expect(later.minus(500).durationSince(start)).toBeCloseTo(1000, 6);
    expect(start.minus({ seconds: 1 }).durationSince(start)).toBe(0);
    expect(start.durationSince(start.minus({ seconds: 1 }))).toBeCloseTo(1000, 6);
    expect(start.plus({ minutes: 1, milliseconds: 5 }).durationSince(start)).toBeCloseTo(60_005, 6);
  });

  test("compares with < and >", () => {
    const start = Instant.now();
    const later = start.plus(1);
    expect(start < later).toBe(true);
    expect(later > start).toBe(true);
    expect(later <= start).toBe(false);
    expect(start >= start.plus(0)).toBe(true);
  });

  test("too long a duration is cut to about thirty years", () => {
    const start = Instant.now();
    for (const duration of [Number.POSITIVE_INFINITY, Number.MAX_VALUE, { days: 1e12 }]) {
      const years = start.plus(duration).durationSince(start) / YEAR;
      expect(years).toBeGreaterThan(29);
      expect(years).toBeLessThan(31);
    }
  });

  test("bad durations are refused, with the method's name", () => {
    const start = Instant.now();
    for (const method of ["plus", "minus"] as const) {
      const error = thrownBy(() => start[method](-1));
      expect(error).toBeInstanceOf(DurationError);
      expect(error).toMatchObject({ argument: `Instant.${method}(duration)`, given: -1 });
    }
  });

  test("outside of every runtime it follows the host's clock, and never goes back", () => {
    let last = Instant.now();
    for (let reads = 0; reads < 1000; reads++) {
      const next = Instant.now();
      expect(next.valueOf()).toBeGreaterThanOrEqual(last.valueOf());
      last = next;
    }
    expect(Math.abs(last.valueOf() - performance.now())).toBeLessThan(DAY);
  });

  test("each runtime has a clock of its own", () => {
    const first = runPaused(function* () {
      yield* advance(1000);
      return Instant.now().valueOf();
    });
    const second = runPaused(function* () {
      yield* advance(1);
      return Instant.now().valueOf();
    });
    expect([first, second]).toEqual([1000, 1]);
  });
});
