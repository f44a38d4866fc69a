// The implementations: how each is made ready, and how a process of it is started.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { install } from "../../scripts/setup.mjs";
import { Child } from "./child.mjs";

const bench = fileURLToPath(new URL("..", import.meta.url));
const TOKIO = join(bench, "tokio");

/** In the order of the table's columns. `prepare` returns why the implementation is missing, or undefined. */
export const IMPLEMENTATIONS = {
  tokiwa: { title: "tokiwa", start: () => worker("tokiwa") },
  tokio: { title: "Tokio", prepare: buildTokio, start: () => new Child(tokioProgram(), []) },
  promises: { title: "promises", start: () => worker("promises") },
  node: { title: "Node by hand", start: () => worker("node") },
  counter: { title: "shared counter", start: () => worker("counter") },
  effect: fromNpm("Effect"),
  "async-mutex": fromNpm("async-mutex"),
  piscina: fromNpm("piscina"),
  tinypool: fromNpm("tinypool"),
  workerpool: fromNpm("workerpool"),
  poolifier: fromNpm("poolifier"),
};

function fromNpm(title) {
  return { title, prepare: installPeers, start: () => worker(title.toLowerCase()) };
}

function worker(name) {
  return new Child(process.execPath, ["--expose-gc", join(bench, "worker.mjs"), name]);
}

function tokioProgram() {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return join(TOKIO, "target/release", `tokio-bench${suffix}`);
}

function cargo(...args) {
  return spawnSync("cargo", [...args, "--release", "--locked", "--quiet"], {
    cwd: TOKIO,
    encoding: "utf8",
  });
}

function buildTokio() {
  if (process.platform !== "linux") return "its program is for Linux only";
  if (spawnSync("cargo", ["--version"]).status !== 0) return "cargo is not installed";
  if (!existsSync(tokioProgram())) console.log("tokiwa: building bench/tokio (once)");
  const { status, stderr } = cargo("build");
  return status === 0 ? undefined : `cargo build failed: ${lastLine(stderr)}`;
}

let installed;

/** All of them at once, and only once: there is one lock file. */
function installPeers() {
  installed ??= install(join(bench, "npm"), "the peers of the benchmarks");
  return installed ? undefined : "npm ci failed";
}

function lastLine(text) {
  return text.trim().split("\n").at(-1) ?? "";
}

/**
 * Makes every implementation ready but those that are unwanted.
 *
 * @returns which are missing, and why.
 */
export function prepareAll(names, unwanted) {
  const missing = new Map();
  for (const name of names) {
    const why = unwanted.has(name) ? "left out by --without" : IMPLEMENTATIONS[name].prepare?.();
    if (why !== undefined) missing.set(name, why);
  }
  return missing;
}
