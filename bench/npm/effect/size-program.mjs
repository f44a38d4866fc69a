// What the `size` row bundles: one fiber offers ten numbers to a queue, another adds them up.

import { Effect, Fiber, Queue } from "effect";

const send = Effect.fnUntraced(function* (queue) {
  for (let i = 0; i < 10; i++) yield* Queue.offer(queue, i);
});

const program = Effect.gen(function* () {
  const queue = yield* Queue.bounded(4);
  const sending = yield* Effect.forkChild(send(queue));
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += yield* Queue.take(queue);
  yield* Fiber.join(sending);
  return sum;
});

console.log(await Effect.runPromise(program));
