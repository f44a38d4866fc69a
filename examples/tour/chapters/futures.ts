// Two futures written by hand: one that a timer completes, one that a callback from another thread completes.

import { pbkdf2 } from "node:crypto";
import { type Context, Future, join, Pending, type Poll, spawn, timeout, type Waker } from "tokiwa";
import { Diary, quantile, stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { nodeSleep, onTokiwa } from "../runtime.js";
import { count } from "../units.js";

const DELAY_MS = 100;
const MANY = 1_000;

/** Ready after so many milliseconds. The timer is Node's own: nothing in here belongs to the runtime. */
class Delay extends Future<number> {
  polls = 0;
  private timer: NodeJS.Timeout | undefined;
  private rang = false;
  private readonly ms: number;
  private readonly note: (name: string, text: string) => void;

  constructor(ms: number, note: (name: string, text: string) => void = () => {}) {
    super();
    this.ms = ms;
    this.note = note;
  }

  override poll(cx: Context): Poll<number> {
    this.polls += 1;
    if (this.rang) {
      this.note("poll", "the timer has rung: the answer is the value");
      return this.polls;
    }
    this.note("poll", "not yet: starts a timer that will call the waker; the answer is Pending");
    this.timer ??= setTimeout(() => {
      this.rang = true;
      this.note("wake", "the timer rings and calls waker.wake(): poll me again");
      cx.waker.wake();
    }, this.ms);
    return Pending;
  }

  override [Symbol.dispose](): void {
    clearTimeout(this.timer);
  }
}

/** A value that somebody else puts in. The two sides share this object: one polls it, the other completes it. */
class SharedState<T> extends Future<T> {
  polls = 0;
  private state: { readonly value: T } | undefined;
  private waker: Waker | undefined;

  complete(value: T): void {
    this.state = { value };
    this.waker?.wake();
  }

  override poll(cx: Context): Poll<T> {
    this.polls += 1;
    if (this.state !== undefined) return this.state.value;
    this.waker = cx.waker;
    return Pending;
  }
}

const PASSWORD = "correct horse";
const ROUNDS = 40_000;
const HASHES = 5;

/** Node hashes in a thread of its own and calls back when it is done. */
function hashInAnotherThread(password: string): SharedState<string> {
  const hash = new SharedState<string>();
  pbkdf2(password, "salt", ROUNDS, 32, "sha256", (_, key) => hash.complete(key.toString("hex")));
  return hash;
}

function hashPromise(password: string): Promise<string> {
  return new Promise((resolve) => {
    pbkdf2(password, "salt", ROUNDS, 32, "sha256", (_, key) => resolve(key.toString("hex")));
  });
}

function* oneDelay(diary: Diary) {
  const delay = new Delay(DELAY_MS, (name, text) => diary.note(name, text));
  diary.note("made", "new Delay(100): no timer, nothing has happened");
  const time = stopwatch();
  const polls = yield* delay;
  diary.note("ready", "the coroutine goes on behind its `yield*`");
  return { polls, ms: time() };
}

function* manyDelays() {
  const time = stopwatch();
  const delays = Array.from({ length: MANY }, () => new Delay(DELAY_MS));
  const polls = yield* join(...delays.map((delay) => spawn(delay)));
  return { polls, ms: time() };
}

/** Gives up on a Delay after a tenth of its time; gives whether its timer rang all the same. */
function* droppedDelay() {
  let rang = false;
  const delay = new Delay(DELAY_MS, (name) => {
    rang ||= name === "wake";
  });
  let elapsed = false;
  try {
    yield* timeout(DELAY_MS / 10, delay);
  } catch {
    elapsed = true;
  }
  yield* new Delay(DELAY_MS * 1.5);
  return elapsed && !rang;
}

function* sharedState() {
  const time = stopwatch();
  const slow = hashInAnotherThread(PASSWORD);
  const hash = yield* slow;
  return { hash, ms: time(), polls: slow.polls };
}

function* completedEarly() {
  const early = new SharedState<number>();
  early.complete(42);
  const value = yield* early;
  return { value, polls: early.polls };
}

/** Both sides in turn, a few times: the middle of each counts. */
async function compareHashes() {
  // The first one starts Node's threads, which is nobody's merit.
  await hashPromise(PASSWORD);
  const mine: number[] = [];
  const node: number[] = [];
  let right = true;
  for (let round = 0; round < HASHES; round++) {
    const shared = await onTokiwa(sharedState);
    mine.push(shared.ms);
    const nodeTime = stopwatch();
    const hash = await hashPromise(PASSWORD);
    node.push(nodeTime());
    right &&= shared.hash === hash && shared.polls === 2;
  }
  return { ms: quantile(mine, 0.5), nodeMs: quantile(node, 0.5), right };
}

async function run(page: Page): Promise<void> {
  const diary = new Diary();
  const delay = await onTokiwa(oneDelay, diary);
  page.steps(diary.steps);

  const many = await onTokiwa(manyDelays);
  const dropped = await onTokiwa(droppedDelay);
  const early = await onTokiwa(completedEarly);
  const hashes = await compareHashes();

  const nodeDelayTime = stopwatch();
  await nodeSleep(DELAY_MS);
  const nodeDelayMs = nodeDelayTime();
  const nodeManyTime = stopwatch();
  await Promise.all(Array.from({ length: MANY }, () => nodeSleep(DELAY_MS)));
  const nodeManyMs = nodeManyTime();

  page.figures([
    { label: "one delay of 100 ms", unit: "ms", tokiwa: delay.ms, plainNode: nodeDelayMs },
    {
      label: `${count(MANY)} delays of 100 ms at once`,
      unit: "ms",
      tokiwa: many.ms,
      plainNode: nodeManyMs,
    },
    {
      label: "a password hashed by another thread",
      unit: "ms",
      tokiwa: hashes.ms,
      plainNode: hashes.nodeMs,
    },
  ]);
  page.check(
    "the Delay did nothing until it was polled, and was polled twice in all",
    delay.polls === 2 && diary.names().join(" ") === "made poll wake poll ready",
    diary.names().join(" "),
  );
  const wrong = many.polls.filter((each) => each !== 2).length;
  page.check(
    `so was each of the ${count(MANY)}: nobody is asked again who has not been woken`,
    many.polls.length === MANY && wrong === 0,
    `${wrong} were polled more or less often`,
  );
  page.check("a Delay that is dropped takes its timer along: it never rings", dropped);
  page.check(
    "a shared-state future brought the hash from the other thread, the same as plain Node's",
    hashes.right,
  );
  page.check(
    "one that was completed before anybody asked has its value at the first poll",
    early.value === 42 && early.polls === 1,
    `${early.polls} polls`,
  );
}

export const futures: Chapter = {
  name: "futures",
  title: "A future by hand",
  intro:
    "A future is a value that will be there later. It has one method, poll, which gives the value or says Pending: " +
    "not yet. Whoever says Pending keeps the waker it was given and calls it when asking again is worth it. Here is " +
    "one that waits for a timer of Node's:",
  run,
};
