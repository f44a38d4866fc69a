// What blocks its thread, away from those that must not wait for it; and a thread that blocks on purpose.

import { pbkdf2 as nodePbkdf2, pbkdf2Sync } from "node:crypto";
import { promisify } from "node:util";
import { interval, join, spawn } from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { spawnBlocking } from "tokiwa/task";
import { hashPassword } from "../../tasks/hash.js";
import { countPrimes } from "../../tasks/primes.js";
import { stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { withRuntime, workersBuilder } from "../workers.js";

const LOGINS = 4;
const ROUNDS = 60_000;
const TICK_MS = 5;

const hashInNode = promisify(nodePbkdf2);

function password(login: number): string {
  return `secret ${login}`;
}

/** What another task notices that wants to tick every few milliseconds. */
class Ticks {
  count = 0;
  longestGapMs = 0;
  private sinceLast = stopwatch();

  begin(): void {
    this.count = 0;
    this.longestGapMs = 0;
    this.sinceLast = stopwatch();
  }

  tick(): void {
    this.count += 1;
    this.longestGapMs = Math.max(this.longestGapMs, this.sinceLast());
    this.sinceLast = stopwatch();
  }

  /** With the gap that is still open. */
  seen() {
    return { ticks: this.count, gapMs: Math.max(this.longestGapMs, this.sinceLast()) };
  }
}

function* ticker(ticks: Ticks) {
  using clock = interval(TICK_MS, { missedTickBehavior: "delay" });
  for (;;) {
    yield* clock.tick();
    ticks.tick();
  }
}

function* logIn(ticks: Ticks) {
  const ticking = spawn(ticker, ticks);
  // Once before measuring: the pool's threads start.
  yield* join(...Array.from({ length: LOGINS }, () => spawnBlocking(hashPassword, "", "salt", 1)));
  ticks.begin();
  const here = Array.from({ length: LOGINS }, (_, login) =>
    hashPassword(password(login), "salt", ROUNDS),
  );
  const hereSeen = ticks.seen();
  ticks.begin();
  const handles = Array.from({ length: LOGINS }, (_, login) =>
    spawnBlocking(hashPassword, password(login), "salt", ROUNDS),
  );
  const pool = yield* join(...handles);
  const poolSeen = ticks.seen();
  ticking.abort();
  return { here, hereSeen, pool, poolSeen };
}

/** The same with what plain Node has for this one function: a version of it that uses Node's own pool. */
async function logInInNode() {
  const ticks = new Ticks();
  const timer = setInterval(() => ticks.tick(), TICK_MS);
  ticks.begin();
  for (let login = 0; login < LOGINS; login++)
    pbkdf2Sync(password(login), "salt", ROUNDS, 32, "sha512");
  const here = ticks.seen();
  ticks.begin();
  await Promise.all(
    Array.from({ length: LOGINS }, (_, login) =>
      hashInNode(password(login), "salt", ROUNDS, 32, "sha512"),
    ),
  );
  const pool = ticks.seen();
  clearInterval(timer);
  return { here, pool };
}

/** An ordinary function: no `yield*`, no `await`. */
function primesBelow(runtime: Runtime, limit: number): number {
  const step = limit / 20;
  return runtime.blockOn(function* () {
    const parts = Array.from({ length: 20 }, (_, n) =>
      runtime.spawn(countPrimes, n * step, (n + 1) * step),
    );
    return (yield* join(...parts)).reduce((sum, { primes }) => sum + primes, 0);
  });
}

async function run(page: Page): Promise<void> {
  const runtime = workersBuilder(import.meta.resolve("../../tasks/primes.js")).build();
  await withRuntime(runtime, async () => {
    const { here, hereSeen, pool, poolSeen } = await runtime.run(logIn, new Ticks());
    const node = await logInInNode();
    page.figures([
      {
        label: `longest gap between ticks: ${LOGINS} hashes here`,
        unit: "ms",
        tokiwa: hereSeen.gapMs,
        plainNode: node.here.gapMs,
      },
      {
        label: "  with spawnBlocking / crypto.pbkdf2",
        unit: "ms",
        tokiwa: poolSeen.gapMs,
        plainNode: node.pool.gapMs,
      },
    ]);
    page.say(
      "Plain Node has crypto.pbkdf2, an asynchronous version of this one function. spawnBlocking takes any: pbkdf2Sync, readFileSync, " +
        "a compression, a database driver that blocks.",
    );
    const expected = Array.from({ length: LOGINS }, (_, login) =>
      pbkdf2Sync(password(login), "salt", ROUNDS, 32, "sha512").toString("hex"),
    ).join();
    page.check(
      "the blocking pool gave the same hashes",
      here.join() === expected && pool.join() === expected,
    );
    page.check(
      "while they were computed here, nothing ticked; with the pool the ticks went on",
      hereSeen.ticks === 0 && poolSeen.ticks >= 2,
      `${hereSeen.ticks} and ${poolSeen.ticks} ticks`,
    );
    let turns = 0;
    setImmediate(() => {
      turns += 1;
    });
    const primes = primesBelow(runtime, 200_000);
    page.check(
      "blockOn: an ordinary function called, waited, and had its answer from the workers (17,984 primes), with no turn of the event loop",
      primes === 17_984 && turns === 0,
      `${primes} primes, ${turns} turns`,
    );
  });
}

export const blocking: Chapter = {
  name: "blocking",
  title: "Functions that block, and a call that may",
  intro:
    "Hashing a password takes long on purpose, and pbkdf2Sync blocks its thread as long. A pool of threads that do nothing else takes " +
    "such calls. The other way round, blockOn lets an ordinary function wait for tasks that run elsewhere.",
  run,
};
