// blockInPlace: a worker gives away what others can run, has a substitute started, and blocks.

import { ROLE_WORKER } from "../../core/binding.js";
import { CannotBlockInPlaceError } from "../../errors.js";
import { allowBlocking } from "../blocking.js";
import type { Scheduler } from "../scheduler.js";
import { MultiThread } from "./multi-thread.js";

/** @throws {CannotBlockInPlaceError} on current_thread. */
export function blockInPlaceOn<T>(scheduler: Scheduler, fn: () => T): T {
  if (!(scheduler instanceof MultiThread)) throw new CannotBlockInPlaceError();
  scheduler.settleLeases();
  // Callers and threads of the blocking pool may block as they like.
  if (scheduler.role !== ROLE_WORKER) return allowBlocking(fn);
  scheduler.core.handOff();
  try {
    return allowBlocking(fn);
  } finally {
    scheduler.core.takeBack();
  }
}
