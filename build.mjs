// Builds the package: the Wasm core, the JavaScript with the core inside it, the types.
//
//   node build.mjs            dist/, dist/browser/ (the same without threads), and build/check/ (over the core with assertions, for the tests)
//   node build.mjs --quick    without the types
//
// What has not changed is not built again: build/stamp.json holds a hash of the sources.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { restoreClassNames } from "./scripts/class-names.mjs";
import { hideInternals } from "./scripts/internal-types.mjs";

const root = fileURLToPath(new URL(".", import.meta.url));
const STAMP = join(root, "build/stamp.json");
const SOURCES = [
  "assembly",
  "ts",
  "asconfig.json",
  "build.mjs",
  "scripts/class-names.mjs",
  "scripts/internal-types.mjs",
  "package.json",
  "tsconfig.json",
];

/** Entry points of the package: the name in `exports`, the source. */
export const ENTRIES = {
  index: "ts/index.ts",
  sync: "ts/sync.ts",
  time: "ts/time/index.ts",
  task: "ts/task/index.ts",
  runtime: "ts/runtime/index.ts",
  net: "ts/net/index.ts",
  io: "ts/io/index.ts",
  stream: "ts/stream/index.ts",
  testing: "ts/testing/index.ts",
  worker: "ts/worker/index.ts",
};

/** What stands behind `#host`, `#net` and `#streams`, by the conditions in package.json. */
const HOSTS = {
  "host/node": "ts/host/node/index.ts",
  "host/node-net": "ts/host/node/net.ts",
  "host/node-streams": "ts/host/node/streams.ts",
  "host/browser": "ts/host/browser/index.ts",
  "host/browser-net": "ts/host/browser/net.ts",
  "host/browser-streams": "ts/host/browser/streams.ts",
};

function hashSources() {
  const hash = createHash("sha256");
  const visit = (path) => {
    const full = join(root, path);
    for (const entry of existsSync(full) ? readdirSync(full, { withFileTypes: true }) : []) {
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) visit(child);
      else hash.update(child).update(readFileSync(join(root, child)));
    }
  };
  for (const source of SOURCES) {
    if (source.includes(".")) hash.update(source).update(readFileSync(join(root, source)));
    else visit(source);
  }
  return hash.digest("hex");
}

function isFresh(hash) {
  return existsSync(STAMP) && JSON.parse(readFileSync(STAMP, "utf8")).hash === hash;
}

function run(file, ...args) {
  const result = spawnSync(process.execPath, [join(root, file), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (result.status !== 0) throw new Error(`${file} ${args.join(" ")} failed`);
}

/** What a build exports besides assembly/core/index.ts. */
const MORE_EXPORTS = {
  threads: ["assembly/core/threads/index.ts", "assembly/core/shared/index.ts"],
  "check-threads": ["assembly/core/threads/index.ts", "assembly/core/shared/index.ts"],
};

function compileCore(target) {
  const more = MORE_EXPORTS[target] ?? [];
  run("node_modules/assemblyscript/bin/asc.js", ...more, "--target", target);
}

/** Gives `core:single` and `core:threads` the bytes of one pair of builds of the core; `prefix` is "" or "check-". */
function coreBytes(prefix) {
  return {
    name: "core-bytes",
    setup(plugin) {
      plugin.onResolve({ filter: /^core:/ }, ({ path }) => ({ path, namespace: "core" }));
      plugin.onLoad({ filter: /.*/, namespace: "core" }, ({ path }) => {
        const file = join(root, `build/core.${prefix}${path.slice("core:".length)}.wasm`);
        const text = readFileSync(file).toString("base64");
        return { contents: `export default ${JSON.stringify(text)};`, loader: "js" };
      });
    },
  };
}

/** What is behind the doors where there are no threads: ts/doors/. */
const withoutThreads = {
  name: "without-threads",
  setup(plugin) {
    plugin.onResolve({ filter: /\/doors\/(threads|shared)\.js$/ }, ({ path }) => ({
      path: join(root, `ts/doors/no-${/\w+(?=\.js$)/.exec(path)[0]}.ts`),
    }));
  },
};

/**
 * Namespaces that stay modules, of which a bundler takes those that a program uses: in one file with the rest each of them would be an
 * object that esbuild makes when it is loaded.
 */
const NAMESPACES = {
  "sync/broadcast": "ts/sync/broadcast/index.ts",
  "sync/mpsc": "ts/sync/mpsc/index.ts",
  "sync/oneshot": "ts/sync/oneshot.ts",
  "sync/watch": "ts/sync/watch/index.ts",
};

const namespacesApart = {
  name: "namespaces-apart",
  setup(plugin) {
    plugin.onResolve({ filter: /^\.\// }, ({ path, importer }) => {
      if (importer !== join(root, "ts/sync/index.ts")) return undefined;
      const source = join("ts/sync", path.replace(/\.js$/, ".ts"));
      const entry = Object.keys(NAMESPACES).find((name) => NAMESPACES[name] === source);
      return entry === undefined ? undefined : { path: `./${entry}.js`, external: true };
    });
  },
};

async function bundle(outdir, entries, core, plugins) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    external: ["#host", "#net", "#streams", "node:*"],
    chunkNames: "chunks/[name]-[hash]",
    sourcemap: true,
    sourcesContent: true,
    legalComments: "none",
    plugins: [coreBytes(core), ...plugins],
    logLevel: "warning",
    write: false,
  });
  for (const { path, contents } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    const text = Buffer.from(contents).toString();
    writeFileSync(path, path.endsWith(".js") ? restoreClassNames(text, path) : text);
  }
}

function remove(path) {
  rmSync(join(root, path), { recursive: true, force: true });
}

/** What is there stays whole until the new one is. */
function replace(path, next) {
  remove("build/before");
  if (existsSync(join(root, path))) renameSync(join(root, path), join(root, "build/before"));
  renameSync(join(root, next), join(root, path));
  remove("build/before");
}

function buildTypes() {
  run("node_modules/typescript/bin/tsc", "-p", ".");
  hideInternals(join(root, "dist/types"));
}

export async function buildPackage({ quick = false, force = false } = {}) {
  const hash = hashSources();
  if (!force && isFresh(hash)) return false;
  console.log("tokiwa: building (once; again only when sources change)");
  mkdirSync(join(root, "build"), { recursive: true });
  // A build that is not whole, or that fails, is none that could be up to date.
  rmSync(STAMP, { force: true });
  for (const target of ["threads", "single", "check-threads", "check-single"]) compileCore(target);
  for (const path of ["dist-next", "build/check-next"]) remove(path);
  await bundle("dist-next", { ...ENTRIES, ...HOSTS }, "", []);
  await bundle("dist-next/browser", { ...ENTRIES, ...NAMESPACES }, "", [
    withoutThreads,
    namespacesApart,
  ]);
  await bundle("build/check-next", ENTRIES, "check-", []);
  replace("dist", "dist-next");
  replace("build/check", "build/check-next");
  if (!quick) buildTypes();
  if (!quick) writeFileSync(STAMP, JSON.stringify({ hash }));
  return true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const built = await buildPackage({
    quick: process.argv.includes("--quick"),
    force: process.argv.includes("--force"),
  });
  if (!built) console.log("tokiwa: the build is up to date");
}
