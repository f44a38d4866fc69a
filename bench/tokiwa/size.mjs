// The size of a small program that spawns and uses a channel, and of the core.

import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundleSize } from "../harness/bundle.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

export const rows = {
  async size() {
    return {
      ...(await bundleSize(path("size-program.mjs"))),
      coreBytes: statSync(path("../../build/core.single.wasm")).size,
      coreThreadsBytes: statSync(path("../../build/core.threads.wasm")).size,
    };
  },
};
