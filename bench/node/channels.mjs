// Channels between threads by hand: postMessage with callbacks. Where the channel is bounded the receiver says how much room
// there is, half of the room at a time, so that a message costs no answer of its own.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { check, outcome, parts } from "../harness/round.mjs";

const FILE = new URL("./channel-worker.mjs", import.meta.url);

let worker;

/** The worker of this process, which does one row. Started once and outside of every timed part. */
async function workerFor(task) {
  if (worker === undefined) {
    worker = new Worker(FILE, { workerData: task });
    await once(worker, "online");
  }
  return worker;
}

/** Resolves to the sum of `messages` numbers, which go on from those of the last round. */
function receiveAll(worker, messages, capacity) {
  return new Promise((resolve) => {
    const half = Math.ceil(capacity / 2);
    let offered = 0;
    let received = 0;
    let sum = 0;
    const offer = () => {
      const room = Math.min(half, messages - offered);
      offered += room;
      if (room > 0) worker.postMessage(room);
    };
    const listener = (value) => {
      sum += value;
      received += 1;
      if (received % half === 0) offer();
      if (received < messages) return;
      worker.off("message", listener);
      resolve(sum);
    };
    worker.on("message", listener);
    offer();
    offer();
  });
}

/** Resolves to the sum of the replies to `requests` requests, one at a time. */
function requestAll(worker, requests) {
  return new Promise((resolve) => {
    let asked = 0;
    let replies = 0;
    const ask = () => {
      asked += 1;
      worker.postMessage(asked);
    };
    const listener = (reply) => {
      replies += reply;
      if (asked < requests) return ask();
      worker.off("message", listener);
      resolve(replies);
    };
    worker.on("message", listener);
    ask();
  });
}

let sent = 0;

export const rows = {
  async shared_mpsc({ messages, capacity }) {
    const worker = await workerFor("sendInto");
    const start = performance.now();
    const sum = await receiveAll(worker, messages, capacity);
    const elapsed = performance.now() - start;
    check("sum", sum, messages * sent + (messages * (messages - 1)) / 2);
    sent += messages;
    return parts([["toCallerNs", messages, elapsed]]);
  },
  async mt_request_reply({ requests, repeat }) {
    const worker = await workerFor("reply");
    const start = performance.now();
    const replies = await requestAll(worker, requests * repeat);
    const elapsed = performance.now() - start;
    check("replies", replies, requests * repeat);
    return outcome(replies, elapsed);
  },
};
