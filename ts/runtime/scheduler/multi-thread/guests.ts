// What the threads of a runtime have in the memories of others (attachments.ts), seen by the thread that has started them: it ends
// them and clears up after them there too, whether it takes part in those memories itself or not.

import type { Host } from "../../../host/types.js";
import { dismissFromOutside, type ThreadsExports, visitCore } from "../../core/binding.js";
import { partOf } from "./attached.js";
import type { GuestPart, PortLetter } from "./membership.js";
import { MultiThread } from "./multi-thread.js";

const AGAIN_MS = 20;

/** What a thread takes part in after it has said so. */
export function partsAfter(
  parts: readonly GuestPart[],
  letter: PortLetter & { kind: "joins" | "leaves" },
): readonly GuestPart[] {
  if (letter.kind === "joins") return [...parts, letter.part];
  const { id, record } = letter;
  return parts.filter((part) => part.membership.id !== id || part.record !== record);
}

/** This thread's own part is the best place: who waits there is woken at once. */
function withCore<T>({ membership }: GuestPart, visit: (core: ThreadsExports) => T): T | undefined {
  const part = partOf(membership.id);
  if (!(part instanceof MultiThread)) return visitCore(membership.shared, visit);
  const result = visit(part.core);
  part.poke();
  return result;
}

/** Whether a thread that has been stopped may be ended, as far as this part goes. */
export function mayEndIn({ membership, record }: GuestPart): boolean {
  const part = partOf(membership.id);
  if (!(part instanceof MultiThread)) return dismissFromOutside(membership.shared, record);
  return part.core.dismiss(record) !== 0;
}

/** Their thread has ended. False: to be tried again, for now there is no record from which to do it. */
function isClearedUp(part: GuestPart): boolean {
  return withCore(part, (core) => core.recover(part.record)) !== undefined;
}

/**
 * What threads that have ended have left in other memories. Where all records are in use, nobody who takes no part in that memory can
 * clear up: it is tried again until a thread there has given its record back.
 */
export class Remains {
  private readonly host: Host;
  private left: readonly GuestPart[] = [];
  private isTimed = false;

  constructor(host: Host) {
    this.host = host;
  }

  /** Of a thread that has just ended, and what is left of others. */
  clearUp(parts: readonly GuestPart[]): void {
    this.left = [...this.left, ...parts].filter((part) => !isClearedUp(part));
    if (this.left.length === 0 || this.isTimed) return;
    this.isTimed = true;
    this.host.setBackgroundTimer(() => {
      this.isTimed = false;
      this.clearUp([]);
    }, AGAIN_MS);
  }
}
