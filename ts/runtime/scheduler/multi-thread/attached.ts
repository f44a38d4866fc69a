// Which runtimes with threads this thread takes part in. Apart from attachments.ts, which makes such parts.

import type { GuestPart } from "./membership.js";

/** A part of a runtime, as far as others on the thread care. */
export interface Part {
  readonly membership: { readonly id: string };
  /** Whether tasks are under way elsewhere whose end comes here. */
  isBusy(): boolean;
  /** Takes what has come for it. */
  serve(): void;
}

const parts = new Map<string, Part>();

export function remember(part: Part): void {
  parts.set(part.membership.id, part);
}

/** The runtime is closed. */
export function forget(part: Part): void {
  parts.delete(part.membership.id);
}

/** Who has started this thread, and clears up after it. */
export interface Keeper {
  /** Before the first use of that memory. */
  joins(part: GuestPart): void;
  leaves(id: string, record: number): void;
}

let keeper: Keeper | undefined;

export function setKeeper(ofThisThread: Keeper): void {
  keeper = ofThisThread;
}

/** Of a thread that the library has started. */
export function threadKeeper(): Keeper | undefined {
  return keeper;
}

/** This thread's part of the runtime with that id. */
export function partOf(id: string): Part | undefined {
  return parts.get(id);
}

/** Whether another runtime owes this thread something: then it must not block, since blocking ends only for its own. */
export function owesElsewhere(own: Part): boolean {
  if (parts.size < 2) return false;
  for (const part of parts.values()) if (part !== own && part.isBusy()) return true;
  return false;
}

/** While the thread is blocked for one runtime, nobody else serves its part of another. Whether any of them is owed something. */
export function serveOthers(own: unknown): boolean {
  let busy = false;
  for (const part of parts.values()) {
    if (part === own || !part.isBusy()) continue;
    part.serve();
    busy ||= part.isBusy();
  }
  return busy;
}
