// Runs an example: `node examples/run.mjs hello`, `node examples/run.mjs echo-server --demo`.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { compileExamples, OUT } from "./compile.mjs";

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

await compileExamples();
await import(pathToFileURL(join(OUT, `${name}.js`)).href);
