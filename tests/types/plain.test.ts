// The published types in a program that has no types of Node, and that checks the libraries it uses.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const OPTIONS = ["--types", "", "--noEmit", "--strict", "--exactOptionalPropertyTypes"];
const TARGET = ["--target", "es2022", "--module", "nodenext"];
const LIB = ["--lib", "es2023,dom,dom.iterable,esnext.disposable"];

test("they compile, and what toNode gives is known", async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const run = promisify(execFile)(
    process.execPath,
    ["node_modules/typescript/bin/tsc", ...OPTIONS, ...TARGET, ...LIB, "--ignoreConfig"].concat(
      "tests/types/plain/program.ts",
    ),
    { cwd: root },
  );
  const errors = await run.then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );
  expect(errors).toBe("");
});
