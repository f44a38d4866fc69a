// The bytes that a decoder reads, and what has no parts of its own in them (format.ts).
//
// D1. Nothing is read behind the end that was given, whatever the bytes say: every read is checked against it.

import { MalformedError } from "./errors.js";
import { asciiText, unitsText } from "./strings.js";

export const NO_BYTES: Uint8Array = new Uint8Array(0);

const scratch = new ArrayBuffer(8);
const scratchBytes = new Uint8Array(scratch);
const scratchView = new DataView(scratch);

export function malformed(detail: string): never {
  throw new MalformedError(detail);
}

export class Reader {
  protected bytes: Uint8Array = NO_BYTES;
  protected end = 0;
  protected at = 0;

  protected byte(): number {
    if (this.at >= this.end) malformed("it ends too early");
    return this.bytes[this.at++] as number;
  }

  protected varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 5; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return malformed("a length is too long");
  }

  /** Steps over `size` bytes and says where they began. */
  protected take(size: number): number {
    const start = this.at;
    if (size > this.end - start) malformed("it ends too early");
    this.at = start + size;
    return start;
  }

  protected load(size: number): void {
    const start = this.take(size);
    for (let i = 0; i < size; i++) scratchBytes[i] = this.bytes[start + i] as number;
  }

  protected int32(): number {
    const at = this.take(4);
    const bytes = this.bytes;
    return (
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    );
  }

  protected double(): number {
    this.load(8);
    return scratchView.getFloat64(0, true);
  }

  protected readAscii(): string {
    const length = this.int32() >>> 0;
    return asciiText(this.bytes, this.take(length), length);
  }

  protected readUnits(isWellFormed: boolean): string {
    const length = this.int32() >>> 0;
    return unitsText(this.bytes, this.take(length * 2), length, isWellFormed);
  }

  protected bigInt64(): bigint {
    this.load(8);
    return scratchView.getBigInt64(0, true);
  }
}
