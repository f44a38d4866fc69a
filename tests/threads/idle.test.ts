// Workers that have nothing to do take no processor time. One that spins would take all of a core.

import { describe, expect, test } from "vitest";
import { onPackageOnly, run } from "./programs.js";

/** Of a core. */
const SHARE = 0.05;

describe("two parked workers", () => {
  onPackageOnly();

  test.each(["plain", "timers", "pool"])(
    "take less than a twentieth of a core: %s",
    async (kind) => {
      const args = ["1000", kind, String(SHARE)];
      const { stdout, stderr, hung } = await run("threads/programs/idle.mjs", args);
      expect({ hung, stderr }).toEqual({ hung: false, stderr: "" });
      const { share, parks } = JSON.parse(stdout) as { share: number; parks: number[] };
      expect(share).toBeLessThan(SHARE);
      expect(parks).toEqual([1, 1]);
    },
  );
});
