// A future does nothing until somebody wants its value; a promise is under way as soon as it exists.

import { createHash } from "node:crypto";
import { future } from "tokiwa";
import { stopwatch } from "../measure.js";
import type { Chapter, Page } from "../page.js";
import { onTokiwa } from "../runtime.js";
import { count } from "../units.js";

const JOBS = 1_000;
const WANTED = 617;
const BLOCK = 64 * 1024;

interface Tally {
  hashed: number;
}

function hashBlock(index: number, tally: Tally): string {
  tally.hashed += 1;
  return createHash("sha256").update(Buffer.alloc(BLOCK, index)).digest("hex");
}

/** A coroutine, written `function*`: calling it makes a future and runs none of it. */
function* hashLazily(index: number, tally: Tally) {
  return hashBlock(index, tally);
}

async function hashEagerly(index: number, tally: Tally) {
  return hashBlock(index, tally);
}

function* wantOne(tally: Tally) {
  const time = stopwatch();
  const jobs = Array.from({ length: JOBS }, (_, index) => future(hashLazily, index, tally));
  const beforeAsking = tally.hashed;
  const hash = yield* jobs[WANTED] ?? future(hashLazily, WANTED, tally);
  return { beforeAsking, hash, ms: time() };
}

async function run(page: Page): Promise<void> {
  const lazy: Tally = { hashed: 0 };
  const mine = await onTokiwa(wantOne, lazy);

  const eager: Tally = { hashed: 0 };
  const nodeTime = stopwatch();
  const jobs = Array.from({ length: JOBS }, (_, index) => hashEagerly(index, eager));
  const nodeBeforeAsking = eager.hashed;
  const nodeHash = await jobs[WANTED];
  const nodeMs = nodeTime();

  page.figures([
    {
      label: "blocks hashed before anybody asked",
      unit: "count",
      tokiwa: mine.beforeAsking,
      plainNode: nodeBeforeAsking,
    },
    {
      label: "blocks hashed in all",
      unit: "count",
      tokiwa: lazy.hashed,
      plainNode: eager.hashed,
    },
    {
      label: "until the one hash was there",
      unit: "ms",
      tokiwa: mine.ms,
      plainNode: nodeMs,
      compare: "time",
    },
  ]);
  page.say(
    "In fairness: an async function that is not called does nothing either. But its promise, once made, is at work, " +
      "wanted or not; a future can be made, stored and passed around, and costs nothing until it is polled.",
  );
  page.check(
    `${count(JOBS)} futures were made and nothing of them had run`,
    mine.beforeAsking === 0,
    `${mine.beforeAsking} had`,
  );
  page.check("asking for one ran that one and no other", lazy.hashed === 1, `${lazy.hashed} ran`);
  page.check(`${count(JOBS)} promises ran all`, eager.hashed === JOBS, `${eager.hashed} ran`);
  page.check("both gave the same hash", mine.hash === nodeHash);
}

export const laziness: Chapter = {
  name: "laziness",
  title: "Nothing runs until somebody asks",
  intro:
    `${count(JOBS)} jobs are prepared, each would hash 64 KiB, and one result is wanted. ` +
    "On tokiwa a job is a future; in plain Node it is the promise of an async function.",
  run,
};
