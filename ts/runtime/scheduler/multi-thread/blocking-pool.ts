// The threads that a current_thread runtime gets when it first calls `spawnBlocking`: a pool without workers.

import type { RuntimeOptions } from "../../options.js";
import type { BlockingPool } from "../blocking-pool.js";
import { ThreadPool } from "./pool.js";

export function makeBlockingPool(options: RuntimeOptions): BlockingPool {
  const pool = new ThreadPool(
    { ...options, seed: undefined, startPaused: false, trace: false },
    0,
    true,
  );
  return {
    spawnBlocking: (info, args, details) => pool.spawnBlocking(info, args, details),
    isBusy: () => pool.caller.hasOutstanding(),
    sharedMemory: () => pool.caller.sharedMemory(),
    asSent: (args) => pool.caller.sharedMemory().asSent(args),
    metrics: () => pool.metrics(),
    close: () => {
      pool.close();
      pool.caller.close();
    },
    ended: (limitMs) => pool.ended(limitMs),
  };
}
