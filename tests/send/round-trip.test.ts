// What can be sent arrives, by both ways, and as structured clone would give it.

import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode, encode, NEEDS_PORT, scratch } from "../../ts/send/codec.js";
import { VIEW_CLASSES } from "../../ts/send/format.js";
import { difference, throughBytes, throughPort } from "./same.js";

const WAYS = { bytes: throughBytes, port: throughPort };

const view = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);

const VALUES: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  true: true,
  false: false,
  "small integers": [0, 1, 62, 63, 64, 65, -1, -64, 127, 128, 255, 256],
  "edges of 32 bits": [2 ** 31 - 1, -(2 ** 31), 2 ** 31, -(2 ** 31) - 1, 2 ** 32],
  doubles: [0.5, -0.5, Number.MAX_VALUE, Number.MIN_VALUE, Number.EPSILON, 1e308, 2 ** 53],
  "numbers that are none": [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  "minus zero": -0,
  "an empty string": "",
  "strings around the short ones": [19, 20, 21, 62, 63, 64, 65, 252, 253, 254].map((n) =>
    "x".repeat(n),
  ),
  "strings of one byte a unit": ["\u0000", "\u007f", "\u0080", "\u00ff", "é".repeat(100)],
  "strings of two": ["漢字", "漢".repeat(1000), "😀", "😀".repeat(50), `${"a".repeat(100)}é`],
  "lone surrogates": [
    "\ud800",
    "a\udc00b",
    "\udc00\ud800",
    `${"a".repeat(100)}\ud800`,
    "\ud83d".repeat(30),
  ],
  "a byte order mark": [
    "\ufeff",
    "\ufeffabc",
    `\ufeff${"é".repeat(40)}`,
    `\ufeff${"a".repeat(100)}`,
  ],
  bigints: [
    0n,
    1n,
    -1n,
    2n ** 63n - 1n,
    2n ** 63n,
    -(2n ** 63n),
    -(2n ** 63n) - 1n,
    2n ** 64n,
    3n ** 500n,
    -(3n ** 500n),
  ],
  "empty containers": [[], {}, new Map(), new Set(), new Uint8Array(0), new ArrayBuffer(0)],
  objects: {
    a: 1,
    b: { c: [{ d: null }] },
    "": 0,
    "with space": 1,
    é: 2,
    "0": 3,
    [`${"k".repeat(300)}`]: 4,
  },
  "keys that are names of methods": { constructor: 1, toString: 2, hasOwnProperty: 3, length: 4 },
  "a key that would set the prototype": JSON.parse('{"__proto__": {"x": 1}, "a": 2}'),
  "keys in their order": { z: 1, a: 2, 10: 3, 2: 4 },
  // biome-ignore lint/suspicious/noSparseArray: that is what is tested.
  holes: [[, 1], [1, , 2], [1, ,], [undefined, , undefined], new Array(10)],
  "a sparse array": Object.assign([], { 0: "first", 4000000: "last" }),
  "a long array of nothing": new Array(100_000),
  "the longest array": new Array(2 ** 32 - 1),
  dates: [new Date(0), new Date(1.7e12), new Date(-1), new Date(Number.NaN), new Date(8.64e15)],
  "regular expressions": [/a/, /a\/b[/]\n/gimsuy, /(?:)/, /(?<name>é)/u],
  maps: new Map<unknown, unknown>([
    ["a", 1],
    [1, "a"],
    [{ k: 1 }, { v: new Map([[null, undefined]]) }],
    [Number.NaN, -0],
  ]),
  sets: new Set<unknown>([1, "a", { x: 1 }, new Set([2]), undefined]),
  buffers: [new Uint8Array([1, 2, 3]).buffer, new ArrayBuffer(100)],
  "views of every type": VIEW_CLASSES.map((viewClass) => new viewClass(view.slice().buffer)),
  "boxed primitives": [Object(1), Object("text"), Object(false), Object(5n), Object(Number.NaN)],
  "more objects than a few": Array.from({ length: 100 }, (_, i) => ({
    i,
    text: `item ${i}`,
    list: [i, i / 3],
  })),
};

describe.each(Object.entries(WAYS))("by %s", (_, through) => {
  test.each(Object.entries(VALUES))("%s", (_, value) => {
    const arrived = through(value);
    expect(difference(value, arrived)).toBe(undefined);
    expect(difference(structuredClone(value), arrived)).toBe(undefined);
    expect(arrived).toEqual(value);
  });
});

test("an object without a prototype arrives without one", () => {
  const bare = Object.assign(Object.create(null), { a: 1, ["__proto__"]: 2 });
  const arrived = throughBytes(bare) as object;
  expect(Object.getPrototypeOf(arrived)).toBe(null);
  expect(Object.entries(arrived)).toEqual([
    ["a", 1],
    ["__proto__", 2],
  ]);
});

test("a key that would set the prototype does not", () => {
  const arrived = throughBytes(JSON.parse('{"__proto__": {"x": 1}}')) as { x?: number };
  expect(Object.getPrototypeOf(arrived)).toBe(Object.prototype);
  expect(arrived.x).toBe(undefined);
});

test("a view takes only its own part along", () => {
  const part = new Uint16Array(new ArrayBuffer(1000), 100, 3);
  part.set([1, 2, 3]);
  const arrived = throughBytes(part) as Uint16Array;
  expect([...arrived]).toEqual([1, 2, 3]);
  expect([arrived.byteOffset, arrived.buffer.byteLength]).toEqual([0, 6]);
  expect(arrived.constructor).toBe(Uint16Array);
});

test("views that are not aligned in the bytes arrive aligned", () => {
  for (let shift = 0; shift < 9; shift++) {
    const value = ["x".repeat(shift), new Float64Array([1.5, 2.5])];
    expect(throughBytes(value)).toEqual(value);
  }
});

test("a Buffer of Node arrives as a Uint8Array", () => {
  const arrived = throughBytes(Buffer.from("abc")) as Uint8Array;
  expect(Object.getPrototypeOf(arrived)).toBe(Uint8Array.prototype);
  expect([...arrived]).toEqual([97, 98, 99]);
});

test("decoding from a Buffer copies all the same", () => {
  const length = encode([new Uint8Array([1, 2, 3])], "arguments");
  const bytes = Buffer.from(scratch().subarray(0, length));
  const [arrived] = decode(bytes, length) as [Uint8Array];
  bytes.fill(0);
  expect([...arrived]).toEqual([1, 2, 3]);
});

test("properties with symbols as keys and those that are not enumerable stay behind, as with structured clone", () => {
  const value = Object.defineProperty({ [Symbol("s")]: 1, kept: 2 }, "hidden", { value: 3 });
  expect(Reflect.ownKeys(throughBytes(value) as object)).toEqual(["kept"]);
});

test("frozen objects arrive, and not frozen", () => {
  const arrived = throughBytes(Object.freeze({ a: Object.freeze([1]) })) as { a: number[] };
  arrived.a.push(2);
  expect(arrived).toEqual({ a: [1, 2] });
});

test("a RegExp starts at the beginning again", () => {
  const used = /a/g;
  used.lastIndex = 5;
  expect((throughBytes(used) as RegExp).lastIndex).toBe(0);
});

test("objects of another realm are as good as those of this one", () => {
  const foreign = runInNewContext(
    "({ plain: {a: 1}, list: [1, , 2], date: new Date(5), map: new Map([[1, {}]]), set: new Set([1])," +
      " expression: /a/g, bytes: new Uint8Array([1]), view: new DataView(new ArrayBuffer(2)), memory: new ArrayBuffer(3)," +
      " error: new TypeError('far away') })",
  );
  const arrived = throughBytes(foreign) as Record<string, object>;
  expect(Object.values(arrived).map((value) => value.constructor.name)).toEqual([
    "Object",
    "Array",
    "Date",
    "Map",
    "Set",
    "RegExp",
    "Uint8Array",
    "DataView",
    "ArrayBuffer",
    "TypeError",
  ]);
  expect(arrived.plain).toBeInstanceOf(Object);
  expect(arrived.error).toBeInstanceOf(Error);
  expect(arrived).toMatchObject({ plain: { a: 1 }, error: { message: "far away" } });
});

test("whatever fast-check can think of arrives as structured clone gives it", () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
    maxDepth: 5,
    maxKeys: 12,
  });
  fc.assert(
    fc.property(anything, (value) => {
      expect(difference(structuredClone(value), throughBytes(value))).toBe(undefined);
      expect(difference(value, throughPort(value))).toBe(undefined);
    }),
    { numRuns: 2000 },
  );
});

test("any string arrives unit by unit", () => {
  const unit = fc.oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0, max: 0xffff }),
    fc.integer({ min: 0xd800, max: 0xdfff }),
  );
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 400 }), (units) => {
      const text = units.map((code) => String.fromCharCode(code)).join("");
      expect(throughBytes({ [text]: text, list: [text] })).toEqual({ [text]: text, list: [text] });
    }),
    { numRuns: 2000 },
  );
});

test("any number arrives with its sign and all its bits", () => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()), (value) => {
      expect(Object.is(throughBytes(value), value)).toBe(true);
    }),
  );
});

test("strings of every length around the edges, in keys, values and buffers that have to grow", () => {
  for (let length = 0; length < 1100; length += length < 300 ? 1 : 37)
    for (const character of ["a", "é", "漢"]) {
      const text = character.repeat(length);
      expect(throughBytes([text, { [text]: 1 }])).toEqual([text, { [text]: 1 }]);
    }
});

test("every amount of bytes around the size of the first buffer", () => {
  for (let length = 900; length < 1100; length++)
    expect(throughBytes([new Uint8Array(length).fill(7), "end"])).toEqual([
      new Uint8Array(length).fill(7),
      "end",
    ]);
});

test("large values", () => {
  const list = Array.from({ length: 50_000 }, (_, i) => i);
  expect((throughBytes(list) as number[]).join()).toBe(list.join());
  const text = "é".repeat(300_000);
  expect(throughBytes(text) === text).toBe(true);
  const bytes = new Uint8Array(1_000_000).fill(3);
  expect(Buffer.compare(throughBytes(bytes) as Uint8Array, bytes)).toBe(0);
  expect(encode(new Uint8Array(2 ** 20 + 1), "arguments")).toBe(NEEDS_PORT);
  expect((throughPort(new Uint8Array(5_000_000).fill(9)) as Uint8Array)[4_999_999]).toBe(9);
});

test("the buffer that one large value needed is given up with the next", () => {
  expect(encode(new Uint8Array(2 ** 20 - 20), "arguments")).toBeGreaterThan(0);
  expect(scratch().length).toBeGreaterThan(2 ** 20);
  encode([1], "arguments");
  expect(scratch().length).toBeLessThan(2 ** 20);
});
