// The classes of shared channels' ends, which the namespaces of the channels export.

export {
  SharedBroadcastReceiver,
  SharedBroadcastSender,
  SharedBroadcastWeakSender,
} from "./broadcast.js";
export {
  SharedOwnedPermit,
  SharedPermit,
  SharedPermits,
  SharedReceiver,
  SharedSender,
  SharedUnboundedSender,
  SharedWeakSender,
} from "./mpsc/index.js";
export { SharedOneshotReceiver, SharedOneshotSender } from "./oneshot.js";
export { SharedWatchReceiver, SharedWatchSender } from "./watch.js";
