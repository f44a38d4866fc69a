// Panics that nobody looks at are printed, once. JavaScript cannot tell when a handle is let go, so a panic waits a moment
// for somebody to look: GRACE_MS, or until the runtime or the process ends.

import type { Host, HostTimer } from "../host/types.js";
import type { TaskMeta } from "./options.js";
import { metaOf } from "./reports.js";
import type { TaskCell } from "./task/cell.js";

export type UnobservedPanicHook = (task: TaskMeta, error: unknown) => void;

/** Long enough for a parent that awaits its children in order, short enough for somebody who watches a log. */
const GRACE_MS = 1000;

export class PanicLog {
  private readonly host: Host;
  private readonly hook: UnobservedPanicHook | undefined;
  private readonly unseen = new Set<TaskCell<unknown>>();
  private timer: HostTimer | undefined;
  private forgetExit: (() => void) | undefined;

  /** @param hook is told instead of the operator. */
  constructor(host: Host, hook?: UnobservedPanicHook) {
    this.host = host;
    this.hook = hook;
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
    const cells = [...this.unseen];
    this.unseen.clear();
    for (const cell of cells) this.tell(cell);
  }

  private tell(cell: TaskCell<unknown>): void {
    try {
      if (this.hook === undefined) this.host.report(describePanic(cell));
      else this.hook(metaOf(cell), cell.panic());
    } catch (error) {
      this.host.report(`tokiwa: the onUnobservedPanic hook threw: ${textOf(error)}`);
      this.host.report(describePanic(cell));
    }
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
    `tokiwa: ${cell.describe()} panicked, and nobody looked at its JoinHandle: ` +
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
