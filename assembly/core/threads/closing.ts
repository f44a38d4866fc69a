// The end of a runtime. A task that is spawned while it closes is either seen by a worker that clears the queues, or its
// spawner sees that the runtime is closed and clears them itself: one writes the flag and then looks at the queues, the other
// fills a queue and then looks at the flag.

import { HEADER, HEADER_CLOSED, HEADER_THREADS } from "../layout";
import { loadShared, storeShared } from "../sync";
import { unpark } from "./parking";

/** Partner: the store in close. */
export function isClosed(): bool {
  return loadShared(HEADER + HEADER_CLOSED) != 0;
}

/** No task is started from here on; every thread is woken to see it. Twice is harmless. */
export function close(): void {
  storeShared(HEADER + HEADER_CLOSED, 1);
  const threads = loadShared(HEADER + HEADER_THREADS);
  for (let thread = 0; thread < threads; thread++) unpark(thread);
}
