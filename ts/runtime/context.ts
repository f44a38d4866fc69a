// The current runtime for whoever needs one, and the ambient runtime that `await` uses outside of every other.

import { host } from "#host";
import { installSending, makeBlockingPool } from "../doors/threads.js";
import {
  type Driver,
  type EntryPlace,
  type Future,
  setDelays,
  setDriver,
  setPlaceFinder,
  setReport,
  setWakerReport,
} from "../future/index.js";
import type { SharedHome } from "../sync/shared/index.js";
import { defaultOptions } from "./defaults.js";
import { runtimeDelay } from "./delay.js";
import { carriedCell, tryCurrentScheduler } from "./entered.js";
import { NoRuntimeError } from "./errors.js";
import { textOf } from "./panics.js";
import { CurrentThread } from "./scheduler/current-thread.js";
import type { Scheduler } from "./scheduler/scheduler.js";
import { AsyncCell } from "./task/async-cell.js";
import { pollingTask, type TaskCell } from "./task/cell.js";
import { JoinHandle } from "./task/join-handle.js";

/** @throws {NoRuntimeError} outside of every runtime. */
export function currentScheduler(what: string): Scheduler {
  const scheduler = tryCurrentScheduler();
  if (scheduler === undefined) throw new NoRuntimeError(what);
  return scheduler;
}

let ambient: CurrentThread | undefined;

/** One for this thread, made at the first `await` that needs it. Never shut down; idle it costs nothing. */
function ambientScheduler(): CurrentThread {
  ambient ??= new CurrentThread(
    { ...defaultOptions(), name: "ambient", io: true, time: true },
    makeBlockingPool,
  );
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

/** Drives on one runtime only; what it is given belongs to no task. */
function driverOf(scheduler: Scheduler | undefined): Driver | undefined {
  if (scheduler === undefined) return undefined;
  return async <T>(future: unknown) => scheduler.drive(future as Future<T>, undefined);
}

/** Where a shared primitive is made: in the memory of the runtime that this code runs in, or, outside of every one, in the ambient one's. */
function homeHere(): SharedHome {
  return (tryCurrentScheduler() ?? ambientScheduler()).sharedMemory();
}

/** The runtime and the task that something is noted for. An async function carries both; code outside of every runtime has none. */
function placeHere(): EntryPlace | undefined {
  const runtime = tryCurrentScheduler();
  if (runtime === undefined) return undefined;
  const polled = pollingTask();
  const task = polled === undefined ? carriedCell() : polled.owner.cellAt(polled.slot);
  return { runtime, task };
}

let installed = false;

/** `await` of a future drives it on a runtime from here on. Whoever makes a runtime calls this; once is enough. */
export function installDriver(): void {
  if (installed) return;
  installed = true;
  installSending(homeHere);
  setReport((text) => host.report(text));
  setWakerReport((error) =>
    host.report(`tokiwa: a waker threw, and the runtime goes on: ${textOf(error)}`),
  );
  // Async, so that a refusal rejects: a `then` never throws.
  const driver: Driver = async <T>(future: unknown) => drive<T>(future);
  setDriver(driver, () => driverOf(tryCurrentScheduler()) ?? driver);
  setDelays(runtimeDelay);
  setPlaceFinder(placeHere);
}

installDriver();
