// What the Wasm files are made of: no data segments, one import, no state outside of memory but a few globals a thread,
// atomics in the build with threads and none in the other, and small.

import { readFileSync, statSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BUILDS, buildFile, loadCore, moduleOf, RELEASE_BUILDS } from "../support/core.js";

const GLOBALS = [
  "assembly/core/shared/waiters/wakes",
  "assembly/core/slab/heir",
  "assembly/core/threads/death/strays",
  "assembly/core/wheel/expiringPlace",
  "assembly/core/worker/number",
  "assembly/core/worker/record",
];

/** The names of an interface of the binding. */
function namesOf(name: string): string[] {
  const file = name === "SyncCore" ? "sync/shared/core.ts" : "runtime/core/binding.ts";
  const text = readFileSync(new URL(`../../ts/${file}`, import.meta.url), "utf8");
  const body = text.slice(text.indexOf(`export interface ${name} `)).split("\n}\n")[0] as string;
  return [...body.matchAll(/^ {2}(\w+)\(/gm)].map((match) => match[1] as string);
}

const EXPORTS = [
  "adoptWorker",
  "aliveTasks",
  "aliveTimers",
  "cancelTask",
  "cancelTimer",
  "clearTrace",
  "configure",
  "drawBelow",
  "driver",
  "insertTimer",
  "interrupt",
  "isTask",
  "isTimerPending",
  "next",
  "nextExpiry",
  "nextExpiryBound",
  "pollCount",
  "queueLength",
  "ready",
  "retargetTimer",
  "seedStreams",
  "setTrace",
  "spawn",
  "takeForeignFired",
  "taskPolls",
  "taskSlots",
  "taskState",
  "traceAddress",
  "traceCount",
  "wakeTask",
];

const STATE_ATOMICS = ["i32.atomic.load", "i32.atomic.store", "i32.atomic.rmw.cmpxchg"];

/** The text form without comments and strings, so that a name cannot look like an instruction. */
function textOf(build: string): string {
  return readFileSync(buildFile(`core.${build}.wat`), "utf8").replace(/;;.*$/gm, "");
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] as string).sort();
}

describe.each(RELEASE_BUILDS)("core.%s", (build) => {
  const text = textOf(build);

  test("has no data segment: a second instance would write it again", () => {
    expect(text).not.toMatch(/\(data\b/);
  });

  test("has no start function", () => {
    expect(text).not.toMatch(/\(start\b/);
  });

  test("imports its memory and nothing else", () => {
    expect(text.match(/\(import\b/g)).toHaveLength(1);
    expect(WebAssembly.Module.imports(moduleOf(build))).toMatchObject([
      { module: "env", name: "memory", kind: "memory" },
    ]);
  });

  test("has no global but those that are a thread's own", () => {
    const globals = matches(text, /\(global \$(\S+)/g);
    expect(globals.filter((name) => !GLOBALS.includes(name))).toEqual([]);
    expect(globals.length).toBeGreaterThan(0);
  });

  test("is at most 32 KiB", () => {
    expect(statSync(buildFile(`core.${build}.wasm`)).size).toBeLessThanOrEqual(32 * 1024);
  });

  test("touches none of its reserved pages before it is used", () => {
    const { memory } = loadCore(build);
    expect(new Uint8Array(memory.buffer, 0, 65536).every((byte) => byte === 0)).toBe(true);
  });
});

describe.each(BUILDS)("core.%s", (build) => {
  test("exports what the binding names, and only functions", () => {
    const exports = WebAssembly.Module.exports(moduleOf(build));
    const more = build.endsWith("threads")
      ? [...namesOf("ThreadsExports"), ...namesOf("SyncCore")]
      : [];
    expect(exports.map(({ name }) => name).sort()).toEqual([...EXPORTS, ...more].sort());
    expect(exports.every(({ kind }) => kind === "function")).toBe(true);
  });
});

test("the build with threads changes the state word by atomics, over a shared memory", () => {
  const text = textOf("threads");
  for (const instruction of STATE_ATOMICS) expect(text).toContain(instruction);
  expect(text).toMatch(/\(memory \S+ 131 65536 shared\)/);
});

test("each of the five transitions that others may race with is a compare-and-swap", () => {
  // To scheduled, to running, to idle, to yielded, to cancelled.
  const swaps = textOf("threads").match(/i32\.atomic\.rmw\.cmpxchg/g) ?? [];
  expect(swaps.length).toBeGreaterThanOrEqual(5);
});

test("the build without threads has no atomic instruction, and a memory that is not shared", () => {
  const text = textOf("single");
  expect(text).not.toMatch(/\batomic\b|\.atomic\./);
  expect(text).toMatch(/\(memory \S+ 3 65536\)/);
});
