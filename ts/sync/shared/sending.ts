// Which handles can be sent to another thread, and how each is made of what has arrived. The runtime registers them.

import { sentToken, tokenOfFlag } from "../cancellation/sending.js";
import { CancellationToken } from "../cancellation/token.js";
import { SharedBarrier } from "./barrier.js";
import {
  SharedBroadcastReceiver,
  SharedBroadcastSender,
  SharedBroadcastWeakSender,
} from "./broadcast.js";
import { SharedFlag } from "./flag.js";
import type { SharedHandle } from "./handle.js";
import type { SharedHome } from "./home.js";
import {
  SharedReceiver,
  SharedSender,
  SharedUnboundedSender,
  SharedWeakSender,
} from "./mpsc/index.js";
import { SharedMutex } from "./mutex.js";
import { SharedNotify } from "./notify.js";
import { SharedOnceCell } from "./once-cell.js";
import { OneshotReceiverHandle, SharedOneshotReceiver, SharedOneshotSender } from "./oneshot.js";
import { SharedRwLock } from "./rw-lock.js";
import { SharedSemaphore } from "./semaphore.js";
import { SharedSetOnce } from "./set-once.js";
import { SharedWatchReceiver, SharedWatchSender } from "./watch.js";

type Sent = SharedHandle | SharedOneshotReceiver<unknown> | CancellationToken;

export interface SendableHandleClass {
  readonly tag: string;
  readonly handleClass: abstract new (...args: never[]) => Sent;
  /** An end of a channel: it closes with the task that got it as an argument. */
  readonly isEnd: boolean;
  /** What stands for a handle on its way. */
  sent(handle: Sent): unknown;
  /** @param extra what the handle's `extra` gave. */
  make(home: SharedHome, claim: number, extra: unknown): Sent;
}

type Make = (home: SharedHome, claim: number, extra: never) => Sent;

function sentBy(handle: Sent): unknown {
  return handle instanceof CancellationToken ? sentToken(handle) : handle.sent();
}

function entry(
  tag: string,
  handleClass: abstract new (...args: never[]) => Sent,
  make: Make,
): SendableHandleClass {
  const isEnd = tag.includes(".");
  return {
    tag: `shared ${tag}`,
    handleClass,
    isEnd,
    sent: sentBy,
    make: make as SendableHandleClass["make"],
  };
}

/** All of them. A function, so that nothing is made where nobody asks. */
export function sendableHandles(): SendableHandleClass[] {
  return [
    entry("Semaphore", SharedSemaphore, (home, claim) => new SharedSemaphore(home, claim)),
    entry("Mutex", SharedMutex, (home, claim, kind: number) => new SharedMutex(home, claim, kind)),
    entry(
      "RwLock",
      SharedRwLock,
      (home, claim, [kind, most]: [number, number]) => new SharedRwLock(home, claim, kind, most),
    ),
    entry("Notify", SharedNotify, (home, claim) => new SharedNotify(home, claim)),
    entry("Barrier", SharedBarrier, (home, claim) => new SharedBarrier(home, claim)),
    entry("SetOnce", SharedSetOnce, (home, claim) => new SharedSetOnce(home, claim)),
    entry("OnceCell", SharedOnceCell, (home, claim) => new SharedOnceCell(home, claim)),
    entry("CancellationToken", CancellationToken, (home, claim) =>
      tokenOfFlag(new SharedFlag(home, claim)),
    ),
    entry(
      "oneshot.Sender",
      SharedOneshotSender,
      (home, claim) => new SharedOneshotSender(home, claim),
    ),
    entry(
      "oneshot.Receiver",
      SharedOneshotReceiver,
      (home, claim) => new SharedOneshotReceiver(new OneshotReceiverHandle(home, claim)),
    ),
    entry("watch.Sender", SharedWatchSender, (home, claim) => new SharedWatchSender(home, claim)),
    entry(
      "watch.Receiver",
      SharedWatchReceiver,
      (home, claim, seen: number) => new SharedWatchReceiver(home, claim, seen),
    ),
    entry(
      "broadcast.Sender",
      SharedBroadcastSender,
      (home, claim) => new SharedBroadcastSender(home, claim),
    ),
    entry(
      "broadcast.WeakSender",
      SharedBroadcastWeakSender,
      (home, claim) => new SharedBroadcastWeakSender(home, claim),
    ),
    entry(
      "broadcast.Receiver",
      SharedBroadcastReceiver,
      (home, claim) => new SharedBroadcastReceiver(home, claim),
    ),
    entry(
      "mpsc.Sender",
      SharedSender,
      (home, claim, most: number) => new SharedSender(home, claim, most),
    ),
    entry(
      "mpsc.UnboundedSender",
      SharedUnboundedSender,
      (home, claim) => new SharedUnboundedSender(home, claim),
    ),
    entry(
      "mpsc.WeakSender",
      SharedWeakSender,
      (home, claim, most: number) => new SharedWeakSender(home, claim, most),
    ),
    entry(
      "mpsc.Receiver",
      SharedReceiver,
      (home, claim, most: number) => new SharedReceiver(home, claim, most),
    ),
  ];
}
