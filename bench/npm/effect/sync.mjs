// Deferred in the place of a oneshot, and a bounded Queue.

import { Deferred, Effect, Fiber, Queue } from "effect";
import { check, outcome, sumBelow } from "../../harness/round.mjs";
import { sum, timed } from "./timed.mjs";

const partner = Effect.fnUntraced(function* (pinged, pong) {
  yield* Deferred.await(pinged);
  yield* Deferred.succeed(pong, 1);
});

const ping = Effect.fnUntraced(function* () {
  const pinged = yield* Deferred.make();
  const pong = yield* Deferred.make();
  yield* Effect.forkChild(partner(pinged, pong));
  yield* Deferred.succeed(pinged, 1);
  return yield* Deferred.await(pong);
});

const pingPong = Effect.fnUntraced(function* (pings, repeat) {
  let pongs = 0;
  for (let round = 0; round < repeat; round++) {
    const fibers = [];
    for (let i = 0; i < pings; i++) fibers.push(yield* Effect.forkChild(ping()));
    pongs += sum(yield* Fiber.joinAll(fibers));
  }
  return pongs;
});

const sendAll = Effect.fnUntraced(function* (queue, messages) {
  for (let i = 0; i < messages; i++) yield* Queue.offer(queue, i);
});

const receiveAll = Effect.fnUntraced(function* (queue, messages) {
  let sum = 0;
  for (let i = 0; i < messages; i++) sum += yield* Queue.take(queue);
  return sum;
});

const transfer = Effect.fnUntraced(function* (messages, capacity) {
  const queue = yield* Queue.bounded(capacity);
  const receiving = yield* Effect.forkChild(receiveAll(queue, messages));
  const sending = yield* Effect.forkChild(sendAll(queue, messages));
  yield* Fiber.join(sending);
  return yield* Fiber.join(receiving);
});

export const rows = {
  async ping_pong({ pings, repeat }) {
    const { elapsed, value } = await timed(pingPong(pings, repeat));
    check("pongs", value, pings * repeat);
    return outcome(pings * repeat, elapsed);
  },
  async mpsc({ messages, capacity }) {
    const { elapsed, value } = await timed(transfer(messages, capacity));
    check("sum", value, sumBelow(messages));
    return outcome(messages, elapsed);
  },
};
