// `tokiwa/testing` under node:test, as a program of its own.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { PATIENCE_MS } from "../support/patience.js";

const file = fileURLToPath(new URL("testing/node-test.mjs", import.meta.url));

test("the direct test, and tokiwaTest of node:test", async () => {
  // A runner inside a runner: node:test would report to the outer one.
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
  const { code, output } = await new Promise<{ code: unknown; output: string }>((resolve) =>
    execFile(
      process.execPath,
      ["--test", "--test-reporter=tap", file],
      { timeout: PATIENCE_MS, killSignal: "SIGKILL", env },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: `${stdout}${stderr}` }),
    ),
  );
  const lines = output.split("\n").map((line) => line.trim());
  const results = lines.filter((line) => /^(?:not )?ok \d+ - (?!.*\.mjs)/.test(line));
  expect(results.map((line) => line.replace(/ok \d+ - /, "ok "))).toEqual([
    "ok sleeps a day",
    "ok gets node's context",
    "not ok gets stuck",
    "ok each 1",
    "ok each 2",
    "ok skipped # SKIP",
    `ok later # ${"TO"}${"DO"}`,
    "not ok leaks",
    "not ok never ends",
    "ok direct",
    "ok direct and async",
  ]);
  expect(output).toContain('task 1 "stuck" waits for pending(), which never completes');
  expect(output).toContain("LeakError");
  expect(output).toContain("TestTimeoutError");
  expect(code).toBe(1);
});
