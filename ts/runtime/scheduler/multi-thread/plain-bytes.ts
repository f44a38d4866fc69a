// One array of bytes that can be copied as it is, without the codec.

import { MAX_ENCODED } from "../../../send/codec.js";
import { transferListFor } from "../../../send/transfer.js";

/** The most bytes that travel in shared memory, and the fewest for which it pays to leave the codec out. */
const MOST_RAW = MAX_ENCODED;
const FEWEST_RAW = 64;

export function isPlainBytes(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array &&
    value.length >= FEWEST_RAW &&
    value.length <= MOST_RAW &&
    Object.getPrototypeOf(value) === Uint8Array.prototype &&
    value.buffer instanceof ArrayBuffer &&
    transferListFor(value) === undefined
  );
}
