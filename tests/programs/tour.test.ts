// The tour, compiled as `npm start` does it and run in a process of its own.

import { execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const TOUR = fileURLToPath(new URL("../../build/examples/tour/main.js", import.meta.url));

const NAMES = [
  "futures",
  "laziness",
  "sleep",
  "connections",
  "echo",
  "memory",
  "join",
  "select",
  "starvation",
  "replay",
  "mandelbrot",
  "uneven",
  "stealing",
  "blocking",
  "two-runtimes",
  "lost-worker",
];

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runTour(args: readonly string[], environment: Record<string, string> = {}) {
  return new Promise<Result>((resolve, reject) => {
    const child = spawn(process.execPath, [TOUR, ...args], {
      env: { ...process.env, ...environment },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

beforeAll(async () => {
  const compile = 'import("./examples/compile.mjs").then((module) => module.compileExamples())';
  await promisify(execFile)(process.execPath, ["--input-type=module", "-e", compile], {
    cwd: root,
  });
});

describe("the tour's results", () => {
  test("are JSON and nothing else with --json, and the exit code is 0", async () => {
    const { code, stdout, stderr } = await runTour([
      "--json",
      "--only",
      "laziness",
      "--only",
      "replay,futures",
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      tour: "tokiwa",
      node: process.versions.node,
      ok: true,
      failed: [],
    });
    // In the tour's order, not in that of the options.
    expect(result.chapters.map((chapter: { name: string }) => chapter.name)).toEqual([
      "futures",
      "laziness",
      "replay",
    ]);
    for (const chapter of result.chapters) {
      expect(chapter.milliseconds).toBeGreaterThan(0);
      expect(chapter.checks.length).toBeGreaterThan(0);
      for (const check of chapter.checks)
        expect(check).toEqual({
          claim: expect.any(String),
          holds: true,
          detail: expect.any(String),
        });
      for (const figure of chapter.figures)
        expect(figure).toMatchObject({
          label: expect.any(String),
          unit: expect.any(String),
          tokiwa: expect.any(Number),
        });
    }
    expect(result.claims).toBe(
      result.chapters.reduce((sum: number, { checks }: { checks: [] }) => sum + checks.length, 0),
    );
  });

  test("name the steps of one request", async () => {
    const { code, stdout } = await runTour(["--json", "--only", "echo"]);
    const { failed, chapters } = JSON.parse(stdout);
    const [chapter] = chapters;
    expect(failed).toEqual([]);
    expect(chapter.steps.map((step: { name: string }) => step.name)).toEqual([
      "bind",
      "register",
      "suspend",
      "ready",
      "wake",
      "poll",
      "write",
      "done",
    ]);
    expect(code).toBe(0);
  });

  test("cover the chapters about threads, with every claim held", async () => {
    const names = NAMES.slice(NAMES.indexOf("mandelbrot"));
    const { code, stdout } = await runTour(["--json", "--only", names.join()]);
    const { failed, chapters } = JSON.parse(stdout);
    expect({ failed, code }).toEqual({ failed: [], code: 0 });
    expect(chapters.map((chapter: { name: string }) => chapter.name)).toEqual(names);
    for (const chapter of chapters) expect(chapter.checks.length).toBeGreaterThan(1);
  });

  test("are for people without --json: titles, claims, and no colours for a pipe", async () => {
    const { code, stdout } = await runTour(["--only", "laziness"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Nothing runs until somebody asks");
    expect(stdout).toMatch(/✓ asking for one ran that one and no other/);
    expect(stdout).toMatch(/All \d+ claims held/);
    expect(stdout).not.toContain("\x1b");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe("a claim that does not hold", () => {
  test("is named at the end and makes the exit code 1", async () => {
    const { code, stdout } = await runTour(["--only", "laziness"], {
      TOKIWA_TOUR_BREAK: "laziness",
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/1 of \d+ claims did not hold/);
    expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/laziness: .*broken on purpose/);
  });

  test("is listed in the JSON", async () => {
    const { code, stdout } = await runTour(["--json", "--only", "laziness,replay"], {
      TOKIWA_TOUR_BREAK: "replay",
    });
    expect(code).toBe(1);
    const result = JSON.parse(stdout);
    expect(result.ok).toBe(false);
    expect(result.failed).toEqual([
      expect.objectContaining({ chapter: "replay", holds: false, detail: "broken on purpose" }),
    ]);
  });
});

describe("the tour's options", () => {
  test("--list names every chapter in order", async () => {
    const { code, stdout } = await runTour(["--list", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).map((chapter: { name: string }) => chapter.name)).toEqual(NAMES);
  });

  test("--help shows the options and the names", async () => {
    const { code, stdout } = await runTour(["--help"]);
    expect(code).toBe(0);
    for (const word of ["--only", "--json", "--list", ...NAMES]) expect(stdout).toContain(word);
  });

  test("an unknown chapter is refused with the list", async () => {
    const { code, stdout, stderr } = await runTour(["--only", "laziness,lazyness"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain('"lazyness"');
    for (const name of NAMES) expect(stderr).toContain(name);
  });

  test.each([["--onyl"], ["--only"], ["echo"]])("%s is refused", async (option) => {
    const { code, stdout, stderr } = await runTour([option]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("--help");
  });
});
