// Queue for mpsc, with Deferred for replies; PubSub for broadcast; SubscriptionRef for watch.

import { Deferred, Effect, Fiber, Latch, PubSub, Queue, Stream, SubscriptionRef } from "effect";
import { check, outcome, parts, sumBelow } from "../../harness/round.mjs";
import { sum, timed } from "./timed.mjs";

const AMPLE = 1_000_000;
const SCANT = 100;

const sendAll = Effect.fnUntraced(function* (queue, messages) {
  for (let i = 0; i < messages; i++) yield* Queue.offer(queue, i);
});

const receiveAll = Effect.fnUntraced(function* (queue, messages) {
  let total = 0;
  for (let i = 0; i < messages; i++) total += yield* Queue.take(queue);
  return total;
});

const receiveMany = Effect.fnUntraced(function* (queue, messages) {
  let total = 0;
  for (let received = 0; received < messages; ) {
    const values = yield* Queue.takeAll(queue);
    received += values.length;
    total += sum(values);
  }
  return total;
});

const open = (capacity) => (capacity === undefined ? Queue.unbounded() : Queue.bounded(capacity));

const contend = Effect.fnUntraced(function* ({ tasks, messages, repeat }, capacity, receive) {
  let total = 0;
  for (let round = 0; round < repeat; round++) {
    const queue = yield* open(capacity);
    for (let i = 0; i < tasks; i++) yield* Effect.forkChild(sendAll(queue, messages));
    total += yield* receive(queue, tasks * messages);
  }
  return total;
});

const sendThenReceive = Effect.fnUntraced(function* ({ messages, repeat }, capacity, receive) {
  let total = 0;
  for (let round = 0; round < repeat; round++) {
    const queue = yield* open(capacity);
    yield* sendAll(queue, messages);
    total += yield* receive(queue, messages);
  }
  return total;
});

async function measure(field, program, sizes, capacity, receive) {
  const { elapsed, value } = await timed(program(sizes, capacity, receive));
  const { tasks = 1, messages, repeat } = sizes;
  check("sum", value, repeat * tasks * sumBelow(messages));
  return [field, repeat * tasks * messages, elapsed];
}

const REQUEST_CAPACITY = 10;

const replyAll = Effect.fnUntraced(function* (queue) {
  for (;;) yield* Deferred.succeed(yield* Queue.take(queue), 1);
});

const requestAll = Effect.fnUntraced(function* (requests) {
  const queue = yield* Queue.bounded(REQUEST_CAPACITY);
  yield* Effect.forkChild(replyAll(queue));
  let replies = 0;
  for (let i = 0; i < requests; i++) {
    const reply = yield* Deferred.make();
    yield* Queue.offer(queue, reply);
    replies += yield* Deferred.await(reply);
  }
  return replies;
});

/** Counts receivers down; who sends waits at the latch for the last. */
class Group {
  #left = 0;
  #latch = Latch.makeUnsafe();

  expect(count) {
    this.#left = count;
    this.#latch.closeUnsafe();
  }

  finishOne() {
    this.#left -= 1;
    if (this.#left === 0) this.#latch.openUnsafe();
  }

  get wait() {
    return this.#latch.await;
  }
}

const takeEach = Effect.fnUntraced(function* (subscription, messages, group) {
  let total = 0;
  for (let i = 0; i < messages; i++) {
    total += yield* PubSub.take(subscription);
    group.finishOne();
  }
  return total;
});

/** `send` sends one message; each is sent when all have had the one before. */
const sendEach = Effect.fnUntraced(function* (send, receivers, messages, group) {
  const start = performance.now();
  for (let message = 0; message < messages; message++) {
    group.expect(receivers);
    yield* send(message);
    yield* group.wait;
  }
  return performance.now() - start;
});

const startAtOnce = { startImmediately: true };

const broadcastAll = Effect.fnUntraced(function* (receivers, messages) {
  const pubsub = yield* PubSub.bounded(1_000);
  const group = new Group();
  const fibers = [];
  for (let i = 0; i < receivers; i++) {
    const subscription = yield* PubSub.subscribe(pubsub);
    fibers.push(yield* Effect.forkChild(takeEach(subscription, messages, group), startAtOnce));
  }
  const send = (message) => PubSub.publish(pubsub, message);
  const elapsed = yield* sendEach(send, receivers, messages, group);
  return { elapsed, total: sum(yield* Fiber.joinAll(fibers)) };
}, Effect.scoped);

/** The stream begins with the value that is there. */
const watchEach = (ref, messages, group) =>
  SubscriptionRef.changes(ref).pipe(
    Stream.take(messages + 1),
    Stream.runFold(
      () => 0,
      (total, value) => {
        group.finishOne();
        return total + value;
      },
    ),
  );

const watchAll = Effect.fnUntraced(function* (receivers, messages) {
  const ref = yield* SubscriptionRef.make(0);
  const group = new Group();
  const fibers = [];
  group.expect(receivers);
  for (let i = 0; i < receivers; i++)
    fibers.push(yield* Effect.forkChild(watchEach(ref, messages, group)));
  yield* group.wait;
  const send = (message) => SubscriptionRef.set(ref, message);
  const sending = yield* Effect.forkChild(sendEach(send, receivers, messages, group));
  const elapsed = yield* Fiber.join(sending);
  return { elapsed, total: sum(yield* Fiber.joinAll(fibers)) };
});

async function measureReceives(field, program, receivers, receives) {
  const messages = Math.ceil(receives / receivers);
  const { elapsed, total } = await Effect.runPromise(program(receivers, messages));
  check("sum", total, receivers * sumBelow(messages));
  return [field, receivers * messages, elapsed];
}

function receiversRow(program) {
  return async ({ receives }) =>
    parts([
      await measureReceives("to10Ns", program, 10, receives),
      await measureReceives("to100Ns", program, 100, receives),
      await measureReceives("to1000Ns", program, 1_000, receives),
    ]);
}

export const rows = {
  async mpsc_contention(sizes) {
    return parts([
      await measure("boundedNs", contend, sizes, AMPLE, receiveAll),
      await measure("boundedManyNs", contend, sizes, AMPLE, receiveMany),
      await measure("fullNs", contend, sizes, SCANT, receiveAll),
      await measure("fullManyNs", contend, sizes, SCANT, receiveMany),
      await measure("unboundedNs", contend, sizes, undefined, receiveAll),
      await measure("unboundedManyNs", contend, sizes, undefined, receiveMany),
    ]);
  },
  async mpsc_uncontended(sizes) {
    return parts([
      await measure("boundedNs", sendThenReceive, sizes, AMPLE, receiveAll),
      await measure("boundedManyNs", sendThenReceive, sizes, AMPLE, receiveMany),
      await measure("unboundedNs", sendThenReceive, sizes, undefined, receiveAll),
      await measure("unboundedManyNs", sendThenReceive, sizes, undefined, receiveMany),
    ]);
  },
  async request_reply({ requests, repeat }) {
    const { elapsed, value } = await timed(requestAll(requests * repeat));
    check("replies", value, requests * repeat);
    return outcome(value, elapsed);
  },
  broadcast: receiversRow(broadcastAll),
  watch: receiversRow(watchAll),
};
