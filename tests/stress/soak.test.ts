// The short form of the soak (the long one: node tests/stress/soak.mjs 600), and the million.

import { describe, expect, test } from "vitest";
import { onPackageOnly, run } from "../threads/programs.js";

/** Longer than the soak's own limit for each of its waits, which says what it waited for. */
const LIMIT_MS = 110_000;

describe("a soak of some seconds", () => {
  onPackageOnly();

  test.each([
    ["with kills", "4"],
    ["without kills", "0"],
  ])("%s: nothing hangs, nothing is left, nothing grows", async (_, kills) => {
    const seconds = kills === "0" ? "3" : "6";
    const seed = String(Date.now() % 100_000);
    const result = await run("stress/soak.mjs", [seconds, seed, "2", kills], {}, LIMIT_MS);
    expect(result.stdout, result.stderr).toMatch(/\nok: .*\n$/);
    expect(result).toMatchObject({ code: 0, hung: false });
  });

  test("with threads that are ended in the middle of the core: nothing is lost on its way", async () => {
    const only = { SOAK_KINDS: "tree,scatters,chats,asyncNaps", SOAK_KILLS: "terminate" };
    const seed = String(Date.now() % 100_000);
    const result = await run("stress/soak.mjs", ["6", seed, "2", "10"], only, 28_000);
    expect(result.stdout, result.stderr).toMatch(/\nok: .*\n$/);
    expect(result).toMatchObject({ code: 0, hung: false });
  });
});

describe("a million sendable tasks", () => {
  onPackageOnly();

  test("through four workers, twice: none is lost, none runs twice, and memory comes back", async () => {
    const result = await run("stress/million.mjs", [], {}, LIMIT_MS);
    expect(result.stdout, result.stderr).toMatch(/\nok\n$/);
    expect(result).toMatchObject({ code: 0, hung: false });
  });
});
