// Handles of shared primitives between threads, and where shared primitives are made.
//
// In a multi_thread runtime they are made in its memory. A current_thread runtime has a memory of that kind beside its own, as it has
// threads for blocking calls; outside of every runtime there is one for the process.

import { addLanded } from "../../../send/carrying.js";
import { registerSendable } from "../../../send/codec.js";
import { SendError } from "../../../send/errors.js";
import {
  type SendableHandleClass,
  type SentHandle,
  type SharedHandle,
  type SharedHome,
  sendableHandles,
  setHomeFinder,
} from "../../../sync/shared/index.js";
import { partOf } from "./attached.js";
import { attach } from "./attachments.js";
import type { Membership } from "./membership.js";
import { MultiThread } from "./multi-thread.js";
import type { SharedMemory } from "./shared-memory.js";

function homeOf(memory: unknown): SharedMemory {
  const part = typeof memory === "string" ? partOf(memory) : attach(memory as Membership);
  if (part instanceof MultiThread) return part.sharedMemory();
  throw new SendError("a shared primitive", undefined, "is of a runtime that has been shut down");
}

function decodeWith(entry: SendableHandleClass, sent: unknown): object {
  const [{ memory, claim, letGo }, extra] = sent as [SentHandle, unknown];
  const home = homeOf(memory);
  const landed = home.core.land(claim);
  if (letGo) home.core.discardTraveller(claim);
  home.settle();
  if (landed !== 0 && home.core.isEmptyClaim(landed) === 0) {
    const handle = entry.make(home, landed, extra);
    if (entry.isEnd) addLanded(handle);
    return handle;
  }
  if (landed !== 0) home.core.dropClaim(landed);
  throw new SendError(entry.tag, undefined, "has been received already: there is only one of it");
}

let registered = false;

/** Makes the handles sendable, and says where `currentHome` is. Once is enough. */
export function registerSharedHandles(findHome: () => SharedHome): void {
  if (registered) return;
  registered = true;
  for (const entry of sendableHandles())
    registerSendable(
      entry.tag,
      entry.handleClass,
      (handle) => entry.sent(handle as SharedHandle),
      (sent) => decodeWith(entry, sent) as SharedHandle,
    );
  setHomeFinder(findHome);
}
