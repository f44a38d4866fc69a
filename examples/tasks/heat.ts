// Heat that spreads in a plate, for several workers at once. The plate is one region of shared memory: nobody has a copy of it.

import { sendable } from "tokiwa";
import type { SharedBarrier, SharedRwLock } from "tokiwa/sync";
import { thisWorker } from "./this-worker.js";

export type Plate = Float64Array<ArrayBufferLike>;

/** The rows from `from` to `to` as they are next: each point as the mean of its neighbours. The edges stay as they are. */
export function nextRows(plate: Plate, width: number, from: number, to: number): Plate {
  const rows = plate.slice(from * width, to * width);
  const height = plate.length / width;
  for (let y = Math.max(from, 1); y < Math.min(to, height - 1); y++)
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const around =
        (plate[at - 1] as number) +
        (plate[at + 1] as number) +
        (plate[at - width] as number) +
        (plate[at + width] as number);
      rows[at - from * width] = around / 4;
    }
  return rows;
}

/**
 * Works on its own rows. In each round all read at once, meet, write one after the other, and meet again.
 *
 * @returns where it has run, and how often it was the last to come to a meeting.
 */
export const heatRows = sendable(
  import.meta.url,
  "heatRows",
  function* (
    plate: SharedRwLock<Plate>,
    meeting: SharedBarrier,
    width: number,
    from: number,
    to: number,
    rounds: number,
  ) {
    let last = 0;
    for (let round = 0; round < rounds; round++) {
      const rows = yield* plate.withRead((points) => nextRows(points, width, from, to));
      if ((yield* meeting.wait()).isLeader) last += 1;
      yield* plate.withWrite((points) => points.set(rows, from * width));
      yield* meeting.wait();
    }
    return { worker: thisWorker(), last };
  },
);
