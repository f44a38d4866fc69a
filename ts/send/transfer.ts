// What a sender gives away instead of copying. `transfer` only remembers the list, beside the value and without touching it;
// the encoder asks for it when it meets the value, at any depth.

import { SendError } from "./errors.js";
import { isShared } from "./memory.js";

const lists = new WeakMap<object, readonly object[]>();
let isUsed = false;

/** The instance type of a global class, or never where the program's types know no such class, or nothing about it. */
export type Instance<Name extends string, Member extends string = ""> = Known<
  typeof globalThis extends { readonly [key in Name]: infer Found }
    ? Member extends ""
      ? Found
      : Found extends { readonly [key in Member]: infer Inner }
        ? Inner
        : never
    : never
>;

/** An interface that is empty would let everything pass. */
type Known<Class> = Class extends { readonly prototype: infer T }
  ? Record<never, never> extends T
    ? never
    : T
  : never;

/** A `MessagePort`, of the web or of `node:worker_threads`. */
export interface PortLike {
  postMessage(message: unknown, ...rest: never[]): void;
  start(): void;
  close(): void;
}

/** What can be given away to another thread. Shared memory may stand among it, as a view's `buffer`: it stays shared. */
export type TransferItem =
  | ArrayBufferLike
  | PortLike
  | Instance<"ReadableStream">
  | Instance<"WritableStream">
  | Instance<"TransformStream">
  | Instance<"ImageBitmap">
  | Instance<"OffscreenCanvas">
  | Instance<"VideoFrame">
  | Instance<"AudioData">
  | Instance<"RTCDataChannel">
  | { readonly fd: number; close(): Promise<void> };

/**
 * Says that `list` is given away when `value` is sent, rather than copied: the other thread gets the very memory or port, and
 * this one cannot use it any more.
 *
 *     spawn(resize, transfer(image, [image.buffer]), 200)
 *
 * @param value what to send: an argument, a result, or an object anywhere inside of one. @param list what to give away.
 * @returns the value itself. Until it is sent it can be used as before, and if it is never sent nothing happens.
 * @throws {SendError} when the value is no object, or the list names something twice or something that is no object.
 */
export function transfer<T extends object>(value: T, list: readonly TransferItem[]): T {
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    throw new SendError(
      "transfer(value, list)",
      value,
      "needs an object as its value: a primitive is always copied",
    );
  checkList(list);
  lists.set(
    value,
    list.filter((item) => !isShared(item)),
  );
  isUsed = true;
  return value;
}

function checkList(list: readonly unknown[]): void {
  const seen = new Set<unknown>();
  for (const [index, item] of list.entries()) {
    const path = `transfer(value, list)[${index}]`;
    if (typeof item !== "object" || item === null)
      throw new SendError(path, item, "cannot be transferred: it is no object");
    if (seen.has(item)) throw new SendError(path, item, "stands in the list twice");
    seen.add(item);
  }
}

/** What `transfer` was told to give away with this object, or undefined. Costs nothing in a program that never transfers. */
export function transferListFor(value: object): readonly object[] | undefined {
  return isUsed ? lists.get(value) : undefined;
}
