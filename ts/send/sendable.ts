// Functions that any thread can run. A function itself cannot be sent, so what is sent is where it is found: the module that
// exports it and its name there.
//
// A sendable function stays an ordinary function: it can be called, spawned on one thread, and is what its module exports.

import type { Coroutine } from "../future/index.js";
import { type AsyncContext, describe } from "../future/index.js";
import { SendError } from "./errors.js";
import type { Send, SendArguments } from "./send.js";

/** Where a function is found. */
export interface SendableInfo {
  /** The module, as an absolute URL. */
  readonly url: string;
  /** The name it exports the function by. */
  readonly name: string;
  readonly fn: (...args: never[]) => unknown;
}

/** Marks the type of a sendable function. */
export interface SendableMark {
  readonly "~send": true;
}

/** A coroutine function that any worker can run. */
export type SendableCoroutine<A extends readonly unknown[], T> = ((...args: A) => Coroutine<T>) &
  SendableMark;

/** A plain function that any worker can run; what it gives may be a promise. */
export type SendableFunction<A extends readonly unknown[], T> = ((...args: A) => T) & SendableMark;

/** An async function that any worker can run: it gets `{ signal }` after its own arguments. */
export type SendableAsync<A extends readonly unknown[], T> = ((
  ...args: [...A, AsyncContext]
) => Promise<T>) &
  SendableMark;

/** The property that makes a function sendable: a symbol, so that it is in nobody's way. */
const INFO: symbol = Symbol("tokiwa.sendable");

const known = new Map<string, SendableInfo>();

function keyOf(url: string, name: string): string {
  return `${url}#${name}`;
}

/** Where a function is found, if it is sendable. */
export function sendableInfo(fn: unknown): SendableInfo | undefined {
  return (fn as Record<symbol, SendableInfo> | null | undefined)?.[INFO];
}

/** The sendable function that this thread knows by that name. */
export function knownSendable(url: string, name: string): SendableInfo | undefined {
  return known.get(keyOf(url, name));
}

/**
 * Makes a function that any worker can run.
 *
 *     export const resize = sendable(import.meta.url, "resize", function* (image: Uint8Array, width: number) { … });
 *
 * A worker imports the module once and takes the export of that name, so it must be exported by it, and the module must do
 * nothing but define things when it is imported.
 *
 * @param url `import.meta.url` of the module that exports it.
 * @param name the name it is exported by.
 * @param fn a coroutine function, an async function, which gets `{ signal }` as its last argument, or a plain function.
 *   Arguments and results must be `Send`: a compile-time error names what is not.
 * @returns the same function.
 * @throws {SendError} at the call, when one of the arguments is not what it must be.
 */
export function sendable<A extends readonly unknown[], T>(
  url: string,
  name: string,
  fn: ((...args: A) => Coroutine<T>) & ((...args: SendArguments<A>) => Coroutine<Send<T>>),
): SendableCoroutine<A, T>;
export function sendable<A extends readonly unknown[], T>(
  url: string,
  name: string,
  fn: ((...args: [...A, AsyncContext]) => Promise<T>) &
    ((...args: [...SendArguments<A>, AsyncContext]) => Promise<Send<T>>),
): SendableAsync<A, T>;
export function sendable<A extends readonly unknown[], T>(
  url: string,
  name: string,
  fn: ((...args: A) => T) &
    ((...args: SendArguments<A>) => Send<Awaited<T>> | PromiseLike<Send<Awaited<T>>>),
): SendableFunction<A, Awaited<T>>;
export function sendable(url: unknown, name: unknown, fn: unknown): unknown {
  if (typeof url !== "string" || !URL.canParse(url))
    throw new SendError(
      "sendable(url)",
      url,
      "must be `import.meta.url` of the module that exports the function",
    );
  if (typeof name !== "string" || name === "")
    throw new SendError(
      "sendable(name)",
      name,
      "must be the name that the module exports the function by",
    );
  if (typeof fn !== "function")
    throw new SendError("sendable(fn)", fn, `must be a function, and is ${describe(fn)}`);
  const info: SendableInfo = { url, name, fn: fn as SendableInfo["fn"] };
  Object.defineProperty(fn, INFO, { value: info, configurable: true });
  known.set(keyOf(url, name), info);
  return fn;
}
