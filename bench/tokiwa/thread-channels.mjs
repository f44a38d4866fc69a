// Channels that threads share.

import { spawn } from "tokiwa";
import { broadcast, mpsc, Notify, oneshot, watch } from "tokiwa/sync";
import { check, outcome, parts, sumBelow } from "../harness/round.mjs";
import { joinSum } from "./runtime.mjs";
import { threads } from "./thread-runtime.mjs";
import { expectTasks, tasksLeft, waitForTasks } from "./thread-signals.mjs";
import * as tasks from "./thread-sync-tasks.mjs";

/** As many as any of the rows sends before it receives. */
const AMPLE = 1_000_000;
/** So few that the senders wait. */
const SCANT = 100;

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

/** From a worker to this thread. A sender that is sent to a worker is another one there; a receiver moves. */
function* toCaller(capacity, messages) {
  const [sender, receiver] = mpsc.shared(capacity);
  const start = performance.now();
  const sending = spawn(tasks.sendAll, sender, messages);
  sender.close();
  const sum = yield* receiveAll(receiver, messages);
  yield* sending;
  return { elapsed: performance.now() - start, sum };
}

/** From a task to another, on whichever workers. */
function* betweenTasks(capacity, messages) {
  const [sender, receiver] = mpsc.shared(capacity);
  const start = performance.now();
  const receiving = spawn(tasks.receiveAll, receiver);
  const sending = spawn(tasks.sendAll, sender, messages);
  sender.close();
  yield* sending;
  const sum = yield* receiving;
  return { elapsed: performance.now() - start, sum };
}

async function measureTransfer(runtime, field, program, capacity, messages) {
  const { elapsed, sum } = await runtime.run(program, capacity, messages);
  check("sum", sum, sumBelow(messages));
  return [field, messages, elapsed];
}

const bounded = (capacity) => ({ open: () => mpsc.shared(capacity), send: tasks.sendAll });
const unbounded = { open: () => mpsc.sharedUnbounded(), send: tasks.sendAllAtOnce };

/** Tasks send into one channel; this thread receives. */
function* contend({ tasks: count, messages, repeat }, { open, send }, receive) {
  let sum = 0;
  const start = performance.now();
  for (let round = 0; round < repeat; round++) {
    const [sender, receiver] = open();
    for (let i = 0; i < count; i++) spawn(send, sender, messages);
    sender.close();
    sum += yield* receive(receiver, count * messages);
    receiver[Symbol.dispose]();
  }
  return { elapsed: performance.now() - start, sum };
}

async function measure(runtime, field, sizes, channel, receive) {
  const { elapsed, sum } = await runtime.run(contend, sizes, channel, receive);
  const { tasks: count, messages, repeat } = sizes;
  check("sum", sum, repeat * count * sumBelow(messages));
  return [field, repeat * count * messages, elapsed];
}

const REQUEST_CAPACITY = 10;

function* requestAll(requests) {
  const [sender, receiver] = mpsc.shared(REQUEST_CAPACITY);
  const replying = spawn(tasks.replyAll, receiver);
  let replies = 0;
  const start = performance.now();
  for (let i = 0; i < requests; i++) {
    const [reply, replied] = oneshot.shared();
    yield* sender.send(reply);
    replies += yield* replied;
  }
  const elapsed = performance.now() - start;
  sender.close();
  yield* replying;
  return { elapsed, replies };
}

/** Spawns the tasks that receive, and blocks this thread until they have begun. */
function spawnReceivers(task, sender, receivers, allHave, loops) {
  const handles = [];
  expectTasks(receivers);
  for (let i = 0; i < receivers; i++) handles.push(spawn(task, sender.subscribe(), allHave, loops));
  waitForTasks();
  return handles;
}

/** Each message is sent, from this thread, when all have received the one before. */
function* broadcastAll(receivers, messages, loops) {
  const [sender, unused] = broadcast.shared(1_000);
  unused[Symbol.dispose]();
  const allHave = Notify.shared();
  const handles = spawnReceivers(tasks.receiveBroadcasts, sender, receivers, allHave, loops);
  const start = performance.now();
  for (let message = 0; message < messages; message++) {
    expectTasks(receivers);
    sender.send(message);
    while (tasksLeft() > 0) yield* allHave.notified();
  }
  const elapsed = performance.now() - start;
  sender.close();
  return { elapsed, sum: yield* joinSum(handles) };
}

/** The same with a watched value. Who changes it is a task. */
function* watchAll(receivers, messages, loops) {
  const [sender, unused] = watch.shared(0);
  unused[Symbol.dispose]();
  const allHave = Notify.shared();
  const handles = spawnReceivers(tasks.watchChanges, sender, receivers, allHave, loops);
  const start = performance.now();
  const sending = spawn(tasks.sendEach, sender, receivers, messages, allHave);
  sender.close();
  yield* sending;
  const elapsed = performance.now() - start;
  return { elapsed, sum: yield* joinSum(handles) };
}

/** All of them receive as often in all, however many they are. */
async function measureReceives(runtime, field, program, receivers, receives, loops) {
  const messages = Math.ceil(receives / receivers);
  const { elapsed, sum } = await runtime.run(program, receivers, messages, loops);
  check("sum", sum, receivers * sumBelow(messages));
  return [field, receivers * messages, elapsed];
}

function receiversRow(program) {
  return async ({ worker_threads, receives, loops_per_us }) => {
    const runtime = await threads(worker_threads);
    return parts([
      await measureReceives(runtime, "to10Ns", program, 10, receives, loops_per_us),
      await measureReceives(runtime, "to100Ns", program, 100, receives, loops_per_us),
      await measureReceives(runtime, "to1000Ns", program, 1_000, receives, loops_per_us),
    ]);
  };
}

export const rows = {
  async shared_mpsc({ worker_threads, messages, capacity }) {
    const runtime = await threads(worker_threads);
    return parts([
      await measureTransfer(runtime, "toCallerNs", toCaller, capacity, messages),
      await measureTransfer(runtime, "betweenTasksNs", betweenTasks, capacity, messages),
    ]);
  },
  async mt_mpsc_contention({ worker_threads, ...sizes }) {
    const runtime = await threads(worker_threads);
    return parts([
      await measure(runtime, "boundedNs", sizes, bounded(AMPLE), receiveAll),
      await measure(runtime, "boundedManyNs", sizes, bounded(AMPLE), receiveMany),
      await measure(runtime, "fullNs", sizes, bounded(SCANT), receiveAll),
      await measure(runtime, "fullManyNs", sizes, bounded(SCANT), receiveMany),
      await measure(runtime, "unboundedNs", sizes, unbounded, receiveAll),
      await measure(runtime, "unboundedManyNs", sizes, unbounded, receiveMany),
    ]);
  },
  async mt_request_reply({ worker_threads, requests, repeat }) {
    const runtime = await threads(worker_threads);
    const { elapsed, replies } = await runtime.run(requestAll, requests * repeat);
    check("replies", replies, requests * repeat);
    return outcome(replies, elapsed);
  },
  mt_broadcast: receiversRow(broadcastAll),
  mt_watch: receiversRow(watchAll),
};
