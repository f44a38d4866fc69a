// What must not be in the repository: paths of a machine, package registries' hosts, tests that are focused or skipped
// without a reason, things left unfinished.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const SELF = "scripts/check-tree.mjs";

/** The words that are looked for stand here and nowhere else, which is why this file does not look at itself (SELF). */
const RULES = [
  [/(?:^|[\s"'`(=])\/(?:work|farm|home|root)\/\w/, "a path of one machine"],
  [/registry\.[a-z]+\.(?:org|io)|npmmirror/, "a package registry's host"],
  [/\b(?:it|test|describe)\.only\(/, "a focused test"],
  // A name that is put together may say why, as the conformance suite's do; tests of the test kit are about skipping.
  [
    /\b(?:it|test|describe)\.skip\((?!`\$\{name\} \(|"(?:not yet|skipped)")/,
    "a test that is always skipped: use skipIf with a reason",
  ],
  // The words that others leave behind, not something left to do here. In capitals: in small letters one is a method of test runners.
  [/\b(?:TODO|FIXME|XXX)\b|not implemented/, "something unfinished"],
];
/** cargo writes its registry's address into the lock file, and there is no way without. */
const EXEMPT = /(?:^|\/)(?:package-lock\.json|Cargo\.lock)$/;
const TEXT = /\.(?:ts|mjs|js|json|md|rs|toml|yml|html)$|^\.ci\//;

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => TEXT.test(file) && !EXEMPT.test(file) && file !== SELF);

let problems = 0;
for (const file of files) {
  let text;
  try {
    text = readFileSync(`${root}/${file}`, "utf8");
  } catch {
    continue;
  }
  text.split("\n").forEach((line, index) => {
    for (const [pattern, what] of RULES) {
      if (!pattern.test(line)) continue;
      problems += 1;
      console.error(`${file}:${index + 1}: ${what}: ${line.trim().slice(0, 120)}`);
    }
  });
}
console.log(`${SELF}: ${files.length} files, ${problems} problems`);
process.exit(problems === 0 ? 0 : 1);
