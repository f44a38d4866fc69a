// A worker that does one function of harness/work.mjs with every message and posts the result back.

import { parentPort, workerData } from "node:worker_threads";
import { burn, increment, invert, price } from "../harness/work.mjs";

const run = { burn, increment, invert, price }[workerData];
parentPort.on("message", (argument) => parentPort.postMessage(run(argument)));
