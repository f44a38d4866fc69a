// Shared twins as the runtime sees them.

export { SLOT_SIZE, type SyncCore, VALUE_BYTES, VALUE_LENGTH } from "./core.js";
export { SharedHandle } from "./handle.js";
export {
  type Carried,
  isSharingInUse,
  type Leaseholder,
  type SentHandle,
  type SharedHome,
  type Standing,
  setDestinationHome,
  setHomeFinder,
  type Unreadable,
} from "./home.js";
export { type SendableHandleClass, sendableHandles } from "./sending.js";
