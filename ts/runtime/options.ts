// The settings of a runtime, checked. Builder collects them; schedulers read them.

import type { Host, HostNet } from "../host/types.js";

/** What a hook learns of a task. */
export interface TaskMeta {
  readonly id: number;
  readonly name: string | undefined;
  /** The name of the function it runs; empty for a closure without a name. */
  readonly fn: string;
}

export interface Hooks {
  threadStart?: (worker: number) => void;
  threadStop?: (worker: number) => void;
  threadPark?: () => void;
  threadUnpark?: () => void;
  taskSpawn?: (meta: TaskMeta) => void;
  taskTerminate?: (meta: TaskMeta) => void;
  unobservedPanic?: (task: TaskMeta, error: unknown) => void;
  workerLost?: (worker: number, error: unknown) => void;
  /** Gives what is to cross threads with a sendable task. */
  contextCapture?: () => unknown;
  /** Runs a poll of that task with it. */
  contextRestore?: <T>(captured: unknown, run: () => T) => T;
}

export type UnhandledPanic = "ignore" | "shutdownRuntime";

export interface RuntimeOptions {
  readonly host: Host;
  /** The network, where it is not the host's own. */
  readonly net?: HostNet | undefined;
  readonly name: string | undefined;
  readonly eventInterval: number;
  readonly lifo: boolean;
  readonly maxTasks: number;
  readonly maxTimers: number;
  readonly io: boolean;
  readonly time: boolean;
  readonly seed: number | undefined;
  readonly startPaused: boolean;
  /** A deterministic runtime does not take itself for stuck: others may wake its tasks. */
  readonly outsideWakes: boolean;
  readonly unhandledPanic: UnhandledPanic;
  readonly trackSpawnSites: boolean;
  readonly trace: boolean;
  readonly hooks: Hooks;
  /** Tasks run in the host's asynchronous context of their spawn. */
  readonly captureContext: boolean;
  // What only threads need.
  readonly maxBlockingThreads: number;
  readonly keepAliveMs: number;
  /** 0: found by measurement. */
  readonly globalQueueInterval: number;
  readonly threadName: string | undefined;
  readonly stackBytes: number | undefined;
  /** The module that threads begin with, if not the library's own. */
  readonly workerEntry: string | undefined;
  readonly preload: readonly string[];
}
