// select, timeout and abort: the first one wins, and what is not wanted any more ends there and then.

import { ElapsedError, JoinError, type JoinHandle, select, sleep, spawn, timeout } from "tokiwa";
import { Diary, stopwatch } from "../measure.js";
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

/** Three mirrors of one server, and how long each takes. */
const MIRRORS = { osaka: 60, paris: 600, lima: 900 } as const;
const PATIENCE_MS = 50;

/** Asks a mirror; says when it is over, in whatever way. */
function* askMirror(port: number, name: keyof typeof MIRRORS, diary: Diary) {
  let answered = false;
  try {
    const answer = yield* ask(port, MIRRORS[name], 21);
    answered = true;
    return answer;
  } finally {
    if (!answered) diary.note(`${name} dropped`, "its finally block runs, its connection closes");
  }
}

interface Raced {
  winner: string;
  answer: number;
  ms: number;
  /** Requests still being worked on when the winner was there. */
  stillRunning: number;
  /** Requests that the server answered in the end, and those that it could stop working on. */
  answered: number;
  abandoned: number;
}

function* race(diary: Diary) {
  const tally = new ServerTally();
  const port = yield* startSlowServer(tally);
  diary.note("asked", "the mirrors in Osaka, Paris and Lima");
  const time = stopwatch();
  const winner = yield* select({
    osaka: askMirror(port, "osaka", diary),
    paris: askMirror(port, "paris", diary),
    lima: askMirror(port, "lima", diary),
    late: sleep(10_000),
  });
  const ms = time();
  diary.note("select returns", `the winner is ${winner.branch}`);
  const stillRunning = Object.keys(MIRRORS).length - 1 - diary.names().filter(isDrop).length;
  while (tally.open > 0) yield* sleep(1);
  const answer = winner.branch === "late" ? 0 : winner.value;
  const { answered, abandoned } = tally;
  return { winner: winner.branch, answer, ms, stillRunning, answered, abandoned } satisfies Raced;
}

function isDrop(name: string): boolean {
  return name.endsWith(" dropped");
}

async function nodeRace(): Promise<Raced> {
  const tally = new ServerTally();
  const server = await startNodeServer(answerSlowlyInNode(tally));
  let running = 0;
  const askMirrorInNode = async (name: keyof typeof MIRRORS) => {
    running += 1;
    try {
      return { name, answer: await askInNode(server.port, MIRRORS[name], 21) };
    } finally {
      running -= 1;
    }
  };
  const time = stopwatch();
  const { name, answer } = await Promise.race([
    askMirrorInNode("osaka"),
    askMirrorInNode("paris"),
    askMirrorInNode("lima"),
  ]);
  const ms = time();
  const stillRunning = running;
  while (tally.open > 0) await nodeSleep(1);
  server.close();
  const { answered, abandoned } = tally;
  return { winner: name, answer, ms, stillRunning, answered, abandoned };
}

/** Gives a query less time than it takes. */
function* loseThePatience(diary: Diary) {
  const tally = new ServerTally();
  const port = yield* startSlowServer(tally);
  diary.note("asked", "the mirror in Lima, with 50 ms of patience");
  const time = stopwatch();
  let elapsed = false;
  try {
    yield* timeout(PATIENCE_MS, askMirror(port, "lima", diary));
  } catch (error) {
    elapsed = error instanceof ElapsedError;
    diary.note("ElapsedError", "timeout throws");
  }
  const ms = time();
  while (tally.open > 0) yield* sleep(1);
  return { elapsed, ms, abandoned: tally.abandoned };
}

function* inner(diary: Diary) {
  using _lock = {
    [Symbol.dispose]: () => diary.note("inner: using", "what was held with `using` is given back"),
  };
  try {
    yield* sleep(3_600_000);
  } finally {
    diary.note("inner: finally", "the innermost block first");
  }
}

function* outer(diary: Diary) {
  try {
    yield* inner(diary);
    diary.note("never", "what comes after the wait");
  } finally {
    diary.note("outer: finally", "then the coroutine around it");
  }
}

function* abortATask(diary: Diary) {
  const handle: JoinHandle<void> = spawn(outer, diary);
  yield* sleep(5);
  diary.note("abort()", "called from another task while the first one sleeps for an hour");
  handle.abort();
  try {
    yield* handle;
  } catch (error) {
    if (error instanceof JoinError && error.isCancelled)
      diary.note("JoinError", "whoever waits for the task learns that it was cancelled");
  }
}

async function run(page: Page): Promise<void> {
  const racing = new Diary();
  const mine = await onTokiwa(race, racing);
  const node = await nodeRace();
  page.steps(racing.steps);
  page.figures([
    {
      label: "until the fastest answer was there",
      unit: "ms",
      tokiwa: mine.ms,
      plainNode: node.ms,
    },
    {
      label: "losers still running at that moment",
      unit: "count",
      tokiwa: mine.stillRunning,
      plainNode: node.stillRunning,
    },
    {
      label: "answers that the server gave for nothing",
      unit: "count",
      tokiwa: mine.answered - 1,
      plainNode: node.answered - 1,
    },
  ]);
  page.check(
    "the fastest mirror won, and its answer is right",
    mine.winner === "osaka" && mine.answer === 42,
    `${mine.winner}: ${mine.answer}`,
  );
  page.check(
    "the losers were dropped, finally blocks and all, before select returned the winner",
    racing.steps.length === 4 && racing.indexOf("select returns") === 3,
    racing.names().join(", "),
  );
  page.check(
    "the server saw the losers' connections close and stopped working for them",
    mine.abandoned === 2 && mine.answered === 1,
    `${mine.abandoned} stopped, ${mine.answered} answered`,
  );

  page.say(
    "The same with a timeout of 50 ms around the slowest, and with abort() from another task:",
  );
  const waiting = new Diary();
  const late = await onTokiwa(loseThePatience, waiting);
  const aborting = new Diary();
  await onTokiwa(abortATask, aborting);
  page.steps(waiting.steps);
  page.steps(aborting.steps);
  page.check(
    "the query had its 50 ms, was dropped, and only then the error was thrown",
    late.elapsed &&
      late.ms >= PATIENCE_MS &&
      late.abandoned === 1 &&
      waiting.names().join(", ") === "asked, lima dropped, ElapsedError",
    `${waiting.names().join(", ")} after ${late.ms.toFixed(1)} ms`,
  );
  page.check(
    "abort() ended the task where it stood, from the inside out",
    aborting.names().join(", ") ===
      "abort(), inner: finally, inner: using, outer: finally, JoinError",
    aborting.names().join(", "),
  );
  page.say(
    "Plain Node can call off a request as well, if an AbortController is made for it and its signal handed to everything " +
      "on the way. A promise by itself cannot be stopped, and neither can an async function.",
  );
}

export const selecting: Chapter = {
  name: "select",
  title: "The first one wins, the others are dropped",
  intro:
    "One question goes to three mirrors of a server, which take 60, 600 and 900 ms. select gives the first answer; " +
    "beside it Promise.race. What matters is what happens to the others.",
  run,
};
