// Sendable functions on worker threads: arguments and results of all kinds arrive as they were sent, and what cannot be sent is
// refused and leaves nothing behind.

import { MessageChannel } from "node:worker_threads";
import { Future, JoinError, spawn } from "tokiwa";
import type { Runtime } from "tokiwa/runtime";
import { SendError, sendable, transfer } from "tokiwa/task";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { rejection, settles, thrown } from "../support/tasks.js";
import { crew, dismiss, LONG, sharedWords, unmanned, untilNoTasks } from "./crew.js";
import * as other from "./fixtures/other.mjs";
import * as values from "./fixtures/values.mjs";

let rt: Runtime;

beforeAll(() => {
  rt = unmanned(2);
});
afterEach(() => untilNoTasks(rt));
afterAll(async () => {
  expect(rt.metrics().lostWorkersCount()).toBe(0);
  await dismiss(rt);
});

const FORMS = {
  "a plain function": values.echo,
  "an async function": values.echoAsync,
  "a coroutine function": values.echoCoroutine,
  "a coroutine function that never waits": values.echoAtOnce,
  "a plain function that gives a promise": values.echoPromise,
};

const WORD = 2 ** 32;

const SMALL: [string, unknown][] = [
  ["undefined", undefined],
  ["null", null],
  ["NaN", Number.NaN],
  ["-0", -0],
  ["0", 0],
  ["1", 1],
  ["-1", -1],
  ["a fraction", 0.1 + 0.2],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["2^32 and more", WORD + 5],
  ["the largest safe integer", Number.MAX_SAFE_INTEGER],
  ["the smallest number", Number.MIN_VALUE],
  ["true", true],
  ["false", false],
  ["an empty text", ""],
  ["a text", "text"],
  ["a text with all sorts of characters", "ä€𝄞\0\n"],
  ["half a pair of surrogates", "\ud834"],
  ["a bigint", -(2n ** 200n)],
  ["0n", 0n],
  ["an empty object", {}],
  ["an empty array", []],
  ["an object", { a: 1, "b c": [undefined, null, -0], __proto__key: { d: Number.NaN } }],
  ["an array with holes", Object.assign(new Array(3), { 0: 1, 2: 3 })],
  ["a Date", new Date(1_700_000_000_123)],
  ["a date that is none", new Date(Number.NaN)],
  ["a RegExp", /a(b)+/giu],
  [
    "a Map",
    new Map<unknown, unknown>([
      ["k", new Map([[{ a: 1 }, new Set([Number.NaN, undefined])]])],
      [-0, 1],
    ]),
  ],
  ["a Set", new Set<unknown>([1, "1", null, [1]])],
  ["an ArrayBuffer", Uint8Array.of(1, 2, 3).buffer],
  ["a DataView", new DataView(Uint8Array.of(1, 2, 3).buffer, 1, 2)],
  ["an Int8Array", Int8Array.of(-1, 2)],
  ["a Uint8ClampedArray", Uint8ClampedArray.of(255, 2)],
  ["an Int16Array", Int16Array.of(-300, 2)],
  ["a Uint16Array", Uint16Array.of(60_000, 2)],
  ["an Int32Array", Int32Array.of(-70_000, 2)],
  ["a Uint32Array", Uint32Array.of(WORD - 1, 2)],
  ["a Float32Array", Float32Array.of(0.5, Number.NaN)],
  ["a Float64Array", Float64Array.of(0.1, -0)],
  ["a BigInt64Array", BigInt64Array.of(-1n, 2n)],
  ["a BigUint64Array", BigUint64Array.of(2n ** 63n, 2n)],
  ["no bytes", new Uint8Array(0)],
  ["63 bytes", bytes(63)],
  ["64 bytes", bytes(64)],
  ["65 bytes", bytes(65)],
  ["1 KiB of bytes", bytes(1024)],
  ["several arrays of bytes", [bytes(100), { more: bytes(1024) }]],
];

/** Around the most that travels in shared memory, and far beyond. */
const BIG: [string, unknown][] = [
  ["1 MiB of bytes but 8", bytes(2 ** 20 - 8)],
  ["1 MiB of bytes but one", bytes(2 ** 20 - 1)],
  ["1 MiB of bytes", bytes(2 ** 20)],
  ["1 MiB of bytes and one", bytes(2 ** 20 + 1)],
  ["4 MiB of bytes in an object", { image: bytes(2 ** 22), width: 2048 }],
  ["a text of 3 MB", "ab€".repeat(1_000_000)],
  ["100,000 objects", Array.from({ length: 100_000 }, (_, id) => ({ id, name: `name ${id}` }))],
  ["a Map of 50,000", new Map(Array.from({ length: 50_000 }, (_, i) => [i, `${i}`.repeat(5)]))],
];

function bytes(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => i * 7);
}

/** `toStrictEqual` compares large arrays of bytes element by element, in seconds. */
function expectSame(actual: unknown, expected: unknown): void {
  if (expected instanceof Uint8Array && expected.length > 1000) {
    expect(actual).toBeInstanceOf(Uint8Array);
    expect((actual as Uint8Array).length).toBe(expected.length);
    expect(Buffer.compare(actual as Uint8Array, expected)).toBe(0);
  } else if (Array.isArray(expected) && expected.length > 1000) {
    expect(JSON.stringify(actual) === JSON.stringify(expected)).toBe(true);
  } else if (expected instanceof Map && expected.size > 1000) {
    expect(actual).toBeInstanceOf(Map);
    expectSame([...(actual as typeof expected)], [...expected]);
  } else if (typeof expected === "string") {
    expect(actual === expected).toBe(true);
  } else if (expected !== null && typeof expected === "object" && "image" in expected) {
    const { image, ...rest } = actual as { image: unknown };
    const { image: given, ...others } = expected;
    expectSame(image, given);
    expect(rest).toStrictEqual(others);
  } else {
    expect(actual).toStrictEqual(expected);
  }
}

describe.each(Object.entries(FORMS))("through %s", (_, echo) => {
  test.each(SMALL)("%s", async (_, value) => {
    expectSame(await settles(rt.spawn(echo, value), LONG), value);
  });

  test.each(BIG)("%s", async (_, value) => {
    expectSame(await settles(rt.spawn(echo, value), LONG), value);
  });

  test("many at once, each gets its own", async () => {
    const count = 500;
    const handles = Array.from({ length: count }, (_, i) => {
      if (i % 100 === 0) return rt.spawn(echo, bytes(2 ** 20 + 1 + i));
      return rt.spawn(echo, i % 2 === 0 ? i : { i, text: `task ${i}`, bytes: bytes(i) });
    });
    const results = await settles(Promise.all(handles), LONG);
    for (const [i, result] of results.entries()) {
      if (i % 100 === 0) expect((result as Uint8Array).length).toBe(2 ** 20 + 1 + i);
      else if (i % 2 === 0) expect(result).toBe(i);
      else expect(result).toStrictEqual({ i, text: `task ${i}`, bytes: bytes(i) });
    }
  });
});

test("every size around the most that travels in shared memory, there and back", async () => {
  for (let size = 2 ** 20 - 30; size <= 2 ** 20 + 1; size++) {
    const text = "x".repeat(size);
    expect((await settles(rt.spawn(values.echo, text))) === text).toBe(true);
    expectSame(await settles(rt.spawn(values.makeBytes, size, 1)), new Uint8Array(size).fill(1));
  }
});

test.each<[string, unknown, string]>([
  ["undefined", undefined, "[object Undefined] undefined"],
  ["null", null, "[object Null] null"],
  ["NaN", Number.NaN, "[object Number] NaN"],
  ["-0", -0, "[object Number] -0"],
  ["a bigint", 5n, "[object BigInt] 5"],
  ["true", true, "[object Boolean] true"],
  ["a text", "ä", '[object String] "ä"'],
  ["an object", { a: [1] }, '[object Object] {"a":[1]}'],
  ["a Map", new Map([["a", [1]]]), '[object Map] [["a",[1]]]'],
  ["a Set", new Set(["a"]), '[object Set] ["a"]'],
  ["a Date", new Date(5), "[object Date] 5"],
  ["a RegExp", /a/g, "[object RegExp] /a/g"],
  ["an Error", new TypeError("t", { cause: "c" }), "[object Error] t c"],
  ["bytes", bytes(1024), "[object Uint8Array] 1024 1024"],
  ["a part of a buffer", bytes(1024).subarray(100, 200), "[object Uint8Array] 100 100"],
  [
    "a Float64Array of a part",
    new Float64Array(bytes(80).buffer, 8, 2),
    "[object Float64Array] 16 16",
  ],
])("the worker sees %s as it is", async (_, value, text) => {
  expect(await settles(rt.spawn(values.describe, value))).toBe(text);
});

describe("arguments", () => {
  test("none", async () => {
    expect(await settles(rt.spawn(values.all))).toStrictEqual([]);
    expect(await settles(rt.spawn(values.allCoroutine))).toStrictEqual([]);
    expect(await settles(rt.spawn(values.allAsync))).toStrictEqual([[], true, false]);
  });

  test.each([1, 2, 5, 40])("%d of them, in order, and no more", async (count) => {
    const args = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? i : { i }));
    expect(await settles(rt.spawn(values.all, ...args))).toStrictEqual(args);
    expect(await settles(rt.spawn(values.allCoroutine, ...args))).toStrictEqual(args);
    expect(await settles(rt.spawn(values.allAsync, ...args))).toStrictEqual([args, true, false]);
  });

  test("undefined among them, and as the last", async () => {
    const args = [undefined, 1, undefined];
    expect(await settles(rt.spawn(values.all, ...args))).toStrictEqual(args);
    expect(await settles(rt.spawn(values.all, undefined))).toStrictEqual([undefined]);
  });

  test("the same object twice is the same object there", async () => {
    const one = { one: 1 };
    const [a, b, [c]] = (await settles(rt.spawn(values.all, one, one, [one]))) as [
      object,
      object,
      [object],
    ];
    expect(a).toBe(b);
    expect(a).toBe(c);
    expect(a).not.toBe(one);
  });

  test("what is changed after the spawn is not changed there", async () => {
    const small = { value: 1, bytes: bytes(100) };
    const raw = bytes(1024);
    const big = { value: 1, bytes: bytes(2 ** 21) };
    const handles = [small, raw, big].map((value) => rt.spawn(values.echo, value));
    small.value = 2;
    small.bytes.fill(0);
    raw.fill(0);
    big.value = 2;
    big.bytes.fill(0);
    const [a, b, c] = (await settles(Promise.all(handles))) as [
      typeof small,
      Uint8Array,
      typeof big,
    ];
    expect(a).toStrictEqual({ value: 1, bytes: bytes(100) });
    expectSame(b, bytes(1024));
    expect(c.value).toBe(1);
    expectSame(c.bytes, bytes(2 ** 21));
  });

  test("cycles", async () => {
    const cycle = (await settles(rt.spawn(values.makeCycle))) as {
      self: unknown;
      list: [unknown, Map<unknown, unknown>];
    };
    expect(cycle.self).toBe(cycle);
    expect(cycle.list[0]).toBe(cycle);
    expect(cycle.list[1].get(cycle)).toBe(cycle);
    const again = (await settles(rt.spawn(values.echo, cycle))) as typeof cycle;
    expect(again.self).toBe(again);
  });

  test("bytes are of their own on both sides, and no view of anything larger", async () => {
    const part = bytes(4096).subarray(1000, 3000);
    expect(await settles(rt.spawn(values.sum, part))).toEqual([2000, part.reduce((a, b) => a + b)]);
    const result = (await settles(rt.spawn(values.makeView, 4096, 10, 1034))) as Uint8Array;
    expect([result.length, result[0], result.byteOffset, result.buffer.byteLength]).toEqual([
      1024, 10, 0, 1024,
    ]);
    expect(result.buffer).toBeInstanceOf(ArrayBuffer);
  });

  test("a Buffer arrives as a Uint8Array", async () => {
    const result = await settles(rt.spawn(values.echo, Buffer.from("0123456789".repeat(10))));
    expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype);
    expect(Buffer.from(result as Uint8Array).toString()).toBe("0123456789".repeat(10));
  });

  test("errors of all classes, with message, stack, cause and properties", async () => {
    const error = Object.assign(new RangeError("out", { cause: new TypeError("why") }), {
      code: "E_OUT",
    });
    // What cannot be sent of an error is left out.
    Object.assign(error, { retry: () => 1 });
    for (const given of [error, [error]]) {
      const got = (await settles(rt.spawn(values.echo, given))) as typeof error | [typeof error];
      const arrived = Array.isArray(got) ? got[0] : got;
      expect(arrived).toBeInstanceOf(RangeError);
      expect(arrived.cause).toBeInstanceOf(TypeError);
      expect([arrived.message, arrived.stack, arrived.code]).toEqual([
        error.message,
        error.stack,
        "E_OUT",
      ]);
    }
  });
});

describe("where they run", () => {
  test("on other threads, in all forms, by all ways to spawn", async () => {
    const handle = rt.handle();
    const ids = await settles(
      Promise.all([
        rt.spawn(values.where),
        rt.spawn(values.whereCoroutine),
        handle.spawn(values.where),
        handle.spawn(values.whereCoroutine),
        rt.run(function* () {
          return yield* spawn(values.where);
        }),
        rt.run(function* () {
          return yield* spawn(values.whereCoroutine);
        }),
        rt.run(async () => await spawn(values.whereCoroutine)),
      ]),
      LONG,
    );
    for (const id of ids) expect(id).toBeGreaterThan(0);
  });

  test("a program that is sendable runs here, where it is waited for", async () => {
    expect(await settles(rt.run(values.whereCoroutine))).toBe(0);
    expect(rt.blockOn(values.whereCoroutine)).toBe(0);
  });

  test("a sendable function stays a function", () => {
    expect(values.echo(5)).toBe(5);
    expect([...values.echoAtOnce(5)]).toEqual([]);
  });

  test("in an entered runtime, and under blockOn", () => {
    using _entered = rt.enter();
    const handle = spawn(values.echo, { a: 1 });
    expect(
      rt.blockOn(function* () {
        return [yield* handle, yield* spawn(values.echoCoroutine, 2)];
      }),
    ).toEqual([{ a: 1 }, 2]);
  });

  test("what is big goes through under blockOn too", () => {
    const sent = bytes(2 ** 21);
    const result = rt.blockOn(function* () {
      return yield* spawn(values.echo, sent);
    });
    expectSame(result, sent);
  });

  test("a task sends what is big to tasks that it spawns on its worker", async () => {
    const length = 2 ** 21;
    const [count, total, made] = (await settles(rt.spawn(values.relay, length), LONG)) as [
      number,
      number,
      Uint8Array,
    ];
    expect([count, total]).toEqual([length, 3 * length]);
    expectSame(made, new Uint8Array(length).fill(4));
  });
});

describe("transfer", () => {
  test.each([1024, 2 ** 21])("%d bytes are given to the worker", async (length) => {
    const image = bytes(length);
    const total = image.reduce((a, b) => a + b);
    const handle = rt.spawn(values.sum, transfer(image, [image.buffer]));
    expect(image.length).toBe(0);
    expect(await settles(handle)).toEqual([length, total]);
  });

  test("inside of an object", async () => {
    const image = bytes(1024);
    const handle = rt.spawn(values.echo, { deep: [transfer(image, [image.buffer])] });
    expect(image.length).toBe(0);
    expectSame(((await settles(handle)) as { deep: unknown[] }).deep[0], bytes(1024));
  });

  test("a result is given away", async () => {
    // One worker, so that the second task looks at the module that the first has left.
    const one = crew(1);
    const result = await settles(one.spawn(values.giveAway, 1000), LONG);
    expectSame(result, new Uint8Array(1000).fill(5));
    expect(await settles(one.spawn(values.leftOfGiven))).toBe(0);
  });

  test("a port, which works on the worker until it is closed", async () => {
    const { port1, port2 } = new MessageChannel();
    const handle = rt.spawn(values.answerAt, transfer({ port: port2 }, [port2]));
    const answers: unknown[] = [];
    port1.on("message", (answer) => {
      answers.push(answer);
      port1.postMessage(answers.length < 3 ? answers.length : "stop");
    });
    port1.postMessage("start");
    const worker = await settles(handle);
    expect(worker).not.toBe(0);
    expect(answers).toEqual(["start", 1, 2].map((message) => [message, worker]));
    port1.close();
  });

  test("a port that comes back", async () => {
    const { port } = (await settles(rt.spawn(values.makePort))) as {
      port: import("node:worker_threads").MessagePort;
    };
    const message = new Promise((resolve) => port.once("message", resolve));
    expect(await settles(message)).toBe("from the worker");
    port.close();
  });

  test("nothing is given away when another argument cannot be sent", async () => {
    const image = bytes(1024);
    const error = thrown(() =>
      rt.spawn(values.all, transfer(image, [image.buffer]), () => {}),
    ) as SendError;
    expect(error.path).toBe("arguments[1]");
    expectSame(image, bytes(1024));
    expect(await settles(rt.spawn(values.sum, image))).toEqual([1024, expect.any(Number)]);
  });
});

describe("shared memory", () => {
  test("stays shared: both threads write to it", async () => {
    const words = sharedWords(4);
    const handles = [1, 2, 3, 4].map(() => rt.spawn(values.increment, { words }, 1000));
    const results = (await settles(Promise.all(handles))) as { words: Int32Array }[];
    expect(words[0]).toBe(4000);
    for (const result of results) {
      expect(result.words.buffer).toBeInstanceOf(SharedArrayBuffer);
      Atomics.add(result.words, 1, 1);
    }
    expect(words[1]).toBe(4);
  });

  test("a view of a part of it", async () => {
    const memory = new SharedArrayBuffer(64);
    const words = new Int32Array(memory, 16, 4);
    const { words: back } = (await settles(rt.spawn(values.increment, { words }, 3))) as {
      words: Int32Array;
    };
    expect([back.byteOffset, back.length, back.buffer.byteLength]).toEqual([16, 4, 64]);
    expect(new Int32Array(memory)[4]).toBe(3);
  });
});

describe("sendable functions as values", () => {
  test("as an argument: called there", async () => {
    expect(await settles(rt.spawn(values.call, values.sum, Uint8Array.of(1, 2)))).toEqual([2, 3]);
    expect(await settles(rt.spawn(values.sameAsHere, { fns: [values.echo] }))).toBe(true);
  });

  test("as a result: the same function here", async () => {
    expect(await settles(rt.spawn(values.pick, "echo"))).toBe(values.echo);
  });

  test("of a module that the worker has not imported: an error that says to preload it", async () => {
    const error = await rejection(settles(rt.spawn(values.call, other.triple, 5)));
    expect(error).toBeInstanceOf(JoinError);
    expect(error.cause).toBeInstanceOf(SendError);
    expect((error.cause as Error).message).toMatch(/triple|other\.mjs/);
    expect((error.cause as Error).message).toContain("Builder.preload");
    expect(await settles(rt.spawn(values.echo, "goes on"))).toBe("goes on");
  });

  test("of a module that is preloaded", async () => {
    const url = new URL("./fixtures/other.mjs", import.meta.url).href;
    const one = crew(1, (builder) => builder.preload(url));
    expect(await settles(one.spawn(values.call, other.triple, 5), LONG)).toBe(15);
  });
});

describe("results that cannot be sent", () => {
  const CASES: [string, string, RegExp][] = [
    ["function", "result", /is a function/],
    ["symbol", "result", /is a symbol/],
    ["nested", "result.list[1].onDone", /is a function/],
    ["instance", "result", /instance of class Account/],
    ["in a map", 'result.get("key")', /is a symbol/],
    ["promise", "result.later", /is a Promise/],
    ["weak", "result", /weak collection/],
    ["signal", "result", /bound to this thread/],
    ["large", "result[1]", /is a function/],
    ["detached", "result.port", /cannot be sent/],
  ];
  const KINDS = {
    plain: values.unsendable,
    async: values.unsendableAsync,
    coroutine: values.unsendableCoroutine,
  };

  describe.each(Object.entries(KINDS))("of %s functions", (_, fn) => {
    test.each(CASES)("%s", async (kind, path, text) => {
      const error = await rejection(settles(rt.spawn(fn, kind)));
      expect(error).toBeInstanceOf(JoinError);
      expect(error).toMatchObject({ isPanic: true, isCancelled: false });
      const cause = error.cause as SendError;
      expect(cause).toBeInstanceOf(SendError);
      expect(cause.path).toBe(path);
      expect(cause.message).toMatch(text);
    });

    test("a getter that throws", async () => {
      const error = await rejection(settles(rt.spawn(fn, "getter")));
      expect(error).toBeInstanceOf(JoinError);
      expect(String((error.cause as Error).message)).toContain("the getter threw");
    });
  });

  test("the workers go on", async () => {
    const handles = Array.from({ length: 20 }, (_, i) => rt.spawn(values.echo, i));
    expect(await settles(Promise.all(handles))).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

describe("arguments that cannot be sent", () => {
  class Account {
    owner = "x";
  }
  class Never extends Future<void> {
    poll(): void {}
  }
  const CASES: [string, unknown[], string, RegExp][] = [
    ["a function", [() => 1], "arguments[0]", /is a function.*`sendable`/],
    ["the second", [1, Symbol("s")], "arguments[1]", /is a symbol/],
    ["deep inside", [{ a: [1, { onDone() {} }] }], "arguments[0].a[1].onDone", /is a function/],
    ["in a Map", [new Map([["k", [() => 1]]])], 'arguments[0].get("k")[0]', /is a function/],
    ["in a Set", [new Set([1, () => 1])], "arguments[0].values()[1]", /is a function/],
    ["an instance", [new Account()], "arguments[0]", /class Account/],
    ["a promise", [Promise.resolve(1)], "arguments[0]", /is a Promise/],
    ["a future", [new Never()], "arguments[0]", /is a future/],
    ["a coroutine", [values.echoAtOnce(1)], "arguments[0]", /coroutine or generator/],
    ["a WeakMap", [new WeakMap()], "arguments[0]", /weak collection/],
    ["a signal", [new AbortController().signal], "arguments[0]", /bound to this thread/],
    ["beside something big", [bytes(2 ** 21), () => 1], "arguments[1]", /is a function/],
  ];

  test.each(CASES)("%s", async (_, args, path, text) => {
    const before = rt.metrics().numAliveTasks();
    for (const fn of [values.all, values.allAsync, values.allCoroutine]) {
      const error = thrown(() => rt.spawn(fn, ...args)) as SendError;
      expect(error).toBeInstanceOf(SendError);
      expect(error.path).toBe(path);
      expect(error.message).toMatch(text);
    }
    expect(rt.metrics().numAliveTasks()).toBe(before);
    expect(rt.dump()).toEqual([]);
  });

  test("inside a task it throws there, and the task can go on", async () => {
    const result = await settles(
      rt.run(function* () {
        const error = thrown(() => spawn(values.echo, () => 1));
        return [error instanceof SendError, yield* spawn(values.echo, "next")];
      }),
    );
    expect(result).toEqual([true, "next"]);
  });

  test("a port that was given away before: named, and no task is left behind", async () => {
    const { port1, port2 } = new MessageChannel();
    structuredClone(port1, { transfer: [port1] } as never);
    for (let round = 0; round < 5; round++) {
      const error = thrown(() =>
        rt.spawn(values.echo, { deep: transfer({ port: port1 }, [port1]) }),
      ) as SendError;
      expect(error).toBeInstanceOf(SendError);
      expect(error.path).toBe("arguments[0].deep.port");
    }
    port2.close();
    await untilNoTasks(rt);
    expect(await settles(rt.spawn(values.echo, bytes(2 ** 21)), LONG)).toHaveLength(2 ** 21);
  });

  test("a buffer that was given away before", async () => {
    const image = bytes(1024);
    structuredClone(image.buffer, { transfer: [image.buffer] });
    expect(thrown(() => rt.spawn(values.echo, transfer(image, [image.buffer])))).toBeInstanceOf(
      SendError,
    );
  });

  test("a thousand refusals leave nothing", async () => {
    const memory = rt.metrics().memoryBytes();
    for (let i = 0; i < 1000; i++)
      expect(thrown(() => rt.spawn(values.all, bytes(500), { i, f() {} }))).toBeInstanceOf(
        SendError,
      );
    expect(rt.metrics().numAliveTasks()).toBe(0);
    expect(rt.metrics().memoryBytes()).toBe(memory);
  });

  test("an accessor that throws: its error comes out of spawn", () => {
    const hostile = {
      get value(): number {
        throw new RangeError("not now");
      },
    };
    const error = thrown(() => rt.spawn(values.echo, hostile));
    expect(`${error.message} ${error.cause}`).toContain("not now");
  });
});

describe("sendable() itself", () => {
  test.each<[string, unknown[], string]>([
    ["no URL", ["nowhere", "fn", () => 1], "sendable(url)"],
    ["no name", [import.meta.url, "", () => 1], "sendable(name)"],
    ["no function", [import.meta.url, "fn", 5], "sendable(fn)"],
  ])("%s", (_, args, path) => {
    const error = thrown(() => (sendable as (...args: unknown[]) => unknown)(...args)) as SendError;
    expect(error).toBeInstanceOf(SendError);
    expect(error.path).toBe(path);
  });
});
