// How large a program becomes in a browser.

import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Bundles a program with all it imports, for browsers, minified; its size, and its size as a server would send it. */
export async function bundleSize(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "silent",
    // The project's own tsconfig.json maps imports to the sources; a user's bundler sees the package only.
    tsconfigRaw: {},
  });
  const code = outputFiles[0].contents;
  return { minifiedBytes: code.length, gzipBytes: gzipSync(code, { level: 9 }).length };
}
