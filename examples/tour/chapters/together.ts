// join: several waits at once on one task; and what becomes of the others when one of them fails.

import { join, sleep, tryJoin } from "tokiwa";
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

/** How long the server takes for each of three queries; the slowest comes first, so that order can be seen. */
const QUERIES = [200, 150, 100] as const;
const FAILS_AFTER_MS = 30;

interface Waited {
  answers: number[];
  ms: number;
  mostWaiting: number;
}

interface Result {
  oneByOne: Waited;
  together: Waited;
  /** Tasks that `join` started besides the one it ran on. */
  extraTasks: number;
  /** Queries that the server had in hand when one branch failed, and what became of them. */
  failed: { stillWaiting: number; answered: number; abandoned: number };
}

function* oneByOne(port: number) {
  const [a, b, c] = QUERIES;
  return [yield* ask(port, a, a), yield* ask(port, b, b), yield* ask(port, c, c)];
}

function* together(port: number) {
  const [a, b, c] = QUERIES;
  return yield* join(ask(port, a, a), ask(port, b, b), ask(port, c, c));
}

class QueryError extends Error {}

function* failing() {
  yield* sleep(FAILS_AFTER_MS);
  throw new QueryError("no such table");
}

/** Runs three branches of which one fails; the other two are dropped, and their connections with them. */
function* oneFails(port: number, tally: ServerTally) {
  const [a, b] = QUERIES;
  try {
    yield* tryJoin(ask(port, a, a), ask(port, b, b), failing());
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
  }
  while (tally.open > 0) yield* sleep(1);
}

function* program() {
  const first = new ServerTally();
  const firstPort = yield* startSlowServer(first);
  const firstTime = stopwatch();
  const firstAnswers = yield* oneByOne(firstPort);
  const oneByOneMs = firstTime();

  const second = new ServerTally();
  const secondPort = yield* startSlowServer(second);
  const metrics = Handle.current().metrics();
  const spawnedBefore = metrics.spawnedTasksCount();
  const secondTime = stopwatch();
  const secondAnswers = yield* together(secondPort);
  const togetherMs = secondTime();
  // The server spawns a task for each connection; what is more than that was spawned by join.
  const extraTasks = metrics.spawnedTasksCount() - spawnedBefore - QUERIES.length;

  const third = new ServerTally();
  const thirdPort = yield* startSlowServer(third);
  yield* oneFails(thirdPort, third);
  return result(first, firstAnswers, oneByOneMs, second, secondAnswers, togetherMs, extraTasks, third);
}
