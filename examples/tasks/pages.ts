// A table in a file of pages. Pages are read by tasks of one runtime and looked through by tasks of another, which have a handle of
// the first: a Handle is Send.

import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import { sendable } from "tokiwa";
import { Handle } from "tokiwa/runtime";

export const PAGE_BYTES = 8192;
export const ROWS_A_PAGE: number = PAGE_BYTES / 4;

/** Row n holds n · 7919 mod 1000. */
export function writeTable(file: string, pages: number): void {
  writeFileSync(
    file,
    Uint32Array.from({ length: pages * ROWS_A_PAGE }, (_, n) => (n * 7919) % 1000),
  );
}

export interface Page {
  readonly bytes: Uint8Array;
  /** The runtime that has read it. */
  readonly readBy: string;
}

/** For the runtime that does I/O. */
export const readPage = sendable(
  import.meta.url,
  "readPage",
  (file: string, page: number): Page => {
    const bytes = new Uint8Array(PAGE_BYTES);
    const descriptor = openSync(file, "r");
    try {
      readSync(descriptor, bytes, 0, PAGE_BYTES, page * PAGE_BYTES);
    } finally {
      closeSync(descriptor);
    }
    return { bytes, readBy: Handle.current().name ?? "" };
  },
);

/** For the runtime that computes: waits for the page, then goes through its rows. */
export const countAbove = sendable(
  import.meta.url,
  "countAbove",
  function* (io: Handle, file: string, page: number, limit: number) {
    const { bytes, readBy } = yield* io.spawn(readPage, file, page);
    const rows = new Uint32Array(bytes.buffer, bytes.byteOffset, ROWS_A_PAGE);
    const count = rows.reduce((sum, row) => sum + (expensive(row) > limit ? 1 : 0), 0);
    return { count, readBy, countedBy: Handle.current().name ?? "" };
  },
);

/** A predicate that takes its time and gives the row back. */
function expensive(row: number): number {
  let value = row;
  for (let round = 0; round < 100; round++) value = (value * 31 + 7) % 1_000_003;
  return value < 0 ? value : row;
}
