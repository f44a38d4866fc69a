// A runtime that is stuck says so although it has, or had, to do with other threads: a deterministic one, and `blockOn` of one with threads.

import { pending, type SendableFunction } from "tokiwa";
import { DeadlockError } from "tokiwa/runtime";
import { oneshot } from "tokiwa/sync";
import { spawnBlocking } from "tokiwa/task";
import { describe, expect, test } from "vitest";
import { paused, rejection, settles } from "../support/tasks.js";
import { arrived, aWhile, kept, multi, newGate, openGate } from "./fixtures-blocking/support.js";
import * as tasks from "./fixtures-blocking/tasks.mjs";
import { onPackageOnly, run } from "./programs.js";

const hold = tasks.hold as unknown as SendableFunction<[number], unknown>;

test("a blocking call under way is waited for, and after it the runtime is stuck", async () => {
  const rt = kept(paused());
  const gate = newGate();
  const log: string[] = [];
  const running = rt.run(function* () {
    yield* spawnBlocking(hold, gate);
    log.push("returned");
    yield* pending();
  });
  await arrived(gate, 1);
  await aWhile();
  openGate(gate);
  expect(await rejection(settles(running))).toBeInstanceOf(DeadlockError);
  expect(log).toEqual(["returned"]);
});

test("a runtime with threads that is idle keeps nobody; one with tasks may wake others", async () => {
  const other = multi();
  expect(await rejection(settles(paused().run(pending())))).toBeInstanceOf(DeadlockError);
  const [tx, rx] = oneshot.channel<string>();
  const gate = newGate();
  other.spawn(function* () {
    yield* spawnBlocking(hold, gate);
    tx.send("from the other");
  });
  const waiting = paused().run(rx);
  await arrived(gate, 1);
  await aWhile();
  openGate(gate);
  expect(await settles(waiting)).toBe("from the other");
});

test("and once its last task has ended it keeps nobody, though it is not shut down", async () => {
  const other = multi();
  const gate = newGate();
  other.spawn(function* () {
    yield* spawnBlocking(hold, gate);
  });
  const waiting = paused().run(pending());
  await arrived(gate, 1);
  await aWhile();
  openGate(gate);
  expect(await rejection(settles(waiting))).toBeInstanceOf(DeadlockError);
});

describe("blockOn of a runtime with threads", () => {
  onPackageOnly();

  const stuck = (...tasks: string[]) => ["DeadlockError", ...tasks.map((task) => `  ${task}`)];
  const PROGRAMS: Record<string, string[]> = {
    "at-once": [...stuck('task 1 "program" waits for mpsc.recv()'), "usable yes"],
    "after-its-tasks": stuck(
      'task 1 "program" waits for pending(), which never completes',
      'task 3 "waits" waits for pending(), which never completes',
    ),
    "after-tasks-of-tasks": [
      ...stuck('task 1 "program" waits for pending(), which never completes'),
      "chain ended 1",
    ],
    "a-local-task-hears-of-it": ["value came"],
    "by-a-shared-channel": ["value answer"],
    "a-timer": ["value locked"],
  };

  test.concurrent.each(Object.entries(PROGRAMS))("%s", async (name, lines) => {
    const { stdout, stderr, hung } = await run("threads/programs/stuck.mjs", [name]);
    expect({ lines: stdout.trimEnd().split("\n"), stderr, hung }).toEqual({
      lines,
      stderr: "",
      hung: false,
    });
  });
});
