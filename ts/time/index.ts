// tokiwa/time

export { type Duration, DurationError, type DurationLike } from "../future/duration.js";
export { advance, pause, resume } from "./control.js";
export type { DelayKey } from "./deadline-heap.js";
export { DelayQueue, type Expired } from "./delay-queue.js";
export { DeadlineTooFarError, UnknownKeyError } from "./errors.js";
export { Instant } from "./instant.js";
export {
  Interval,
  type IntervalOptions,
  interval,
  intervalAt,
  type MissedTickBehavior,
} from "./interval.js";
export { Sleep, sleep, sleepUntil } from "./sleep.js";
export { ElapsedError, timeout, timeoutAt } from "./timeout.js";
