// Work that any worker could take, seen from anywhere.

import { HEADER, HEADER_WORKERS } from "../layout";
import { loadShared } from "../sync";
import { recordOf } from "../worker";
import { leaveSearch, notifyWorker } from "./idle";
import { injectorLength } from "./injector";
import { ringLength } from "./ring";

/** Whether a task that has not started stands somewhere, in this worker's own ring too. */
export function hasSharedWork(): bool {
  if (injectorLength() > 0) return true;
  const workers = loadShared(HEADER + HEADER_WORKERS);
  for (let worker = 0; worker < workers; worker++)
    if (ringLength(recordOf(worker)) > 0) return true;
  return false;
}

/**
 * This worker has found work (idle.ts, I2). Only if there is more is another woken: a wake costs more than most tasks. Who pushes
 * something meanwhile pushes first and looks for searchers second; this one has ceased to search first and looks second.
 */
export function endSearch(): void {
  if (leaveSearch() && hasSharedWork()) notifyWorker();
}
