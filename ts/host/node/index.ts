// Node (and Deno and Bun through their Node layer).
//
//   clock         performance.now
//   turns         setImmediate: after the I/O callbacks of this turn, before the next poll of the system
//   parking       Atomics.wait on a cell that nobody notifies
//   carried value AsyncLocalStorage
//   context       what the AsyncLocalStorages of the program hold, in context.ts
//   threads       node:worker_threads, in threads.ts

import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";
import type { Host, HostTimer } from "../types.js";
import { capture, outside, storage } from "./context.js";
import { holdLoop, threads } from "./threads.js";

/** Timers beyond 2^31 - 1 ms fire at once in Node. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const parkCell: () => Int32Array = (() => {
  let cell: Int32Array | undefined;
  return () => {
    cell ??= new Int32Array(new SharedArrayBuffer(4));
    return cell;
  };
})();

/** Many runtimes may listen: the process has one listener for all of them, and none when nobody does. */
class ProcessEvent {
  private readonly event: "beforeExit" | "exit";
  private readonly callbacks = new Set<() => void>();
  private readonly onEvent = (): void => {
    for (const callback of [...this.callbacks]) callback();
  };

  constructor(event: "beforeExit" | "exit") {
    this.event = event;
  }

  listen(callback: () => void): () => void {
    if (this.callbacks.size === 0) process.on(this.event, this.onEvent);
    this.callbacks.add(callback);
    return () => this.forget(callback);
  }

  private forget(callback: () => void): void {
    if (this.callbacks.delete(callback) && this.callbacks.size === 0)
      process.off(this.event, this.onEvent);
  }
}

const idleExit: ProcessEvent = new ProcessEvent("beforeExit");
const exit: ProcessEvent = new ProcessEvent("exit");

export const host: Host = {
  name: "Node",
  now: () => performance.now(),
  defer: (callback) => {
    setImmediate(callback);
  },
  setTimer: (callback, delayMs) =>
    setTimeout(callback, Math.min(Math.max(delayMs, 0), LONGEST_TIMER_MS)),
  setBackgroundTimer: (callback, delayMs) =>
    setTimeout(callback, Math.min(delayMs, LONGEST_TIMER_MS)).unref(),
  clearTimer: (timer: HostTimer) => clearTimeout(timer as NodeJS.Timeout),
  canPark: true,
  park: (delayMs) => {
    Atomics.wait(parkCell(), 0, 0, delayMs);
  },
  entropy: () => randomBytes(4).readUInt32LE(),
  report: (text) => {
    process.stderr.write(`${text}\n`);
  },
  environment: (name) => process.env[name],
  runWith: (store, callback) => storage.run(store, callback),
  carried: () => storage.getStore(),
  captureContext: capture,
  outside,
  onIdleExit: (callback) => idleExit.listen(callback),
  onExit: (callback) => exit.listen(callback),
  keepAlive: holdLoop,
  // `process.getBuiltinModule` would be shorter, and is not there before Node 20.16.
  builtinTest: () => (createRequire(import.meta.url)("node:test") as { test: unknown }).test,
  threads,
};
