// What the module exports. ts/runtime/core/binding.ts is the only importer, and the names there are the names here.

export {
  cancelTask,
  cancelTimer,
  driver,
  insertTimer,
  next,
  retargetTimer,
  spawn,
  takeForeignFired,
  wakeTask,
} from "./doors";
export { drawBelow, seedStreams } from "./random";
export {
  aliveTasks,
  aliveTimers,
  clearTrace,
  configure,
  interrupt,
  isTask,
  pollCount,
  queueLength,
  ready,
  setTrace,
  taskPolls,
  taskSlots,
  taskState,
  traceAddress,
  traceCount,
} from "./scheduler";
export { isTimerPending, nextExpiry, nextExpiryBound } from "./wheel";
export { adoptWorker } from "./worker";
