// tokiwa/task

export { hasBudgetRemaining } from "../future/index.js";
export { JoinError } from "../runtime/task/join-error.js";
export { AbortHandle, JoinHandle } from "../runtime/task/join-handle.js";
export { SendError } from "../send/errors.js";
export type { NotSend, Send, SendableHandle } from "../send/send.js";
export {
  type SendableAsync,
  type SendableCoroutine,
  type SendableFunction,
  sendable,
} from "../send/sendable.js";
export { type TransferItem, transfer } from "../send/transfer.js";
export { blockInPlace, spawnBlocking } from "./blocking.js";
export { type TaskBuilder, type TaskOptions, taskBuilder } from "./builder.js";
export { taskId, tryTaskId } from "./id.js";
export { spawn } from "./spawn.js";
export { withSignal } from "./with-signal.js";
export { consumeBudget, unconstrained, yieldNow } from "./yield-now.js";
