// tokiwa/sync

export { Barrier } from "./barrier.js";
export type { BarrierWaitResult } from "./barrier-wait-result.js";
export * as broadcast from "./broadcast/index.js";
export { CancellationToken, DropGuard } from "./cancellation/token.js";
export {
  AcquireError,
  BrokenError,
  CapacityError,
  ClosedHandleError,
  ForeignPermitError,
  LaggedError,
  NotASignalError,
  NotReservedError,
  PoisonedError,
  ReadOnlyGuardError,
  RecvError,
  RegionValueError,
  ReleasedGuardError,
  SendError,
  SetError,
  SharedMemoryFullError,
  SyncArgumentError,
  TryAcquireError,
  TryLockError,
  TryRecvError,
  TrySendError,
} from "./errors.js";
export { MappedGuard } from "./guard.js";
export { trackGuardSites } from "./lost.js";
export * as mpsc from "./mpsc/index.js";
export { Mutex, MutexGuard } from "./mutex.js";
export { Notified, Notify } from "./notify.js";
export { OnceCell } from "./once-cell.js";
export * as oneshot from "./oneshot.js";
export { PollSemaphore } from "./poll-semaphore.js";
export { PollSender } from "./poll-sender.js";
export { ReadGuard, RwLock, type RwLockOptions, WriteGuard } from "./rw-lock.js";
export { Semaphore, SemaphorePermit } from "./semaphore.js";
export { SetOnce } from "./set-once.js";
export { SharedBarrier } from "./shared/barrier.js";
export { type Guarded, Region, type RegionView, region } from "./shared/locked-value.js";
export { SharedMutex, SharedMutexGuard } from "./shared/mutex.js";
export { SharedNotified, SharedNotify } from "./shared/notify.js";
export { SharedOnceCell } from "./shared/once-cell.js";
export { SharedReadGuard, SharedRwLock, SharedWriteGuard } from "./shared/rw-lock.js";
export { SharedSemaphore, SharedSemaphorePermit } from "./shared/semaphore.js";
export { SharedSetOnce } from "./shared/set-once.js";
export { SharedMappedGuard } from "./shared/value-guards.js";
export * as watch from "./watch/index.js";
