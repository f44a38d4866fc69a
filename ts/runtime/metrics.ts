// Counters of a runtime. They only grow, except those that say how many there are now. The names are those of Tokio's
// RuntimeMetrics, its unstable ones included, where they mean the same here.

/** The part of a scheduler that the counters are read from. What is missing is always 0 there. */
export interface MetricsSource {
  numWorkers(): number;
  numAliveTasks(): number;
  spawnedTasks(): number;
  queueDepth(): number;
  aliveTimers(): number;
  ioHandles(): number;
  memoryBytes(): number;
  polls(worker: number): number;
  parks(worker: number): number;
  unparks?(worker: number): number;
  noops?(worker: number): number;
  stolen?(worker: number): number;
  steals?(worker: number): number;
  overflows?(worker: number): number;
  remoteSchedules?(worker: number): number;
  started?(worker: number): number;
  delivered?(worker: number): number;
  localQueueDepth?(worker: number): number;
  blockingThreads?(): number;
  idleBlockingThreads?(): number;
  blockingQueueDepth?(): number;
  lostWorkers?(): number;
}

/** A live view of a runtime's counters; each call reads the present value. Counts of polls and the like wrap at 2^32. */
export class RuntimeMetrics {
  private readonly source: MetricsSource;

  /** @internal */
  constructor(source: MetricsSource) {
    this.source = source;
  }

  /** Threads that poll tasks: 1 on current_thread. */
  numWorkers(): number {
    return this.source.numWorkers();
  }

  /** Tasks that have not ended. */
  numAliveTasks(): number {
    return this.source.numAliveTasks();
  }

  /** Tasks ever spawned. */
  spawnedTasksCount(): number {
    return this.source.spawnedTasks();
  }

  /** Tasks in the queue that every worker takes from; on current_thread, in the run queue. */
  globalQueueDepth(): number {
    return this.source.queueDepth();
  }

  /** Timers that have neither fired nor been cancelled. */
  numTimers(): number {
    return this.source.aliveTimers();
  }

  /** Sockets and listeners that are open on this thread. */
  ioHandles(): number {
    return this.source.ioHandles();
  }

  /** Bytes of the core's memory: queues, task headers, timers, what is on its way between threads. */
  memoryBytes(): number {
    return this.source.memoryBytes();
  }

  /** Polls of tasks so far. */
  workerPollCount(worker = 0): number {
    return this.source.polls(worker);
  }

  /** How often the worker found nothing to do and gave way. */
  workerParkCount(worker = 0): number {
    return this.source.parks(worker);
  }

  /** Parks and unparks together: odd while the worker is parked. */
  workerParkUnparkCount(worker = 0): number {
    return this.source.parks(worker) + (this.source.unparks?.(worker) ?? 0);
  }

  /** How often it was woken and found nothing to do. */
  workerNoopCount(worker = 0): number {
    return this.source.noops?.(worker) ?? 0;
  }

  /** Tasks that it has stolen from other workers. */
  workerStealCount(worker = 0): number {
    return this.source.stolen?.(worker) ?? 0;
  }

  /** How often it stole; each time takes up to half of the other's queue. */
  workerStealOperations(worker = 0): number {
    return this.source.steals?.(worker) ?? 0;
  }

  /** How often its queue was full and half of it went to the global queue. */
  workerOverflowCount(worker = 0): number {
    return this.source.overflows?.(worker) ?? 0;
  }

  /** Sendable tasks that had their first poll on it: its share of the work. */
  workerStartedTasksCount(worker = 0): number {
    return this.source.started?.(worker) ?? 0;
  }

  /** Results of tasks on other threads that it has received. */
  workerDeliveredCount(worker = 0): number {
    return this.source.delivered?.(worker) ?? 0;
  }

  /** Tasks that it has put into the global queue. */
  workerRemoteScheduleCount(worker = 0): number {
    return this.source.remoteSchedules?.(worker) ?? 0;
  }

  /** Tasks in its own queue, from which others may steal. */
  workerLocalQueueDepth(worker = 0): number {
    return this.source.localQueueDepth?.(worker) ?? 0;
  }

  /** Threads of the blocking pool. */
  numBlockingThreads(): number {
    return this.source.blockingThreads?.() ?? 0;
  }

  /** Those of them that wait for a call. */
  numIdleBlockingThreads(): number {
    return this.source.idleBlockingThreads?.() ?? 0;
  }

  /** Calls that wait for a thread of the blocking pool. */
  blockingQueueDepth(): number {
    return this.source.blockingQueueDepth?.() ?? 0;
  }

  /** Threads that have died and been recovered from. */
  lostWorkersCount(): number {
    return this.source.lostWorkers?.() ?? 0;
  }
}
