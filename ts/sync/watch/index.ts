// watch: one value that changes, and everybody who wants to know when; one thread.

import { sharedForms } from "../../doors/shared.js";
import type { OnlySend } from "../../send/send.js";
import type { SharedWatchReceiver, SharedWatchSender } from "../shared/watch.js";
import { Channel } from "./channel.js";
import { Receiver } from "./receiver.js";
import { Sender } from "./sender.js";

export {
  SharedWatchReceiver as SharedReceiver,
  SharedWatchSender as SharedSender,
} from "../../doors/shared.js";
export { Receiver } from "./receiver.js";
export { Sender } from "./sender.js";

/**
 * A channel that keeps the last value only.
 *
 * @param initial the first value; the receiver has seen it.
 */
export function channel<T>(initial: T): [Sender<T>, Receiver<T>] {
  const shared = new Channel<T>(initial);
  return [new Sender(shared), new Receiver(shared)];
}

/**
 * The same between threads: both ends are `Send`, with the same methods; values must be such that can be sent, or the compiler
 * refuses. What `borrow` gives is a copy, shared by all who borrow through the same handle.
 */
export function shared<T>(
  initial: T,
  ..._onlySend: OnlySend<T>
): [SharedWatchSender<T>, SharedWatchReceiver<T>] {
  return sharedForms().sharedWatch(initial);
}
