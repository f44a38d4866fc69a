// The size of a small program that forks and uses a queue.

import { fileURLToPath } from "node:url";
import { bundleSize } from "../../harness/bundle.mjs";

export const rows = {
  size: () => bundleSize(fileURLToPath(new URL("size-program.mjs", import.meta.url))),
};
