// What cannot be sent is refused, by both ways, with the path to it and what to do instead.

import { describe, expect, test } from "vitest";
import { Future } from "../../ts/future/index.js";
import { checkSendable, encode, encodeForPort, SendError } from "../../ts/send/codec.js";

class Account {
  owner = "x";
}
class Fast extends Map {}
class Bytes extends Uint8Array {}
class List extends Array {}
class Never extends Future<void> {
  poll(): void {}
}

function* coroutine() {}
async function* stream() {}

function refusal(
  value: unknown,
  path = "arguments",
  by: (value: unknown, path: string) => unknown = encode,
): SendError {
  try {
    by(value, path);
  } catch (error) {
    expect(error).toBeInstanceOf(SendError);
    return error as SendError;
  }
  throw new Error("was not refused");
}

const REFUSED: [string, unknown, RegExp][] = [
  ["a function", () => 1, /is a function.* `sendable`/],
  ["an async function", async () => 1, /is a function/],
  ["a coroutine function", coroutine, /is a function/],
  ["a class", Account, /is a class/],
  ["a symbol", Symbol("s"), /is a symbol.*send a string/],
  ["a registered symbol", Symbol.for("s"), /is a symbol/],
  ["a promise", Promise.resolve(1), /is a Promise.*wait for it here/],
  ["a future", new Never(), /is a future/],
  ["a coroutine", coroutine(), /is a coroutine or generator.*sendable function and its arguments/],
  ["an async generator", stream(), /is a coroutine or generator/],
  ["an iterator of an array", [1].values(), /is an iterator.*\[\.\.\.iterator\]/],
  ["an iterator of a map", new Map().entries(), /is an iterator/],
  ["an iterator of a string", "a"[Symbol.iterator](), /is an iterator/],
  ["a WeakMap", new WeakMap(), /weak collection/],
  ["a WeakSet", new WeakSet(), /weak collection/],
  ["a WeakRef", new WeakRef({}), /weak collection/],
  ["a FinalizationRegistry", new FinalizationRegistry(() => {}), /weak collection/],
  ["an AbortSignal", new AbortController().signal, /bound to this thread.*CancellationToken/],
  ["an AbortController", new AbortController(), /bound to this thread/],
  ["an instance", new Account(), /is an instance of class Account.*make the instance there/],
  ["an instance of a class without a name", new (class {})(), /has a prototype of its own/],
  ["a Map of the program's own", new Fast(), /class Fast/],
  ["an Array of the program's own", new List(), /class List/],
  ["a view of the program's own", new Bytes(1), /class Bytes/],
  [
    "an object with another object as its prototype",
    Object.create({ a: 1 }),
    /prototype of its own/,
  ],
  ["a URL", new URL("http://localhost"), /is a URL.*send its text/],
  ["what comes of fetching", new Headers(), /class Headers/],
  ["a boxed symbol", Object(Symbol("s")), /class Symbol/],
  ["something that only looks like an array", Object.create(Array.prototype), /class Array/],
  ["a proxy of a function", new Proxy(() => 1, {}), /is a function/],
  ["a proxy of an instance", new Proxy(new Account(), {}), /class Account/],
  ["a proxy of a promise", new Proxy(Promise.resolve(), {}), /is a Promise/],
];

describe.each(Object.entries({ encode, encodeForPort, checkSendable }))("by %s", (_, by) => {
  test.each(REFUSED)("%s", (_, value, text) => {
    const error = refusal([{ deep: [value] }], "arguments", by);
    expect(error.path).toBe("arguments[0].deep[0]");
    expect(error.given).toBe(value);
    expect(error.message).toMatch(text);
    expect(
      error.message.startsWith("arguments[0].deep[0] is") ||
        error.message.includes("has a prototype"),
    ).toBe(true);
    expect(error.name).toBe("SendError");
  });
});

const bad = () => {};

test.each<[string, unknown, string]>([
  ["the root", bad, "arguments"],
  ["an element", [1, 2, bad], "arguments[2]"],
  ["a property", [{ onDone: bad }], "arguments[0].onDone"],
  ["a property of many", [{ a: 1, b: { c: 2 }, onDone: bad }], "arguments[0].onDone"],
  ["behind a nested one", [{ a: [[1], [2]], onDone: bad }], "arguments[0].onDone"],
  ["a property with a space", [{ "on done": bad }], 'arguments[0]["on done"]'],
  ["a property with a quote", [{ 'a"b': bad }], 'arguments[0]["a\\"b"]'],
  ["a property with a number as its name", [{ 5: bad }], 'arguments[0]["5"]'],
  ["a property without a name", [{ "": bad }], 'arguments[0][""]'],
  ["a property that is a word elsewhere", [{ größe: { $a_1: bad } }], "arguments[0].größe.$a_1"],
  ["a value of a map", [new Map([["k", { f: bad }]])], 'arguments[0].get("k").f'],
  [
    "a value of a map under a number",
    [
      new Map<unknown, unknown>([
        [1, 1],
        [2, bad],
      ]),
    ],
    "arguments[0].values()[1]",
  ],
  [
    "a key of a map",
    [
      new Map<unknown, unknown>([
        ["a", 1],
        [bad, 2],
      ]),
    ],
    "arguments[0].keys()[1]",
  ],
  [
    "a value of a map under a long key",
    [new Map([["k".repeat(100), bad]])],
    "arguments[0].values()[0]",
  ],
  ["a member of a set", [new Set([1, [bad]])], "arguments[0].values()[1][0]"],
  ["an element behind a hole", [Object.assign([], { 3: bad })], "arguments[0][3]"],
  ["an element of a sparse array", [Object.assign([], { 5000000: bad })], "arguments[0][5000000]"],
])("the path to %s", (_, value, path) => {
  expect(refusal(value).path).toBe(path);
});

test("a path begins with the name it was given", () => {
  expect(refusal({ f: bad }, "result").message).toMatch(
    /^result\.f is a function, and functions cannot be sent to another thread: /,
  );
});

test("a long key is shortened, and a long path cut in the middle", () => {
  expect(refusal([{ [`${"k".repeat(100)} `]: bad }]).path).toBe(
    `arguments[0]["${"k".repeat(60)}…"]`,
  );
  let value: unknown = bad;
  for (let i = 0; i < 1000; i++) value = { a: value };
  const { path } = refusal([value]);
  expect(path).toMatch(/^arguments\[0\](\.a)+ … \(961 more\) … (\.a)+$/);
});

test("the path is right where bodies are put off, for every depth", () => {
  for (const depth of [150, 198, 199, 200, 201, 250, 399, 401, 5000]) {
    let value: unknown = { here: bad };
    for (let i = 0; i < depth; i++) value = i % 2 === 0 ? { a: value } : [value];
    const { path } = refusal({ first: [1, [2]], value });
    expect(path.startsWith("arguments.value")).toBe(true);
    expect(path.endsWith(".here")).toBe(true);
    if (depth > 40) expect(path).toContain(`(${depth + 2 - 40} more)`);
  }
});

test("after a refusal the next value is fine, and so is its path", () => {
  refusal([[[[bad]]]]);
  refusal([Object.assign(new Error("e"), { a: 1 }), bad]);
  expect(encode([1, { a: 2 }], "arguments")).toBeGreaterThan(0);
  expect(refusal([1, bad]).path).toBe("arguments[1]");
});

test("memory that was given away cannot be sent", () => {
  const memory = new ArrayBuffer(8);
  const view = new Float32Array(memory);
  const bytes = new Uint8Array(memory);
  structuredClone(memory, { transfer: [memory] });
  for (const value of [memory, view, bytes])
    expect(refusal([value]).message).toMatch(/^arguments\[0\] has been transferred already/);
  expect(
    encode([new Uint8Array(0), new ArrayBuffer(0), new DataView(new ArrayBuffer(0))], "arguments"),
  ).toBeGreaterThan(0);
});
