// What the module exports. ts/runtime/core/binding.ts is the only importer, and the names there are the names here.

export { drawBelow, seedStreams } from "./random";
export {
  aliveTasks,
  aliveTimers,
  clearTrace,
  configure,
  driver,
  interrupt,
  isTask,
  next,
  pollCount,
  queueLength,
  ready,
  setTrace,
  spawn,
  taskPolls,
  taskSlots,
  taskState,
  traceAddress,
  traceCount,
} from "./scheduler";
export { cancelTask, wakeTask } from "./wake";
export {
  cancelTimer,
  insertTimer,
  isTimerPending,
  nextExpiry,
  nextExpiryBound,
  retargetTimer,
  takeForeignFired,
} from "./wheel";
export { adoptWorker } from "./worker";
