// tokiwa/task

export { hasBudgetRemaining } from "../future/index.js";
export type { SpawnAfter, SpawnBlockingAfter, SpawnBlockingFunction } from "../runtime/spawning.js";
export { JoinError } from "../runtime/task/join-error.js";
export { AbortHandle, JoinHandle } from "../runtime/task/join-handle.js";
export { SendError } from "../send/errors.js";
export type { NotSend, OnlySend, Send, SendableHandle } from "../send/send.js";
export {
  type SendableAsync,
  type SendableCoroutine,
  type SendableFunction,
  sendable,
} from "../send/sendable.js";
export { type TransferItem, transfer } from "../send/transfer.js";
export { AbortOnDropHandle } from "./abort-on-drop.js";
export { blockInPlace, spawnBlocking } from "./blocking.js";
export { type TaskBuilder, type TaskOptions, taskBuilder } from "./builder.js";
export type { JoinResult } from "./collection.js";
export { AccessError, DisposedCollectionError, ScopeEndedError } from "./errors.js";
export { taskId, tryTaskId } from "./id.js";
export { JoinMap, type JoinMapResult } from "./join-map.js";
export { JoinQueue } from "./join-queue.js";
export { JoinSet, type Spawnable } from "./join-set.js";
export { Scope, type ScopeBody, scope } from "./scope.js";
export { spawn } from "./spawn.js";
export type {
  BlockingSpawner,
  SpawnBlockingInto,
  Spawner,
  SpawnInto,
} from "./spawn-into.js";
export { TaskLocal, TaskLocalFuture, taskLocal } from "./task-local.js";
export { TaskTracker, TrackerToken } from "./task-tracker.js";
export { withSignal } from "./with-signal.js";
export { consumeBudget, unconstrained, yieldNow } from "./yield-now.js";
