// The bytes that an encoder writes, and primitive values in them (format.ts). Knows nothing of objects.

import * as format from "./format.js";

/** Behind what is written there is always room for this: one check does for a tag, a length and a number. */
const ROOM = 32;
const SMALLEST_BUFFER = 1024;
/** A buffer that one large value has left behind is given up. */
const LARGEST_KEPT = 2 ** 20;

const textEncoder = new TextEncoder();
const hasIsWellFormed = "isWellFormed" in String.prototype;
const LONE_SURROGATE = /\p{Surrogate}/u;

function isWellFormed(text: string): boolean {
  return hasIsWellFormed
    ? (text as unknown as { isWellFormed(): boolean }).isWellFormed()
    : !LONE_SURROGATE.test(text);
}

export abstract class Writer {
  bytes: Uint8Array = new Uint8Array(SMALLEST_BUFFER);
  length = 0;

  protected view: DataView = new DataView(this.bytes.buffer);
  protected limit = 0;

  /** Throws what is thrown when more than {@link limit} bytes would be needed. */
  protected abstract tooLarge(): never;

  /** Starts again, with room for a head. */
  protected start(limit: number): void {
    this.limit = limit;
    this.length = 1;
    if (this.bytes.length > LARGEST_KEPT) this.use(new Uint8Array(SMALLEST_BUFFER));
  }

  /** Makes room for `size` bytes and a value's head. */
  protected reserve(size: number): void {
    if (this.length + size + ROOM > this.bytes.length) this.grow(size);
  }

  private grow(size: number): void {
    if (this.length > this.limit) this.tooLarge();
    const capacity = Math.max(this.bytes.length * 2, this.length + size + ROOM);
    const larger = new Uint8Array(capacity);
    larger.set(this.bytes.subarray(0, this.length));
    this.use(larger);
  }

  private use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  protected byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  protected varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  protected double(value: number): void {
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  protected writeNumber(value: number): void {
    const integer = value | 0;
    if (integer !== value || (integer === 0 && Object.is(value, -0))) {
      this.byte(format.DOUBLE);
      this.double(value);
    } else if (integer >= 0 && integer <= format.SMALL_INT_MAX) {
      this.byte(format.SMALL_INT | integer);
    } else {
      this.byte(format.INT32);
      this.view.setInt32(this.length, integer, true);
      this.length += 4;
    }
  }

  protected writeBigInt(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.byte(format.BIGINT_64);
      this.view.setBigInt64(this.length, value, true);
      this.length += 8;
    } else {
      this.byte(format.BIGINT_TEXT);
      this.writeString(value.toString(16));
    }
  }

  protected writeString(text: string): void {
    const length = text.length;
    if (length > format.SHORT_STRING_MAX) this.writeLongString(text);
    else if (!this.writeAscii(text, format.SHORT_STRING | length)) this.writeUnits(text);
  }

  /** A head of one byte and the characters, one byte each; false, and nothing written, when they do not fit a byte. */
  protected writeAscii(text: string, head: number): boolean {
    const length = text.length;
    this.reserve(length);
    const bytes = this.bytes;
    let at = this.length;
    bytes[at++] = head;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.length = at;
    return true;
  }

  protected writeLongString(text: string): void {
    const length = text.length;
    if (this.length + length > this.limit) this.tooLarge();
    this.reserve(length);
    const start = this.length + 5;
    // With room for no more bytes than characters, it gets to the end only if every character is a byte.
    const room = this.bytes.subarray(start, start + length);
    if (textEncoder.encodeInto(text, room).read !== length) {
      this.writeUnits(text);
      return;
    }
    this.byte(format.STRING_ASCII);
    this.view.setUint32(this.length, length, true);
    this.length = start + length;
  }

  protected writeUnits(text: string): void {
    const length = text.length;
    this.reserve(length * 2);
    this.byte(isWellFormed(text) ? format.STRING_UTF16 : format.STRING_UNITS);
    this.view.setUint32(this.length, length, true);
    let at = this.length + 4;
    const bytes = this.bytes;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      bytes[at++] = unit;
      bytes[at++] = unit >> 8;
    }
    this.length = at;
  }

  protected writeKey(key: string): void {
    if (key.length <= format.KEY_MAX && this.writeAscii(key, key.length)) return;
    this.byte(format.LONG_KEY);
    this.writeString(key);
  }
}
