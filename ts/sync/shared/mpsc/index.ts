// The shared twin of mpsc.

import { checkWhole, MAX_PERMITS } from "../../checks.js";
import { KIND_CHANNEL } from "../core.js";
import { claimed, newEnds } from "../handle.js";
import { currentHome, type SharedHome } from "../home.js";
import { SharedReceiver } from "./receiver.js";
import { SharedSender, SharedUnboundedSender } from "./sender.js";

export { SharedPermit, SharedPermits } from "./permits.js";
export { SharedReceiver } from "./receiver.js";
export {
  SharedOwnedPermit,
  SharedSender,
  SharedUnboundedSender,
  SharedWeakSender,
} from "./sender.js";

interface Ends<T> {
  readonly home: SharedHome;
  readonly sender: number;
  readonly receiver: SharedReceiver<T>;
}

function newChannel<T>(capacity: number): Ends<T> {
  const home = currentHome();
  const claim = claimed(home.core.newObject(KIND_CHANNEL, capacity, capacity));
  const { sender, receiver } = newEnds(home, claim);
  return { home, sender, receiver: new SharedReceiver(home, receiver, capacity) };
}

/** @param capacity values that wait to be received, at most. @throws {CapacityError} */
export function sharedChannel<T>(capacity: number): [SharedSender<T>, SharedReceiver<T>] {
  checkWhole("mpsc.shared(capacity)", capacity, 1, MAX_PERMITS);
  const { home, sender, receiver } = newChannel<T>(capacity);
  return [new SharedSender(home, sender, capacity), receiver];
}

export function sharedUnboundedChannel<T>(): [SharedUnboundedSender<T>, SharedReceiver<T>] {
  const { home, sender, receiver } = newChannel<T>(0);
  return [new SharedUnboundedSender(home, sender), receiver];
}
