// The benchmark harness: that it measures, reports and cleans up. What it measures is no business of a test.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/bench.mjs", import.meta.url));
const POOLS = ["piscina", "tinypool", "workerpool", "poolifier"];
const ABSENT = ["tokio", "effect", "async-mutex", ...POOLS];
const WITHOUT = ["--no-setup", "--without", ABSENT.join(), "--warm-up", "1"];
const TINY = `tasks=10,yields=10,messages=100,sleeps=10,pings=10,repeat=1,times=2,connections=3,\
in_flight=4,batches=2,batch=3,depth=3,pause_ms=1,task_us=1,locks=10,wakes=10,requests=5,receives=20`;

interface Summary {
  median: number;
  min: number;
  max: number;
  spread: number;
  rounds: number;
}

interface Report {
  machine: { cpu: string; cores: number; versions: Record<string, string> };
  missing: Record<string, string>;
  results: {
    row: string;
    parameters: Record<string, number>;
    errors: Record<string, string>;
    figures: {
      field: string;
      unit: string;
      results: Record<string, Summary>;
      ratios: Record<string, number>;
      goals: { peer?: string; atMost?: number; atLeast?: number; verdict: string }[];
    }[];
  }[];
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tokiwa-bench-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bench(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** The report of a run that succeeded, and its text. */
function measure(...args: string[]): { report: Report; text: string } {
  const json = join(folder, "report.json");
  const { status, stdout, stderr } = bench(...WITHOUT, "--json", json, ...args);
  expect(`${stderr}${status}`).toMatch(/0$/);
  return { report: JSON.parse(readFileSync(json, "utf8")), text: stdout };
}

describe("a run without the peers that have to be built or installed", () => {
  let run: { report: Report; text: string };
  beforeAll(() => {
    run = measure("--quick", "--only", "yield_many,mpsc", "--rounds", "2", "--set", TINY);
  });

  test("has the rows that were asked for, with the sizes that were asked for", () => {
    expect(run.report.results.map(({ row }) => row)).toEqual(["yield_many", "mpsc"]);
    expect(run.report.results[0]?.parameters).toEqual({ tasks: 10, yields: 10 });
    expect(run.report.results[1]?.parameters).toEqual({ messages: 100, capacity: 1000 });
  });

  test("has figures of tokiwa and of promises, and their ratio", () => {
    for (const { errors, figures } of run.report.results) {
      expect(errors).toEqual({});
      const [figure] = figures;
      expect(figure).toMatchObject({ field: "nsPerOp", unit: "ns" });
      expect(Object.keys(figure?.results ?? {})).toEqual(["tokiwa", "promises"]);
      const { tokiwa, promises } = figure?.results ?? {};
      for (const summary of [tokiwa, promises]) {
        expect(summary?.rounds).toBe(1);
        expect(summary?.median).toBeGreaterThan(0);
        expect(summary?.min).toBe(summary?.median);
        expect(summary?.spread).toBe(0);
      }
      expect(figure?.ratios.promises).toBeCloseTo(
        (tokiwa?.median ?? 0) / (promises?.median ?? 1),
        9,
      );
    }
  });

  test("names the peers that are missing, and judges no goal by them", () => {
    const why = "left out by --without";
    expect(run.report.missing).toEqual({ tokio: why, effect: why });
    expect(run.text).toContain("Tokio is missing: left out by --without.");
    expect(run.text).toContain("Effect is missing: left out by --without.");
    const goals = run.report.results.flatMap(({ figures }) => figures.flatMap((f) => f.goals));
    expect(goals.length).toBeGreaterThan(0);
    for (const { peer, verdict } of goals) {
      if (peer === "tokio") expect(verdict).toBe("unknown");
      else expect(["met", "behind"]).toContain(verdict);
    }
  });

  test("says on what machine and with what it was made", () => {
    const { machine } = run.report;
    expect(machine.cores).toBeGreaterThan(0);
    expect(machine.versions).toMatchObject({ node: process.versions.node });
    expect(run.text).toContain(machine.cpu);
  });
});

test("every row does its work at a small size, and is in the Markdown and the chart", () => {
  const markdown = join(folder, "report.md");
  const chart = join(folder, "chart.svg");
  const sizes = `${TINY},duration_ms=200,spread_ms=2`;
  const { report } = measure(
    ...["--rounds", "2", "--set", sizes, "--markdown", markdown, "--chart", chart],
  );
  for (const { row, errors, figures } of report.results) {
    expect(errors, row).toEqual({});
    for (const { field, results } of figures)
      expect(results.tokiwa, `${row} ${field}`).toBeDefined();
  }
  const table = readFileSync(markdown, "utf8");
  const drawing = readFileSync(chart, "utf8");
  for (const { row, figures } of report.results) {
    expect(table).toContain(`| ${row}`);
    if (Object.keys(figures[0]?.ratios ?? {}).length > 0) expect(drawing).toContain(`>${row}`);
  }
  expect(drawing).toMatch(/^<svg /);
  expect(drawing).toMatch(/<\/svg>\n$/);
}, 240_000);

test("of a speed-up more is better", () => {
  const args = ["--rounds", "2", "--set", "tasks=50,loops_per_us=20"];
  const { report, text } = measure("--only", "uneven_map", ...args);
  expect(text).toContain("On several threads:");
  expect(text).not.toContain("On one thread:");
  const [figure] = report.results[0]?.figures ?? [];
  const { tokiwa, counter } = figure?.results ?? {};
  expect(figure?.ratios.counter).toBeCloseTo((counter?.median ?? 0) / (tokiwa?.median ?? 1), 9);
  const reached = (tokiwa?.median ?? 0) >= 1.9;
  expect(figure?.goals).toEqual([{ atLeast: 1.9, verdict: reached ? "met" : "behind" }]);
});

test.each([
  [["--only", "no_such_row"], "unknown row: no_such_row; the rows are yield_many"],
  [["--rounds", "1"], "--rounds: got 1, allowed is a whole number from 2"],
  [["--set", "tasks=-1"], "--set tasks: got -1, allowed is a whole number from 1"],
  [["--set", "no_such=1"], "--set: unknown size no_such"],
  [["--without", "tokiwa"], "--without: unknown peer tokiwa"],
  [["--fast"], "--fast"],
])("%j is refused with what is allowed", (args, message) => {
  const { status, stderr } = bench(...args);
  expect(stderr).toContain(message);
  expect(status).toBe(2);
});

test.skipIf(process.platform === "win32")("no process is left when it is interrupted", async () => {
  const args = [script, ...WITHOUT, "--only", "million", "--set", "tasks=10,duration_ms=60000"];
  // A process group of its own: it is empty when the last of its processes is gone.
  const run = spawn(process.execPath, args, {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((resolve) => run.on("close", resolve));
  await new Promise((resolve) => run.stderr.once("data", resolve));
  run.kill("SIGINT");
  expect(await ended).toBe(130);
  expect(() => process.kill(-(run.pid ?? 0), 0)).toThrow("ESRCH");
});
