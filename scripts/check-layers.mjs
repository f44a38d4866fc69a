// The rules of the house, checked: who may import whom, and that nobody imports in a circle. Types count.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * What the files of a folder may import besides their own folder; a folder that is not named may import what it likes.
 * `#host`, `#net` and `#streams` are the doors to the host, and ts/host/types.ts says what stands behind them;
 * ts/host/node/types.ts is nothing but names of types. `type …`: only by `import type`, which nothing is left of when it runs.
 */
const ALLOWED = {
  "ts/future": [],
  "ts/host": [],
  // What a shared primitive carries is checked when it is made: by the type that says what may cross threads.
  "ts/sync": ["ts/future", "type ts/send/send.ts", "ts/doors/shared.ts"],
  "ts/stream": ["ts/future", "ts/host/types.ts", "ts/host/node/types.ts", "#streams"],
  "ts/io": ["ts/future"],
  "ts/send": ["ts/future"],
  "ts/runtime": [
    "ts/future",
    "ts/send",
    "ts/sync",
    "ts/host/types.ts",
    "#host",
    "ts/doors/threads.ts",
  ],
  "ts/task": ["ts/future", "ts/runtime", "ts/send"],
  "ts/worker": ["ts/runtime", "#host"],
  "ts/time": ["ts/future", "ts/runtime", "#host"],
  "ts/testing": ["ts/future", "ts/runtime", "ts/task", "ts/time", "ts/io", "ts/stream", "#host"],
  "ts/net": ["ts/future", "ts/runtime", "ts/io", "ts/host/types.ts", "#net"],
  "assembly/core": [],
};

/** Only this file may know what the Wasm core exports. */
const BINDING = "ts/runtime/core/binding.ts";

function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(path);
    return path.endsWith(".ts") && !path.endsWith(".d.ts") ? [path] : [];
  });
}

function resolve(from, specifier) {
  if (!specifier.startsWith(".")) return specifier;
  const path = normalize(join(dirname(from), specifier)).replace(/\.js$/, "");
  return path.endsWith(".ts") ? path : `${path}.ts`;
}

function importsOf(file) {
  const text = readFileSync(join(root, file), "utf8");
  const pattern = /^(?:import|export)\s[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"/gm;
  return [...text.matchAll(pattern)].map((match) => resolve(file, match[1] ?? match[2]));
}

/** What a file imports types of and nothing else. */
function typesOf(file) {
  const text = readFileSync(join(root, file), "utf8");
  const all = importsOf(file);
  const pattern = /^(?:import|export) type\s[^;]*?from\s+"([^"]+)"/gm;
  const types = [...text.matchAll(pattern)].map((match) => resolve(file, match[1]));
  const once = (target) => all.filter((other) => other === target).length === 1;
  return new Set(types.filter(once));
}

const files = [...sources("ts"), ...sources("assembly")];
const graph = new Map(files.map((file) => [file, importsOf(file)]));
const problems = [];

for (const [file, imports] of graph) {
  const folder = Object.keys(ALLOWED).find((name) => file.startsWith(`${name}/`));
  const types = typesOf(file);
  for (const target of imports) {
    if (target.startsWith("ts/") && !graph.has(target))
      problems.push(`${file} imports ${target}, which is not there`);
    if (/^core:/.test(target) && file !== "ts/runtime/core/bytes.ts")
      problems.push(`${file} imports the Wasm bytes`);
    if (target === "ts/runtime/core/bytes.ts" && file !== BINDING)
      problems.push(`${file} imports ${target}: only ${BINDING} may`);
    if (/^node:/.test(target) && !file.startsWith("ts/host/node/"))
      problems.push(`${file} imports ${target}: only ts/host/node may`);
    if (folder === undefined || target.startsWith(`${folder}/`) || /^(node|core):/.test(target))
      continue;
    if (types.has(target) && ALLOWED[folder].includes(`type ${target}`)) continue;
    if (!ALLOWED[folder].some((name) => target === name || target.startsWith(`${name}/`)))
      problems.push(`${file} imports ${target}: ${folder} may not`);
  }
}

const state = new Map();
function visit(file, path) {
  if (state.get(file) === "done") return;
  if (state.get(file) === "open") {
    problems.push(`import circle: ${[...path.slice(path.indexOf(file)), file].join(" -> ")}`);
    return;
  }
  state.set(file, "open");
  for (const target of graph.get(file) ?? []) if (graph.has(target)) visit(target, [...path, file]);
  state.set(file, "done");
}
for (const file of files) visit(file, []);

for (const problem of problems) console.error(problem);
console.log(
  `${relative(root, fileURLToPath(import.meta.url))}: ${files.length} files, ${problems.length} problems`,
);
process.exit(problems.length === 0 ? 0 : 1);
