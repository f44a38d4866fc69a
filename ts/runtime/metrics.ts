// Counters of a runtime. They only grow, except those that say how many there are now.

/** The part of a scheduler that the counters are read from. */
export interface MetricsSource {
  numAliveTasks(): number;
  spawnedTasks(): number;
  queueDepth(): number;
  polls(): number;
  parks(): number;
  aliveTimers(): number;
  ioHandles(): number;
  memoryBytes(): number;
}

/** A live view of a runtime's counters; each call reads the present value. */
export class RuntimeMetrics {
  private readonly source: MetricsSource;

  /** @internal */
  constructor(source: MetricsSource) {
    this.source = source;
  }

  /** Threads that poll tasks. */
  numWorkers(): number {
    return 1;
  }

  /** Tasks that have not ended. */
  numAliveTasks(): number {
    return this.source.numAliveTasks();
  }

  /** Tasks ever spawned. */
  spawnedTasksCount(): number {
    return this.source.spawnedTasks();
  }

  /** Tasks that stand in the run queue. */
  globalQueueDepth(): number {
    return this.source.queueDepth();
  }

  /** Polls of tasks so far; wraps at 2^32. */
  workerPollCount(): number {
    return this.source.polls();
  }

  /** How often the thread found nothing to do and gave way. */
  workerParkCount(): number {
    return this.source.parks();
  }

  /** Timers that have neither fired nor been cancelled. */
  numTimers(): number {
    return this.source.aliveTimers();
  }

  /** Sockets and listeners that are open. */
  ioHandles(): number {
    return this.source.ioHandles();
  }

  /** Bytes of the core's memory: queues, task headers, timers. */
  memoryBytes(): number {
    return this.source.memoryBytes();
  }
}
