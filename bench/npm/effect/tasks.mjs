// Fibers: forked as children, joined; `Effect.fnUntraced`, as Effect's docs say for functions that run often.

import { Effect, Fiber } from "effect";
import { check, outcome, sumBelow } from "../../harness/round.mjs";
import { sum, timed } from "./timed.mjs";

const yields = Effect.fnUntraced(function* (count) {
  for (let i = 0; i < count; i++) yield* Effect.yieldNow;
  return count;
});

const yieldMany = Effect.fnUntraced(function* (tasks, each) {
  const fibers = [];
  for (let i = 0; i < tasks; i++) fibers.push(yield* Effect.forkChild(yields(each)));
  return sum(yield* Fiber.joinAll(fibers));
});

const spawnMany = Effect.fnUntraced(function* (tasks) {
  const fibers = [];
  for (let i = 0; i < tasks; i++) fibers.push(yield* Effect.forkChild(Effect.succeed(i)));
  return sum(yield* Fiber.joinAll(fibers));
});

const spawnAwait = Effect.fnUntraced(function* (tasks) {
  let sum = 0;
  for (let i = 0; i < tasks; i++)
    sum += yield* Fiber.join(yield* Effect.forkChild(Effect.succeed(i)));
  return sum;
});

function spawnRow(program) {
  return async ({ tasks }) => {
    const { elapsed, value } = await timed(program(tasks));
    check("sum", value, sumBelow(tasks));
    return outcome(tasks, elapsed);
  };
}

export const rows = {
  async yield_many({ tasks, yields }) {
    const { elapsed, value } = await timed(yieldMany(tasks, yields));
    check("yields", value, tasks * yields);
    return outcome(tasks * yields, elapsed);
  },
  spawn_many: spawnRow(spawnMany),
  spawn_await: spawnRow(spawnAwait),
};
