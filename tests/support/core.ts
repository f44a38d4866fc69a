// The Wasm core loaded from the build folder, without the library around it, and the small tools that its tests share.

import { readFileSync } from "node:fs";

/** The names are those of assembly/core/index.ts; the audit checks that they are all there and no others. */
export interface CoreExports {
  adoptWorker(index: number): void;
  configure(taskLimit: number, timerLimit: number, eventInterval: number, lifo: number): void;
  spawn(generation: number): number;
  next(outcome: number): number;
  driver(now: number): number;
  wakeTask(slot: number, generation: number): void;
  cancelTask(slot: number, generation: number): void;
  interrupt(): void;
  ready(): number;
  aliveTasks(): number;
  aliveTimers(): number;
  taskSlots(): number;
  queueLength(): number;
  pollCount(): number;
  taskState(slot: number): number;
  taskPolls(slot: number): number;
  isTask(slot: number, generation: number): number;
  insertTimer(deadline: number, slot: number, generation: number, key: number): number;
  cancelTimer(entry: number, key: number): void;
  isTimerPending(entry: number, key: number): number;
  retargetTimer(entry: number, key: number, slot: number, generation: number): void;
  nextExpiry(): number;
  nextExpiryBound(): number;
  takeForeignFired(): number;
  seedStreams(low: number, high: number): void;
  drawBelow(stream: number, bound: number): number;
  setTrace(on: number): void;
  traceCount(): number;
  traceAddress(index: number): number;
  clearTrace(): void;
}

export const RELEASE_BUILDS = ["single", "threads"] as const;
export const CHECK_BUILDS = ["check-single", "check-threads"] as const;
export const BUILDS = [...RELEASE_BUILDS, ...CHECK_BUILDS] as const;
export type Build = (typeof BUILDS)[number];

/** Outcomes that `next` is told. */
export const PENDING = 0;
export const YIELDED = 1;
export const COMPLETED = 2;
/** Answers of `next` besides a slot. */
export const EMPTY = -1;
export const DRIVER = -2;
export const DROP_FLAG: number = 1 << 24;
/** The task of a timer whose waker is none of this core's. */
export const FOREIGN = -1;
/** Bits of a task's state. */
export const SCHEDULED = 1;
export const RUNNING = 2;
export const COMPLETE = 4;
export const CANCELLED = 8;

export function buildFile(name: string): URL {
  return new URL(`../../build/${name}`, import.meta.url);
}

export interface Settings {
  readonly taskLimit?: number;
  readonly timerLimit?: number;
  readonly eventInterval?: number;
  readonly lifo?: boolean;
}

export interface LoadedCore {
  readonly core: CoreExports;
  readonly memory: WebAssembly.Memory;
}

const modules = new Map<Build, WebAssembly.Module>();

export function moduleOf(build: Build): WebAssembly.Module {
  const known = modules.get(build);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(readFileSync(buildFile(`core.${build}.wasm`)));
  modules.set(build, module);
  return module;
}

function textAt(memory: WebAssembly.Memory, pointer: number): string {
  const view = new DataView(memory.buffer);
  const length = pointer === 0 ? 0 : view.getUint32(pointer - 4, true) / 2;
  const units = Array.from({ length }, (_, index) => view.getUint16(pointer + index * 2, true));
  return String.fromCharCode(...units);
}

/** A core of its own, adopted, configured and seeded with 1. */
export function loadCore(build: Build, settings: Settings = {}): LoadedCore {
  const shared = build.endsWith("threads");
  const memory = new WebAssembly.Memory({ initial: shared ? 131 : 3, maximum: 65536, shared });
  const abort = (message: number, file: number, line: number): never => {
    throw new Error(`assertion: ${textAt(memory, message)} (${textAt(memory, file)}:${line})`);
  };
  const instance = new WebAssembly.Instance(moduleOf(build), { env: { memory, abort } });
  const core = instance.exports as unknown as CoreExports;
  const { taskLimit = 4096, timerLimit = 4096, eventInterval = 61, lifo = false } = settings;
  core.adoptWorker(0);
  core.configure(taskLimit, timerLimit, eventInterval, lifo ? 1 : 0);
  core.seedStreams(1, 0);
  return { core, memory };
}

/** Numbers for a fuzz, from a seed: faster than an arbitrary a number, and a failing run is replayed by its seed. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    // The shift register's low bits are good enough here, and 2^32 is far above every bound.
    return Math.floor((this.state / 2 ** 32) * bound);
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}
