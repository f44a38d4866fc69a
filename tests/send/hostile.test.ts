// Values that run code while they are read: getters, proxies, and handles that send something themselves.

import { describe, expect, test } from "vitest";
import {
  decode,
  encode,
  NEEDS_PORT,
  registerSendable,
  SendError,
  scratch,
} from "../../ts/send/codec.js";
import { untilCollected } from "../support/tasks.js";
import { throughBytes, throughPort } from "./same.js";

function refusal(value: unknown): SendError {
  try {
    encode(value, "arguments");
  } catch (error) {
    if (error instanceof SendError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

describe.each(Object.entries({ bytes: throughBytes, port: throughPort }))("by %s", (_, through) => {
  test("a getter is read once, and in its turn", () => {
    const reads: string[] = [];
    const value = {
      get a() {
        reads.push("a");
        return 1;
      },
      get b() {
        reads.push("b");
        return {
          get c() {
            reads.push("c");
            return 2;
          },
        };
      },
      d: 3,
    };
    expect(through(value)).toEqual({ a: 1, b: { c: 2 }, d: 3 });
    expect(reads).toEqual(["a", "b", "c"]);
  });

  test("a getter that removes what comes after it", () => {
    const value: Record<string, unknown> = {
      get a() {
        delete value.b;
        return 1;
      },
      b: 2,
      c: undefined,
    };
    expect(Object.entries(through(value) as object)).toEqual([
      ["a", 1],
      ["c", undefined],
    ]);
  });

  test("a getter that adds something is as late as with structured clone", () => {
    const value: Record<string, unknown> = {
      get a() {
        value.late = 1;
        return 1;
      },
    };
    expect(through(value)).toEqual({ a: 1 });
  });

  test("a map, a set and an array that grow while they are read", () => {
    const map = new Map<unknown, unknown>();
    map.set("a", {
      get x() {
        map.set(map.size, 1);
        return 1;
      },
    });
    expect((through(map) as Map<unknown, unknown>).size).toBe(1);
    const set = new Set<unknown>();
    set.add({
      get x() {
        set.add(set.size);
        return 1;
      },
    });
    expect((through(set) as Set<unknown>).size).toBe(1);
    const list: unknown[] = [
      {
        get x() {
          list.push(1);
          return 1;
        },
      },
    ];
    expect((through(list) as unknown[]).length).toBe(1);
  });

  test("an array that shrinks while it is read has holes where it was", () => {
    const list: unknown[] = [
      {
        get x() {
          list.length = 1;
          return 1;
        },
      },
      2,
      3,
    ];
    const arrived = through(list) as unknown[];
    expect([arrived.length, 1 in arrived, 2 in arrived]).toEqual([3, false, false]);
  });

  test("a proxy is sent as what it shows", () => {
    const proxy = new Proxy({ a: 1 }, { get: () => "shown" });
    expect(through([proxy, new Proxy([1, 2], {})])).toEqual([{ a: "shown" }, [1, 2]]);
  });
});

test("a getter that throws is named, with what it has thrown", () => {
  const cause = new Error("boom");
  const error = refusal([
    {
      a: {
        get b() {
          throw cause;
        },
      },
    },
  ]);
  expect(error.path).toBe("arguments[0].a.b");
  expect(error.message).toBe(
    "arguments[0].a.b cannot be read: Error: boom. Every property is read once when a value is sent",
  );
  expect(error.cause).toBe(cause);
});

test.each<[string, () => unknown]>([
  [
    "ownKeys",
    () =>
      new Proxy(
        {},
        {
          ownKeys() {
            throw new Error("trap");
          },
        },
      ),
  ],
  [
    "getPrototypeOf",
    () =>
      new Proxy(
        {},
        {
          getPrototypeOf() {
            throw new Error("trap");
          },
        },
      ),
  ],
  [
    "get",
    () =>
      new Proxy(
        { a: 1 },
        {
          get() {
            throw new Error("trap");
          },
        },
      ),
  ],
  [
    "has",
    () =>
      new Proxy([undefined], {
        has() {
          throw new Error("trap");
        },
      }),
  ],
  [
    "a revoked proxy",
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  ],
  ["a proxy of a Map", () => new Proxy(new Map(), {})],
  ["a proxy of a Date", () => new Proxy(new Date(), {})],
  ["a proxy of a view", () => new Proxy(new Uint8Array(1), {})],
  ["a proxy of memory", () => new Proxy(new ArrayBuffer(1), {})],
  ["an object that says it is a Date", () => Object.create(Date.prototype)],
  ["an object that says it is a Map", () => Object.create(Map.prototype)],
  ["an object that says it is a RegExp", () => Object.create(RegExp.prototype)],
  ["an object that says it is a view", () => Object.create(Float64Array.prototype)],
  ["an object that says it is boxed", () => Object.create(Number.prototype)],
])("a trap that throws, or an impostor: %s", (_, make) => {
  const error = refusal([1, make()]);
  expect(error.path.startsWith("arguments[1]")).toBe(true);
  expect(error.message).toMatch(/cannot be read|is an instance/);
});

test("a getter that overflows the stack is an error, and the encoder is fine after it", () => {
  const value: object = {
    get a(): unknown {
      return encode(value, "arguments");
    },
  };
  expect(() => encode(value, "arguments")).toThrow();
  expect(throughBytes([1, { a: 2 }])).toEqual([1, { a: 2 }]);
});

test("an endless value comes to an end", () => {
  const endless = (): object => ({
    get next() {
      return endless();
    },
  });
  expect(encode(endless(), "arguments")).toBe(NEEDS_PORT);
  const proxy: object = new Proxy([], {
    get: (_, key) => (key === "length" ? 2 ** 32 - 1 : key),
    has: () => true,
    getPrototypeOf: () => Array.prototype,
  });
  expect(encode(proxy, "arguments")).toBe(NEEDS_PORT);
});

describe("sending while something is being sent", () => {
  test("in a getter", () => {
    let inner: unknown;
    const value = {
      before: [1, { x: "before" }],
      get a() {
        inner = throughBytes({
          inside: [
            1,
            2,
            {
              get b() {
                return throughBytes([3]);
              },
            },
          ],
        });
        return "a";
      },
      after: { y: 2 },
    };
    expect(throughBytes([value, value])).toEqual([
      { before: [1, { x: "before" }], a: "a", after: { y: 2 } },
      { before: [1, { x: "before" }], a: "a", after: { y: 2 } },
    ]);
    expect(inner).toEqual({ inside: [1, 2, { b: [3] }] });
  });

  test("in a getter, and refused there", () => {
    const value = {
      get a() {
        return refusal([() => {}]).path;
      },
      b: 1,
    };
    expect(throughBytes([value])).toEqual([{ a: "arguments[0]", b: 1 }]);
  });

  test("the bytes are those of the call that has just returned", () => {
    let inner = new Uint8Array(0);
    const value = {
      get a() {
        const length = encode("inner", "x");
        inner = scratch().slice(0, length);
        return 1;
      },
    };
    const length = encode(value, "arguments");
    expect(decode(inner, inner.length)).toBe("inner");
    expect(decode(scratch().slice(0, length), length)).toEqual({ a: 1 });
  });

  test("while something is read", () => {
    class Nested {
      inside: unknown;
    }
    registerSendable(
      "nested",
      Nested,
      (value) => ({ inside: value.inside }),
      (plain) => {
        const made = new Nested();
        made.inside = throughBytes([plain, plain]);
        return made;
      },
    );
    const value = new Nested();
    value.inside = [1];
    const arrived = throughBytes([value, value, "end"]) as [Nested, Nested, string];
    expect(arrived[0].inside).toEqual([{ inside: [1] }, { inside: [1] }]);
    expect(arrived[1]).toBe(arrived[0]);
    expect(arrived[2]).toBe("end");
  });
});

test("nothing that was sent, refused or received is kept alive", async () => {
  const kept: WeakRef<object>[] = [];
  const watch = <T extends object>(value: T): T => {
    kept.push(new WeakRef(value));
    return value;
  };
  (() => {
    throughBytes(
      watch([watch({ a: watch([1]) }), ...Array.from({ length: 20 }, () => watch({ b: 1 }))]),
    );
    for (const value of [
      watch({ f() {} }),
      watch({
        get g() {
          throw watch(new Error("x"));
        },
      }),
    ]) {
      try {
        encode(value, "arguments");
      } catch {}
    }
    encode([watch(new Blob([])), watch({})], "arguments");
    let deep: object = watch({});
    for (let i = 0; i < 500; i++) deep = { deep };
    kept.push(new WeakRef(throughBytes(deep) as object));
    kept.push(new WeakRef(throughPort([watch(new Date())]) as object));
    const shared = watch({});
    kept.push(new WeakRef(throughBytes([shared, shared]) as object));
  })();
  await untilCollected("what was sent", () => kept.every((ref) => ref.deref() === undefined));
});
