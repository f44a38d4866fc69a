// What TypeScript calls that begins and ends a visit (threads/dismissal.ts, X1); without threads there is nothing to begin. What only reads, or
// changes one word of its own thread's, has no door.

import * as scheduler from "./scheduler";
import { enter, leave, left } from "./threads/dismissal";
import * as wake from "./wake";
import * as wheel from "./wheel";

export function spawn(generation: i32): i32 {
  enter();
  return left(scheduler.spawn(generation));
}

export function next(outcome: i32): i32 {
  enter();
  return left(scheduler.next(outcome));
}

export function driver(now: f64): i32 {
  enter();
  return left(scheduler.driver(now));
}

export function wakeTask(slot: i32, generation: i32): void {
  enter();
  wake.wakeTask(slot, generation);
  leave();
}

export function cancelTask(slot: i32, generation: i32): bool {
  enter();
  return left(wake.cancelTask(slot, generation));
}

export function insertTimer(deadline: f64, task: i32, generation: i32, key: i32): i32 {
  enter();
  return left(wheel.insertTimer(deadline, task, generation, key));
}

export function cancelTimer(entry: i32, key: i32): void {
  enter();
  wheel.cancelTimer(entry, key);
  leave();
}

export function retargetTimer(entry: i32, key: i32, task: i32, generation: i32): void {
  enter();
  wheel.retargetTimer(entry, key, task, generation);
  leave();
}

export function takeForeignFired(): i32 {
  enter();
  return left(wheel.takeForeignFired());
}
