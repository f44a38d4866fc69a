// Handles of runtimes between threads: what crosses is the runtime's membership, and the thread that gets it takes part from then on.

import { registerSendable } from "../../../send/codec.js";
import { SendError } from "../../../send/errors.js";
import { Handle } from "../../handle.js";
import { attach } from "./attachments.js";
import type { Membership } from "./membership.js";
import { MultiThread } from "./multi-thread.js";

/** @throws {SendError} for a runtime that other threads cannot reach. */
function encode(handle: Handle): Membership {
  if (handle.scheduler instanceof MultiThread) return handle.scheduler.membership;
  throw new SendError(
    "a Handle",
    handle,
    "of a current_thread runtime cannot be sent to another thread: send the handle of a multi_thread runtime",
  );
}

/** Makes the handles of runtimes sendable. */
export function registerHandles(): void {
  registerSendable(
    "runtime handle",
    Handle,
    encode,
    (membership) => new Handle(attach(membership as Membership)),
  );
}
