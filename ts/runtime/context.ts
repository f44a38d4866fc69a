// The current runtime for whoever needs one, and the ambient runtime that `await` uses outside of every other.

import { host } from "#host";
import { type Future, setDriver, setWakerReport } from "../future/index.js";
import { MAX_TASKS, MAX_TIMERS } from "./core/binding.js";
import { carriedCell, tryCurrentScheduler } from "./entered.js";
import { NoRuntimeError } from "./errors.js";
import type { RuntimeOptions } from "./options.js";
import { textOf } from "./panics.js";
import { CurrentThread } from "./scheduler/current-thread.js";
import type { Scheduler } from "./scheduler/scheduler.js";
import { AsyncCell } from "./task/async-cell.js";
import { pollingTask, type TaskCell } from "./task/cell.js";
import { JoinHandle } from "./task/join-handle.js";

/** What a runtime has unless its builder says otherwise; Tokio's figures where it has them. */
export function defaultOptions(): RuntimeOptions {
  return {
    host,
    name: undefined,
    eventInterval: 61,
    lifo: false,
    maxTasks: MAX_TASKS,
    maxTimers: MAX_TIMERS,
    io: false,
    time: false,
    seed: undefined,
    startPaused: false,
    unhandledPanic: "ignore",
    trackSpawnSites: host.environment("TOKIWA_SPAWN_SITES") === "1",
    trace: false,
    hooks: {},
  };
}

/** @throws {NoRuntimeError} outside of every runtime. */
export function currentScheduler(what: string): Scheduler {
  const scheduler = tryCurrentScheduler();
  if (scheduler === undefined) throw new NoRuntimeError(what);
  return scheduler;
}

let ambient: Scheduler | undefined;

/** One for this thread, made at the first `await` that needs it. Never shut down; idle it costs nothing. */
function ambientScheduler(): Scheduler {
  ambient ??= new CurrentThread({ ...defaultOptions(), name: "ambient", io: true, time: true });
  return ambient;
}

/**
 * The async function that awaits here, so that the awaited future ends with it. During a poll that is the task polled, if
 * it is one: what the host carries then belongs to whoever asked for the turn.
 */
function awaitingCell(): AsyncCell<unknown> | undefined {
  const polled = pollingTask();
  if (polled === undefined) return carriedCell();
  const cell = polled.owner.cellAt(polled.slot);
  return cell instanceof AsyncCell ? cell : undefined;
}

function drive<T>(future: unknown): Promise<T> {
  // A task is driven by its own runtime, whoever awaits it.
  if (future instanceof JoinHandle)
    return (future.joined().owner as Scheduler).join(
      future.joined() as TaskCell<T>,
      awaitingCell(),
    );
  const scheduler = tryCurrentScheduler() ?? ambientScheduler();
  return scheduler.drive(future as Future<T>, awaitingCell());
}

setWakerReport((error) =>
  host.report(`tokiwa: a waker threw, and the runtime goes on: ${textOf(error)}`),
);

// Async, so that a refusal rejects: a `then` never throws.
setDriver(async <T>(future: unknown) => drive<T>(future));
