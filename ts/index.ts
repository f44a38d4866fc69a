// tokiwa: what nearly every program needs.

export type { Duration, DurationLike } from "./future/duration.js";
export { DurationError } from "./future/duration.js";
export {
  type AsyncContext,
  type AsyncFunction,
  AwaitWhileDroppingError,
  BlockedLoopError,
  type Branches,
  borrow,
  type Context,
  type Coroutine,
  type CoroutineFunction,
  Future,
  fromPromise,
  future,
  type IntoFuture,
  join,
  NoContextError,
  NotAFutureError,
  type Output,
  type Outputs,
  Pending,
  type PlainAsyncFunction,
  type Poll,
  PolledAfterCompletionError,
  pending,
  pollFn,
  ReentrantPollError,
  ready,
  SelectError,
  type SelectOptions,
  type Suspension,
  select,
  TokiwaError,
  tryJoin,
  Waker,
  type Winner,
} from "./future/index.js";
export { NoRuntimeError } from "./runtime/errors.js";
export { type MainOptions, type MainProgram, main } from "./runtime/main.js";
export type { SpawnFunction } from "./runtime/spawning.js";
export { JoinError } from "./runtime/task/join-error.js";
export { AbortHandle, JoinHandle } from "./runtime/task/join-handle.js";
export {
  type SendableAsync,
  type SendableCoroutine,
  type SendableFunction,
  sendable,
} from "./send/sendable.js";
export { spawn } from "./task/spawn.js";
export { yieldNow } from "./task/yield-now.js";
export {
  Interval,
  type IntervalOptions,
  interval,
  intervalAt,
  type MissedTickBehavior,
} from "./time/interval.js";
export { Sleep, sleep, sleepUntil } from "./time/sleep.js";
export { ElapsedError, timeout, timeoutAt } from "./time/timeout.js";
