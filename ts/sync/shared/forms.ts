// What makes shared primitives, for their plain twins: `Mutex.shared` and the like get here by ts/doors/shared.ts.

export { sharedBarrier } from "./barrier.js";
export { sharedBroadcast } from "./broadcast.js";
export { sharedChannel, sharedUnboundedChannel } from "./mpsc/index.js";
export { sharedMutex } from "./mutex.js";
export { sharedNotify } from "./notify.js";
export { sharedOnceCell } from "./once-cell.js";
export { sharedOneshot } from "./oneshot.js";
export { sharedRwLock } from "./rw-lock.js";
export { sharedSemaphore } from "./semaphore.js";
export { sharedSetOnce } from "./set-once.js";
export { sharedWatch } from "./watch.js";
