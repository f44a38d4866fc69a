// The core's sources as the checker compiles them: every function of every file exported, the hooks that the explorer needs
// put in, and a mutant's change applied. Nothing is written beside the sources; the compiler reads the text from here.

import { readdirSync, readFileSync } from "node:fs";

/** A fault put into the core on purpose: the checker has to catch it. */
export interface Mutant {
  /** Says what is broken; part of the replay line. */
  readonly name: string;
  /** Relative to assembly/core. */
  readonly file: string;
  /** Text that occurs exactly once in the file, so that a mutant never silently does nothing. */
  readonly find: string;
  readonly replace: string;
  /** Preemptions that it takes to see it, if more than the model is searched with. */
  readonly preemptions?: number;
}

const CORE = new URL("../../../assembly/core/", import.meta.url);
/** What the package's binding imports. */
const INDEX = "index.ts";
const SYNC = "sync.ts";

/** What the explorer supplies besides `before`. Sleeping and waking become its own, so that nothing ever really sleeps. */
const SLEEP_HOOKS = `
@external("model", "wait")
declare function modelWait(address: usize, expected: i32, timeout: i64): i32;
@external("model", "notify")
declare function modelNotify(address: usize, count: i32): i32;
`;

/** Bulk instructions as loops of stores: `instrument-memory` does not see the instructions. */
const BULK = `
function modelFill(address: usize, value: u8, bytes: usize): void {
  for (let offset: usize = 0; offset < bytes; offset++) store<u8>(address + offset, value);
}
function modelCopy(to: usize, from: usize, bytes: usize): void {
  for (let offset: usize = 0; offset < bytes; offset++) store<u8>(to + offset, load<u8>(from + offset));
}
`;

/** Text by path relative to assembly/core. */
export type Sources = ReadonlyMap<string, string>;

function coreFiles(): string[] {
  const files = readdirSync(CORE, { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(".ts") && file !== INDEX).sort();
}

export function readSources(): Sources {
  return new Map(coreFiles().map((file) => [file, readFileSync(new URL(file, CORE), "utf8")]));
}

export function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

export function mutate(sources: Sources, mutant: Mutant): Sources {
  const text = sources.get(mutant.file);
  if (text === undefined) throw new Error(`mutant ${mutant.name}: there is no ${mutant.file}`);
  const found = occurrences(text, mutant.find);
  if (found !== 1)
    throw new Error(`mutant ${mutant.name}: its text occurs ${found} times in ${mutant.file}`);
  // A function, so that a dollar sign in the replacement means itself.
  return new Map(sources).set(
    mutant.file,
    text.replace(mutant.find, () => mutant.replace),
  );
}

/** Tells the explorer of accesses that are 64 bits wide, and gives it the sleeping and waking. */
function instrumentSync(text: string): string {
  const wide = text.replace(
    /before\(address, (\w+)\);(\s+(?:\/\/.*\s+)*if \(ASC_FEATURE_THREADS\) (?:return )?atomic\.\w+<i64>)/g,
    "before(address, $1 | 4);$2",
  );
  const sleeping = wide
    .replaceAll(/\batomic\.wait<i32>\(/g, "modelWait(")
    .replaceAll(/\batomic\.notify\(/g, "modelNotify(");
  return sleeping === wide ? wide : sleeping + SLEEP_HOOKS;
}

function withoutBulk(text: string): string {
  const replaced = text
    .replaceAll(/\bmemory\.fill\(/g, "modelFill(")
    .replaceAll(/\bmemory\.copy\(/g, "modelCopy(");
  return replaced === text ? text : replaced + BULK;
}

export function instrument(sources: Sources): Sources {
  const sync = sources.get(SYNC);
  if (sync === undefined) throw new Error(`the core has no ${SYNC}`);
  const all = new Map([...sources].map(([file, text]) => [file, withoutBulk(text)]));
  return all.set(SYNC, instrumentSync(sync));
}

/** The name of a file; of a folder's index the folder's. A folder's own layout is not the core's: "sharedLayout". */
function stem(file: string): string {
  const parts = file.slice(0, -".ts".length).split("/");
  const last = parts.pop();
  if (last === "layout" && parts.length > 0) return `${parts.join("_")}Layout`;
  return (last === "index" ? parts.pop() : last) ?? file;
}

/** Exports `function f` of ring.ts as "ring.f", and so every constant; a name's dot is an underscore in the module. */
export function entrySource(sources: Sources): string {
  const lines: string[] = [];
  for (const [file, text] of sources) {
    const path = `./${file.slice(0, -".ts".length)}`;
    for (const match of text.matchAll(/^export (?:function (\w+)\(|const (\w+)\b)/gm)) {
      const name = match[1] ?? match[2];
      lines.push(`export { ${name} as ${stem(file)}_${name} } from "${path}";`);
    }
  }
  return lines.join("\n");
}
