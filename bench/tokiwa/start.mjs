// Starting a runtime: the first one of a process, and many after it; and what a runtime costs that has nothing to do.

import { sleep } from "tokiwa";
import { settledResidentBytes } from "../harness/memory.mjs";
import { outcome } from "../harness/round.mjs";
import { buildRuntime } from "./runtime.mjs";

function* nothing() {}

async function startOnce() {
  const runtime = buildRuntime();
  await runtime.run(nothing);
  await runtime.shutdown();
}

/** A timer that is there and does not ring, as in a server without clients. */
function* waitIdly(durationMs) {
  yield* sleep(durationMs);
}

export const rows = {
  async start({ times }) {
    const begin = performance.now();
    await startOnce();
    const firstMs = performance.now() - begin;
    const start = performance.now();
    for (let i = 0; i < times; i++) await startOnce();
    return outcome(times, performance.now() - start, { firstMs });
  },
  async idle({ duration_ms }) {
    const before = await settledResidentBytes();
    const runtime = buildRuntime();
    await runtime.run(nothing);
    const residentBytes = process.memoryUsage.rss() - before;
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    await runtime.run(waitIdly, duration_ms);
    const { user, system } = process.cpuUsage(cpuBefore);
    const answer = outcome(1, performance.now() - start, {
      residentBytes,
      coreBytes: runtime.metrics().memoryBytes(),
      cpuMs: (user + system) / 1e3,
    });
    await runtime.shutdown();
    return answer;
  },
};
