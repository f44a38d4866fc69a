// A thousand connections, each waiting 100 ms for its answer, at the same time.

import { join, sleep, spawn } from "tokiwa";
import type { TcpStream } from "tokiwa/net";
import { affordableConnections } from "../file-limit.js";
import { quantile, stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { nodeSleep, onTokiwa } from "../runtime.js";
import {
  answerSlowlyInNode,
  askOver,
  askOverInNode,
  connectMany,
  connectManyInNode,
  ServerTally,
  startNodeServer,
  startSlowServer,
} from "../slow-server.js";
import { count, seconds } from "../units.js";

const CONNECTIONS = 1_000;
const WAIT_MS = 100;
/** Run before measuring, so that whoever comes first does not pay for compiling what both use. */
const WARM_UP = 100;

class Tally {
  connectMs = 0;
  wallMs = 0;
  wrong = 0;
  readonly waitsMs: number[] = [];
  readonly server = new ServerTally();

  answered(number: number, answer: number, waitedMs: number): void {
    this.waitsMs.push(waitedMs);
    if (answer !== number * 2) this.wrong += 1;
  }
}

function* client(socket: TcpStream, number: number, tally: Tally) {
  using _close = socket;
  const waited = stopwatch();
  tally.answered(number, yield* askOver(socket, WAIT_MS, number), waited());
}

function* program(connections: number, tally: Tally) {
  const connecting = stopwatch();
  const port = yield* startSlowServer(tally.server);
  const sockets = yield* connectMany(port, connections);
  while (tally.server.open < connections) yield* sleep(1);
  tally.connectMs = connecting();
  const asking = stopwatch();
  yield* join(...sockets.map((socket, number) => spawn(client, socket, number, tally)));
  tally.wallMs = asking();
}

async function nodeProgram(connections: number, tally: Tally) {
  const connecting = stopwatch();
  const server = await startNodeServer(answerSlowlyInNode(tally.server));
  const sockets = await connectManyInNode(server.port, connections);
  while (tally.server.open < connections) await nodeSleep(1);
  tally.connectMs = connecting();
  const asking = stopwatch();
  const nodeClient = async (number: number): Promise<void> => {
    const socket = sockets[number];
    if (socket === undefined) return;
    const waited = stopwatch();
    const answer = await askOverInNode(socket, WAIT_MS, number);
    tally.answered(number, answer, waited());
    socket.destroy();
  };
  await Promise.all(sockets.map((_, number) => nodeClient(number)));
  tally.wallMs = asking();
  server.close();
}

async function measure(page: Page, connections: number, whole: (tally: Tally) => Promise<void>) {
  const tally = new Tally();
  using _progress = page.progress(
    () => `${count(tally.waitsMs.length)} of ${count(connections)} answered`,
    () => tally.waitsMs.length / connections,
  );
  await whole(tally);
  return tally;
}

async function run(page: Page): Promise<void> {
  const connections = affordableConnections(page, CONNECTIONS);
  const few = Math.min(WARM_UP, connections);
  await onTokiwa(program, few, new Tally());
  await nodeProgram(few, new Tally());
  const mine = await measure(page, connections, (tally) => onTokiwa(program, connections, tally));
  const node = await measure(page, connections, (tally) => nodeProgram(connections, tally));

  page.figures([
    {
      label: `to open the ${count(connections)} connections`,
      unit: "ms",
      tokiwa: mine.connectMs,
      plainNode: node.connectMs,
      compare: "time",
    },
    {
      label: "all answered after",
      unit: "ms",
      tokiwa: mine.wallMs,
      plainNode: node.wallMs,
      compare: "time",
    },
    {
      label: "half of the waits were shorter than",
      unit: "ms",
      tokiwa: quantile(mine.waitsMs, 0.5),
      plainNode: quantile(node.waitsMs, 0.5),
    },
    {
      label: "the longest wait",
      unit: "ms",
      tokiwa: quantile(mine.waitsMs, 1),
      plainNode: quantile(node.waitsMs, 1),
    },
    {
      label: "most requests waiting at once",
      unit: "count",
      tokiwa: mine.server.mostWaiting,
      plainNode: node.server.mostWaiting,
    },
  ]);
  page.check(
    `all ${count(connections)} got an answer, and the right one`,
    mine.waitsMs.length === connections && mine.wrong === 0,
    `${mine.waitsMs.length} answers, ${mine.wrong} wrong`,
  );
  const early = mine.waitsMs.filter((waited) => waited < WAIT_MS).length;
  page.check(`each waited its ${WAIT_MS} ms`, early === 0, `${early} did not`);
  if (connections < 10) return;
  page.check(
    `they waited side by side: one after the other would have taken ${seconds(connections * WAIT_MS)}`,
    mine.server.mostWaiting > 1 && mine.wallMs < (connections * WAIT_MS) / 2,
    `${seconds(mine.wallMs)}, ${mine.server.mostWaiting} at once`,
  );
}

export const connections: Chapter = {
  name: "connections",
  title: "1,000 connections that wait 100 ms each",
  intro:
    "Real TCP connections over this machine's loopback. The server answers each request after 100 ms. Server and " +
    "clients are tasks of one thread; beside them the same by hand over node:net.",
  run,
};
