// What the threads of a runtime have in the memories of others (attachments.ts), seen by the thread that has started them: it ends
// them and clears up after them there too, whether it takes part in those memories itself or not.

import { dismissFromOutside, type ThreadsExports, visitCore } from "../../core/binding.js";
import { partOf } from "./attached.js";
import type { GuestPart, PortLetter } from "./membership.js";
import { MultiThread } from "./multi-thread.js";

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
  return part.core.dismiss(record, 1) !== 0;
}

/** Their thread has ended. */
export function clearUpAfter(parts: readonly GuestPart[]): void {
  for (const part of parts) withCore(part, (core) => core.recover(part.record));
}
