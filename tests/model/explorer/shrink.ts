// Makes the schedule of a failure simpler: fewer preemptions, then fewer switches. Any list of segments is a schedule (Replay),
// so a candidate is the list with something left out; it is kept if the model still fails, whatever the reason.

import type { Execution } from "./execution.js";
import { costOf, type Schedule } from "./schedule.js";
import { Replay } from "./strategies.js";

type Segments = Schedule["segments"];

function without(segments: Segments, index: number): Segments {
  return segments.filter((_, other) => other !== index);
}

function unbounded(segments: Segments, index: number): Segments {
  return segments.map((segment, other) =>
    other === index ? { ...segment, steps: Number.POSITIVE_INFINITY } : segment,
  );
}

function* candidates(segments: Segments): Generator<Segments> {
  for (let length = 1; length < segments.length; length *= 2) yield segments.slice(0, length);
  for (let index = 0; index < segments.length; index++) {
    yield without(segments, index);
    if (segments[index]?.steps !== Number.POSITIVE_INFINITY) yield unbounded(segments, index);
  }
}

function fails(execution: Execution, schedule: Schedule): Schedule | undefined {
  execution.death = schedule.death;
  const outcome = execution.run(new Replay(schedule), true);
  return outcome.kind === "failed" ? execution.schedule.schedule(schedule.death) : undefined;
}

function better(execution: Execution, schedule: Schedule): Schedule | undefined {
  const cost = costOf(schedule);
  for (const segments of candidates(schedule.segments)) {
    const found = fails(execution, { ...schedule, segments });
    if (found !== undefined && costOf(found) < cost) return found;
  }
  return undefined;
}

export function shrink(execution: Execution, schedule: Schedule): Schedule {
  let best = fails(execution, schedule) ?? schedule;
  for (;;) {
    const found = better(execution, best);
    if (found === undefined) return best;
    best = found;
  }
}
