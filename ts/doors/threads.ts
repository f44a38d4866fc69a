// The door from the runtime to what needs threads, the folder multi-thread/. In a browser's build no-threads.ts is here instead.

import { registerHandles } from "../runtime/scheduler/multi-thread/handles.js";
import { registerSharedHandles } from "../runtime/scheduler/multi-thread/shared-handles.js";
import { registerWakers } from "../runtime/scheduler/multi-thread/wakers.js";
import { registerOwnErrors } from "../runtime/sent-errors.js";
import { registerSendableFunctions } from "../send/sendable-codec.js";
import type { SharedHome } from "../sync/shared/index.js";

export { makeBlockingPool } from "../runtime/scheduler/multi-thread/blocking-pool.js";
export { newMultiThread } from "../runtime/scheduler/multi-thread/pool.js";

/**
 * What of the library can be sent to other threads is registered. Once.
 *
 * @param findHome where a shared primitive is made.
 */
export function installSending(findHome: () => SharedHome): void {
  registerSendableFunctions();
  registerHandles();
  registerWakers();
  registerSharedHandles(findHome);
  registerOwnErrors();
}
