// What Node itself uses while it waits for one timer: what a runtime is compared with that has nothing to do.

import { setTimeout as sleep } from "node:timers/promises";
import { outcome } from "../harness/round.mjs";

export const rows = {
  async idle({ duration_ms }) {
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    await sleep(duration_ms);
    const { user, system } = process.cpuUsage(cpuBefore);
    return outcome(1, performance.now() - start, { cpuMs: (user + system) / 1e3 });
  },
};
