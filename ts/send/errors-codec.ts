// Classes of errors, by number in the bytes. What an error carries is written and read by the encoder and the decoder; here
// is which class it comes back as.
//
// A class of the program comes back as the nearest class above it that both threads know: one given to `registerError`, or
// one of the language. `name` goes along, so that a log line reads the same.

import { classNameOf } from "./classes.js";
import { NO_TEXT, textOf } from "./refusals.js";

/** Of a value that is sent as its text. */
const LONGEST_TEXT = 10_000;

type ErrorClass = abstract new (...args: never[]) => Error;

/** The place in the list is the number in the bytes; the text is the name of the global. */
const BUILTIN_NAMES: readonly string[] = [
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "AggregateError",
  "SuppressedError",
];

/** A `DOMException`, which takes its message and name when it is made. */
export const DOM_EXCEPTION = 0x40;
/** A class given to `registerError`: its tag follows. */
export const REGISTERED_ERROR = 0x41;

const numbers = new Map<object, number>();
const builtins: object[] = [];
const tags = new Map<object, string>();
const registered = new Map<string, object>();

for (const [number, name] of BUILTIN_NAMES.entries()) {
  const found = Reflect.get(globalThis, name) as ErrorClass | undefined;
  const prototype: object = found?.prototype ?? Error.prototype;
  builtins.push(prototype);
  if (found !== undefined) numbers.set(prototype, number);
}

/**
 * Makes errors of a class come back as instances of it. Both threads must have called it; where one has not, they come back
 * as the nearest class that is known. The constructor is not called: message, stack and own properties are put back.
 *
 * @param errorClass the class. @param tag what stands for it in the bytes: by default its name.
 */
export function registerError(errorClass: ErrorClass, tag: string = errorClass.name): void {
  tags.set(errorClass.prototype, tag);
  registered.set(tag, errorClass.prototype);
}

/** Which class an error is sent as. */
export interface ErrorKind {
  readonly number: number;
  /** Of a registered class. */
  readonly tag: string;
  /** What the other thread falls back to. */
  readonly base: number;
}

/** Looks for the nearest known class above an error. */
export function errorKindOf(error: object): ErrorKind {
  let tag = "";
  for (let at = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
    if (tag === "") tag = tags.get(at) ?? "";
    const base = numberOf(at);
    if (base !== undefined) return { number: tag === "" ? base : REGISTERED_ERROR, tag, base };
  }
  return { number: tag === "" ? 0 : REGISTERED_ERROR, tag, base: 0 };
}

function numberOf(prototype: object): number | undefined {
  const number = numbers.get(prototype);
  if (number !== undefined) return number;
  const name = classNameOf(prototype);
  if (name === "DOMException" && globalThis.DOMException?.prototype === prototype)
    return DOM_EXCEPTION;
  // Of another realm.
  const foreign = BUILTIN_NAMES.indexOf(name);
  return foreign < 0 ? undefined : foreign;
}

/** What an error of a class has without being told, on the other side. */
function inheritedBy(kind: ErrorKind, key: string): unknown {
  return Reflect.get(registered.get(kind.tag) ?? builtins[kind.base] ?? Error.prototype, key);
}

/** An error without properties, of a class by its number; undefined for a number that there is none of. */
export function newError(base: number, tag: string): Error | undefined {
  const prototype = builtins[base];
  if (prototype === undefined) return undefined;
  const error = withoutTrace();
  const own = registered.get(tag) ?? prototype;
  if (own !== Error.prototype) Object.setPrototypeOf(error, own);
  return error;
}

/** The stack of the decoder interests nobody, and collecting it is most of the work. */
function withoutTrace(): Error {
  const before: unknown = Reflect.get(Error, "stackTraceLimit");
  if (typeof before !== "number") return new Error();
  // Reflect: the host may have frozen its classes, and then it takes a little longer.
  Reflect.set(Error, "stackTraceLimit", 0);
  const error = new Error();
  Reflect.set(Error, "stackTraceLimit", before);
  return error;
}

/** A `DOMException`, or what stands for it where there is none. */
export function newDomException(message: string, name: string): Error {
  if (typeof DOMException === "function") return new DOMException(message, name);
  const error = new Error(message);
  error.name = name;
  return error;
}

/** Whether an error has something that an error of the language would have to be told. */
export function hasHidden(error: Error, key: string): boolean {
  const own = Object.getOwnPropertyDescriptor(error, key);
  if (own !== undefined) return !own.enumerable;
  if (key === "stack") return typeof error.stack === "string";
  const kind = errorKindOf(error);
  if (kind.base === DOM_EXCEPTION || (key !== "name" && key !== "message")) return false;
  return Reflect.get(error, key) !== inheritedBy(kind, key);
}

/** What stands for a value that cannot be sent where something must arrive. */
export function substituteFor(value: unknown, failure: unknown): Error {
  const why = failure instanceof Error ? failure.message : "it is too large";
  const error = new Error(`${shortTextOf(value)} (as text, because ${why})`);
  // Where the encoder was is of no use to anybody.
  error.stack = String(error);
  return error;
}

function shortTextOf(value: unknown): string {
  try {
    const text = value instanceof Error ? `${value.name}: ${value.message}` : textOf(value);
    return text.slice(0, LONGEST_TEXT);
  } catch {
    return NO_TEXT;
  }
}
