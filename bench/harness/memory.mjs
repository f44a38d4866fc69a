// Memory of this process.

/** Only for rows that measure memory: elsewhere a round pays for garbage when it falls due, as a program does. */
function collectGarbage() {
  if (globalThis.gc === undefined) throw new Error("start node with --expose-gc");
  globalThis.gc();
}

/**
 * Memory now: of the process, and what V8 knows of. `external` has array buffers in it, and the memory of WebAssembly.
 * Resident memory is read before the collection as well, since collecting gives pages back.
 */
export function readMemory() {
  const uncollected = process.memoryUsage.rss();
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, uncollected, heap: heapUsed + external };
}

/** Pages are given back in the background for a while after a collection. */
const SETTLE_MS = 200;

/** Resident memory once a collection has come to its end. */
export async function settledResidentBytes() {
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return process.memoryUsage.rss();
}

/** What every one of `count` things holds, from a reading before and one after they were there. */
export function bytesEach(count, before, after) {
  const each = (field) => Math.round(((after[field] - before[field]) / count) * 10) / 10;
  return {
    bytesPerTask: each("rss"),
    uncollectedBytesPerTask: each("uncollected"),
    heapBytesPerTask: each("heap"),
  };
}
