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
  readonly unhandledPanic: UnhandledPanic;
  readonly trackSpawnSites: boolean;
  readonly trace: boolean;
  readonly hooks: Hooks;
}
