// Channels: many senders to one receiver, requests with replies, broadcasts, a watched value.

import { spawn, yieldNow } from "tokiwa";
import { broadcast, mpsc, Notify, oneshot, RecvError, watch } from "tokiwa/sync";
import { check, outcome, parts, sumBelow } from "../harness/round.mjs";
import { joinSum, run, timed } from "./runtime.mjs";

/** As many as any of the rows sends before it receives. */
const AMPLE = 1_000_000;
/** So few that the senders wait. */
const SCANT = 100;

function* sendAll(sender, messages) {
  for (let i = 0; i < messages; i++) yield* sender.send(i);
  sender.close();
}

/** Sending into an unbounded channel waits for nothing. */
function* sendAllAtOnce(sender, messages) {
  for (let i = 0; i < messages; i++) sender.send(i);
  sender.close();
}

function* receiveAll(receiver, messages) {
  let sum = 0;
  for (let i = 0; i < messages; i++) sum += yield* receiver.recv();
  return sum;
}

function* receiveMany(receiver, messages) {
  let sum = 0;
  for (let received = 0; received < messages; ) {
    const values = yield* receiver.recvMany(messages);
    received += values.length;
    for (let i = 0; i < values.length; i++) sum += values[i];
  }
  return sum;
}

const bounded = (capacity) => ({ open: () => mpsc.channel(capacity), send: sendAll });
const unbounded = { open: () => mpsc.unbounded(), send: sendAllAtOnce };

/** Tasks send into one channel; the program itself receives. */
function* contend({ tasks, messages, repeat }, { open, send }, receive) {
  let sum = 0;
  for (let round = 0; round < repeat; round++) {
    const [sender, receiver] = open();
    for (let i = 0; i < tasks; i++) spawn(send, sender.clone(), messages);
    sum += yield* receive(receiver, tasks * messages);
  }
  return sum;
}

function* sendThenReceive({ messages, repeat }, { open, send }, receive) {
  let sum = 0;
  for (let round = 0; round < repeat; round++) {
    const [sender, receiver] = open();
    yield* send(sender, messages);
    sum += yield* receive(receiver, messages);
  }
  return sum;
}

async function measure(field, program, sizes, channel, receive) {
  const { elapsed, value } = await timed(program, sizes, channel, receive);
  const { tasks = 1, messages, repeat } = sizes;
  check("sum", value, repeat * tasks * sumBelow(messages));
  return [field, repeat * tasks * messages, elapsed];
}

const REQUEST_CAPACITY = 10;

function* replyAll(receiver) {
  for (;;) {
    const reply = yield* receiver.recv();
    if (reply === undefined) return;
    reply.send(1);
  }
}

function* requestAll([sender, receiver], requests) {
  spawn(replyAll, receiver);
  let replies = 0;
  for (let i = 0; i < requests; i++) {
    const [reply, replied] = oneshot.channel();
    yield* sender.send(reply);
    replies += yield* replied;
  }
  sender.close();
  return replies;
}

/** Counts receivers down and tells who sends when the last is done. */
class Group {
  #left = 0;
  #done = new Notify();

  expect(count) {
    this.#left = count;
  }

  finishOne() {
    this.#left -= 1;
    if (this.#left === 0) this.#done.notifyOne();
  }

  *wait() {
    while (this.#left > 0) yield* this.#done.notified();
  }
}

function* receiveBroadcasts(receiver, group) {
  let sum = 0;
  try {
    for (;;) {
      sum += yield* receiver.recv();
      group.finishOne();
    }
  } catch (error) {
    if (error instanceof RecvError) return sum;
    throw error;
  }
}

/** Each message is sent when all have received the one before. */
function* broadcastAll(receivers, messages) {
  const [sender, unused] = broadcast.channel(1_000);
  unused[Symbol.dispose]();
  const group = new Group();
  const handles = [];
  for (let i = 0; i < receivers; i++)
    handles.push(spawn(receiveBroadcasts, sender.subscribe(), group));
  yield* yieldNow();
  const start = performance.now();
  for (let message = 0; message < messages; message++) {
    group.expect(receivers);
    sender.send(message);
    yield* group.wait();
  }
  const elapsed = performance.now() - start;
  sender.close();
  return { elapsed, sum: yield* joinSum(handles) };
}

function* watchChanges(receiver, group) {
  let sum = 0;
  try {
    for (;;) {
      yield* receiver.changed();
      sum += receiver.borrow();
      group.finishOne();
    }
  } catch (error) {
    if (error instanceof RecvError) return sum;
    throw error;
  }
}

function* changeOverAndOver(sender, receivers, messages, group) {
  for (let message = 0; message < messages; message++) {
    group.expect(receivers);
    sender.send(message);
    yield* group.wait();
  }
  sender.close();
}

/** The same with a watched value. Who changes it is a task. */
function* watchAll(receivers, messages) {
  const [sender, unused] = watch.channel(0);
  unused[Symbol.dispose]();
  const group = new Group();
  const handles = [];
  for (let i = 0; i < receivers; i++) handles.push(spawn(watchChanges, sender.subscribe(), group));
  yield* yieldNow();
  const start = performance.now();
  yield* spawn(changeOverAndOver, sender, receivers, messages, group);
  const elapsed = performance.now() - start;
  return { elapsed, sum: yield* joinSum(handles) };
}

/** All of them receive as often in all, however many they are. */
async function measureReceives(field, program, receivers, receives) {
  const messages = Math.ceil(receives / receivers);
  const { elapsed, sum } = await run(program, receivers, messages);
  check("sum", sum, receivers * sumBelow(messages));
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
      await measure("boundedNs", contend, sizes, bounded(AMPLE), receiveAll),
      await measure("boundedManyNs", contend, sizes, bounded(AMPLE), receiveMany),
      await measure("fullNs", contend, sizes, bounded(SCANT), receiveAll),
      await measure("fullManyNs", contend, sizes, bounded(SCANT), receiveMany),
      await measure("unboundedNs", contend, sizes, unbounded, receiveAll),
      await measure("unboundedManyNs", contend, sizes, unbounded, receiveMany),
    ]);
  },
  async mpsc_uncontended(sizes) {
    return parts([
      await measure("boundedNs", sendThenReceive, sizes, bounded(AMPLE), receiveAll),
      await measure("boundedManyNs", sendThenReceive, sizes, bounded(AMPLE), receiveMany),
      await measure("unboundedNs", sendThenReceive, sizes, unbounded, receiveAll),
      await measure("unboundedManyNs", sendThenReceive, sizes, unbounded, receiveMany),
    ]);
  },
  async request_reply({ requests, repeat }) {
    const channel = mpsc.channel(REQUEST_CAPACITY);
    const { elapsed, value } = await timed(requestAll, channel, requests * repeat);
    check("replies", value, requests * repeat);
    return outcome(value, elapsed);
  },
  broadcast: receiversRow(broadcastAll),
  watch: receiversRow(watchAll),
};
