// What the `size` row bundles: one task sends ten numbers through a channel, another adds them up.

import { spawn } from "tokiwa";
import { Builder } from "tokiwa/runtime";
import { mpsc } from "tokiwa/sync";

function* send(sender) {
  for (let i = 0; i < 10; i++) yield* sender.send(i);
}

function* program() {
  const [sender, receiver] = mpsc.channel(4);
  spawn(send, sender);
  let sum = 0;
  for (let i = 0; i < 10; i++) sum += yield* receiver.recv();
  return sum;
}

const runtime = Builder.newCurrentThread().enableAll().build();
console.log(await runtime.run(program));
await runtime.shutdown();
