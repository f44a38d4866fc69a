// What a runtime still has that it did not have before: tasks, timers, sockets, promises.

import {
  type Coroutine,
  CoroutineFuture,
  type Future,
  outstandingPromises,
} from "../future/index.js";
import { Handle } from "../runtime/handle.js";
import type { TaskDump } from "../runtime/reports.js";
import { titleOf } from "../runtime/task/title.js";
import { tryTaskId } from "../task/id.js";
import { yieldNow } from "../task/yield-now.js";
import { LeakError, type Leaks } from "./errors.js";

export interface LeakOptions {
  /** Growth of the runtime's memory that is a leak, in bytes. Unless set, none is. */
  readonly memoryBytes?: number;
}

/** Turns that tasks which are about to end are given for it. */
const TURNS = 16;

/** A task as a line of a message. */
export function lineOf(task: TaskDump): string {
  const wait =
    task.waitsFor === undefined ? `, ${task.state}` : `, which waits for ${task.waitsFor}`;
  return `${titleOf(task)}${wait}${task.site === undefined ? "" : `, spawned${task.site}`}`;
}

function counted(what: string, count: number): string[] {
  return count > 0 ? [`${what}: ${count}`] : [];
}

/**
 * Remembers what a runtime has, and says later what has been added:
 *
 * ```ts
 * const leaks = new LeakCheck();
 * yield* serveOneRequest();
 * yield* leaks.settled();
 * ```
 */
export class LeakCheck {
  private readonly handle: Handle;
  private readonly memoryLimit: number;
  private readonly tasks: ReadonlySet<number>;
  private readonly timers: number;
  private readonly ioHandles: number;
  private readonly outside: number;
  private readonly memoryBytes: number;

  /** @param handle of the runtime; the current one unless given. @throws {NoRuntimeError} when there is none. */
  constructor(handle: Handle = Handle.current(), options: LeakOptions = {}) {
    const metrics = handle.metrics();
    this.handle = handle;
    this.memoryLimit = options.memoryBytes ?? Number.POSITIVE_INFINITY;
    this.tasks = new Set(handle.dump().map((task) => task.id));
    this.timers = metrics.numTimers();
    this.ioHandles = metrics.ioHandles();
    this.outside = outstandingPromises();
    this.memoryBytes = metrics.memoryBytes();
  }

  /** What is there now and was not there before. */
  found(): Leaks {
    const metrics = this.handle.metrics();
    const self = tryTaskId();
    const isNew = (task: TaskDump): boolean => !this.tasks.has(task.id) && task.id !== self;
    return {
      tasks: this.handle.dump().filter(isNew),
      timers: Math.max(0, metrics.numTimers() - this.timers),
      ioHandles: Math.max(0, metrics.ioHandles() - this.ioHandles),
      outside: Math.max(0, outstandingPromises() - this.outside),
      memoryBytes: Math.max(0, metrics.memoryBytes() - this.memoryBytes),
    };
  }

  /** @throws {LeakError} if anything is there that was not there before. It names the tasks. */
  check(): void {
    const leaks = this.found();
    const lines = this.describe(leaks);
    if (lines.length > 0) throw new LeakError(leaks, lines);
  }

  /** Lets tasks that are about to end, because they were aborted for instance, come to their end; then {@link check}. Cancel-safe. */
  settled(): Future<void> {
    return new CoroutineFuture(this.settle());
  }

  private *settle(): Coroutine<void> {
    for (let turn = 0; turn < TURNS && this.describe(this.found()).length > 0; turn++)
      yield* yieldNow();
    this.check();
  }

  private describe(leaks: Leaks): string[] {
    const lines = leaks.tasks.map(lineOf);
    lines.push(...counted("timers", leaks.timers));
    lines.push(...counted("open sockets and listeners", leaks.ioHandles));
    lines.push(...counted("promises and signals that are waited for", leaks.outside));
    if (leaks.memoryBytes > this.memoryLimit)
      lines.push(...counted("bytes of memory", leaks.memoryBytes));
    return lines;
  }
}
