// mpsc: many senders, one receiver, one thread.

import { sharedForms } from "../../doors/shared.js";
import type { OnlySend } from "../../send/send.js";
import { checkWhole, MAX_PERMITS } from "../checks.js";
import type { SharedReceiver, SharedSender, SharedUnboundedSender } from "../shared/mpsc/index.js";
import { Channel } from "./channel.js";
import { Receiver } from "./receiver.js";
import { Sender, UnboundedSender } from "./sender.js";

export {
  SharedOwnedPermit,
  SharedPermit,
  SharedPermits,
  SharedReceiver,
  SharedSender,
  SharedUnboundedSender,
  SharedWeakSender,
} from "../../doors/shared.js";
export { Permit, Permits } from "./permits.js";
export { Receiver } from "./receiver.js";
export { OwnedPermit, Sender, UnboundedSender, WeakSender } from "./sender.js";

/**
 * A channel with room for `capacity` values: who sends more waits.
 *
 * @param capacity a whole number from 1 on.
 * @throws {CapacityError} otherwise.
 */
export function channel<T>(capacity: number): [Sender<T>, Receiver<T>] {
  checkWhole(
    "mpsc.channel(capacity)",
    capacity,
    1,
    MAX_PERMITS,
    ": a bounded channel requires room",
  );
  const shared = new Channel<T>(capacity);
  return [new Sender(shared), new Receiver(shared)];
}

/** A channel that always has room. Nothing slows its senders down: what is not received is kept. */
export function unbounded<T>(): [UnboundedSender<T>, Receiver<T>] {
  const shared = new Channel<T>(Number.POSITIVE_INFINITY);
  return [new UnboundedSender(shared), new Receiver(shared)];
}

/**
 * A bounded channel between threads: senders are `Send`, the receiver by moving, with the same methods; values must be such that can be
 * sent, and are encoded in shared memory until they are received. A T that cannot is an error of the compiler.
 *
 * @param capacity as for `channel`.
 * @throws {CapacityError}
 */
export function shared<T>(
  capacity: number,
  ..._onlySend: OnlySend<T>
): [SharedSender<T>, SharedReceiver<T>] {
  return sharedForms().sharedChannel(capacity);
}

/** An unbounded channel between threads. A T that cannot be sent is an error of the compiler. */
export function sharedUnbounded<T>(
  ..._onlySend: OnlySend<T>
): [SharedUnboundedSender<T>, SharedReceiver<T>] {
  return sharedForms().sharedUnboundedChannel();
}
