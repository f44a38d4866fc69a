// Settings of a runtime, each refused at the call if it is not possible.

import { type Duration, toMillis } from "../time/duration.js";
import { defaultOptions } from "./context.js";
import { MAX_TASKS, MAX_TIMERS } from "./core/binding.js";
import { InvalidArgumentError } from "./errors.js";
import type { Hooks, RuntimeOptions, TaskMeta, UnhandledPanic } from "./options.js";
import { Runtime } from "./runtime.js";
import { CurrentThread } from "./scheduler/current-thread.js";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function checkInteger(setting: string, value: number, lowest: number, highest: number): number {
  if (!Number.isInteger(value) || value < lowest || value > highest)
    throw new InvalidArgumentError(setting, value, `a whole number from ${lowest} to ${highest}`);
  return value;
}

function checkFunction(setting: string, value: unknown): void {
  if (typeof value !== "function") throw new InvalidArgumentError(setting, value, "a function");
}

function checkName(setting: string, value: unknown): void {
  if (typeof value !== "string" || value === "")
    throw new InvalidArgumentError(setting, value, "a string that is not empty");
}

/** Tokio's bound on blocking threads is memory; ours keeps a typing error from taking the machine down. */
const MOST_BLOCKING_THREADS = 4096;
const MOST_WORKERS = 256;

/** Builds a runtime. Every method but `build` returns the builder. */
export class Builder {
  private readonly options: Mutable<RuntimeOptions> = { ...defaultOptions() };
  private readonly hooks: Hooks = {};

  private constructor() {
    this.options.hooks = this.hooks;
  }

  /** A runtime whose tasks all run on the thread that drives it, in an order that a seed repeats. */
  static newCurrentThread(): Builder {
    return new Builder();
  }

  /** Enables sockets. */
  enableIo(): this {
    this.options.io = true;
    return this;
  }

  /** Enables timers. */
  enableTime(): this {
    this.options.time = true;
    return this;
  }

  /** Enables every driver. */
  enableAll(): this {
    return this.enableIo().enableTime();
  }

  /** A name for reports. */
  name(name: string): this {
    checkName("name(name)", name);
    this.options.name = name;
    return this;
  }

  /** Worker threads. Checked, and without effect: a current_thread runtime has none. */
  workerThreads(count: number): this {
    checkInteger("workerThreads(count)", count, 1, MOST_WORKERS);
    return this;
  }

  /** Most threads of the blocking pool. Checked; without effect until the pool exists. */
  maxBlockingThreads(count: number): this {
    checkInteger("maxBlockingThreads(count)", count, 1, MOST_BLOCKING_THREADS);
    return this;
  }

  /** How long an idle blocking thread lives. Checked; without effect until the pool exists. */
  threadKeepAlive(duration: Duration): this {
    toMillis(duration, "threadKeepAlive(duration)");
    return this;
  }

  /** The name of worker threads. Checked, and without effect: a current_thread runtime has none. */
  threadName(name: string): this {
    checkName("threadName(name)", name);
    return this;
  }

  /** The stack of worker threads, in bytes. Checked, and without effect: a current_thread runtime has none. */
  threadStackSize(bytes: number): this {
    checkInteger("threadStackSize(bytes)", bytes, 64 * 1024, 1024 * 1024 * 1024);
    return this;
  }

  /** Called on each thread that the runtime starts. A current_thread runtime starts none. */
  onThreadStart(hook: (worker: number) => void): this {
    checkFunction("onThreadStart(hook)", hook);
    this.hooks.threadStart = hook;
    return this;
  }

  /** Called on each thread of the runtime before it ends. A current_thread runtime starts none. */
  onThreadStop(hook: (worker: number) => void): this {
    checkFunction("onThreadStop(hook)", hook);
    this.hooks.threadStop = hook;
    return this;
  }

  /** Called when the thread has nothing to do and is about to give way. May spawn: then the thread does not sleep. */
  onThreadPark(hook: () => void): this {
    checkFunction("onThreadPark(hook)", hook);
    this.hooks.threadPark = hook;
    return this;
  }

  /** Called when the thread goes on after a park. */
  onThreadUnpark(hook: () => void): this {
    checkFunction("onThreadUnpark(hook)", hook);
    this.hooks.threadUnpark = hook;
    return this;
  }

  /** Called for each task before it is first scheduled, on the thread that spawns it. */
  onTaskSpawn(hook: (meta: TaskMeta) => void): this {
    checkFunction("onTaskSpawn(hook)", hook);
    this.hooks.taskSpawn = hook;
    return this;
  }

  /** Called for each task that has ended, in whatever way. */
  onTaskTerminate(hook: (meta: TaskMeta) => void): this {
    checkFunction("onTaskTerminate(hook)", hook);
    this.hooks.taskTerminate = hook;
    return this;
  }

  /** Polls between two turns of the driver; 61 unless set, Tokio's figure. */
  eventInterval(polls: number): this {
    this.options.eventInterval = checkInteger("eventInterval(polls)", polls, 1, 2 ** 30);
    return this;
  }

  /** Polls between two looks at the queue that other threads fill. Checked; on one thread there is no such queue. */
  globalQueueInterval(polls: number): this {
    checkInteger("globalQueueInterval(polls)", polls, 1, 2 ** 30);
    return this;
  }

  /** Wakes go to the tail of the queue. Without effect here: current_thread has no lifo slot, as in Tokio. */
  disableLifoSlot(): this {
    this.options.lifo = false;
    return this;
  }

  /**
   * Seeds every random choice, so that a program runs the same way again.
   *
   * @param seed a whole number from 0 to 2^53 - 1.
   */
  rngSeed(seed: number): this {
    this.options.seed = checkInteger("rngSeed(seed)", seed, 0, Number.MAX_SAFE_INTEGER);
    return this;
  }

  /** The clock stands still at zero and moves by itself when nothing is runnable. */
  startPaused(paused: boolean): this {
    if (typeof paused !== "boolean")
      throw new InvalidArgumentError("startPaused(paused)", paused, "true or false");
    this.options.startPaused = paused;
    return this;
  }

  /** What a panic in a spawned task does besides ending that task. */
  unhandledPanic(behaviour: UnhandledPanic): this {
    if (behaviour !== "ignore" && behaviour !== "shutdownRuntime")
      throw new InvalidArgumentError(
        "unhandledPanic(behaviour)",
        behaviour,
        '"ignore" or "shutdownRuntime"',
      );
    this.options.unhandledPanic = behaviour;
    return this;
  }

  /** Modules that workers import at start. Checked, and without effect: a current_thread runtime has none. */
  preload(...modules: string[]): this {
    for (const module of modules) checkName("preload(module)", module);
    return this;
  }

  /** Most tasks alive at once; spawning one more throws `LimitError`. Four million unless set. */
  maxTasks(count: number): this {
    this.options.maxTasks = checkInteger("maxTasks(count)", count, 1, MAX_TASKS);
    return this;
  }

  /** Most timers alive at once; one more throws `LimitError` from its poll. Eight million unless set. */
  maxTimers(count: number): this {
    this.options.maxTimers = checkInteger("maxTimers(count)", count, 1, MAX_TIMERS);
    return this;
  }

  /** Remembers where each task was spawned, for `dump` and reports. About a microsecond a spawn. */
  trackSpawnSites(): this {
    this.options.trackSpawnSites = true;
    return this;
  }

  /** Logs every spawn, poll, wake and timer for `Runtime.traceText`. */
  trace(): this {
    this.options.trace = true;
    return this;
  }

  /** @throws {InvalidArgumentError} when settings contradict each other. */
  build(): Runtime {
    if (this.options.startPaused && !this.options.time)
      throw new InvalidArgumentError(
        "startPaused(true)",
        true,
        "used with `enableTime()` or `enableAll()`",
      );
    return new Runtime(new CurrentThread({ ...this.options, hooks: { ...this.hooks } }));
  }
}
