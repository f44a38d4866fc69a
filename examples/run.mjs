// Runs an example: `node examples/run.mjs hello`, `node examples/run.mjs echo-server --demo`.
//
// Node 20 reads neither TypeScript nor `using`, so esbuild first turns examples/<name>.ts into build/examples/<name>.mjs.
// "tokiwa" stays an import: inside this repository it means the package that was built here, as it would when installed.

import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const names = readdirSync(join(root, "examples"))
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length));

function refuse(message) {
  console.error(message);
  process.exit(2);
}

const name = process.argv[2];
if (!names.includes(name)) refuse(`usage: node examples/run.mjs ${names.join("|")} [--demo]`);
if (!existsSync(join(root, "node_modules"))) refuse("first install what is needed: npm ci");
if (!existsSync(join(root, "dist/index.js"))) refuse("first build the package: npm run build");

const { build } = await import("esbuild");
const program = join(root, "build/examples", `${name}.mjs`);
const { outputFiles } = await build({
  entryPoints: [join(root, "examples", `${name}.ts`)],
  outfile: program,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "es2022",
  external: ["tokiwa", "tokiwa/*"],
  sourcemap: "inline",
  logLevel: "warning",
  write: false,
});
// Put in place by a rename, so that two runs at once never see half a file.
mkdirSync(join(root, "build/examples"), { recursive: true });
writeFileSync(`${program}.${process.pid}`, outputFiles[0].contents);
renameSync(`${program}.${process.pid}`, program);
await import(pathToFileURL(program).href);
