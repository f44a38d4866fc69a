// From sources to a module that the explorer can drive: asc, then Binaryen's passes `instrument-memory` (plain accesses are
// reported, for the race detector) and `asyncify` (a call can be left at a shared access and continued there).
//
// Owns build/model/, where modules are kept by a hash of everything they were made from.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  entrySource,
  instrument,
  type Mutant,
  mutate,
  readSources,
  type Sources,
} from "./sources.js";

const ROOT = new URL("../../../", import.meta.url);
const CACHE = new URL("build/model/", ROOT);
const ENTRY = "assembly/core/model-entry.ts";
const OUTPUT = "model.wasm";
const FOLDER = "assembly/core/";

/** Those of the check build in asconfig.json: assertions stay on. Memory is whatever the explorer supplies. */
const OPTIONS = [
  ["--runtime", "stub", "--importMemory", "--noExportMemory", "--sharedMemory"],
  ["--initialMemory", "2", "--maximumMemory", "65536", "--enable", "threads"],
  ["--debug", "--use", "TOKIWA_MODEL=1", "--config", "none"],
].flat();

/** As the package is built. Mutants are compiled without: that takes a fifth of the time, and what they break stays broken. */
const OPTIMIZED = "-O3";
const NOT_OPTIMIZED = "-O0";

/** Only these may leave a call in its middle; every other import returns at once. */
const SUSPENDING = "model.before,model.wait,model.notify";

/** Prefix under which a global is exported, so that the explorer can set it back before each run. */
export const GLOBAL_PREFIX = "global:";

function ownText(): string {
  return ["sources.ts", "compile.ts"]
    .map((file) => readFileSync(new URL(file, import.meta.url), "utf8"))
    .join();
}

function hashOf(sources: Sources, level: string): string {
  const hash = createHash("sha256").update(ownText()).update(level);
  for (const [file, text] of sources) hash.update(file).update(text);
  return hash.digest("hex").slice(0, 24);
}

async function assemble(sources: Sources, level: string): Promise<Uint8Array> {
  const { main } = await import("assemblyscript/asc");
  const entry = entrySource(sources);
  let binary: Uint8Array | undefined;
  const result = await main([ENTRY, "--outFile", OUTPUT, level, ...OPTIONS], {
    readFile(name) {
      if (name === ENTRY) return entry;
      return name.startsWith(FOLDER) ? (sources.get(name.slice(FOLDER.length)) ?? null) : null;
    },
    writeFile(name, contents) {
      if (name === OUTPUT && typeof contents !== "string") binary = contents;
    },
    listFiles: () => [],
  });
  if (result.error !== null || binary === undefined)
    throw new Error(`the model build does not compile:\n${result.stderr.toString()}`);
  return binary;
}

async function addHooks(binary: Uint8Array): Promise<Uint8Array> {
  const { default: binaryen } = await import("assemblyscript/binaryen");
  const module = binaryen.readBinary(binary);
  try {
    const count = module.getNumGlobals();
    const globals = Array.from({ length: count }, (_, index) => module.getGlobalByIndex(index));
    for (const info of globals.map((global) => binaryen.getGlobalInfo(global)))
      if (info.mutable) module.addGlobalExport(info.name, GLOBAL_PREFIX + info.name);
    binaryen.setPassArgument("asyncify-imports", SUSPENDING);
    module.runPasses(["instrument-memory", "asyncify"]);
    return module.emitBinary();
  } finally {
    binaryen.clearPassArguments();
    module.dispose();
  }
}

const modules = new Map<string, Promise<WebAssembly.Module>>();

async function build(hash: string, sources: Sources, level: string): Promise<WebAssembly.Module> {
  const file = fileURLToPath(new URL(`${hash}.wasm`, CACHE));
  if (!existsSync(file)) {
    mkdirSync(CACHE, { recursive: true });
    // Other test files build and read at the same time: what is there under its name is whole.
    const ours = `${file}.${process.pid}`;
    writeFileSync(ours, await addHooks(await assemble(sources, level)));
    renameSync(ours, file);
  }
  return new WebAssembly.Module(readFileSync(file));
}

/** The core with all hooks, mutated or not. */
export function modelModule(mutant?: Mutant): Promise<WebAssembly.Module> {
  const original = readSources();
  const sources = instrument(mutant === undefined ? original : mutate(original, mutant));
  const level = mutant === undefined ? OPTIMIZED : NOT_OPTIMIZED;
  const hash = hashOf(sources, level);
  const known = modules.get(hash) ?? build(hash, sources, level);
  modules.set(hash, known);
  return known;
}
