// Oneshot ping-pongs and a bounded channel.

import { join, spawn } from "tokiwa";
import { mpsc, oneshot } from "tokiwa/sync";
import { check, outcome, sumBelow } from "../harness/round.mjs";
import { joinSum, timed } from "./runtime.mjs";

function* partner(pinged, pong) {
  yield* pinged;
  pong.send(1);
}

function* ping() {
  const [ping, pinged] = oneshot.channel();
  const [pong, ponged] = oneshot.channel();
  spawn(partner, pinged, pong);
  ping.send(1);
  return yield* ponged;
}

function* pingPong(pings, repeat) {
  let sum = 0;
  for (let round = 0; round < repeat; round++) {
    const handles = [];
    for (let i = 0; i < pings; i++) handles.push(spawn(ping));
    sum += yield* joinSum(handles);
  }
  return sum;
}

function* sendAll(sender, messages) {
  for (let i = 0; i < messages; i++) yield* sender.send(i);
  sender.close();
}

function* receiveAll(receiver) {
  let sum = 0;
  for (;;) {
    const message = yield* receiver.recv();
    if (message === undefined) return sum;
    sum += message;
  }
}

function* transfer([sender, receiver], messages) {
  const receiving = spawn(receiveAll, receiver);
  const sending = spawn(sendAll, sender, messages);
  const [, sum] = yield* join(sending, receiving);
  return sum;
}

export const rows = {
  async ping_pong({ pings, repeat }) {
    const { elapsed, value } = await timed(pingPong, pings, repeat);
    check("pongs", value, pings * repeat);
    return outcome(pings * repeat, elapsed);
  },
  async mpsc({ messages, capacity }) {
    const { elapsed, value } = await timed(transfer, mpsc.channel(capacity), messages);
    check("sum", value, sumBelow(messages));
    return outcome(messages, elapsed);
  },
};
