// Every test runs twice: on the package as published, and on the same package over the check build of the core, whose
// assertions are on.

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const TESTS = ["tests/**/*.test.ts"];
/**
 * Tests of the published package as such, of programs that import it by its name, and of the core in a build of its own: the
 * check build has no part there.
 */
const PACKAGE_ONLY = [
  "tests/programs/**",
  "tests/types/**",
  "tests/net/process.test.ts",
  "tests/model/**",
  "tests/package/**",
];

const ENTRIES = ["sync", "time", "task", "runtime", "net", "io", "stream", "testing", "worker"];

function aliases(folder: string) {
  const at = (file: string) => new URL(`./${folder}/${file}.js`, import.meta.url).pathname;
  return [
    { find: /^tokiwa$/, replacement: at("index") },
    ...ENTRIES.map((name) => ({ find: `tokiwa/${name}`, replacement: at(name) })),
  ];
}

const common = {
  environment: "node",
  // Above what a test's own waits have, which say what they waited for: `PATIENCE_MS` in tests/support/patience.ts.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // A process for each file. Without (`isolate: false`) the run takes a third of the time, but now and then a test that counts
  // what the collector has left finds objects that an earlier file's process still holds.
  isolate: true,
} as const;

/** The models first: each of their files takes minutes, and the last one to end would run alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = (file: TestSpecification) => file.moduleId.includes("/tests/model/");
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  oxc: { target: "es2022" },
  test: {
    // Vitest's own default leaves one core out, and of two that is half.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        resolve: { alias: aliases("dist") },
        test: { ...common, name: "package", include: TESTS },
      },
      {
        extends: true,
        resolve: { alias: aliases("build/check") },
        test: { ...common, name: "check", include: TESTS, exclude: PACKAGE_ONLY },
      },
    ],
  },
});
