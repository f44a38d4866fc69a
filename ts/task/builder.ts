// taskBuilder: a spawn with a name, or with a signal that aborts it.

import { beginOutside, endOutside } from "../future/index.js";
import { currentScheduler } from "../runtime/context.js";
import { InvalidArgumentError } from "../runtime/errors.js";
import { type SpawnFunction, spawnOn } from "../runtime/spawning.js";
import { JoinHandle } from "../runtime/task/join-handle.js";

export interface TaskOptions {
  /** For reports and error messages. */
  readonly name?: string;
  /** Aborts the task when it fires. A signal that has fired already makes a task that is never polled. */
  readonly signal?: AbortSignal;
}

export interface TaskBuilder {
  /** Starts the task; as the function `spawn`. */
  readonly spawn: SpawnFunction;
}

function stopListening(signal: AbortSignal, listener: () => void): void {
  signal.removeEventListener("abort", listener);
  endOutside(listener);
}

function spawnWith(
  options: TaskOptions,
  boundary: (...args: never[]) => unknown,
  target: unknown,
  args: readonly unknown[],
): JoinHandle<unknown> {
  const { name, signal } = options;
  const scheduler = currentScheduler("taskBuilder(options).spawn");
  const listener = (): void => cell.cancel();
  const release = signal && ((): void => stopListening(signal, listener));
  const cell = spawnOn(scheduler, boundary, target, args, { name, release });
  if (signal?.aborted) cell.cancel();
  if (signal !== undefined) {
    signal.addEventListener("abort", listener, { once: true });
    beginOutside(listener, "an AbortSignal");
  }
  return new JoinHandle(cell);
}

/**
 * Settings for one task: `taskBuilder({ name: "resize", signal }).spawn(worker, 1)`.
 *
 * @throws {InvalidArgumentError} when the name is empty or no string, or the signal no AbortSignal.
 */
export function taskBuilder(options: TaskOptions = {}): TaskBuilder {
  const { name, signal } = options;
  if (name !== undefined && (typeof name !== "string" || name === ""))
    throw new InvalidArgumentError("taskBuilder({ name })", name, "a string that is not empty");
  if (signal !== undefined && typeof signal?.addEventListener !== "function")
    throw new InvalidArgumentError("taskBuilder({ signal })", signal, "an AbortSignal");
  const spawn = ((target: unknown, ...args: unknown[]) =>
    spawnWith(options, spawn, target, args)) as SpawnFunction;
  return { spawn };
}
