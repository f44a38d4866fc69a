// The scheduler: yielding as coroutines and as poll futures, spawning many at once, spawning and awaiting one at a time.

import { Future, Pending, spawn, yieldNow } from "tokiwa";
import { check, outcome, sumBelow } from "../harness/round.mjs";
import { joinSum, timed } from "./runtime.mjs";

function* yields(count) {
  for (let i = 0; i < count; i++) yield* yieldNow();
  return count;
}

function* yieldMany(tasks, each) {
  const handles = [];
  for (let i = 0; i < tasks; i++) handles.push(spawn(yields, each));
  return yield* joinSum(handles);
}

/** The same task written by hand, as a state machine. */
class Yields extends Future {
  #count;
  #left;

  constructor(count) {
    super();
    this.#count = count;
    this.#left = count;
  }

  poll(cx) {
    if (this.#left === 0) return this.#count;
    this.#left -= 1;
    cx.waker.wakeDeferred();
    return Pending;
  }
}

function* yieldManyPoll(tasks, each) {
  const handles = [];
  for (let i = 0; i < tasks; i++) handles.push(spawn(new Yields(each)));
  return yield* joinSum(handles);
}

function yieldRow(program) {
  return async ({ tasks, yields }) => {
    const { elapsed, value } = await timed(program, tasks, yields);
    check("yields", value, tasks * yields);
    return outcome(tasks * yields, elapsed);
  };
}

function* trivial(i) {
  return i;
}

function* spawnMany(tasks) {
  const handles = [];
  for (let i = 0; i < tasks; i++) handles.push(spawn(trivial, i));
  return yield* joinSum(handles);
}

function* spawnAwait(tasks) {
  let sum = 0;
  for (let i = 0; i < tasks; i++) sum += yield* spawn(trivial, i);
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
  yield_many: yieldRow(yieldMany),
  yield_many_poll: yieldRow(yieldManyPoll),
  spawn_many: spawnRow(spawnMany),
  spawn_await: spawnRow(spawnAwait),
};
