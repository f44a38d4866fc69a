// Classes and functions that were registered: the runtime's own handles.

import { createSecretKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  encode,
  registerFunctions,
  registerPlatformClass,
  registerSendable,
  SendError,
} from "../../ts/send/codec.js";
import { throughBytes, throughPort } from "./same.js";

class Token {
  readonly id: number;
  readonly link: object | undefined;
  constructor(id: number, link?: object) {
    this.id = id;
    this.link = link;
  }
}
class SpecialToken extends Token {}

registerSendable(
  "token",
  Token,
  (token) => ({ id: token.id, link: token.link }),
  (plain) => {
    const { id, link } = plain as { id: number; link?: object };
    if (id === 13) throw new Error("no such token");
    return new Token(id, link);
  },
);

function path(value: unknown): string {
  try {
    encode(value, "arguments");
  } catch (error) {
    if (error instanceof SendError) return error.message;
  }
  throw new Error("was not refused");
}

describe.each(Object.entries({ bytes: throughBytes, port: throughPort }))("by %s", (_, through) => {
  test("a handle arrives as an instance, once for all places where it is", () => {
    const token = new Token(5);
    const [first, second] = through([token, { token }]) as [Token, { token: Token }];
    expect(first).toBeInstanceOf(Token);
    expect(first.id).toBe(5);
    expect(second.token).toBe(first);
  });

  test("handles in handles, in maps, in errors and deep down", () => {
    const inner = new Token(1);
    const middle = new Token(2, [inner]);
    const error = Object.assign(new Error("x"), { middle });
    let value: unknown = { middle, map: new Map([[inner, middle]]), error };
    for (let i = 0; i < 300; i++) value = [value];
    let arrived = through(value) as unknown[];
    for (let i = 0; i < 300; i++) arrived = arrived[0] as unknown[];
    const found = arrived as unknown as {
      middle: Token;
      map: Map<Token, Token>;
      error: { middle: Token };
    };
    expect(found.middle).toBeInstanceOf(Token);
    const [key, item] = [...found.map][0] as [Token, Token];
    expect((found.middle.link as Token[])[0]).toBe(key);
    expect(item).toBe(found.middle);
    expect(found.error.middle).toBe(found.middle);
  });

  test("a handle that cannot be made there says why", () => {
    const caught = (() => {
      try {
        through([new Token(13)]);
      } catch (error) {
        return error as SendError;
      }
      return undefined;
    })();
    expect(caught).toBeInstanceOf(SendError);
    expect(caught?.message).toBe(
      'a value of the class registered as "token" cannot be made in this thread: Error: no such token',
    );
    expect(caught?.cause).toBeInstanceOf(Error);
  });
});

test("what cannot be sent in the state of a handle is named", () => {
  expect(path([new Token(1, () => {})])).toMatch(/^arguments\[0\]\.state\.link is a function/);
});

test("a handle whose state contains it is refused", () => {
  const link: Record<string, unknown> = {};
  const token = new Token(1, link);
  link.token = token;
  expect(path([token])).toMatch(/^arguments\[0\]\.state\.link\.token contains itself/);
});

test("a handle whose state is deeper than can be", () => {
  let link: object = {};
  for (let i = 0; i < 300; i++) link = { link };
  expect(path([new Token(1, link)])).toMatch(/is nested too deeply in the state of a handle/);
  let token = new Token(0);
  for (let i = 0; i < 300; i++) token = new Token(i, token);
  expect(path([token])).toMatch(/is nested too deeply/);
});

test("a state as deep as it may be, at every depth", () => {
  let link: object = { end: 1 };
  for (let i = 0; i < 50; i++) link = { link };
  for (const depth of [0, 1, 198, 199, 200, 201, 202, 400]) {
    let value: unknown = new Token(7, link);
    for (let i = 0; i < depth; i++) value = [value];
    expect(throughBytes(value)).toEqual(value);
  }
});

test("instances of subclasses are refused", () => {
  expect(path([new SpecialToken(1)])).toMatch(
    /^arguments\[0\] is an instance of class SpecialToken/,
  );
});

test("a tag or a class is registered once", () => {
  const nothing = () => ({});
  expect(() => registerSendable("token", class Other {}, nothing, nothing)).toThrow(
    /"token" or its class is taken/,
  );
  expect(() => registerSendable("other", Token, nothing, () => new Token(1))).toThrow(/taken/);
  expect(() => registerSendable("map", Map, nothing, () => new Map())).toThrow(/taken/);
});

test("an `encode` that throws is named", () => {
  class Closed {}
  registerSendable(
    "closed",
    Closed,
    () => {
      throw new Error("it is closed");
    },
    () => new Closed(),
  );
  expect(path([new Closed()])).toMatch(/^arguments\[0\] cannot be read: Error: it is closed/);
});

test("functions that can be found again", () => {
  const known = new Map([
    ["double", (x: number) => x * 2],
    ["negate", (x: number) => -x],
  ]);
  registerFunctions(
    "function",
    (fn) => [...known].find(([, one]) => one === fn)?.[0],
    (name) => known.get(name as string) as object,
  );
  const double = known.get("double");
  expect(throughBytes([double, { fn: double }, known.get("negate")])).toEqual([
    double,
    { fn: double },
    known.get("negate"),
  ]);
  expect(path([double, () => 1])).toMatch(/^arguments\[1\] is a function/);
});

test("a class of the platform that only the host knows", () => {
  class Native {}
  registerPlatformClass(Native, false);
  expect(encode([new Native()], "arguments")).toBe(-1);
});

test("a KeyObject of Node goes by a port", () => {
  const key = createSecretKey(Buffer.from("secret"));
  expect(encode([key], "arguments")).toBe(-1);
  const [arrived] = throughPort([key]) as [typeof key];
  expect(arrived.export().toString()).toBe("secret");
});
