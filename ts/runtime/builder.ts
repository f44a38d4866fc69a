// Settings of a runtime, each refused at the call if it is not possible.

import { host } from "#host";
import { makeBlockingPool, newMultiThread } from "../doors/threads.js";
import { type Duration, toMillis } from "../future/duration.js";
import { sendableInfo } from "../send/sendable.js";
import { installDriver } from "./context.js";
import { MAX_TASKS, MAX_TIMERS } from "./core/binding.js";
import { defaultOptions } from "./defaults.js";
import { InvalidArgumentError, NoThreadsError } from "./errors.js";
import type { Hooks, RuntimeOptions, TaskMeta, UnhandledPanic } from "./options.js";
import { Runtime } from "./runtime.js";
import { CurrentThread } from "./scheduler/current-thread.js";
import type { Flavor } from "./scheduler/scheduler.js";

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

/** There is room for a thousand threads in a runtime's memory, workers and their substitutes included. */
const MOST_BLOCKING_THREADS = 512;
const MOST_WORKERS = 200;
/** With less, a thread of Node does not come up, and some of them take the process with them. */
const LEAST_STACK_BYTES = 512 * 1024;

/** A setting of the environment that is to be a number of worker threads. */
const WORKERS_VARIABLE = "TOKIWA_WORKER_THREADS";

/** As many workers as the machine runs threads at once, unless the environment says otherwise. */
function defaultWorkers(): number {
  const text = host.environment(WORKERS_VARIABLE);
  if (text === undefined || text === "") return Math.min(host.threads?.cores ?? 1, MOST_WORKERS);
  return checkInteger(WORKERS_VARIABLE, Number(text), 1, MOST_WORKERS);
}

/** Builds a runtime. Every method but `build` returns the builder. */
export class Builder {
  private readonly options: Mutable<RuntimeOptions> = { ...defaultOptions() };
  private readonly hooks: Hooks = {};
  private readonly flavor: Flavor;
  private workers: number | undefined;
  private lazy = false;

  private constructor(flavor: Flavor) {
    this.flavor = flavor;
    this.options.hooks = this.hooks;
    this.options.lifo = flavor === "multi_thread";
  }

  /** A runtime whose tasks all run on the thread that drives it, in an order that a seed repeats. */
  static newCurrentThread(): Builder {
    return new Builder("current_thread");
  }

  /**
   * A runtime with worker threads, which take sendable tasks from each other. Everything else that is spawned stays on the
   * thread that spawned it. The threads start when it is built.
   *
   * @throws {NoThreadsError} where there are no threads.
   */
  static newMultiThread(): Builder {
    if (host.threads === undefined) throw new NoThreadsError(host.name);
    return new Builder("multi_thread");
  }

  /** @internal Whether this place has threads. */
  static hasThreads(): boolean {
    return host.threads !== undefined;
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

  /**
   * Worker threads of a multi_thread runtime; unless set, `TOKIWA_WORKER_THREADS` or as many as the machine has cores. Checked,
   * and without effect on current_thread, which has none.
   */
  workerThreads(count: number): this {
    this.workers = checkInteger("workerThreads(count)", count, 1, MOST_WORKERS);
    return this;
  }

  /** @internal Workers start when the first task is sent to them. */
  startLazily(): this {
    this.lazy = true;
    return this;
  }

  /** Most threads of the blocking pool, which `spawnBlocking` runs on; 512 unless set, Tokio's figure. */
  maxBlockingThreads(count: number): this {
    this.options.maxBlockingThreads = checkInteger(
      "maxBlockingThreads(count)",
      count,
      1,
      MOST_BLOCKING_THREADS,
    );
    return this;
  }

  /** How long a thread of the blocking pool stays without work, in milliseconds; 10 seconds unless set, Tokio's figure. */
  threadKeepAlive(duration: Duration): this {
    this.options.keepAliveMs = toMillis(duration, "threadKeepAlive(duration)");
    return this;
  }

  /** The name of the runtime's threads, for debuggers; a number is appended. */
  threadName(name: string): this {
    checkName("threadName(name)", name);
    this.options.threadName = name;
    return this;
  }

  /** The stack of each thread that the runtime starts, in bytes. */
  threadStackSize(bytes: number): this {
    this.options.stackBytes = checkInteger(
      "threadStackSize(bytes)",
      bytes,
      LEAST_STACK_BYTES,
      1024 * 1024 * 1024,
    );
    return this;
  }

  /**
   * Called for each thread that the runtime starts, with its number. A sendable function is called on that thread, before it
   * runs anything; any other on the thread that built the runtime.
   */
  onThreadStart(hook: (worker: number) => void): this {
    checkFunction("onThreadStart(hook)", hook);
    this.hooks.threadStart = hook;
    return this;
  }

  /** Called for each thread of the runtime that ends, in whatever way. As for {@link onThreadStart}; a sendable one not for a thread that dies. */
  onThreadStop(hook: (worker: number) => void): this {
    checkFunction("onThreadStop(hook)", hook);
    this.hooks.threadStop = hook;
    return this;
  }

  /** Called, on the thread that built the runtime, when a thread has died and has been cleared up after. `error` is what it threw, if it did. */
  onWorkerLost(hook: (worker: number, error: unknown) => void): this {
    checkFunction("onWorkerLost(hook)", hook);
    this.hooks.workerLost = hook;
    return this;
  }

  /** The module that threads begin with, for bundles: it must import `tokiwa/worker`. An absolute URL. */
  workerEntry(url: string | URL): this {
    const text = String(url);
    if (!URL.canParse(text))
      throw new InvalidArgumentError(
        "workerEntry(url)",
        url,
        'an absolute URL, for example new URL("./worker.js", import.meta.url)',
      );
    this.options.workerEntry = text;
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

  /**
   * Called instead of printing a panic that nobody looks at: a task of this thread threw, and within a second, or until the
   * runtime ends, its handle was not waited for.
   */
  onUnobservedPanic(hook: (task: TaskMeta, error: unknown) => void): this {
    checkFunction("onUnobservedPanic(hook)", hook);
    this.hooks.unobservedPanic = hook;
    return this;
  }

  /**
   * Whether tasks run in the asynchronous context of their spawn: what an `AsyncLocalStorage` held there it holds in all their polls.
   * They do unless told otherwise, and a task that was spawned where nothing was held pays nothing for it. With `false` tasks run in
   * no context. Without effect where the host has no such thing. To other threads: {@link carryContext}.
   *
   * @param enabled true unless given.
   */
  captureContext(enabled = true): this {
    this.options.captureContext = enabled;
    return this;
  }

  /**
   * Carries something with every sendable task to the thread that runs it, for instance what an `AsyncLocalStorage` holds.
   *
   * @param capture called on the thread that spawns; what it gives must be `Send`.
   * @param restore called for each poll on the other thread, with what was captured and a function that does the poll.
   *   Both must be made by `sendable`.
   */
  carryContext<C>(capture: () => C, restore: <T>(captured: C, run: () => T) => T): this {
    for (const [setting, hook] of [
      ["carryContext(capture)", capture],
      ["carryContext(restore)", restore],
    ] as const)
      if (sendableInfo(hook) === undefined)
        throw new InvalidArgumentError(setting, hook, "a function made by `sendable`");
    this.hooks.contextCapture = capture;
    this.hooks.contextRestore = restore as Hooks["contextRestore"] & object;
    return this;
  }

  /** Polls between two turns of the driver; 61 unless set, Tokio's figure. */
  eventInterval(polls: number): this {
    this.options.eventInterval = checkInteger("eventInterval(polls)", polls, 1, 2 ** 30);
    return this;
  }

  /**
   * Polls after which a worker looks at the queue of all workers first. Unless set it is found by measurement, so that a look
   * comes about every 200 µs. On one thread there is no such queue.
   */
  globalQueueInterval(polls: number): this {
    this.options.globalQueueInterval = checkInteger(
      "globalQueueInterval(polls)",
      polls,
      1,
      2 ** 30,
    );
    return this;
  }

  /** Wakes go to the tail of the queue. Without effect on current_thread, which has no lifo slot, as in Tokio. */
  disableLifoSlot(): this {
    this.options.lifo = false;
    return this;
  }

  /**
   * Seeds every random choice, so that a program runs the same way again.
   *
   * @param seed a whole number from 0 to 2^53 - 1.
   * @throws {InvalidArgumentError} on multi_thread, where threads decide the order.
   */
  rngSeed(seed: number): this {
    this.assertCurrentThread("rngSeed(seed)", seed);
    this.options.seed = checkInteger("rngSeed(seed)", seed, 0, Number.MAX_SAFE_INTEGER);
    return this;
  }

  /** The clock stands still at zero and moves by itself when nothing is runnable. */
  startPaused(paused: boolean): this {
    if (typeof paused !== "boolean")
      throw new InvalidArgumentError("startPaused(paused)", paused, "true or false");
    if (paused) this.assertCurrentThread("startPaused(paused)", paused);
    this.options.startPaused = paused;
    return this;
  }

  /**
   * Code outside of the runtime wakes its tasks: a callback of your own that sends into a channel, or calls a waker. A `run` of a
   * runtime with a seed or a clock that started paused then waits for that, instead of failing with a {@link DeadlockError} as
   * soon as nothing in sight can wake anything. Without effect on others.
   */
  allowOutsideWakes(): this {
    this.options.outsideWakes = true;
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

  /**
   * Modules that workers import before they run anything, so that no task waits for an import.
   *
   * @param modules absolute URLs: `import.meta.url`, or `import.meta.resolve("./tasks.js")`.
   */
  preload(...modules: string[]): this {
    for (const module of modules)
      if (typeof module !== "string" || !URL.canParse(module))
        throw new InvalidArgumentError(
          "preload(module)",
          module,
          'an absolute URL: `import.meta.url`, or `import.meta.resolve("./tasks.js")`',
        );
    this.options.preload = [...this.options.preload, ...modules];
    return this;
  }

  private assertCurrentThread(setting: string, value: unknown): void {
    if (this.flavor !== "current_thread")
      throw new InvalidArgumentError(setting, value, "used with `Builder.newCurrentThread()` only");
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
    installDriver();
    const options = { ...this.options, hooks: { ...this.hooks } };
    if (this.flavor === "current_thread")
      return new Runtime(new CurrentThread(options, makeBlockingPool));
    const workers = this.workers ?? defaultWorkers();
    return new Runtime(newMultiThread(options, workers, this.lazy));
  }
}
