// Async functions: an `await null` for each yield, a call for each spawn.

import { check, outcome, sumBelow } from "../harness/round.mjs";
import { sum, timed } from "./timed.mjs";

async function yields(count) {
  for (let i = 0; i < count; i++) await null;
  return count;
}

async function yieldMany(tasks, each) {
  const running = [];
  for (let i = 0; i < tasks; i++) running.push(yields(each));
  return sum(await Promise.all(running));
}

async function trivial(i) {
  return i;
}

async function spawnMany(tasks) {
  const running = [];
  for (let i = 0; i < tasks; i++) running.push(trivial(i));
  return sum(await Promise.all(running));
}

async function spawnAwait(tasks) {
  let sum = 0;
  for (let i = 0; i < tasks; i++) sum += await trivial(i);
  return sum;
}

function spawnRow(program) {
  return async ({ tasks }) => {
    const { elapsed, value } = await timed(program, tasks);
    check("sum", value, sumBelow(tasks));
    return outcome(tasks, elapsed);
  };
}

export const rows = {
  async yield_many({ tasks, yields }) {
    const { elapsed, value } = await timed(yieldMany, tasks, yields);
    check("yields", value, tasks * yields);
    return outcome(tasks * yields, elapsed);
  },
  spawn_many: spawnRow(spawnMany),
  spawn_await: spawnRow(spawnAwait),
};
