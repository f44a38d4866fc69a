// What a runtime still has that it did not have before: tasks, timers, sockets, promises, wakers, guards, shared memory.
//
// K1  What existed before the check began does not count; that is so by itself for what the census (ts/future/census.ts) notes.
// K2  What a task does that lived before the check and still lives is its own affair: a server goes on waiting for the next request.
//     But what it has left in shared memory, and its sockets, count.
// K3  A waker of a task that lives is no leak of its own: the task says what it waits for, and is one itself if it is new.
// K4  Each runtime has its own account, so tests that run at the same time do not see each other.

import {
  beginWatch,
  type Coroutine,
  CoroutineFuture,
  describeEntry,
  type Entry,
  type EntryKind,
  endWatch,
  entriesSince,
  type Future,
  groupOf,
} from "../future/index.js";
import { Handle } from "../runtime/handle.js";
import type { TaskDump } from "../runtime/reports.js";
import { titleOf } from "../runtime/task/title.js";
import { tryTaskId } from "../task/id.js";
import { yieldNow } from "../task/yield-now.js";
import { LeakError, type Leaks } from "./errors.js";

/** Turns that tasks which are about to end are given for it. */
const TURNS = 16;

/** How many of one kind are told apart. */
const MOST_NAMED = 8;

/** A task as a line of a message. */
export function lineOf(task: TaskDump): string {
  const wait =
    task.waitsFor === undefined ? `, ${task.state}` : `, which waits for ${task.waitsFor}`;
  return `${titleOf(task)}${wait}${task.site === undefined ? "" : `, spawned${task.site}`}`;
}

/** Texts, each once, with how often it is there. */
function tally(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const named = [...counts].map(([text, count]) => (count === 1 ? text : `${count} × ${text}`));
  const rest = named.length - MOST_NAMED;
  const shown = named.slice(0, MOST_NAMED).join("; ");
  return rest > 0 ? `${shown}; and others` : shown;
}

function counted(what: string, count: number, texts: readonly string[]): string[] {
  if (count === 0) return [];
  return [`${what}: ${count}${texts.length === 0 ? "" : ` (${tally(texts)})`}`];
}

function describeWaker(entry: Entry): string {
  const task = entry.place.task?.describe();
  return `${describeEntry(entry)}${task === undefined ? "" : `, polled in ${task}`}`;
}

function describeResource(resource: object): string {
  const words = (resource as { describeForCensus?: () => string }).describeForCensus;
  return words === undefined ? resource.constructor.name : words.call(resource);
}

function onePerGroup(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [groupOf(entry), entry])).values()];
}

/** Watching ends with whoever watches, also when that one is forgotten. */
const forgotten: FinalizationRegistry<void> = /* @__PURE__ */ new FinalizationRegistry<void>(
  endWatch,
);

/**
 * Remembers what a runtime has, and says later what has been added:
 *
 * ```ts
 * using leaks = new LeakCheck();
 * yield* serveOneRequest();
 * yield* leaks.settled();
 * ```
 *
 * It sees what belongs to the thread that it is made on. While there is one, every waker, guard and handle of the thread is noted,
 * which takes some microseconds each, and is kept from the garbage collector: what was lost counts, found or not.
 */
export class LeakCheck implements Disposable {
  private readonly handle: Handle;
  private readonly tasks: ReadonlySet<number>;
  private readonly timers: number;
  private readonly resources: ReadonlySet<object>;
  /** Entries of the census above it are new. */
  private readonly serial: number;
  private watching: boolean;

  /** @param handle of the runtime; the current one unless given. @throws {NoRuntimeError} when there is none. */
  constructor(handle: Handle = Handle.current()) {
    this.handle = handle;
    this.tasks = new Set(handle.dump().map((task) => task.id));
    this.timers = handle.metrics().numTimers();
    this.resources = new Set(handle.scheduler.openIo());
    this.serial = beginWatch();
    this.watching = true;
    forgotten.register(this, undefined, this);
  }

  /** What is there now and was not there before. Nothing but tasks, timers and sockets once the check is disposed. */
  found(): Leaks {
    const self = tryTaskId();
    const tasks = this.handle.dump().filter((task) => !this.tasks.has(task.id) && task.id !== self);
    const timers = Math.max(0, this.handle.metrics().numTimers() - this.timers);
    const resources = this.handle.scheduler.openIo().filter((one) => !this.resources.has(one));
    const outside = this.entries("outside");
    const wakers = this.entries("waker").filter(({ place }) => !isAlive(place.task, self));
    const guards = this.entries("guard");
    const objects = onePerGroup(this.since("handle"));
    const dueTimes = timers === 0 ? [] : this.entries("timer").map(describeEntry);
    const lines = [
      ...tasks.map(lineOf),
      ...counted("timers", timers, dueTimes),
      ...counted("open sockets and listeners", resources.length, resources.map(describeResource)),
      ...counted(
        "promises and signals that are waited for",
        outside.length,
        outside.map(describeEntry),
      ),
      ...counted("wakers in lists", wakers.length, wakers.map(describeWaker)),
      ...counted("guards and permits", guards.length, guards.map(describeEntry)),
      ...counted("objects in shared memory", objects.length, objects.map(describeEntry)),
    ];
    return {
      tasks,
      timers,
      ioHandles: resources.length,
      outside: outside.length,
      wakers: wakers.length,
      guards: guards.length,
      sharedObjects: objects.length,
      lines,
    };
  }

  /** @throws {LeakError} if anything is there that was not there before. It says what. */
  check(): void {
    const leaks = this.found();
    if (leaks.lines.length > 0) throw new LeakError(leaks);
  }

  /** Lets tasks that are about to end, because they were aborted for instance, come to their end; then {@link check}. Cancel-safe. */
  settled(): Future<void> {
    return new CoroutineFuture(this.settle());
  }

  /** Ends the watching. A check that is forgotten does so late. */
  [Symbol.dispose](): void {
    if (!this.watching) return;
    this.watching = false;
    forgotten.unregister(this);
    endWatch();
  }

  private *settle(): Coroutine<void> {
    for (let turn = 0; turn < TURNS && this.found().lines.length > 0; turn++) yield* yieldNow();
    this.check();
  }

  private since(kind: EntryKind): Entry[] {
    if (!this.watching) return [];
    return entriesSince(kind, this.handle.scheduler, this.serial);
  }

  /** Those that are not the affair of a task which was there before (K2). */
  private entries(kind: EntryKind): Entry[] {
    const self = tryTaskId();
    return this.since(kind).filter(
      ({ place }) =>
        place.task === undefined || !this.tasks.has(place.task.id) || !isAlive(place.task, self),
    );
  }
}

/** Whether a task lives, and is not the one that asks. */
function isAlive(task: Entry["place"]["task"], self: number | undefined): boolean {
  return task !== undefined && !task.isFinished() && task.id !== self;
}
