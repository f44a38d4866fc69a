// TOKIWA_SCHEDTRACE: a line about the scheduler on stderr every so many milliseconds, read straight from shared memory.

import type { HostTimer } from "../../../host/types.js";
import type { RuntimeOptions } from "../../options.js";

export class ThreadTrace {
  private readonly options: RuntimeOptions;
  private readonly intervalMs: number;
  private readonly line: () => string;
  private readonly startMs: number;
  private timer: HostTimer | undefined;

  private constructor(options: RuntimeOptions, intervalMs: number, line: () => string) {
    this.options = options;
    this.intervalMs = intervalMs;
    this.line = line;
    this.startMs = options.host.now();
    this.arm();
  }

  /** Begins if the environment asks for it. */
  static fromEnvironment(options: RuntimeOptions, line: () => string): ThreadTrace | undefined {
    const intervalMs = Number(options.host.environment("TOKIWA_SCHEDTRACE"));
    return intervalMs > 0 ? new ThreadTrace(options, intervalMs, line) : undefined;
  }

  private arm(): void {
    this.timer = this.options.host.setBackgroundTimer(() => this.print(), this.intervalMs);
  }

  private print(): void {
    const { host, name } = this.options;
    const elapsed = Math.round(host.now() - this.startMs);
    host.report(`SCHED ${elapsed}ms${name === undefined ? "" : ` ${name}`}: ${this.line()}`);
    this.arm();
  }

  stop(): void {
    if (this.timer !== undefined) this.options.host.clearTimer(this.timer);
    this.timer = undefined;
  }
}
