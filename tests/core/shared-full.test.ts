// Shared primitives in a memory that is full: what could not be made leaves nothing behind.

import { expect, test } from "vitest";
import { moduleOf } from "../support/core.js";

interface SharedExports {
  adoptWorker(index: number): void;
  newValue(bytes: number): number;
  unpin(block: number): void;
  newObject(kind: number, permits: number, maximum: number): number;
  claimsHere(): number;
}

/** Records and a few pages. */
const PAGES = 133;
const BYTES = 64;
const SEMAPHORE = 1;

function fullMemory(): { core: SharedExports; blocks: number[] } {
  const memory = new WebAssembly.Memory({ initial: 131, maximum: PAGES, shared: true });
  const abort = (): never => {
    throw new Error("assertion");
  };
  const { exports } = new WebAssembly.Instance(moduleOf("check-threads"), {
    env: { memory, abort },
  });
  const core = exports as unknown as SharedExports;
  core.adoptWorker(0);
  const blocks: number[] = [];
  for (let block = core.newValue(BYTES); block !== 0; block = core.newValue(BYTES))
    blocks.push(block);
  return { core, blocks };
}

test("with room for an object and none for its claim: the object is given back", () => {
  const { core, blocks } = fullMemory();
  expect(blocks.length).toBeGreaterThan(100);
  core.unpin(blocks.pop() as number);
  for (let round = 0; round < 3; round++) expect(core.newObject(SEMAPHORE, 1, 1)).toBe(0);
  expect(core.claimsHere()).toBe(0);
  const again = core.newValue(BYTES);
  expect(again).not.toBe(0);
  expect(core.newValue(BYTES)).toBe(0);
  core.unpin(again);
  core.unpin(blocks.pop() as number);
  expect(core.newObject(SEMAPHORE, 1, 1)).not.toBe(0);
});
