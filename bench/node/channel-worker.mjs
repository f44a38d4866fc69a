// A worker that sends numbers, as many at a time as it is told that there is room for; or answers every request.

import { parentPort, workerData } from "node:worker_threads";

let next = 0;

function sendInto(room) {
  for (let i = 0; i < room; i++) parentPort.postMessage(next++);
}

function reply() {
  parentPort.postMessage(1);
}

parentPort.on("message", { sendInto, reply }[workerData]);
