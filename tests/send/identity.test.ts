// Which objects are one and the same survives the way, whatever the shape and the depth.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encode } from "../../ts/send/codec.js";
import { difference, throughBytes, throughPort } from "./same.js";

interface Link {
  next?: unknown;
}

describe.each(Object.entries({ bytes: throughBytes, port: throughPort }))("by %s", (_, through) => {
  test("an object that is met twice arrives as one", () => {
    const shared = { a: 1 };
    const [first, second] = through([shared, shared]) as object[];
    expect(first).toBe(second);
    expect(first).not.toBe(shared);
  });

  test.each<[string, (shared: object) => unknown]>([
    ["arrays", (shared) => [shared, [shared]]],
    ["properties", (shared) => ({ a: shared, b: { c: shared } })],
    ["keys and values of maps", (shared) => new Map([[shared, shared]])],
    ["sets", (shared) => [new Set([shared]), shared]],
    ["errors", (shared) => [Object.assign(new Error("e"), { shared }), shared]],
    ["causes", (shared) => [new Error("e", { cause: shared }), shared]],
  ])("in %s", (_, around) => {
    const value = around(new Date(5));
    expect(difference(value, through(value))).toBe(undefined);
  });

  test.each<[string, () => unknown]>([
    ["Date", () => new Date(1)],
    ["RegExp", () => /a/],
    ["Uint8Array", () => new Uint8Array(3)],
    ["Float64Array", () => new Float64Array(3)],
    ["ArrayBuffer", () => new ArrayBuffer(3)],
    ["Map", () => new Map()],
    ["Set", () => new Set()],
    ["Error", () => new Error("e")],
    ["boxed", () => Object(1)],
    ["object without prototype", () => Object.create(null)],
  ])("of a %s", (_, make) => {
    const shared = make();
    const arrived = through([shared, shared, make(), shared]) as unknown[];
    expect(arrived[1]).toBe(arrived[0]);
    expect(arrived[3]).toBe(arrived[0]);
    expect(arrived[2]).not.toBe(arrived[0]);
  });

  test.each([1, 2, 7, 8, 9, 10, 20, 200])("with %i objects before it", (count) => {
    const before = Array.from({ length: count }, (_, i) => ({ i }));
    const value = [...before, ...before, before];
    expect(difference(value, through(value))).toBe(undefined);
  });

  test.each<[string, () => unknown]>([
    [
      "an array in itself",
      () => {
        const a: unknown[] = [];
        a.push(a, [a]);
        return a;
      },
    ],
    [
      "an object in itself",
      () => {
        const a: Link = {};
        a.next = { next: a };
        return a;
      },
    ],
    [
      "a map as its own key and value",
      () => {
        const a = new Map();
        a.set(a, a);
        return a;
      },
    ],
    [
      "a set in itself",
      () => {
        const a = new Set();
        a.add(a);
        return a;
      },
    ],
    [
      "an error that caused itself",
      () => {
        const a = new Error("e");
        a.cause = a;
        return a;
      },
    ],
    [
      "an error among its errors",
      () => {
        const a = new AggregateError([], "e");
        a.errors.push(a);
        return a;
      },
    ],
  ])("a circle: %s", (_, make) => {
    const value = make();
    expect(difference(value, through(value))).toBe(undefined);
  });
});

test.each([199, 200, 201, 202, 399, 400, 401, 10_000, 100_000])("a chain of %i links", (length) => {
  const makers: ((inner: unknown) => unknown)[] = [
    (inner) => [inner],
    (inner) => ({ next: inner }),
    (inner) => new Map([["next", inner]]),
    (inner) => new Set([inner]),
    (inner) => Object.assign(Object.create(null), { next: inner }),
  ];
  let value: unknown = "the end";
  for (let i = 0; i < length; i++) value = (makers[i % makers.length] as (typeof makers)[0])(value);
  let at = throughBytes(value);
  let links = 0;
  for (; typeof at === "object"; links++) at = insideOf(at as object);
  expect([links, at]).toEqual([length, "the end"]);
});

function insideOf(value: object): unknown {
  if (value instanceof Map) return value.get("next");
  if (value instanceof Set) return [...value][0];
  return Array.isArray(value) ? value[0] : (value as Link).next;
}

test("a list that is linked in both directions and long", () => {
  interface Node {
    before?: Node;
    after?: Node;
    i: number;
  }
  const first: Node = { i: 0 };
  let last = first;
  for (let i = 1; i < 20_000; i++) {
    last.after = { before: last, i };
    last = last.after;
  }
  let at = throughBytes(first) as Node | undefined;
  let count = 0;
  for (; at?.after !== undefined; at = at.after, count++)
    if (at.after.before !== at) throw new Error(`at ${count}`);
  expect(count).toBe(19_999);
});

test("a chain of causes that is longer than the stack is deep", () => {
  let error = new Error("0");
  for (let i = 1; i < 1000; i++) error = new Error(String(i), { cause: error });
  let at: unknown = throughPort(error);
  for (let i = 999; i >= 0; i--, at = (at as Error).cause)
    expect((at as Error).message).toBe(String(i));
  expect(at).toBe(undefined);
});

test("depth and references together", () => {
  const shared = { shared: true };
  let value: unknown = [shared];
  for (let i = 0; i < 1000; i++) value = { value, shared, i };
  expect(typeof encode(value, "arguments")).toBe("number");
  let at = throughBytes([value, shared]) as { value: unknown; shared: unknown }[];
  const arrived = at[1];
  for (let i = 0; i < 1000; i++) {
    const link = at[0] as { value: unknown; shared: unknown };
    expect(link.shared).toBe(arrived);
    at = (i === 999 ? link.value : [link.value]) as typeof at;
  }
  expect(at[0]).toBe(arrived);
});

test("any graph", () => {
  const kinds = ["object", "array", "map", "set", "error", "bare"] as const;
  const graph = fc.record({
    nodes: fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 30 }),
    edges: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.string()), { maxLength: 80 }),
  });
  fc.assert(
    fc.property(graph, ({ nodes, edges }) => {
      const made = nodes.map(makeNode);
      for (const [from, to, key] of edges)
        connect(made[from % made.length] as object, made[to % made.length] as object, key);
      expect(difference(made[0], throughBytes(made[0]))).toBe(undefined);
      expect(difference(made, throughPort(made))).toBe(undefined);
    }),
    { numRuns: 1000 },
  );
});

function makeNode(kind: string): object {
  switch (kind) {
    case "array":
      return [];
    case "map":
      return new Map();
    case "set":
      return new Set();
    case "error":
      return new RangeError("e");
    case "bare":
      return Object.create(null);
    default:
      return {};
  }
}

function connect(from: object, to: object, key: string): void {
  if (Array.isArray(from)) from.push(to);
  else if (from instanceof Map) from.set(key.length % 2 === 0 ? key : to, to);
  else if (from instanceof Set) from.add(to);
  // Defined, so that a key that sets the prototype is a key like others.
  else
    Object.defineProperty(from, key, {
      value: to,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}
