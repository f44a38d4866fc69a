// What `npm start`, `npm test` and `npm run bench` do first: install what the lock file says, and build, each only if it has
// not been done. Needs nothing but Node and npm.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

const OLDEST_NODE = 20;

/** Runs npm with the npm that runs us, where there is one; on Windows `npm` is a script that needs a shell. */
export function npm(args, cwd) {
  const own = process.env.npm_execpath;
  const [command, rest] = own ? [process.execPath, [own, ...args]] : ["npm", args];
  const result = spawnSync(command, rest, {
    cwd,
    stdio: ["ignore", "ignore", "inherit"],
    shell: !own && process.platform === "win32",
  });
  return result.status === 0;
}

/** Whether the packages of `folder` are those of its lock file. */
function isInstalled(folder) {
  const lock = join(folder, "package-lock.json");
  const installed = join(folder, "node_modules/.package-lock.json");
  const stamp = join(folder, "node_modules/.tokiwa-lock");
  if (!existsSync(installed)) return false;
  if (existsSync(stamp)) return readFileSync(stamp, "utf8") === hashOf(lock);
  // Installed by hand, with plain npm: good unless the lock file is newer.
  return statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
}

function hashOf(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Installs the packages of `folder` if they are not those of its lock file; false when that failed. */
export function install(folder, why) {
  if (isInstalled(folder)) return true;
  console.log(`tokiwa: installing ${why} (once, from package-lock.json)`);
  if (!npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"], folder)) return false;
  writeFileSync(
    join(folder, "node_modules/.tokiwa-lock"),
    hashOf(join(folder, "package-lock.json")),
  );
  return true;
}

/** Installs and builds what has not been installed and built. Exits the process with a message when it cannot. */
export async function setUp() {
  const version = Number(process.versions.node.split(".")[0]);
  if (version < OLDEST_NODE) {
    console.error(
      `tokiwa needs Node ${OLDEST_NODE} or newer, and this is ${process.versions.node}`,
    );
    process.exit(1);
  }
  if (!install(root, "the development packages")) {
    console.error("tokiwa: npm ci failed; the lines above say why");
    process.exit(1);
  }
  const { buildPackage } = await import("../build.mjs");
  await buildPackage();
}
