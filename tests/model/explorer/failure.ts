// A failure as people read it: the reason, the line that replays it, and what each thread did.

import { addressOf, isWide, KIND_NAMES, kindOf, NOTIFY } from "./access.js";
import type { Execution, Recorder } from "./execution.js";
import type { Model } from "./model.js";
import { nameAddress } from "./names.js";
import { DataRace } from "./races.js";
import { formatSchedule, type Schedule } from "./schedule.js";
import { Replay } from "./strategies.js";

/** A trace that does not end is of no use to anybody. */
const MOST_LINES = 400;

export const VARIABLE = "TOKIWA_MODEL";

export class ModelFailure extends Error {
  override readonly name = "ModelFailure";
  readonly reason: Error;
  readonly schedule: Schedule;
  readonly preemptions: number;
  /** Runs up to and with the one that failed. */
  readonly schedules: number;

  constructor(
    what: string,
    reason: Error,
    schedule: Schedule,
    preemptions: number,
    schedules: number,
    trace: string,
  ) {
    const line = `replay: ${VARIABLE}="${what}:${formatSchedule(schedule)}"`;
    super(
      `${what}: ${reason.name}: ${reason.message}\n${line}\n${preemptions} preemptions\n${trace}`,
    );
    this.reason = reason;
    this.schedule = schedule;
    this.preemptions = preemptions;
    this.schedules = schedules;
  }
}

/** Writes a run down. A value after an access is known only when the next thing happens. */
class Trace implements Recorder {
  private readonly lines: string[] = [];
  private readonly execution: Execution;
  private open: { line: string; access: number; before: string } | undefined;

  constructor(execution: Execution) {
    this.execution = execution;
  }

  private valueAt(access: number): string {
    const words = this.execution.machine.words;
    const word = addressOf(access) >>> 2;
    const low = words[word] as number;
    return isWide(access) ? `${words[word + 1]}:${low >>> 0}` : `${low}`;
  }

  private add(thread: number, text: string): void {
    this.close();
    this.lines.push(`${"    ".repeat(thread)}${thread}  ${text}`);
  }

  private close(): void {
    const open = this.open;
    this.open = undefined;
    if (open === undefined) return;
    const after = this.valueAt(open.access);
    this.lines.push(
      after === open.before ? `${open.line} = ${after}` : `${open.line} ${open.before} → ${after}`,
    );
  }

  text(): string {
    this.close();
    const left = this.lines.length - MOST_LINES;
    const shown = this.lines.slice(0, MOST_LINES);
    return [...shown, ...(left > 0 ? [`… and ${left} lines more`] : [])].join("\n");
  }

  called(thread: number, name: string, args: readonly number[]): void {
    this.add(thread, `${name}(${args.join(", ")})`);
  }

  returned(thread: number, name: string, result: number): void {
    this.add(thread, `${name} returned ${result}`);
  }

  preempted(thread: number): void {
    this.add(thread, "── preempted ──");
  }

  died(thread: number): void {
    this.add(thread, "── died ──");
  }

  stepped(thread: number, access: number): void {
    this.close();
    const kind = kindOf(access);
    const address = addressOf(access);
    const name = address === 0 ? "" : ` ${nameAddress(this.execution.machine, address)}`;
    const line = `${"    ".repeat(thread)}${thread}    ${KIND_NAMES[kind]}${name}`;
    if (address === 0 || kind === NOTIFY) this.lines.push(line);
    else this.open = { line, access, before: this.valueAt(access) };
  }
}

function describeReason(execution: Execution, reason: Error): Error {
  if (!(reason instanceof DataRace)) return reason;
  const place = nameAddress(execution.machine, reason.address);
  return new DataRace(reason.address, `${place}: ${reason.message}`);
}

export interface Replayed {
  readonly failure: ModelFailure | undefined;
  readonly trace: string;
}

/** Runs one schedule and writes down what happened. */
export function replay(
  execution: Execution,
  _model: Model,
  what: string,
  schedule: Schedule,
  schedules: number,
): Replayed {
  const trace = new Trace(execution);
  execution.death = schedule.death;
  execution.recorder = trace;
  const outcome = execution.run(new Replay(schedule), true);
  execution.recorder = undefined;
  const text = trace.text();
  if (outcome.kind !== "failed") return { failure: undefined, trace: text };
  const reason = describeReason(execution, outcome.reason);
  const { preemptions } = execution.schedule;
  return {
    failure: new ModelFailure(
      what,
      reason,
      execution.schedule.schedule(schedule.death),
      preemptions,
      schedules,
      text,
    ),
    trace: text,
  };
}
