// Schedules: which thread takes how many steps before the next one goes on, and the text that replays one.
//
//   1*5,0,1      thread 1 for five steps, thread 0 until it ends or cannot go on, then thread 1 likewise
//
//   !12,0*3,1      likewise, and the thread that may die does so before its 12th change of memory
//
// A step is one access to shared memory, whether or not it could matter to the search, or one sleep or condition; so a
// schedule means the same whatever the search has left out.

const FOREVER: number = Number.POSITIVE_INFINITY;

export interface Segment {
  readonly thread: number;
  /** Infinity: until the thread ends or cannot go on. */
  readonly steps: number;
}

export interface Schedule {
  readonly segments: readonly Segment[];
  /** After how many of its events the thread dies that may die; Infinity: it lives. */
  readonly death: number;
}

export function scheduleOf(segments: readonly Segment[], death: number = FOREVER): Schedule {
  return { segments, death };
}

function formatSegment({ thread, steps }: Segment): string {
  return steps === FOREVER ? `${thread}` : `${thread}*${steps}`;
}

export function formatSchedule({ segments, death }: Schedule): string {
  const texts = segments.map(formatSegment);
  return (death === FOREVER ? texts : [`!${death}`, ...texts]).join(",");
}

function parseSegment(text: string): Segment {
  const match = /^(\d+)(?:\*(\d+))?$/.exec(text.trim());
  if (match === null) throw new Error(`"${text}" is no part of a schedule: write thread*steps`);
  return { thread: Number(match[1]), steps: match[2] === undefined ? FOREVER : Number(match[2]) };
}

export function parseSchedule(text: string): Schedule {
  const parts = text.split(",").filter((part) => part.trim() !== "");
  const death = parts[0]?.startsWith("!") === true ? Number(parts.shift()?.slice(1)) : FOREVER;
  return scheduleOf(parts.map(parseSegment), death);
}

/** Takes down what a run did, step by step. */
export class ScheduleRecorder {
  private readonly segments: { thread: number; steps: number }[] = [];
  private preempted: boolean[] = [];
  preemptions = 0;

  begin(): void {
    this.segments.length = 0;
    this.preempted.length = 0;
    this.preemptions = 0;
  }

  step(thread: number): void {
    const last = this.segments[this.segments.length - 1];
    if (last?.thread === thread) last.steps++;
    else this.segments.push({ thread, steps: 1 });
  }

  /** The thread of the last step could have gone on and does not. */
  preempt(): void {
    this.preempted[this.segments.length - 1] = true;
    this.preemptions++;
  }

  schedule(death: number): Schedule {
    const segments = this.segments.map(({ thread, steps }, index) => ({
      thread,
      steps: this.preempted[index] === true ? steps : FOREVER,
    }));
    return scheduleOf(segments, death);
  }
}

/** Fewest preemptions first, then fewest switches. */
export function costOf({ segments }: Schedule): number {
  const preemptions = segments.filter(({ steps }) => steps !== FOREVER).length;
  return preemptions * 10_000 + segments.length;
}
