// What crosses threads, as bytes: the way in and the way out.
//
// Two ways lead to another thread. Values that are small and nothing but data are bytes in shared memory: `encode`, `decode`.
// Everything else goes by `postMessage`: `encodeForPort` gives bytes as well, and beside them what only the host can clone or
// give away. Both are one format, checked by one walk, with the same errors; handles and errors of the program work in both.
//
// What arrives is what structured clone would give, with these differences:
// - instances of classes are refused, not stripped; errors keep their class where it is known, and their own properties;
// - a view takes its own part of a buffer along: two views of one buffer arrive with a buffer each. A view of shared memory,
//   or of a buffer that is given away, stays what it is;
// - objects without a prototype arrive without one; properties of arrays besides the elements, and whether a buffer is
//   resizable, are left behind; a Proxy is sent as what it shows;
// - depth is limited by memory, not by the stack.
//
// The host is not needed for any of it.

import { Decoder } from "./decoder.js";
import { Beside, Encoder, NEEDS_PORT as needsPort } from "./encoder.js";
import { MalformedError, SendError } from "./errors.js";
import { substituteFor } from "./errors-codec.js";
import { textOf } from "./refusals.js";

export { registerFunctions, registerPlatformClass, registerSendable } from "./classes.js";
export { MalformedError, SendError } from "./errors.js";
export { registerError } from "./errors-codec.js";

/** `encode` answers this for a value that is fine but has to go by `encodeForPort`. */
export const NEEDS_PORT = -1;
/** The most bytes that `encode` gives: what the largest block of the core's heap holds. */
export const MAX_ENCODED: number = 2 ** 20 - 8;
/** The most bytes that go by a port. */
export const MAX_PORT_ENCODED: number = 2 ** 30;

const NOTHING: readonly unknown[] = [];

const first = new Encoder();
/** Whose bytes `scratch` gives. */
let latest = first;
/** Calls of `encode` under way: a getter of a value may send something itself. */
let encoding = 0;

const firstDecoder = new Decoder();
let decoding = 0;

/**
 * Writes a value as bytes into {@link scratch}.
 *
 * @param value read once, property by property. @param path what errors call it: "arguments", "result".
 * @returns how many bytes, or {@link NEEDS_PORT}: it is larger than {@link MAX_ENCODED}, or contains what cannot be bytes.
 * @throws {SendError} naming the path of what cannot be sent.
 */
export function encode(value: unknown, path: string): number {
  const encoder = encoding === 0 ? first : new Encoder();
  encoding += 1;
  try {
    encoder.write(value, path, MAX_ENCODED, Beside.Never);
    encoder.finish();
    latest = encoder;
    return encoder.length;
  } catch (error) {
    encoder.finishUnusual();
    if (error === needsPort) return NEEDS_PORT;
    throw error;
  } finally {
    encoding -= 1;
  }
}

/** The bytes that the last `encode` or `encodeThrown` wrote, from 0 on. Good until the next call; may be another array then. */
export function scratch(): Uint8Array {
  return latest.bytes;
}

/**
 * Reads what `encode` wrote.
 *
 * @param bytes not shared memory: copy out of it first. Nothing of it is kept. @param length how many of them.
 * @throws {SendError} when the bytes are not those of a value, or a handle cannot be made in this thread.
 */
export function decode(bytes: Uint8Array, length: number): unknown {
  return read(bytes, length, NOTHING);
}

/**
 * What goes by `postMessage({ bytes, attachments }, transfer)`.
 */
export interface PortMessage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What only the host can clone. */
  readonly attachments: readonly unknown[];
  /** What is given away, the memory of `bytes` included. */
  readonly transfer: readonly object[];
  /** Where each attachment was found, for {@link explainPortError}. */
  readonly paths: readonly string[];
}

/**
 * Encodes a value of any size and with anything in it that structured clone takes.
 *
 * @throws {SendError} naming the path of what cannot be sent.
 */
export function encodeForPort(value: unknown, path: string): PortMessage {
  const encoder = new Encoder();
  encoder.write(value, path, MAX_PORT_ENCODED, Beside.Allowed);
  const bytes = encoder.bytes.subarray(0, encoder.length) as Uint8Array<ArrayBuffer>;
  const { attachments, transfers, attachmentPaths: paths } = encoder;
  return { bytes, attachments, transfer: [...transfers, bytes.buffer], paths };
}

/**
 * What to throw when `postMessage` has refused a message: only the host knows what it can clone, and it does not say where.
 *
 * @param message the message. @param error what `postMessage` has thrown.
 */
export function explainPortError(message: PortMessage, error: unknown): SendError {
  const refused = message.attachments.findIndex((value) => !isCloneable(value, message));
  const path = message.paths[refused] ?? (message.paths.join(", ") || "the value");
  return new SendError(path, message.attachments[refused], `cannot be sent: ${textOf(error)}`, {
    cause: error,
  });
}

function isCloneable(value: unknown, message: PortMessage): boolean {
  if (message.transfer.includes(value as object)) return true;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

/** Reads what `encodeForPort` wrote and `postMessage` carried. @throws {SendError} as {@link decode}. */
export function decodeFromPort(bytes: Uint8Array, attachments: readonly unknown[]): unknown {
  return read(bytes, bytes.length, attachments);
}

function read(bytes: Uint8Array, length: number, attachments: readonly unknown[]): unknown {
  const decoder = decoding === 0 ? firstDecoder : new Decoder();
  decoding += 1;
  try {
    return decoder.read(bytes, length, attachments);
  } catch (error) {
    decoder.reset();
    if (error instanceof SendError) throw error;
    throw new MalformedError(textOf(error), { cause: error });
  } finally {
    decoding -= 1;
  }
}

/**
 * Writes what a task has thrown as bytes into {@link scratch}. Never throws and never needs a port: what cannot be sent of an
 * error is left out, and anything else that cannot be sent becomes an Error with its text.
 *
 * @returns how many bytes.
 */
export function encodeThrown(error: unknown): number {
  const encoder = new Encoder();
  latest = encoder;
  try {
    encoder.write(error, "the thrown value", MAX_ENCODED, Beside.Refused);
  } catch (failure) {
    encoder.finishUnusual();
    encoder.write(substituteFor(error, failure), "", MAX_ENCODED, Beside.Refused);
  }
  encoder.finish();
  return encoder.length;
}

/**
 * Checks a value as sending it would, and sends nothing. For tests.
 *
 * @throws {SendError} naming the path of what cannot be sent.
 */
export function checkSendable(value: unknown, path: string): void {
  encodeForPort(value, path);
}
