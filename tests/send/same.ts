// Compares what was sent with what arrived: values, kinds of objects, holes, and which objects are one and the same.

import { decode, decodeFromPort, encode, encodeForPort, scratch } from "../../ts/send/codec.js";

/** Through bytes in a buffer that is overwritten afterwards: nothing of it may be kept. */
export function throughBytes(value: unknown): unknown {
  const length = encode(value, "arguments");
  if (length < 0) throw new Error("needs a port");
  const bytes = new Uint8Array(length + 16).fill(0xee);
  bytes.set(scratch().subarray(0, length));
  const arrived = decode(bytes, length);
  bytes.fill(0xdd);
  scratch().fill(0xcc);
  return arrived;
}

/** Through the structured clone that a port does. */
export function throughPort(value: unknown): unknown {
  const { bytes, attachments, transfer } = encodeForPort(value, "arguments");
  const arrived = structuredClone({ bytes, attachments }, { transfer: transfer as ArrayBuffer[] });
  return decodeFromPort(arrived.bytes, arrived.attachments);
}

/** Where two values differ, or undefined. `clone` of a structured clone: objects without prototypes have got one. */
export function difference(
  a: unknown,
  b: unknown,
  path = "value",
  pairs = new Map(),
): string | undefined {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null)
    return Object.is(a, b) ? undefined : `${path}: ${String(a)} and ${String(b)}`;
  if (pairs.has(a)) return pairs.get(a) === b ? undefined : `${path}: another object`;
  pairs.set(a, b);
  const kind = Object.prototype.toString.call(a);
  if (kind !== Object.prototype.toString.call(b)) return `${path}: ${kind}`;
  return differenceInside(a, b, path, pairs);
}

function differenceInside(
  a: object,
  b: object,
  path: string,
  pairs: Map<unknown, unknown>,
): string | undefined {
  const [x, y] = [partsOf(a), partsOf(b)];
  if (x.length !== y.length) return `${path}: ${x.length} and ${y.length} parts`;
  for (const [i, [key, value]] of x.entries()) {
    const other = y[i] as [string, unknown];
    if (key !== other[0]) return `${path}: ${key} and ${other[0]}`;
    const found = difference(value, other[1], `${path}.${key}`, pairs);
    if (found !== undefined) return found;
  }
  return undefined;
}

function partsOf(value: object): [string, unknown][] {
  const own = Object.entries(value);
  if (Array.isArray(value)) return [["length", value.length], ...own];
  if (value instanceof Map)
    return [...value].flatMap(
      ([k, v], i) =>
        [
          [`key${i}`, k],
          [`value${i}`, v],
        ] as [string, unknown][],
    );
  if (value instanceof Set) return [...value].map((item, i) => [`${i}`, item]);
  if (ArrayBuffer.isView(value))
    return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)].map((byte, i) => [
      `${i}`,
      byte,
    ]);
  if (value instanceof ArrayBuffer)
    return [...new Uint8Array(value)].map((byte, i) => [`${i}`, byte]);
  if (value instanceof Date) return [["time", value.getTime()]];
  if (value instanceof RegExp)
    return [
      ["text", String(value)],
      ["lastIndex", value.lastIndex],
    ];
  if (
    value instanceof Number ||
    value instanceof String ||
    value instanceof Boolean ||
    value instanceof BigInt
  )
    return [["value", value.valueOf()]];
  return own;
}
