// The examples of the documents as programs: found, type-checked, compiled, run.
//
// D1  A block that begins with ```ts is a whole program; one whose first line is `// not run: <reason>` is only compiled; one
//     whose first line is `// <name>.ts` is the module that programs after it import as "./<name>.js".
// D2  A ```text block that follows with nothing but blank lines in between is all that the program prints.
// D3  Whatever fails is named by the document's file and line.

import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { PATIENCE_MS } from "./patience.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const OUT = join(root, "build/docs");

export interface Example {
  /** `docs/guide.md:12`: the document and the line of the first line of code. */
  readonly at: string;
  /** The document's path from the root, and that line. */
  readonly document: string;
  readonly line: number;
  /** The program's file under build/docs, without its ending: `guide-3`. */
  readonly name: string;
  readonly code: string;
  /** Why it is only compiled, or undefined. */
  readonly notRun: string | undefined;
  /** All that it prints, or undefined where the document does not say. */
  readonly output: string | undefined;
}

/** A fenced block: its language, its text, and the line at which the text begins. */
interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
  /** Whether only blank lines lie between the block before it and this one. */
  readonly follows: boolean;
}

function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  const lines = readFileSync(join(root, document), "utf8").split("\n");
  let follows = false;
  for (let at = 0; at < lines.length; at++) {
    const language = /^```(\w*)$/.exec(lines[at] as string)?.[1];
    if (language === undefined) {
      if ((lines[at] as string).trim() !== "") follows = false;
      continue;
    }
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`${document}:${at + 1}: this block has no end`);
    blocks.push({ language, text: lines.slice(at + 1, end).join("\n"), line: at + 2, follows });
    follows = true;
    at = end;
  }
  return blocks;
}

function examplesOf(document: string): Example[] {
  const examples: Example[] = [];
  const blocks = blocksOf(document);
  for (const [index, { language, text, line }] of blocks.entries()) {
    if (language !== "ts") continue;
    const next = blocks[index + 1];
    const module = /^\/\/ ([\w-]+)\.ts$/m.exec(text.split("\n", 1)[0] as string)?.[1];
    examples.push({
      at: `${document}:${line}`,
      document,
      line,
      name: module ?? `${basename(document, ".md")}-${examples.length + 1}`,
      code: text,
      notRun: module === undefined ? /^\/\/ not run: (.+)/.exec(text)?.[1] : "a module",
      output: next?.language === "text" && next.follows ? next.text.trim() : undefined,
    });
  }
  return examples;
}

/** README.md and the pages under docs/. */
export function documents(): string[] {
  const pages = readdirSync(join(root, "docs")).filter((file) => file.endsWith(".md"));
  return ["README.md", ...pages.sort().map((page) => `docs/${page}`)];
}

/** Every example of the documents, written to build/docs as a program of its own. */
export function writeExamples(): Example[] {
  const examples = documents().flatMap(examplesOf);
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  for (const { name, code, at } of examples) {
    const file = join(OUT, `${name}.ts`);
    if (existsSync(file)) throw new Error(`${at}: there is a module ${name}.ts already`);
    writeFileSync(file, `${code}\n`);
  }
  const config = JSON.parse(readFileSync(join(root, "tests/tsconfig.json"), "utf8"));
  config.include = ["*.ts"];
  writeFileSync(join(OUT, "tsconfig.json"), JSON.stringify(config, null, 2));
  return examples;
}

/** What the compiler has to say about the examples, each message at its place in the document. */
export function typeErrors(examples: readonly Example[]): Promise<string[]> {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const byName = new Map(examples.map((example) => [example.name, example]));
  const locate = (line: string): string => {
    const [, name, row, rest] = /^([\w-]+)\.ts\((\d+),\d+\): (.*)$/.exec(line) ?? [];
    const example = byName.get(name ?? "");
    if (example === undefined) return line;
    return `${example.document}:${example.line + Number(row) - 1}: ${rest}`;
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [compiler, "-p", ".", "--pretty", "false"],
      { cwd: OUT },
      (error, stdout, stderr) => {
        const lines = `${stdout}${stderr}`.split("\n").filter((line) => line !== "");
        if (error !== null && lines.length === 0) lines.push(String(error));
        resolve(lines.map(locate));
      },
    );
  });
}

/** How a program ended. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Its exit code, or how it was ended. */
  readonly exit: number | string;
}

/** Makes JavaScript of all examples at once, beside their sources: file by file, since workers import modules. */
export async function compileExamples(examples: readonly Example[]): Promise<void> {
  await build({
    absWorkingDir: OUT,
    entryPoints: examples.map(({ name }) => `${name}.ts`),
    outdir: OUT,
    format: "esm",
    platform: "node",
    target: "es2022",
    logLevel: "silent",
  });
}

function run(file: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let killed: string | undefined;
    const timer = setTimeout(() => {
      killed = `killed after ${PATIENCE_MS} ms`;
      child.kill("SIGKILL");
    }, PATIENCE_MS);
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({
        stdout: stdout.trim(),
        stderr: stderr.trim(),
        exit: killed ?? code ?? `${signal}`,
      });
    });
  });
}

/** Runs an example in a process of its own, on the package as published. */
export function runExample({ name }: Example): Promise<Outcome> {
  return run(join(OUT, `${name}.js`));
}

/** The part of a document under a heading, up to the next heading. */
function section(document: string, heading: string): string {
  const lines = readFileSync(join(root, document), "utf8").split("\n");
  const first = lines.findIndex((line) => /^#+ /.test(line) && line.endsWith(` ${heading}`));
  if (first < 0) throw new Error(`${document} has no heading "${heading}"`);
  const length = lines.slice(first + 1).findIndex((line) => /^#+ /.test(line));
  return lines.slice(first, length < 0 ? undefined : first + 1 + length).join("\n");
}

/** The names in backquotes in the first column of the tables under a heading; of `a.b(c)` that is a, b and c. */
export function namesListed(document: string, heading: string): Set<string> {
  const cells = section(document, heading).matchAll(/^\| ([^|]*`[^|]*) \|/gm);
  const quoted = [...cells].flatMap(([, cell]) => [...(cell as string).matchAll(/`([^`]*)`/g)]);
  return new Set(quoted.flatMap(([, code]) => (code as string).match(/\w+/g) ?? []));
}

const RETURNS_FUTURE =
  /^\s*(?:export declare function )?(?:static )?(\w+)(?:<.*>)?\(.*\): (?:Future|Sleep|Notified)\b/;

/**
 * The public operations that give a future, from the declarations that are published: exported functions, and methods of
 * exported classes.
 *
 * @param exported every name that the package exports.
 */
export function operations(exported: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  const types = join(root, "dist/types");
  for (const file of readdirSync(types, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts")) continue;
    let owner = "";
    for (const line of readFileSync(join(types, file), "utf8").split("\n")) {
      owner =
        /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface) (\w+)/.exec(line)?.[1] ??
        owner;
      const name = RETURNS_FUTURE.exec(line)?.[1];
      if (name !== undefined && exported.has(/^\s/.test(line) ? owner : name)) found.add(name);
    }
  }
  return [...found].sort();
}
