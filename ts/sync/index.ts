// tokiwa/sync

export {
  CapacityError,
  ClosedHandleError,
  RecvError,
  SendError,
  TryRecvError,
  TrySendError,
} from "./errors.js";
export * as mpsc from "./mpsc/index.js";
export { Notified, Notify } from "./notify.js";
export * as oneshot from "./oneshot.js";
