// Programs that tests run in a process of their own, on the published package.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeEach } from "vitest";
import { PATIENCE_MS } from "../support/patience.js";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether it had to be killed because it did not end. */
  readonly hung: boolean;
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** For the tests of a describe: the package is the same in both projects, so one of them runs its programs. */
export function onPackageOnly(): void {
  beforeEach(({ task, skip }) => {
    if (task.file.projectName === "check") skip();
  });
}

/**
 * Runs a program.
 *
 * @param file its path, from the folder of the tests.
 * @param args those of Node, if they begin with a dash, and of the program.
 */
export function run(
  file: string,
  args: string[] = [],
  environment: Record<string, string> = {},
  limitMs = PATIENCE_MS,
): Promise<Ended> {
  const isNodes = (argument: string): boolean => argument.startsWith("--");
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [
        ...args.filter(isNodes),
        `${root}/${file}`,
        ...args.filter((argument) => !isNodes(argument)),
      ],
      { timeout: limitMs, killSignal: "SIGKILL", env: { ...process.env, ...environment } },
      (error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr, hung: error?.killed === true }),
    );
  });
}

/** What it wrote and how it ended, for `toEqual`. */
export function ended(stdout: string, code = 0): object {
  return { code, stdout, hung: false };
}

/** Without stderr, where the runtime reports deaths. */
export function shown({ code, stdout, hung }: Ended): object {
  return { code, stdout, hung };
}
