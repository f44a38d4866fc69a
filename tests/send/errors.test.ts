// Errors arrive as what they were: class, text, stack, causes and properties. What a task has thrown arrives in any case.

import { describe, expect, test } from "vitest";
import {
  decode,
  encode,
  encodeThrown,
  NEEDS_PORT,
  registerError,
  scratch,
} from "../../ts/send/codec.js";
import { throughBytes, throughPort } from "./same.js";

function throughThrown(value: unknown): unknown {
  const length = encodeThrown(value);
  return decode(scratch().slice(0, length), length);
}

const WAYS = { bytes: throughBytes, port: throughPort, thrown: throughThrown };

class HttpError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "HttpError";
    this.status = status;
  }
  isClient(): boolean {
    return this.status < 500;
  }
}

class UnregisteredError extends TypeError {
  override name = "UnregisteredError";
  code = "E_UNREGISTERED";
}

class NamedByPrototype extends Error {}
Object.defineProperty(NamedByPrototype.prototype, "name", { value: "NamedByPrototype" });

class MessageByGetter extends Error {
  override get message(): string {
    return "from a getter";
  }
}

registerError(HttpError);

describe.each(Object.entries(WAYS))("by %s", (_, through) => {
  test.each([Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError])(
    "%o",
    (errorClass) => {
      const error = new errorClass("what happened");
      const arrived = through(error) as Error;
      expect(Object.getPrototypeOf(arrived)).toBe(errorClass.prototype);
      expect([arrived.message, arrived.name, arrived.stack]).toEqual([
        error.message,
        error.name,
        error.stack,
      ]);
      expect(Object.keys(arrived)).toEqual([]);
      expect(Object.getOwnPropertyNames(arrived).sort()).toEqual(["message", "stack"]);
      expect(structuredClone(arrived).message).toBe("what happened");
    },
  );

  test("causes, all the way down", () => {
    const error = new Error("a", { cause: new TypeError("b", { cause: { code: 5 } }) });
    const arrived = through(error) as Error & { cause: Error };
    expect(arrived.cause).toBeInstanceOf(TypeError);
    expect(arrived.cause.cause).toEqual({ code: 5 });
    expect(Object.keys(arrived)).toEqual([]);
    expect("cause" in (through(new Error("no cause")) as Error)).toBe(false);
    expect("cause" in (through(new Error("undefined", { cause: undefined })) as Error)).toBe(true);
  });

  test("an AggregateError with its errors", () => {
    const arrived = through(
      new AggregateError([new RangeError("a"), "b"], "both"),
    ) as AggregateError;
    expect(arrived).toBeInstanceOf(AggregateError);
    expect(arrived.message).toBe("both");
    expect(arrived.errors[0]).toBeInstanceOf(RangeError);
    expect(arrived.errors[1]).toBe("b");
    expect(Object.keys(arrived)).toEqual([]);
  });

  test("a DOMException with its name and code", () => {
    const error = new DOMException("stopped", "AbortError");
    const arrived = through(error) as DOMException;
    expect(arrived).toBeInstanceOf(DOMException);
    expect([arrived.message, arrived.name, arrived.code, arrived.stack]).toEqual([
      "stopped",
      "AbortError",
      20,
      error.stack,
    ]);
  });

  test("own properties, as errors of Node have them", () => {
    const error = Object.assign(new Error("no such file"), {
      code: "ENOENT",
      errno: -2,
      path: "/a",
      info: { tries: [1] },
    });
    const arrived = through(error);
    expect(Object.entries(arrived as object)).toEqual(Object.entries(error));
  });

  test("a registered class", () => {
    const arrived = through(new HttpError(404, "not found")) as HttpError;
    expect(arrived).toBeInstanceOf(HttpError);
    expect([arrived.status, arrived.message, arrived.name, arrived.isClient()]).toEqual([
      404,
      "not found",
      "HttpError",
      true,
    ]);
    expect(String(arrived)).toBe("HttpError: not found");
  });

  test("a class that nobody registered comes back as the nearest known one, with its name", () => {
    const arrived = through(new UnregisteredError("x")) as UnregisteredError;
    expect(Object.getPrototypeOf(arrived)).toBe(TypeError.prototype);
    expect([arrived.name, arrived.code, String(arrived)]).toEqual([
      "UnregisteredError",
      "E_UNREGISTERED",
      "UnregisteredError: x",
    ]);
    const named = through(new NamedByPrototype("y")) as Error;
    expect([named.name, Object.keys(named)]).toEqual(["NamedByPrototype", []]);
    expect((through(new MessageByGetter()) as Error).message).toBe("from a getter");
  });

  test("what an error carries and cannot be sent is left out, the rest arrives", () => {
    const error = Object.assign(new Error("x"), {
      request: { send() {} },
      status: 5,
      retry: () => {},
      id: Symbol("s"),
    });
    const arrived = through(error) as Error;
    expect(Object.entries(arrived)).toEqual([["status", 5]]);
    expect(arrived.message).toBe("x");
  });

  test("what was left out leaves no trace in what is sent after it", () => {
    const shared = { shared: true };
    const many = Array.from({ length: 20 }, (_, i) => ({ i }));
    const error = Object.assign(new Error("x"), {
      bad: [shared, ...many, () => {}],
      good: [shared, many, shared],
    });
    const arrived = through(error) as Error & { good: unknown[] };
    expect(Object.keys(arrived)).toEqual(["good"]);
    expect(arrived.good).toEqual([shared, many, shared]);
    expect(arrived.good[0]).toBe(arrived.good[2]);
  });

  test("and none when there were many objects before it", () => {
    const many = Array.from({ length: 20 }, (_, i) => ({ i }));
    const shared = { shared: true };
    const error = Object.assign(new Error("x"), { many, bad: [shared, () => {}], good: shared });
    const arrived = through(error) as Error & { good: unknown };
    expect(Object.keys(arrived)).toEqual(["many", "good"]);
    expect(arrived.good).toEqual(shared);
  });

  test("a cause that cannot be sent becomes text, and so does one of several errors", () => {
    const error = new Error("x", { cause: () => 5 });
    const arrived = through(error) as Error & { cause: Error };
    expect(arrived.cause.message).toMatch(/^\(\) => 5 \(as text, because .*\.cause is a function/);
    const mixed = new AggregateError([new RangeError("fine"), () => 6], "mixed");
    const { errors } = through(mixed) as AggregateError;
    expect(errors[0]).toBeInstanceOf(RangeError);
    expect(errors[1].message).toMatch(
      /^\(\) => 6 \(as text, because .*\.errors\[1\] is a function/,
    );
  });

  test("getters that throw are left out", () => {
    const error = new Error("x");
    Object.defineProperty(error, "bad", {
      enumerable: true,
      get() {
        throw new Error("in the getter");
      },
    });
    Object.defineProperty(error, "cause", {
      get() {
        throw new Error("in the getter");
      },
    });
    Object.defineProperty(error, "stack", {
      get() {
        throw new Error("in the getter");
      },
    });
    const arrived = through(error) as Error;
    expect([arrived.message, Object.keys(arrived), arrived.cause]).toEqual(["x", [], undefined]);
  });

  test("a property that sets the prototype does not", () => {
    const error = new Error("x");
    Object.defineProperty(error, "__proto__", { value: { polluted: 1 }, enumerable: true });
    const arrived = through(error) as Error & { polluted?: number };
    expect(arrived).toBeInstanceOf(Error);
    expect(arrived.polluted).toBe(undefined);
  });
});

test("an error of a class that is registered only here comes back as the nearest known class", () => {
  class Local extends RangeError {}
  registerError(Local, "only here");
  const length = encode(new Local("x"), "result");
  const bytes = scratch().slice(0, length);
  const tag = Buffer.from(bytes).indexOf("only here");
  bytes[tag] = "O".charCodeAt(0);
  expect(Object.getPrototypeOf(decode(bytes, length))).toBe(RangeError.prototype);
});

test("nothing is left of the limit for stack traces that was changed for a moment", () => {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 7;
  throughBytes([new Error("x"), new TypeError("y")]);
  expect(Error.stackTraceLimit).toBe(7);
  Error.stackTraceLimit = before;
});

describe("what is thrown and is no error", () => {
  test.each([undefined, null, 0, "text", 5n, true, { code: 5 }, [1, 2], new Map([[1, 2]])])(
    "%o arrives as it is",
    (value) => {
      expect(throughThrown(value)).toEqual(value);
    },
  );

  test.each<[string, unknown, RegExp]>([
    ["a function", () => 1, /^\(\) => 1 \(as text, because the thrown value is a function/],
    ["a symbol", Symbol("mine"), /^Symbol\(mine\) \(as text, because the thrown value is a symbol/],
    [
      "an object with a function",
      { toString: () => "me", fn() {} },
      /^me \(as text, because the thrown value\.toString is a function/,
    ],
    [
      "an instance",
      new (class Odd {
        toString() {
          return "odd";
        }
      })(),
      /^odd \(as text, because the thrown value is an instance of class Odd/,
    ],
    [
      "an object that has no text",
      Object.assign(Object.create(null), { f() {} }),
      /^\(a value that has no text\) \(as text/,
    ],
    [
      "a port",
      new MessageChannel().port1,
      /as text, because the thrown value cannot be part of an error/,
    ],
    ["a promise", Promise.resolve(), /as text, because the thrown value is a Promise/],
  ])("%s becomes an error with its text", (_, value, text) => {
    const arrived = throughThrown(value) as Error;
    expect(arrived).toBeInstanceOf(Error);
    expect(arrived.message).toMatch(text);
    expect(arrived.stack).not.toContain("encoder");
  });

  test.each<[string, () => unknown]>([
    [
      "throws whatever is asked",
      () =>
        new Proxy(
          {},
          new Proxy(
            {},
            {
              get() {
                throw new Error("trap");
              },
            },
          ),
        ),
    ],
    [
      "is a revoked proxy",
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      },
    ],
    [
      "is a proxy of an error that throws",
      () =>
        new Proxy(new Error("x"), {
          getPrototypeOf() {
            throw new Error("trap");
          },
        }),
    ],
    [
      "is an error whose name throws",
      () =>
        Object.defineProperty(new Error("x"), "name", {
          get() {
            throw new Error("trap");
          },
        }),
    ],
    ["is larger than can be sent", () => "x".repeat(2 ** 21)],
    ["is an error that is larger than can be sent", () => new Error("x".repeat(2 ** 21))],
    ["has a cause that is larger", () => new Error("x", { cause: new Uint8Array(2 ** 21) })],
    [
      "is endless",
      () =>
        new Proxy(
          {},
          {
            ownKeys: () => ["next"],
            getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
            get: (_target, key, self) =>
              key === "next" ? { next: self, more: endless() } : undefined,
          },
        ),
    ],
  ])("what %s arrives as something", (_, make) => {
    const arrived = throughThrown(make());
    expect(arrived).toBeInstanceOf(Error);
  });
});

function endless(): object {
  return {
    get next() {
      return endless();
    },
  };
}

test("an error that is too large for bytes goes by a port, in full", () => {
  const error = new Error("x".repeat(2 ** 21));
  expect(encode(error, "result")).toBe(NEEDS_PORT);
  expect((throughPort(error) as Error).message.length).toBe(2 ** 21);
});
