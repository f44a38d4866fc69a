// What is said of a value that cannot be sent: what it is, and what to do instead.

import { Future } from "../future/index.js";
import { classNameOf } from "./classes.js";

const ELSEWHERE = "cannot be sent to another thread";

/** The reason why a value cannot be sent, to be put behind its path. */
export function refusalOf(value: unknown): string {
  if (typeof value === "function") return refusalOfFunction(value);
  if (typeof value === "symbol")
    return `is a symbol, and symbols ${ELSEWHERE}: send a string, and compare strings there`;
  return refusalOfObject(value as object);
}

function refusalOfFunction(value: object): string {
  if (/^class\b/.test(Function.prototype.toString.call(value)))
    return `is a class, and classes ${ELSEWHERE}: the other thread imports the class itself; send what its constructor needs`;
  return (
    `is a function, and functions ${ELSEWHERE}: send data, and let the function that runs there import what it calls. ` +
    "(A function made by `sendable` can be sent.)"
  );
}

const NAMED: readonly [names: readonly string[], reason: string][] = [
  [
    ["Promise"],
    `is a Promise, and promises ${ELSEWHERE}: wait for it here and send its value, or make it there`,
  ],
  [
    ["WeakMap", "WeakSet", "WeakRef", "FinalizationRegistry"],
    `is a weak collection, which ${ELSEWHERE}: what it holds is alive in this thread only. Send a Map, a Set or the object itself`,
  ],
  [
    ["URL", "URLSearchParams"],
    `is a URL or a part of one, which ${ELSEWHERE}: send its text, and make it there`,
  ],
  [
    ["AbortSignal", "AbortController"],
    `is bound to this thread and ${ELSEWHERE}: send a CancellationToken, or abort the task by its handle`,
  ],
];

/** Names along the prototype chain, the class's own first. */
function classNames(value: object): string[] {
  const names: string[] = [];
  for (let at = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at))
    names.push(classNameOf(at));
  return names;
}

/**
 * What a class that knows nothing of this folder says of its instances: a property by the name of `~instead` is the advice, as `~send`
 * is the mark of what can be sent.
 */
function adviceOf(value: object): string | undefined {
  const advice: unknown = Reflect.get(value, "~instead");
  return typeof advice === "string" ? advice : undefined;
}

function refusalOfObject(value: object): string {
  const advice = adviceOf(value);
  if (advice !== undefined)
    return `is an instance of class ${classNames(value)[0]}, which belongs to this thread: ${advice}`;
  if (value instanceof Future)
    return `is a future, and futures ${ELSEWHERE}: send the function that makes it and its arguments`;
  const names = classNames(value);
  for (const [known, reason] of NAMED)
    if (known.some((name) => names.includes(name))) return reason;
  const tag = tagOf(value);
  if (tag.endsWith("Generator"))
    return `is a coroutine or generator, which ${ELSEWHERE}: send the sendable function and its arguments, and run it there`;
  if (tag.endsWith("Iterator") || names.includes("Iterator"))
    return `is an iterator, which ${ELSEWHERE}: send an array of what it gives, \`[...iterator]\``;
  return refusalOfInstance(names[0] ?? "");
}

function refusalOfInstance(name: string): string {
  const what =
    name === "" || name === "Object"
      ? "has a prototype of its own"
      : `is an instance of class ${name}`;
  return (
    `${what}, and would arrive as a plain object without its methods: send a plain object, ` +
    "and make the instance there"
  );
}

function tagOf(value: object): string {
  const tag: unknown = Reflect.get(value, Symbol.toStringTag);
  return typeof tag === "string" ? tag : "";
}

export const NO_TEXT = "(a value that has no text)";

/** A value as text, whatever it does when asked. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return NO_TEXT;
  }
}
