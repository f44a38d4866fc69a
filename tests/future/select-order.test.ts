// In what order select polls its branches: as written when biased, from a random one on otherwise, repeatable by seed.

import { ready, select, yieldNow } from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { expect, test } from "vitest";
import { Probe, paused, pollOnce } from "../support/tasks.js";

function* winners(rounds: number) {
  const seen: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const winner = yield* select({ a: ready(1), b: ready(2), c: ready(3) });
    seen.push(winner.branch);
  }
  return seen.join("");
}

function drawn(rt: Runtime, rounds = 300): string {
  return rt.blockOn(winners, rounds);
}

test("biased polls the branches in their order, every time", () => {
  for (let round = 0; round < 50; round++) {
    const log: string[] = [];
    const race = select(
      { a: new Probe(log, "a"), b: new Probe(log, "b"), c: new Probe(log, "c") },
      { biased: true },
    );
    pollOnce(race);
    expect(log).toEqual(["poll a", "poll b", "poll c"]);
  }
});

test("biased gives the first branch that is ready, and does not poll those behind it", () => {
  const behind = new Probe();
  const winner = pollOnce(select({ a: ready("a"), behind }, { biased: true }));
  expect(winner).toEqual({ branch: "a", value: "a" });
  expect(behind.polls).toBe(0);
});

test("unbiased polls every branch once, in their order from the first one on", () => {
  const starts = new Set<string>();
  for (let round = 0; round < 200; round++) {
    const log: string[] = [];
    pollOnce(select({ a: new Probe(log, "a"), b: new Probe(log, "b"), c: new Probe(log, "c") }));
    starts.add(log.map((line) => line.slice(5)).join(""));
  }
  expect([...starts].sort()).toEqual(["abc", "bca", "cab"]);
});

test("among branches that are always ready each wins about as often", () => {
  const seen = drawn(paused(), 3_000);
  for (const name of "abc") {
    const share = seen.split(name).length - 1;
    expect(share).toBeGreaterThan(800);
    expect(share).toBeLessThan(1_200);
  }
});

test("the same seed draws the same winners", () => {
  const first = drawn(paused((builder) => builder.rngSeed(7)));
  const second = drawn(paused((builder) => builder.rngSeed(7)));
  expect(second).toBe(first);
});

test("another seed draws other winners", () => {
  const seeds = [0, 1, 2, 2 ** 32, Number.MAX_SAFE_INTEGER];
  const runs = seeds.map((seed) => drawn(paused((builder) => builder.rngSeed(seed))));
  expect(new Set(runs).size).toBe(seeds.length);
});

test("numbers that the program draws for itself do not shift what select draws", () => {
  const plain = drawn(paused((builder) => builder.rngSeed(7)));
  const rt = paused((builder) => builder.rngSeed(7));
  const mixed = rt.blockOn(function* () {
    let seen = "";
    for (let round = 0; round < 300; round++) {
      rt.handle().randomBelow(100);
      seen += yield* winners(1);
      yield* yieldNow();
    }
    return seen;
  });
  expect(mixed).toBe(plain);
});

test("a disabled branch takes no part in the draw", () => {
  const seen = new Set<string>();
  for (let round = 0; round < 100; round++) {
    const winner = pollOnce(select({ off: undefined, a: ready(1), b: ready(2), no: false }));
    seen.add((winner as { branch: string }).branch);
  }
  expect([...seen].sort()).toEqual(["a", "b"]);
});
