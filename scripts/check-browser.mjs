// A browser's bundle of every entry point: it builds under the browser's conditions and holds nothing of Node; and an entry
// of which nothing is used leaves nothing behind.

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { ENTRIES } from "../build.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

async function bundle(contents) {
  const result = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    metafile: true,
    // Without the paths by which our own compiler finds the hosts: a user has none.
    tsconfigRaw: {},
    logLevel: "error",
  });
  return { text: result.outputFiles[0].text, inputs: Object.keys(result.metafile.inputs) };
}

let failed = false;
function check(holds, message) {
  console.log(`${holds ? "ok   " : "FAIL "} ${message}`);
  failed ||= !holds;
}

for (const name of Object.keys(ENTRIES)) {
  const specifier = name === "index" ? "tokiwa" : `tokiwa/${name}`;
  const all = await bundle(`export * from "${specifier}";`);
  const bytes = gzipSync(all.text).length;
  check(!/["']node:/.test(all.text), `${specifier}: nothing of Node (${bytes} bytes gzipped)`);
  check(
    !all.inputs.some((input) => /host\/node/.test(input)),
    `${specifier}: takes the browser's host`,
  );
  const none = await bundle(`import "${specifier}";`);
  // A worker's entry is imported for what it does.
  if (name === "worker")
    check(none.text.trim() !== "", `${specifier}: is there when it is imported for its effect`);
  else check(none.text.trim() === "", `${specifier}: leaves nothing when nothing of it is used`);
}
process.exit(failed ? 1 : 0);
