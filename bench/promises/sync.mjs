// What people write by hand with promises: a deferred in the place of a oneshot, an array with waiters in that of a channel.

import { check, outcome, sumBelow } from "../harness/round.mjs";
import { sum, timed } from "./timed.mjs";

/** `Promise.withResolvers()`, which Node 20 does not have. */
class Deferred {
  constructor() {
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }
}

async function partner(pinged, pong) {
  await pinged.promise;
  pong.resolve(1);
}

async function ping() {
  const ping = new Deferred();
  const pong = new Deferred();
  partner(ping, pong);
  ping.resolve(1);
  return await pong.promise;
}

async function pingPong(pings, repeat) {
  let pongs = 0;
  for (let round = 0; round < repeat; round++) {
    const running = [];
    for (let i = 0; i < pings; i++) running.push(ping());
    pongs += sum(await Promise.all(running));
  }
  return pongs;
}

/** A bounded channel for one sender and one receiver. A ring, so that taking does not shift an array of a thousand. */
class Channel {
  constructor(capacity) {
    this.values = new Array(capacity);
    this.capacity = capacity;
    this.head = 0;
    this.length = 0;
    this.closed = false;
    this.sender = undefined;
    this.receiver = undefined;
  }

  async send(value) {
    while (this.length === this.capacity) {
      this.sender = new Deferred();
      await this.sender.promise;
    }
    this.values[(this.head + this.length) % this.capacity] = value;
    this.length += 1;
    this.wakeReceiver();
  }

  async receive() {
    while (this.length === 0) {
      if (this.closed) return undefined;
      this.receiver = new Deferred();
      await this.receiver.promise;
    }
    const value = this.values[this.head];
    this.head = (this.head + 1) % this.capacity;
    this.length -= 1;
    this.sender?.resolve();
    this.sender = undefined;
    return value;
  }

  close() {
    this.closed = true;
    this.wakeReceiver();
  }

  wakeReceiver() {
    this.receiver?.resolve();
    this.receiver = undefined;
  }
}

async function sendAll(channel, messages) {
  for (let i = 0; i < messages; i++) await channel.send(i);
  channel.close();
}

async function receiveAll(channel) {
  let sum = 0;
  for (;;) {
    const message = await channel.receive();
    if (message === undefined) return sum;
    sum += message;
  }
}

async function transfer(channel, messages) {
  const receiving = receiveAll(channel);
  const sending = sendAll(channel, messages);
  const [, sum] = await Promise.all([sending, receiving]);
  return sum;
}

const REQUEST_CAPACITY = 10;

async function replyAll(channel) {
  for (;;) {
    const reply = await channel.receive();
    if (reply === undefined) return;
    reply.resolve(1);
  }
}

async function requestAll(requests) {
  const channel = new Channel(REQUEST_CAPACITY);
  const replying = replyAll(channel);
  let replies = 0;
  for (let i = 0; i < requests; i++) {
    const reply = new Deferred();
    await channel.send(reply);
    replies += await reply.promise;
  }
  channel.close();
  await replying;
  return replies;
}

export const rows = {
  async request_reply({ requests, repeat }) {
    const { elapsed, value } = await timed(requestAll, requests * repeat);
    check("replies", value, requests * repeat);
    return outcome(value, elapsed);
  },
  async ping_pong({ pings, repeat }) {
    const { elapsed, value } = await timed(pingPong, pings, repeat);
    check("pongs", value, pings * repeat);
    return outcome(pings * repeat, elapsed);
  },
  async mpsc({ messages, capacity }) {
    const { elapsed, value } = await timed(transfer, new Channel(capacity), messages);
    check("sum", value, sumBelow(messages));
    return outcome(messages, elapsed);
  },
};
