// What a runtime has unless its builder says otherwise; Tokio's figures where it has them.

import { host } from "#host";
import { MAX_TASKS, MAX_TIMERS } from "./core/binding.js";
import type { RuntimeOptions } from "./options.js";

export function defaultOptions(): RuntimeOptions {
  return {
    host,
    name: undefined,
    eventInterval: 61,
    lifo: false,
    maxTasks: MAX_TASKS,
    maxTimers: MAX_TIMERS,
    io: false,
    time: false,
    seed: undefined,
    startPaused: false,
    outsideWakes: false,
    unhandledPanic: "ignore",
    trackSpawnSites: host.environment("TOKIWA_SPAWN_SITES") === "1",
    trace: false,
    hooks: {},
    captureContext: true,
    maxBlockingThreads: 512,
    keepAliveMs: 10_000,
    globalQueueInterval: 0,
    threadName: undefined,
    stackBytes: undefined,
    workerEntry: undefined,
    preload: [],
  };
}
