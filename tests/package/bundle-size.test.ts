// What a bundler puts into a user's program: of what the program does not use, nothing; and what is left works.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ALONE, bundle, PLAIN, SHARED } from "./programs.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The middle of the core with threads, as it stands in the JavaScript. */
function coreWithThreads(): string {
  const text = readFileSync(`${root}/build/core.threads.wasm`).toString("base64");
  return text.slice(1000, 1200);
}

const NAMESPACES = ["broadcast", "mpsc", "oneshot", "watch"];

/** Classes by which one sees that a part is there. */
const CODEC = ["Encoder", "Decoder"];
const THREADS = ["MultiThread", "ThreadPool", "SharedMemory", "Payloads"];
const SHARED_FORMS = ["SharedHandle", "SharedGuard", "SharedMutex", "SharedSender", "SharedFlag"];

function classesIn(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/\bclass (\w+?)\d*(?= extends|\s*\{)|\b(\w+?)\d* = class\b/g)].map(
      (m) => m[1] ?? (m[2] as string),
    ),
  );
}

function partsOf(text: string): string[] {
  const classes = classesIn(text);
  const named = [...CODEC, ...THREADS, ...SHARED_FORMS].filter((name) => classes.has(name));
  return text.includes(coreWithThreads()) ? [...named, "the core with threads"] : named;
}

function run(text: string): { stdout: string; stderr: string } {
  const ran = spawnSync(process.execPath, ["--input-type=module", "-"], {
    input: text,
    encoding: "utf8",
  });
  return { stdout: ran.stdout.trim(), stderr: ran.stderr };
}

/** What holds a browser's event loop open in Node is no concern of the program. */
const LEAVE = "process.exit(0);";

describe.each(Object.entries(PLAIN))("a page with plain forms: %s", (_, program) => {
  test("has nothing of threads, of shared forms and of the codec, and works", async () => {
    const { text, gzippedBytes } = await bundle(program + LEAVE, "browser");
    expect(partsOf(text)).toEqual([]);
    // Far from both: with all of it a program is 80,000 bytes, without a third of that.
    expect(gzippedBytes).toBeLessThan(45_000);
    expect(run(text)).toEqual({ stdout: "6", stderr: "" });
  });
});

test("a namespace does not bring the others", async () => {
  const { text } = await bundle(PLAIN.mpsc, "browser");
  // A broadcast channel, and what only locks have.
  expect(
    [...classesIn(text)].filter((name) => /^(?:Cursor|BatchSemaphore|RwLock|View)$/.test(name)),
  ).toEqual([]);
});

test("where there are threads a bundle has all of it, and works", async () => {
  const { text } = await bundle(SHARED, "node");
  expect(partsOf(text).sort()).toEqual(
    [...CODEC, ...THREADS, ...SHARED_FORMS, "the core with threads"].sort(),
  );
  expect(run(text)).toEqual({ stdout: "6", stderr: "" });
});

test("a shared form brings the runtime that it needs", async () => {
  const { text } = await bundle(ALONE + LEAVE, "node");
  expect(run(text)).toEqual({ stdout: "6", stderr: "" });
});

test("a page that makes a shared form, or threads, is told that there are none", async () => {
  const program = `
    import { Builder } from "tokiwa/runtime";
    import { Mutex, mpsc } from "tokiwa/sync";
    const said = [];
    for (const make of [() => Mutex.shared(0), () => mpsc.shared(1), () => new mpsc.SharedSender(), () => Builder.newMultiThread()])
      try { make(); } catch (error) { said.push(error.name); }
    console.log(said.join(), {} instanceof mpsc.SharedSender);
    ${LEAVE}`;
  const { text } = await bundle(program, "browser");
  expect(run(text).stdout).toBe(
    "NoThreadsError,NoThreadsError,NoThreadsError,NoThreadsError false",
  );
});

test("a page's package exports what Node's does", async () => {
  for (const entry of [
    "index",
    "sync",
    "task",
    "runtime",
    "time",
    "stream",
    "io",
    "net",
    "testing",
  ]) {
    const page: object = await import(`${root}/dist/browser/${entry}.js`);
    const node: object = await import(`${root}/dist/${entry}.js`);
    expect(namesIn(page)).toEqual(namesIn(node));
  }
});

/** Of the exports, and of the namespaces among them; `test` of the test kit is an object that is not to be looked into. */
function namesIn(exports: object): string[] {
  return Object.entries(exports)
    .flatMap(([name, value]) =>
      NAMESPACES.includes(name) ? Object.keys(value).map((inner) => `${name}.${inner}`) : [name],
    )
    .sort();
}
