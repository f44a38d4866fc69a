// A paused clock and the event loop: before it moves, what is under way there gets a turn to finish, every time.

import { fromPromise, join, select, sleep, spawn } from "tokiwa";
import { Instant } from "tokiwa/time";
import { expect, test } from "vitest";
import { paused, settles } from "../support/tasks.js";

const promises: [string, () => Promise<string>][] = [
  ["a promise that is resolved", () => Promise.resolve("promise")],
  [
    "a chain of promises",
    async () => {
      for (let step = 0; step < 5; step++) await Promise.resolve();
      return "promise";
    },
  ],
  ["an immediate", () => new Promise((resolve) => setImmediate(() => resolve("promise")))],
];

test.each(promises)("%s beats a timer, round after round, and no time passes", async (_, make) => {
  const [winners, elapsed] = await settles(
    paused().run(function* () {
      const start = Instant.now();
      const winners: string[] = [];
      for (let round = 0; round < 5; round++) {
        const winner = yield* select({ promise: fromPromise(make), timer: sleep(1_000) });
        winners.push(winner.branch);
      }
      return [winners, start.elapsed()] as const;
    }),
  );
  expect(winners).toEqual(new Array(5).fill("promise"));
  expect(elapsed).toBe(0);
});

test("so does an async function that awaits promises, between sleeps that take virtual time", async () => {
  const elapsed = await settles(
    paused().run(async () => {
      const start = Instant.now();
      for (let round = 0; round < 5; round++) {
        await Promise.resolve();
        await sleep(100);
      }
      return start.elapsed();
    }),
  );
  expect(elapsed).toBe(500);
});

test("a promise that does not settle does not hold the clock", async () => {
  const elapsed = await settles(
    paused().run(function* () {
      const start = Instant.now();
      spawn(fromPromise(() => new Promise(() => {})));
      yield* join(sleep(10), sleep(1_000));
      yield* sleep(1_000);
      return start.elapsed();
    }),
  );
  expect(elapsed).toBe(2_000);
});
