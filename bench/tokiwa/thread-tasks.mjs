// The functions that workers run.

import { sendable, spawn, yieldNow } from "tokiwa";
import { oneshot } from "tokiwa/sync";
import { spawnBlocking } from "tokiwa/task";
import * as work from "../harness/work.mjs";
import { joinSum } from "./runtime.mjs";
import { finishOne, isBusy } from "./thread-signals.mjs";

const here = import.meta.url;

export const nothing = sendable(here, "nothing", work.nothing);
export const increment = sendable(here, "increment", work.increment);
export const price = sendable(here, "price", work.price);
export const invert = sendable(here, "invert", work.invert);
export const burn = sendable(here, "burn", work.burn);

export const incrementCoroutine = sendable(here, "incrementCoroutine", function* (value) {
  return value + 1;
});

/** Spawns all the work on the worker that runs this, and waits for it. */
export const burnMany = sendable(here, "burnMany", function* (tasks, loops) {
  const handles = [];
  for (let i = 0; i < tasks; i++) handles.push(spawn(burn, loops));
  return yield* joinSum(handles);
});

export const countDown = sendable(here, "countDown", finishOne);

export const yields = sendable(here, "yields", function* (count) {
  for (let i = 0; i < count; i++) yield* yieldNow();
  finishOne();
});

/** The ends of a plain oneshot stay on their thread, and so does the partner. */
function* partner(pinged, pong) {
  yield* pinged;
  pong.send(1);
}

export const ping = sendable(here, "ping", function* () {
  const [ping, pinged] = oneshot.channel();
  const [pong, ponged] = oneshot.channel();
  spawn(partner, pinged, pong);
  ping.send(1);
  if ((yield* ponged) === 1) finishOne();
});

/** Spawns all the pingers, so that they start on a worker. */
export const pingAll = sendable(here, "pingAll", function* (pings) {
  for (let i = 0; i < pings; i++) spawn(ping);
});

/** Spawns a task that does the same with one less, down to none. */
export const chain = sendable(here, "chain", function* (depth) {
  if (depth === 0) finishOne();
  else spawn(chain, depth - 1);
});

/** Works and yields until it is told to stop. */
export const busyYields = sendable(here, "busyYields", function* (loops) {
  while (isBusy()) {
    yield* yieldNow();
    work.burn(loops);
  }
  finishOne();
});

/** Works and spawns a task that does the same, until it is told to stop. */
export const busyChain = sendable(here, "busyChain", function* (loops) {
  if (!isBusy()) return finishOne();
  work.burn(loops);
  spawn(busyChain, loops);
});

/** One batch of blocking calls after another. */
export const blockingBatches = sendable(here, "blockingBatches", function* (batches, batch) {
  let calls = 0;
  for (let i = 0; i < batches; i++) {
    const handles = [];
    for (let j = 0; j < batch; j++) handles.push(spawnBlocking(nothing));
    for (const handle of handles) {
      yield* handle;
      calls += 1;
    }
  }
  return calls;
});
