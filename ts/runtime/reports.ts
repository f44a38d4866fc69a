// Tasks as reports show them.

import {
  type CoreExports,
  STATE_CANCELLED,
  STATE_RUNNING,
  STATE_SCHEDULED,
} from "./core/binding.js";
import type { WaitingTask } from "./errors.js";
import type { TaskMeta } from "./options.js";
import type { TaskCell } from "./task/cell.js";

/** A task as a report shows it. */
export interface TaskDump {
  readonly id: number;
  readonly name: string | undefined;
  /** The name of the function or future it runs; empty for a closure without a name. */
  readonly fn: string;
  /** "ready": it stands in a queue. "running": it is being polled. "waiting": something must wake it. "ending": aborted. */
  readonly state: "ready" | "running" | "waiting" | "ending";
  readonly polls: number;
  /** The stack of the `spawn`, when the runtime was built with `trackSpawnSites()`. */
  readonly site: string | undefined;
  /** What it waits for, as far as that is known: see `WaitingTask`. */
  readonly waitsFor: string | undefined;
}

/** A task in the report of a deadlock. */
export function waitingTask(cell: TaskCell<unknown>, waitsFor: string | undefined): WaitingTask {
  return { ...metaOf(cell), site: cell.details?.site, waitsFor };
}

export function metaOf(cell: TaskCell<unknown>): TaskMeta {
  return { id: cell.id, name: cell.details?.name, fn: cell.label };
}

function stateName(bits: number): TaskDump["state"] {
  if ((bits & STATE_RUNNING) !== 0) return "running";
  if ((bits & STATE_CANCELLED) !== 0) return "ending";
  return (bits & STATE_SCHEDULED) !== 0 ? "ready" : "waiting";
}

/** A task that has not ended. */
export function dumpLive(core: CoreExports, cell: TaskCell<unknown>, waitsFor?: string): TaskDump {
  return {
    ...metaOf(cell),
    state: stateName(core.taskState(cell.slot)),
    polls: core.taskPolls(cell.slot),
    site: cell.details?.site,
    waitsFor,
  };
}

/** An async function that goes on although its task was ended. */
export function dumpStuck(cell: TaskCell<unknown>): TaskDump {
  return {
    ...metaOf(cell),
    state: "ending",
    polls: 1,
    site: cell.details?.site,
    waitsFor: cell.waitsFor(),
  };
}

const SITE_FRAMES = 3;

/**
 * The stack of whoever called the library.
 *
 * @param boundary the library's function that was called: frames up to it are ours. Hosts other than V8 show them all.
 */
export function stackAbove(boundary: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {};
  const capture = (Error as { captureStackTrace?: (target: object, above: unknown) => void })
    .captureStackTrace;
  if (capture === undefined) holder.stack = new Error().stack ?? "";
  else capture(holder, boundary);
  const frames = (holder.stack ?? "").split("\n").filter((line) => /^\s*at |@/.test(line));
  return `\n${frames.slice(0, SITE_FRAMES).join("\n")}`;
}
