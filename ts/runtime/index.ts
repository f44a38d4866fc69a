// tokiwa/runtime

export { Builder } from "./builder.js";
export type { EnterGuard } from "./entered.js";
export {
  CannotBlockError,
  CannotBlockInPlaceError,
  ClockError,
  DeadlockError,
  DriverDisabledError,
  EnterOrderError,
  InvalidArgumentError,
  LimitError,
  ModuleLoadError,
  NestedRuntimeError,
  NoRuntimeError,
  NoThreadsError,
  ShutdownError,
  UnhandledPanicError,
  type WaitingTask,
  WorkerStartError,
} from "./errors.js";
export { Handle } from "./handle.js";
export { type MainOptions, type MainProgram, main } from "./main.js";
export type { RuntimeMetrics } from "./metrics.js";
export type { TaskMeta, UnhandledPanic } from "./options.js";
export type { TaskDump } from "./reports.js";
export { Runtime, type ShutdownReport } from "./runtime.js";
export type { Flavor } from "./scheduler/scheduler.js";
export type { TickReport } from "./scheduler/thread.js";
export type { BlockOnFunction, RunFunction, SpawnAfter, SpawnFunction } from "./spawning.js";
