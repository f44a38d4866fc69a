// The trace of a runtime: what the core logged, copied out at every driver turn, and its text form.
//
// A line is `<tick> <event> <task id>`. Two runs of one program from one seed give the same bytes.

import type { Core } from "./core/binding.js";

const RECORD = 16;
const RECORDS_PER_PAGE = 4096;
const EVENTS = ["", "spawn", "poll", "wake", "yield", "fire", "cancel", "complete"];

export class TraceLog {
  private readonly core: Core;
  private readonly chunks: Uint8Array[] = [];

  constructor(core: Core) {
    this.core = core;
    core.exports.setTrace(1);
  }

  drain(): void {
    const { exports, memory } = this.core;
    const count = exports.traceCount();
    for (let first = 0; first < count; first += RECORDS_PER_PAGE) {
      const records = Math.min(RECORDS_PER_PAGE, count - first);
      const view = new Uint8Array(memory.buffer, exports.traceAddress(first), records * RECORD);
      this.chunks.push(view.slice());
    }
    exports.clearTrace();
  }

  text(): string {
    this.drain();
    const lines: string[] = [];
    for (const chunk of this.chunks) {
      const view = new DataView(chunk.buffer);
      for (let at = 0; at < chunk.length; at += RECORD) {
        const event = EVENTS[view.getUint32(at, true)];
        lines.push(`${view.getFloat64(at + 8, true)} ${event} ${view.getUint32(at + 4, true)}\n`);
      }
    }
    return lines.join("");
  }
}
