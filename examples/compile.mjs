// Makes JavaScript of the examples and the tour: each examples/**/*.ts becomes build/examples/**/*.js.
//
// Node 20 reads neither TypeScript nor `using`. File by file and not as a bundle, because a worker imports the module in
// which a sendable function stands, by `import.meta.url`. "tokiwa" stays an import: inside this repository it means the
// package that was built here, as it would when installed.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
export const OUT = join(root, "build/examples");

/** Put in place by a rename, and only when it has changed: two runs at once never see half a file. */
function place({ path, contents }) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}

export async function compileExamples() {
  const { build } = await import("esbuild");
  const files = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" });
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: files.filter((file) => file.endsWith(".ts")).map((file) => join("examples", file)),
    outbase: "examples",
    outdir: OUT,
    format: "esm",
    platform: "node",
    target: "es2022",
    sourcemap: "inline",
    logLevel: "warning",
    write: false,
  });
  for (const { path, contents } of outputFiles) place({ path, contents: Buffer.from(contents) });
}
