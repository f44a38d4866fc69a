// join: several waits at once on one task, and what becomes of the others when one of them fails.

import { type Coroutine, join, sleep, tryJoin } from "tokiwa";
import { Handle } from "tokiwa/runtime";
import { stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { nodeSleep, onTokiwa } from "../runtime.js";
import {
  answerSlowlyInNode,
  ask,
  askInNode,
  ServerTally,
  startNodeServer,
  startSlowServer,
} from "../slow-server.js";

/** How long the server takes for each of three queries. The slowest comes first, so that their order can be told. */
const [A, B, C] = [200, 150, 100] as const;
const QUERIES = 3;
const FAILS_AFTER_MS = 30;
/** The server answers with twice the number that it is asked. */
const ANSWERS = `${2 * A} ${2 * B} ${2 * C}`;

interface Timed {
  readonly answers: number[];
  readonly ms: number;
  /** Queries that the server had in hand at once. */
  readonly atOnce: number;
}

// ── With tokiwa ────────────────────────────────────────────────────────────────────────────────────────────────────

function* oneByOne(port: number) {
  return [yield* ask(port, A, A), yield* ask(port, B, B), yield* ask(port, C, C)];
}

function* together(port: number) {
  return yield* join(ask(port, A, A), ask(port, B, B), ask(port, C, C));
}

function* timed(queries: (port: number) => Coroutine<number[]>) {
  const tally = new ServerTally();
  const port = yield* startSlowServer(tally);
  const metrics = Handle.current().metrics();
  const tasksBefore = metrics.spawnedTasksCount();
  const time = stopwatch();
  const answers = yield* queries(port);
  const ms = time();
  // The server spawns a task for each query. What is more than that was spawned here.
  const extraTasks = metrics.spawnedTasksCount() - tasksBefore - QUERIES;
  return { answers, ms, atOnce: tally.mostWaiting, extraTasks };
}

class QueryError extends Error {}

function* failingQuery() {
  yield* sleep(FAILS_AFTER_MS);
  throw new QueryError("no such table");
}

function* oneFails() {
  const tally = new ServerTally();
  const port = yield* startSlowServer(tally);
  try {
    yield* tryJoin(ask(port, A, A), ask(port, B, B), failingQuery());
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
  }
  while (tally.open > 0) yield* sleep(1);
  return tally;
}

// ── With plain Node ────────────────────────────────────────────────────────────────────────────────────────────────

async function nodeOneByOne(port: number) {
  return [await askInNode(port, A, A), await askInNode(port, B, B), await askInNode(port, C, C)];
}

function nodeTogether(port: number) {
  return Promise.all([askInNode(port, A, A), askInNode(port, B, B), askInNode(port, C, C)]);
}

async function nodeTimed(queries: (port: number) => Promise<number[]>): Promise<Timed> {
  const tally = new ServerTally();
  const server = await startNodeServer(answerSlowlyInNode(tally));
  const time = stopwatch();
  const answers = await queries(server.port);
  const ms = time();
  server.close();
  return { answers, ms, atOnce: tally.mostWaiting };
}

async function nodeFailingQuery() {
  await nodeSleep(FAILS_AFTER_MS);
  throw new QueryError("no such table");
}

async function nodeOneFails() {
  const tally = new ServerTally();
  const server = await startNodeServer(answerSlowlyInNode(tally));
  try {
    await Promise.all([
      askInNode(server.port, A, A),
      askInNode(server.port, B, B),
      nodeFailingQuery(),
    ]);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
  }
  while (tally.open > 0) await nodeSleep(1);
  server.close();
  return tally;
}

// ── Side by side ───────────────────────────────────────────────────────────────────────────────────────────────────

async function run(page: Page): Promise<void> {
  const sequential = await onTokiwa(timed, oneByOne);
  const joined = await onTokiwa(timed, together);
  const failed = await onTokiwa(oneFails);
  const nodeSequential = await nodeTimed(nodeOneByOne);
  const nodeJoined = await nodeTimed(nodeTogether);
  const nodeFailed = await nodeOneFails();

  page.figures([
    {
      label: "three queries one after the other",
      unit: "ms",
      tokiwa: sequential.ms,
      plainNode: nodeSequential.ms,
    },
    {
      label: "the same with join / Promise.all",
      unit: "ms",
      tokiwa: joined.ms,
      plainNode: nodeJoined.ms,
    },
    {
      label: "if another query fails: answered anyway",
      unit: "count",
      tokiwa: failed.answered,
      plainNode: nodeFailed.answered,
    },
    {
      label: "if another query fails: called off",
      unit: "count",
      tokiwa: failed.abandoned,
      plainNode: nodeFailed.abandoned,
    },
  ]);
  page.check(
    "the answers stand in the order of the questions, not in that in which they came",
    joined.answers.join(" ") === ANSWERS && sequential.answers.join(" ") === ANSWERS,
    joined.answers.join(" "),
  );
  page.check(
    "one after the other the server had one query in hand, with join it had all three",
    sequential.atOnce === 1 && joined.atOnce === QUERIES,
    `${sequential.atOnce} and ${joined.atOnce}`,
  );
  page.check(
    "join started no task for that: all three waited on the task that asked",
    joined.extraTasks === 0,
    `it started ${joined.extraTasks}`,
  );
  page.check(
    "tryJoin stopped at the first error: the server saw the other queries called off",
    failed.abandoned === 2 && failed.answered === 0,
    `${failed.abandoned} called off, ${failed.answered} answered`,
  );
}

export const joining: Chapter = {
  name: "join",
  title: "Together, or one after the other",
  intro:
    "Three queries to a slow server, taking 200, 150 and 100 ms. `yield*` waits for one thing, as `await` does; " +
    "join waits for several at once, as Promise.all does. They differ when something goes wrong.",
  run,
};
