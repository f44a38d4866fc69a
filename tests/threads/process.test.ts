// When a process with worker threads ends, and with which exit code. Each program runs as a process of its own, on the package.

import { describe, expect, test } from "vitest";
import { onPackageOnly, run } from "./programs.js";

const PROGRAM = "threads/programs/ends.mjs";

interface Expected {
  readonly stdout: string;
  readonly code?: number;
  /** What stderr holds; else it is empty. */
  readonly stderr?: string;
}

async function check(name: string, { stdout, code = 0, stderr }: Expected): Promise<void> {
  const result = await run(PROGRAM, [name], { TOKIWA_WORKER_THREADS: "2" });
  expect({ stdout: result.stdout, code: result.code, hung: result.hung }, result.stderr).toEqual({
    stdout,
    code,
    hung: false,
  });
  if (stderr === undefined) expect(result.stderr).toBe("");
  else expect(result.stderr).toContain(stderr);
}

describe("the process ends when main has ended, and not before", () => {
  onPackageOnly();

  const PROGRAMS: Record<string, Expected> = {
    "main-plain": { stdout: "42\n" },
    "main-nothing": { stdout: "" },
    "main-waits-long": { stdout: "rested\n" },
    "main-waits-local-sleep": { stdout: "slept\n" },
    "main-pool": { stdout: "8\n" },
    "main-leaves-tasks": { stdout: "10\n" },
    "main-leaves-spinner": { stdout: "done\n" },
    "main-many": { stdout: "3998000\n" },
    "main-async": { stdout: "12\n" },
    "main-twice": { stdout: "2\n4\n" },
    "says-order": { stdout: "from a worker\nfrom main\n" },
    "event-loop-goes-on": { stdout: "6\ntimer\n" },
    "main-exit-code": { stdout: "16\n", code: 4 },
    "main-exits": { stdout: "18\n", code: 6 },
    "main-panics": { stdout: "", code: 1, stderr: "from main" },
    "main-sees-panic": { stdout: "", code: 1, stderr: "from a worker" },
    "main-ignores-panic": { stdout: "done\n", stderr: "nobody looked at its JoinHandle" },
    "main-sees-death": { stdout: "true\n14\n", stderr: "exit code 3" },
    "main-deadlock": { stdout: "", code: 1, stderr: "DeadlockError" },
  };

  test.concurrent.each(Object.entries(PROGRAMS))("%s", check);

  test("a sendable function in the file of main: workers do not run the program once more", async () => {
    const { stdout, stderr, code, hung } = await run("threads/programs/same-file.mjs");
    expect({ stdout, stderr, code, hung }).toEqual({
      stdout: "2\n4\n6\n8\n",
      stderr: "",
      code: 0,
      hung: false,
    });
  });
});

describe("a runtime that is built and never shut down does not keep the process alive", () => {
  onPackageOnly();

  const PROGRAMS: Record<string, Expected> = {
    "never-shut-down": { stdout: "built\n" },
    "never-shut-down-used": { stdout: "2\n" },
    "never-shut-down-pool": { stdout: "2\n" },
    "never-shut-down-busy": { stdout: "4\n" },
    unawaited: { stdout: "heard\n" },
  };

  test.concurrent.each(Object.entries(PROGRAMS))("%s", check);
});

describe("what somebody waits for keeps it alive", () => {
  onPackageOnly();

  const PROGRAMS: Record<string, Expected> = {
    "awaited-promise": { stdout: "rested\n" },
    "awaited-run": { stdout: "rested\n" },
    "block-on": { stdout: "rested\n" },
  };

  test.concurrent.each(Object.entries(PROGRAMS))("%s", check);
});

describe("after a shutdown the process ends", () => {
  onPackageOnly();

  const PROGRAMS: Record<string, Expected> = {
    "shutdown-waits": { stdout: "0\n" },
    "shutdown-stuck": { stdout: "spins\n" },
    "shutdown-background": { stdout: "background\n" },
  };

  test.concurrent.each(Object.entries(PROGRAMS))("%s", check);
});
