// Panics that nobody looks at are printed, once. JavaScript cannot tell when a handle is let go, so a panic waits a moment
// for somebody to look: GRACE_MS, or until the runtime or the process ends.

import type { Host, HostTimer } from "../host/types.js";
import { metaOf, titleOf } from "./reports.js";
import type { TaskCell } from "./task/cell.js";

/** Long enough for a parent that awaits its children in order, short enough for somebody who watches a log. */
const GRACE_MS = 1000;

export class PanicLog {
  private readonly host: Host;
  private readonly unseen = new Set<TaskCell<unknown>>();
  private timer: HostTimer | undefined;
  private forgetExit: (() => void) | undefined;

  constructor(host: Host) {
    this.host = host;
  }

  add(cell: TaskCell<unknown>): void {
    this.unseen.add(cell);
    this.forgetExit ??= this.host.onExit(() => this.flush());
    this.timer ??= this.host.setBackgroundTimer(() => this.flush(), GRACE_MS);
  }

  seen(cell: TaskCell<unknown>): void {
    if (this.unseen.delete(cell) && this.unseen.size === 0) this.disarm();
  }

  /** Prints what nobody has looked at. */
  flush(): void {
    this.disarm();
    for (const cell of this.unseen) this.host.report(describePanic(cell));
    this.unseen.clear();
  }

  private disarm(): void {
    if (this.timer !== undefined) this.host.clearTimer(this.timer);
    this.timer = undefined;
    this.forgetExit?.();
    this.forgetExit = undefined;
  }
}

function describePanic(cell: TaskCell<unknown>): string {
  const site = cell.details?.site;
  return (
    `tokiwa: ${titleOf(metaOf(cell))} panicked, and nobody looked at its JoinHandle: ` +
    `${textOf(cell.panic())}${site ? `\n  spawned${site}` : ""}`
  );
}

/** An error with its stack and its causes, any other value as text. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) {
    try {
      return String(error);
    } catch {
      return "(a value that has no text)";
    }
  }
  const text = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? text : `${text}\n  caused by ${textOf(error.cause)}`;
}
