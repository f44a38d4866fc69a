// Measuring: wall time, processor time, memory after a collection, and what happened when.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Step } from "./page.js";

/** Milliseconds since it was made. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => performance.now() - start;
}

/** Milliseconds of processor time of this process since it was made. */
export function processorTime(): () => number {
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
}

let collect: (() => void) | undefined;

/** The engine's collector, which it shows only when asked. */
function collector(): () => void {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = globalThis.gc ?? (runInNewContext("gc") as () => void);
  }
  return collect;
}

export interface Memory {
  /** Objects of JavaScript. */
  readonly heap: number;
  /** What stands beside them: the memory of WebAssembly, and buffers. */
  readonly outside: number;
}

/** Bytes in use once everything that nobody needs is gone. */
export function memoryInUse(): Memory {
  const gc = collector();
  gc();
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, outside: external };
}

export function memorySince(before: Memory): Memory {
  const now = memoryInUse();
  return { heap: now.heap - before.heap, outside: now.outside - before.outside };
}

/** How many timers Node keeps for this process. Those of the tour's progress line do not count. */
export function hostTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

/** The value below which a share of the values lies. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** What happened, in order. */
export class Diary {
  readonly steps: Step[] = [];
  private readonly elapsed: () => number = stopwatch();

  note(name: string, text: string): void {
    this.steps.push({ at: this.elapsed(), name, text });
  }

  names(): string[] {
    return this.steps.map((step) => step.name);
  }

  /** Where a step stands; -1 when it did not happen. */
  indexOf(name: string): number {
    return this.names().indexOf(name);
  }
}
