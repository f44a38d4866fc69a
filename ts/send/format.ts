// The bytes of an encoded value.
//
//     ┌─────────┬───────┬────────────────────────────────────┐
//     │ flags 1 │ value │ bodies that were put off, in order │
//     └─────────┴───────┴────────────────────────────────────┘
//
// A value is a tag and what follows it. Lengths and counts are varints of 7 bits a byte, the lowest first; numbers are in the
// machine's own order of bytes, since both ends are one machine.
//
// Every object has a number: 0, 1, 2 … in the order in which the encoder entered them. REFERENCE names one of them, so an
// object that is met twice arrives as one, and a circle as a circle.
//
// A container's body stands behind its tag, or, if the container lies MAX_DEPTH deep, behind everything else. So the stack
// is never deeper than that, however deep the value.

/** Flags. Without references the decoder keeps no numbers. */
export const HAS_REFERENCES = 1;
/** Every other bit of the flags. */
export const FLAGS_MARK = 0xa4;

/** How deep containers nest before their bodies are put off. Small enough for any stack, more than real data has. */
export const MAX_DEPTH = 200;
/** How much deeper the state of a sendable handle may go: it cannot be put off, since it is decoded whole. */
export const MAX_STATE_DEPTH = 64;

// Leaves.
export const END = 0x00;
export const UNDEFINED = 0x01;
export const NULL = 0x02;
export const TRUE = 0x03;
export const FALSE = 0x04;
/** 4 bytes. */
export const INT32 = 0x05;
/** 8 bytes. */
export const DOUBLE = 0x06;
/** 8 bytes. */
export const BIGINT_64 = 0x07;
/** A string of hexadecimal digits, perhaps with a minus. */
export const BIGINT_TEXT = 0x08;
/** Length and ASCII characters. */
export const STRING_ASCII = 0x09;
/** Length in units and UTF-16. Hosts read it several times as fast as UTF-8 that is not ASCII. */
export const STRING_UTF16 = 0x0a;
/** The number of an object. */
export const REFERENCE = 0x0b;
/** In arrays: nothing here. */
export const HOLE = 0x0c;
/** 8 bytes, milliseconds. */
export const DATE = 0x0d;
/** Two strings. */
export const REGEXP = 0x0e;
/** Type of view, byte length, bytes. */
export const BYTES = 0x0f;
/** Type of view, byte offset, length in elements, and the buffer as a value. */
export const VIEW = 0x10;
/** A primitive as an object: the primitive. */
export const BOXED = 0x11;
/** A registered class: its tag as a key, and its state as a value. */
export const SENDABLE = 0x12;
/** Index into what travels beside the bytes. */
export const ATTACHMENT = 0x13;
/** Like UTF-16, with lone surrogates in it, which no decoder of texts lets through. */
export const STRING_UNITS = 0x14;

// Containers. With LATER added, the body has been put off.
/** Keys and values, END_OF_KEYS. */
export const OBJECT = 0x20;
/** The same without a prototype. */
export const BARE_OBJECT = 0x21;
/** Length and elements. */
export const ARRAY = 0x22;
/** Length; index and value as often as the count before them says. */
export const SPARSE_ARRAY = 0x23;
/** Keys and values, END. */
export const MAP = 0x24;
/** Values, END. */
export const SET = 0x25;
/** Class, what it needs; hidden properties, END_OF_KEYS, others, END_OF_KEYS. */
export const ERROR = 0x26;
export const LATER = 0x10;

/** 0x80 … 0xbf: a string of 0 to 63 ASCII characters. */
export const SHORT_STRING = 0x80;
export const SHORT_STRING_MAX = 63;
/** 0xc0 … 0xff: 0 to 63. */
export const SMALL_INT = 0xc0;
export const SMALL_INT_MAX = 63;

// Keys: a length and ASCII characters, or one of these.
export const KEY_MAX = 253;
/** A string value follows. */
export const LONG_KEY = 254;
export const END_OF_KEYS = 255;

/** Types of view. The place in the list is the number in the bytes. */
export const VIEW_CLASSES: readonly (new (
  buffer: ArrayBuffer,
  byteOffset?: number,
  length?: number,
) => ArrayBufferView)[] = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
];
/** The number of an ArrayBuffer itself. */
export const BUFFER_TYPE = 0x7f;
