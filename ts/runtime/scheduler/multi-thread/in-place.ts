// blockInPlace: a worker gives away what others can run, has a substitute started, and blocks.

import { ROLE_WORKER, type ThreadsExports } from "../../core/binding.js";
import { allowBlocking } from "../blocking.js";

/** A thread's part of a runtime, as far as is needed here. */
interface Part {
  readonly role: number;
  readonly core: ThreadsExports;
  settleLeases(): void;
}

export function blockInPlaceOn<T>(part: Part, fn: () => T): T {
  part.settleLeases();
  // Callers and threads of the blocking pool may block as they like.
  if (part.role !== ROLE_WORKER) return allowBlocking(fn);
  part.core.handOff();
  try {
    return allowBlocking(fn);
  } finally {
    part.core.takeBack();
  }
}
