// broadcast: many senders, many receivers, every value to all of them; one thread.

import { sharedForms } from "../../doors/shared.js";
import type { OnlySend } from "../../send/send.js";
import { CapacityError } from "../errors.js";
import type { SharedBroadcastReceiver, SharedBroadcastSender } from "../shared/broadcast.js";
import { Channel } from "./channel.js";
import { Receiver } from "./receiver.js";
import { Sender } from "./sender.js";

export {
  SharedBroadcastReceiver as SharedReceiver,
  SharedBroadcastSender as SharedSender,
  SharedBroadcastWeakSender as SharedWeakSender,
} from "../../doors/shared.js";
export { Receiver } from "./receiver.js";
export { Sender, WeakSender } from "./sender.js";

/** The largest power of two whose mask is a small integer. */
const MAX_CAPACITY = 2 ** 30;

function powerOfTwo(least: number): number {
  return 2 ** (32 - Math.clz32(least - 1));
}

/**
 * A channel that keeps the last `capacity` values for every receiver. Sending never waits: a receiver that falls further behind
 * loses the oldest and is told so by a `LaggedError`.
 *
 * @param capacity a whole number from 1 to 2 ** 30, rounded up to a power of two.
 * @throws {CapacityError} otherwise.
 */
export function channel<T>(capacity: number): [Sender<T>, Receiver<T>] {
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_CAPACITY)
    throw new CapacityError(
      "broadcast.channel(capacity)",
      capacity,
      `a whole number from 1 to ${MAX_CAPACITY}`,
    );
  const shared = new Channel<T>(powerOfTwo(capacity));
  return [new Sender(shared), new Receiver(shared)];
}

/**
 * The same between threads: both ends are `Send` (receivers by moving), with the same methods; values must be such that can be sent: a T
 * that cannot is an error of the compiler.
 *
 * @param capacity a whole number from 1 to 2 ** 20, rounded up to a power of two.
 * @throws {CapacityError} otherwise.
 */
export function shared<T>(
  capacity: number,
  ..._onlySend: OnlySend<T>
): [SharedBroadcastSender<T>, SharedBroadcastReceiver<T>] {
  return sharedForms().sharedBroadcast(capacity);
}
