// In place of shared.ts where the library has no threads, a browser today: no shared primitive is ever made, so of their classes there
// is the name and no instance.

import { host } from "#host";
import { NoThreadsError } from "../runtime/errors.js";

class NoSharedForm {
  constructor() {
    sharedForms();
  }
}

export {
  NoSharedForm as SharedBroadcastReceiver,
  NoSharedForm as SharedBroadcastSender,
  NoSharedForm as SharedBroadcastWeakSender,
  NoSharedForm as SharedOneshotReceiver,
  NoSharedForm as SharedOneshotSender,
  NoSharedForm as SharedOwnedPermit,
  NoSharedForm as SharedPermit,
  NoSharedForm as SharedPermits,
  NoSharedForm as SharedReceiver,
  NoSharedForm as SharedSender,
  NoSharedForm as SharedUnboundedSender,
  NoSharedForm as SharedWatchReceiver,
  NoSharedForm as SharedWatchSender,
  NoSharedForm as SharedWeakSender,
};

/** @throws {NoThreadsError} always. */
export function sharedForms(): never {
  throw new NoThreadsError(host.name);
}
