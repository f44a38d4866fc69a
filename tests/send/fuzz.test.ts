// Bytes that nobody encoded: whatever they are, decoding ends soon, with a value or a SendError, and reads nothing behind
// the end.

import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decode,
  decodeFromPort,
  encode,
  registerSendable,
  SendError,
  scratch,
} from "../../ts/send/codec.js";
import { registerError } from "../../ts/send/errors-codec.js";
import * as format from "../../ts/send/format.js";

// Most of what takes time here is collecting stacks that nobody reads.
Error.stackTraceLimit = 0;

class Point {
  x = 0;
}
class OddError extends RangeError {}
registerSendable(
  "point",
  Point,
  (point) => [point.x],
  (plain) => Object.assign(new Point(), { x: (plain as number[])[0] }),
);
registerError(OddError);

function deep(levels: number): unknown {
  let value: unknown = { end: true };
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : new Map([[1, value]]);
  return value;
}

const shared = { shared: [1] };

/** One value for every part of the format. */
const SEEDS: unknown[] = [
  [
    undefined,
    null,
    true,
    false,
    1,
    -1,
    1000,
    1.5,
    "abc",
    "é",
    "x".repeat(100),
    "\ud800",
    "é".repeat(50),
  ],
  { a: 1, bb: { ccc: [1, 2, 3] }, ["k".repeat(300)]: 1 },
  [10n, -(2n ** 100n), new Date(5), /a+/g, Object(1), Object("text")],
  [
    new Uint8Array([1, 2, 3]),
    new Float64Array(3),
    new DataView(new ArrayBuffer(4)),
    new ArrayBuffer(5),
  ],
  [
    new Map<unknown, unknown>([
      ["a", [1]],
      [{}, new Set([1, "b"])],
    ]),
    Object.assign(Object.create(null), { a: 1 }),
  ],
  // biome-ignore lint/suspicious/noSparseArray: that is what is tested.
  [[, 1, , ,], Object.assign([], { 4000000: 1 })],
  [
    new TypeError("x", { cause: new AggregateError([1], "y") }),
    new DOMException("z", "AbortError"),
    new OddError("o"),
  ],
  [new Point(), new Point(), shared, shared, { shared }],
  deep(210),
];

const encoded = SEEDS.map((value) => {
  const length = encode(value, "seed");
  return scratch().slice(0, length);
});

/** Decodes, and says whether it was refused. Everything else fails the test. */
function isRefused(bytes: Uint8Array, length = bytes.length): boolean {
  try {
    decode(bytes, length);
    return false;
  } catch (error) {
    if (error instanceof SendError) return true;
    throw error;
  }
}

test("every beginning of every message is refused, with its rest still behind it", () => {
  for (const bytes of encoded) {
    for (let length = 0; length < bytes.length; length++) {
      expect(isRefused(bytes, length)).toBe(true);
      expect(isRefused(bytes.slice(0, length))).toBe(true);
    }
    expect(isRefused(bytes)).toBe(false);
  }
});

test("a length beyond the bytes is refused", () => {
  for (const bytes of encoded) expect(isRefused(bytes, bytes.length + 1)).toBe(true);
});

test("something behind the end is refused", () => {
  for (const bytes of encoded) {
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expect(isRefused(longer)).toBe(true);
    expect(isRefused(longer, bytes.length)).toBe(false);
  }
});

test("every bit of every message turned over, of long ones some", () => {
  for (const bytes of encoded)
    for (let at = 0; at < bytes.length; at += bytes.length > 1000 ? 7 : 1)
      for (let bit = 0; bit < 8; bit++) {
        const changed = bytes.slice();
        changed[at] = (changed[at] as number) ^ (1 << bit);
        isRefused(changed);
      }
});

function isTag(value: unknown): value is number {
  return typeof value === "number" && value < 256;
}

test("every byte of every message replaced by each tag, of long ones some", () => {
  const tags = new Set([...Object.values<unknown>(format).filter(isTag), 0x7f, 0xff]);
  for (const bytes of encoded)
    for (let at = 0; at < bytes.length; at += bytes.length > 1000 ? 37 : 1)
      for (const tag of tags) {
        const changed = bytes.slice();
        changed[at] = tag;
        isRefused(changed);
      }
});

test("messages that are cut and sewn together", () => {
  const piece = fc.tuple(fc.nat(encoded.length - 1), fc.nat(), fc.nat(60));
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
      const parts = pieces.map(([which, at, length]) => {
        const from = encoded[which] as Uint8Array;
        return [...from.subarray(at % from.length, (at % from.length) + length)];
      });
      isRefused(Uint8Array.from([format.FLAGS_MARK | format.HAS_REFERENCES, ...parts.flat()]));
    }),
    { numRuns: 5000 },
  );
});

test("random bytes, with and without a beginning that is right", () => {
  const head = fc.constantFrom(
    [],
    [format.FLAGS_MARK],
    [format.FLAGS_MARK | format.HAS_REFERENCES],
  );
  const tag = fc.integer({ min: 0, max: 0x30 });
  const byte = fc.oneof(
    { weight: 3, arbitrary: tag },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
  );
  fc.assert(
    fc.property(head, fc.array(byte, { maxLength: 200 }), (start, bytes) => {
      isRefused(Uint8Array.from([...start, ...bytes]));
    }),
    { numRuns: 10_000 },
  );
});

test.each<[string, number[]]>([
  ["an array that says it is enormous", [format.ARRAY, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ["an array longer than arrays can be", [format.SPARSE_ARRAY, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]],
  ["an element behind the end of its array", [format.SPARSE_ARRAY, 2, 1, 5, format.NULL]],
  ["a length without an end", [format.ARRAY, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ["a string that says it is enormous", [format.STRING_ASCII, 0xff, 0xff, 0xff, 0xff]],
  ["a string of units that says it is enormous", [format.STRING_UNITS, 0xff, 0xff, 0xff, 0x7f]],
  ["bytes that say they are enormous", [format.BYTES, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ["a view that does not fit its bytes", [format.BYTES, 8, 3, 1, 2, 3]],
  ["a view without a type", [format.BYTES, 60, 1, 1]],
  [
    "a view of something that is no memory",
    [format.VIEW, 0, ...new Array(16).fill(0), format.NULL],
  ],
  ["a reference to nothing", [format.REFERENCE, 5]],
  ["a reference to itself", [format.REFERENCE, 0]],
  ["a boxed reference to itself", [format.BOXED, format.REFERENCE, 0]],
  ["a boxed object", [format.BOXED, format.OBJECT, format.END_OF_KEYS]],
  [
    "a handle that contains itself",
    [format.SENDABLE, 5, ...Buffer.from("point"), format.REFERENCE, 0],
  ],
  ["a handle of an unknown class", [format.SENDABLE, 1, 65, format.NULL]],
  ["a handle without a class", [format.SENDABLE, format.END_OF_KEYS, format.NULL]],
  ["an attachment that is not there", [format.ATTACHMENT, 3]],
  ["an error of no class", [format.ERROR, 200]],
  ["a bigint that is none", [format.BIGINT_TEXT, format.SHORT_STRING | 2, 0x2d, 0x2d]],
  [
    "a regular expression that is none",
    [format.REGEXP, format.SHORT_STRING | 1, 0x28, format.SHORT_STRING],
  ],
  [
    "flags that are none",
    [format.REGEXP, format.SHORT_STRING | 1, 0x61, format.SHORT_STRING | 1, 0x61],
  ],
  ["a text that is a number", [format.REGEXP, format.SMALL_INT, format.SMALL_INT]],
  ["a hole outside of an array", [format.HOLE]],
  ["an end outside of everything", [format.END]],
  ["nothing", []],
])("%s", (_, bytes) => {
  for (const flags of [format.FLAGS_MARK, format.FLAGS_MARK | format.HAS_REFERENCES])
    expect(isRefused(Uint8Array.from([flags, ...bytes]))).toBe(true);
});

test.each<[string, number[]]>([
  ["arrays", [format.ARRAY, 1]],
  ["maps", [format.MAP]],
  ["sets", [format.SET]],
  ["objects", [format.OBJECT, 1, 65]],
  ["boxed values", [format.BOXED]],
  ["views", [format.VIEW, 0, ...new Array(16).fill(0)]],
  ["handles", [format.SENDABLE, 5, ...Buffer.from("point")]],
])("%s that nest without an end are refused before the stack is", (_, unit) => {
  const bytes = Uint8Array.from([format.FLAGS_MARK, ...new Array(50_000).fill(unit).flat()]);
  expect(() => decode(bytes, bytes.length)).toThrow(/nested too deeply/);
});

test("texts that nest are refused", () => {
  const bytes = new Uint8Array(100_000).fill(format.BIGINT_TEXT);
  bytes[0] = format.FLAGS_MARK;
  expect(() => decode(bytes, bytes.length)).toThrow(/a text is missing/);
});

test("bodies that were put off and never come are refused", () => {
  expect(isRefused(Uint8Array.from([format.FLAGS_MARK, format.OBJECT | format.LATER]))).toBe(true);
  expect(
    isRefused(
      Uint8Array.from([format.FLAGS_MARK, format.OBJECT | format.LATER, format.END_OF_KEYS]),
    ),
  ).toBe(false);
});

test("after refused bytes the next ones are read as ever", () => {
  for (const bytes of encoded) {
    isRefused(bytes.slice(0, bytes.length - 1));
    const other = encoded[0] as Uint8Array;
    expect(decode(other, other.length)).toEqual(SEEDS[0]);
  }
});

test("what is refused says where it came from, and why", () => {
  expect(() => decode(new Uint8Array(0), 0)).toThrow(
    "a message from another thread cannot be read: it ends too early",
  );
  expect(() =>
    decodeFromPort(Uint8Array.from([format.FLAGS_MARK, format.ATTACHMENT, 0]), []),
  ).toThrow("a part is missing");
});
