// The type of what may cross threads: a check of any type, member by member.
//
// It is no constraint that a type satisfies or not, as `T extends Json` would be, because interfaces have no index signature
// and would fail it. `Send<T>` is T again wherever T is fine, and where it is not, that one member has become a
// `NotSend<"why">`. A function that asks for `Send<T>` where it infers T so gets an error at the member itself:
//
//     Types of property 'onDone' are incompatible.
//       Type 'NotSend<"a function cannot be sent to another thread">' is not assignable to type '() => void'.
//
// What types cannot tell is left to the check at run time: `any`, `unknown` and `object` pass, and so does an instance of a
// class without methods, which looks like a plain object.

import type { Coroutine, Future } from "../future/index.js";
import type { Instance, PortLike, TransferItem } from "./transfer.js";

/** What a member's type becomes that cannot be sent. There is no value of it. */
export interface NotSend<Reason extends string> {
  readonly "~not send": Reason;
}

/**
 * Marks a class of the runtime whose instances can be sent, because it was given to `registerSendable`:
 *
 *     class CancellationToken { declare readonly "~send": true; … }
 */
export interface SendableHandle {
  readonly "~send": true;
}

type Primitive = string | number | bigint | boolean | null | undefined | void;

/** What only the host can clone. Structural where hosts have several classes for one thing. */
type Platform =
  | PortLike
  | TransferItem
  | Instance<"Blob">
  | Instance<"File">
  | Instance<"FileList">
  | Instance<"CryptoKey">
  | Instance<"ImageData">
  | Instance<"DOMRectReadOnly">
  | Instance<"DOMPointReadOnly">
  | Instance<"DOMMatrixReadOnly">
  | Instance<"FileSystemHandle">
  | Instance<"WebAssembly", "Memory">
  | KeyLike;

/** A `KeyObject` of `node:crypto`. */
interface KeyLike {
  readonly type: "secret" | "public" | "private";
  equals(other: never): boolean;
  export(...options: never[]): unknown;
}

/** Of built-in objects whose methods arrive with them. */
type BuiltIn = Date | RegExp | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

interface BufferLike extends Uint8Array {
  swap16(): unknown;
  readUInt32LE(offset?: number): number;
}

type AnyFunction = (...args: never) => unknown;
type AnyClass = abstract new (...args: never) => unknown;

/**
 * T if it can cross threads; otherwise T with {@link NotSend} in the place of what cannot.
 *
 * What can: primitives (branded ones too), enums, `Date`, `RegExp`, `Map`, `Set`, errors, views and buffers, what the host can
 * clone or give away, handles of the runtime, and objects, arrays and tuples of all these.
 */
export type Send<T> = 0 extends 1 & T ? T : unknown extends T ? T : SendEach<T>;

/**
 * The rest of the parameters of a function that makes something to send a T with: none if T can cross threads, and otherwise one that
 * no call has, whose type says why. A function that does so for a T of its caller's hands the obligation on:
 *
 *     function duplex<T>(...onlySend: OnlySend<T>) {
 *       const [tx, rx] = mpsc.shared<T>(16, ...onlySend);
 */
export type OnlySend<T> = [T] extends [Send<T>] ? [] : [cannotBeSent: Send<T>];

/** Distributes over unions. */
type SendEach<T> = T extends Primitive | SendableHandle
  ? T
  : T extends symbol
    ? NotSend<"a symbol cannot be sent to another thread">
    : T extends AnyFunction
      ? NotSend<"a function cannot be sent to another thread">
      : T extends AnyClass
        ? NotSend<"a class cannot be sent to another thread">
        : T extends BufferLike
          ? NotSend<"a Buffer arrives in another thread as a Uint8Array: declare it as one">
          : T extends BuiltIn | Platform
            ? T
            : T extends readonly (infer E)[]
              ? SendArray<T, E>
              : SendObject<T>;

/** The compiler puts off arrays and tuples that are written out, but not mapped types: so recursive types come to an end. */
type SendArray<T, E> = E[] extends T
  ? T extends unknown[]
    ? Send<E>[]
    : readonly Send<E>[]
  : T extends unknown[]
    ? SendTuple<T>
    : SendReadonlyTuple<T>;

type SendTuple<T> = T extends [infer A, infer B]
  ? [Send<A>, Send<B>]
  : T extends [infer A, infer B, infer C]
    ? [Send<A>, Send<B>, Send<C>]
    : T extends [infer A, infer B, infer C, infer D]
      ? [Send<A>, Send<B>, Send<C>, Send<D>]
      : SendElements<T>;

type SendReadonlyTuple<T> = T extends readonly [infer A, infer B]
  ? readonly [Send<A>, Send<B>]
  : T extends readonly [infer A, infer B, infer C]
    ? readonly [Send<A>, Send<B>, Send<C>]
    : T extends readonly [infer A, infer B, infer C, infer D]
      ? readonly [Send<A>, Send<B>, Send<C>, Send<D>]
      : SendElements<T>;

type SendElements<T> = { [Index in keyof T]: Send<T[Index]> };

type SendObject<T> =
  T extends ReadonlyMap<infer K, infer V>
    ? SendMap<T, K, V>
    : T extends ReadonlySet<infer V>
      ? SendSet<T, V>
      : T extends Error
        ? { [Key in keyof T]: Key extends keyof Error ? T[Key] : Send<T[Key]> }
        : T extends Refused
          ? SendRefused<T>
          : { [Key in keyof T]: Key extends symbol ? T[Key] : Send<T[Key]> };

type Instances = NotSend<"an instance of a class cannot be sent to another thread">;

type SendMap<T, K, V> =
  Exclude<keyof T, keyof Map<K, V>> extends never
    ? T extends Map<K, V>
      ? Map<Send<K>, Send<V>>
      : ReadonlyMap<Send<K>, Send<V>>
    : Instances;

type SendSet<T, V> =
  Exclude<keyof T, keyof Set<V>> extends never
    ? T extends Set<V>
      ? Set<Send<V>>
      : ReadonlySet<Send<V>>
    : Instances;

/** Would be found out by their methods; named, so that the error says more. */
type Refused =
  | PromiseLike<unknown>
  | IteratorLike
  // biome-ignore lint/suspicious/noExplicitAny: of whatever.
  | WeakMap<any, unknown>
  // biome-ignore lint/suspicious/noExplicitAny: of whatever.
  | WeakSet<any>
  // biome-ignore lint/suspicious/noExplicitAny: of whatever.
  | WeakRef<any>;

interface IteratorLike {
  next(...value: never): unknown;
}

type SendRefused<T> =
  T extends Future<unknown>
    ? NotSend<"a future cannot be sent to another thread">
    : T extends PromiseLike<unknown>
      ? NotSend<"a promise cannot be sent to another thread">
      : T extends IteratorLike
        ? NotSend<"a coroutine, generator or iterator cannot be sent to another thread">
        : NotSend<"a weak collection cannot be sent to another thread">;

/** The same for a list of arguments, which stays a tuple. */
export type SendArguments<A extends readonly unknown[]> = { [Index in keyof A]: Send<A[Index]> };

/**
 * What `fn` is, once more, with every member checked. Asked for beside the type that A and T are inferred from:
 *
 *     function sendable<A extends readonly unknown[], T>(fn: CoroutineFunction<A, T> & SendCoroutine<A, T>): …
 */
export type SendCoroutine<A extends readonly unknown[], T> = (
  ...args: SendArguments<A>
) => Coroutine<Send<T>>;

/** The same for a plain function. */
export type SendPlain<A extends readonly unknown[], T> = (...args: SendArguments<A>) => Send<T>;
