// Tokio's task_combinations: how the task ends × whether its clean-up throws × who waits × who aborts × when.

import { type JoinError, type JoinHandle, sleep, spawn, yieldNow } from "tokiwa";
import { expect, test } from "vitest";
import { paused } from "../support/tasks.js";

const ENDS = ["value", "panic"] as const;
const CLEANUPS = ["fine", "throws"] as const;
const INTERESTS = ["awaited", "detached", "dropped after a poll"] as const;
const ABORTERS = ["nobody", "handle", "abortHandle", "both"] as const;
const MOMENTS = ["before the first poll", "while it waits", "after its end"] as const;

interface Case {
  end: (typeof ENDS)[number];
  cleanup: (typeof CLEANUPS)[number];
  interest: (typeof INTERESTS)[number];
  aborter: (typeof ABORTERS)[number];
  moment: (typeof MOMENTS)[number];
}

const cases: Case[] = ENDS.flatMap((end) =>
  CLEANUPS.flatMap((cleanup) =>
    INTERESTS.flatMap((interest) =>
      ABORTERS.flatMap((aborter) =>
        MOMENTS.map((moment) => ({ end, cleanup, interest, aborter, moment })),
      ),
    ),
  ),
);

interface Log {
  started: number;
  cleaned: number;
}

function* body(log: Log, { end, cleanup }: Case) {
  log.started += 1;
  using _held = {
    [Symbol.dispose]() {
      log.cleaned += 1;
      if (cleanup === "throws") throw new Error("clean-up");
    },
  };
  yield* sleep(10);
  if (end === "panic") throw new Error("body");
  return "value";
}

function abort(handle: JoinHandle<string>, aborter: Case["aborter"]) {
  if (aborter === "handle" || aborter === "both") handle.abort();
  if (aborter === "abortHandle" || aborter === "both") handle.abortHandle().abort();
}

function* outcome(handle: JoinHandle<string>) {
  try {
    return yield* handle;
  } catch (error) {
    const { isPanic, isCancelled } = error as JoinError;
    return isPanic && !isCancelled ? "panic" : isCancelled && !isPanic ? "cancelled" : "unclear";
  }
}

function* program(log: Log, given: Case) {
  const handle = spawn(body, log, given);
  if (given.moment === "before the first poll") abort(handle, given.aborter);
  const waiter = given.interest === "awaited" ? spawn(outcome, handle) : undefined;
  const dropped = given.interest === "dropped after a poll" ? spawn(outcome, handle) : undefined;
  if (given.interest === "detached") handle[Symbol.dispose]();
  yield* yieldNow();
  dropped?.abort();
  yield* yieldNow();
  if (given.moment === "while it waits") abort(handle, given.aborter);
  yield* sleep(100);
  if (given.moment === "after its end") abort(handle, given.aborter);
  yield* sleep(1);
  expect(handle.isFinished()).toBe(true);
  return waiter === undefined ? yield* outcome(handle) : yield* waiter;
}

function expected({ end, cleanup, aborter, moment }: Case): [string, Log] {
  const aborted = aborter !== "nobody";
  if (aborted && moment === "before the first poll")
    return ["cancelled", { started: 0, cleaned: 0 }];
  const log = { started: 1, cleaned: 1 };
  if (cleanup === "throws") return ["panic", log];
  if (aborted && moment === "while it waits") return ["cancelled", log];
  return [end, log];
}

test.each(cases)("$end, clean-up $cleanup, $interest, aborted by $aborter $moment", (given) => {
  const log: Log = { started: 0, cleaned: 0 };
  const rt = paused();
  const result = rt.blockOn(program, log, given);
  expect([result, log]).toEqual(expected(given));
  expect(rt.metrics().numAliveTasks()).toBe(0);
  expect(rt.metrics().numTimers()).toBe(0);
});
