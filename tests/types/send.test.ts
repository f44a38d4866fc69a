// What may cross threads, at compile time. Nothing here runs: the compiler is the test.

import { expectTypeOf, test } from "vitest";
import type { Coroutine, Future } from "../../ts/future/index.js";
import type {
  NotSend,
  Send,
  SendArguments,
  SendableHandle,
  SendCoroutine,
  SendPlain,
} from "../../ts/send/send.js";
import { transfer } from "../../ts/send/transfer.js";

type Started<A extends readonly unknown[], T> = (...args: A) => Coroutine<T>;

/** As `sendable` asks for a function. */
function coroutine<A extends readonly unknown[], T>(
  fn: ((...args: A) => Coroutine<T>) & SendCoroutine<A, T>,
): Started<A, T> {
  return fn;
}

function plain<A extends readonly unknown[], T>(
  fn: ((...args: A) => T) & SendPlain<A, T>,
): (...args: A) => T {
  return fn;
}

type NoFunction = NotSend<"a function cannot be sent to another thread">;

interface User {
  readonly id: number;
  name?: string;
  tags: readonly string[];
  born: Date | undefined;
  friends: User[];
  byName: Map<string, User>;
}
type Json = null | string | number | boolean | Json[] | { [key: string]: Json };
type Expression = number | ["add", Expression, Expression] | readonly ["negate", Expression];
type Nested =
  | { value: number; inside: readonly Nested[] }
  | Set<Nested>
  | ReadonlyMap<string, Nested>;
type UserId = string & { readonly __brand: "user id" };
type Point = { x: number; y: number };
type Shape = { kind: "circle"; radius: number } | { kind: "square"; side: number };
interface Page<T> {
  items: T[];
  next: Page<T> | null;
}
declare enum Color {
  Red,
  Blue,
}
declare enum Word {
  Yes = "yes",
}
class Token implements SendableHandle {
  declare readonly "~send": true;
  readonly #id = 1;
  cancel(): number {
    return this.#id;
  }
}
class Account {
  #owner = "x";
  owner(): string {
    return this.#owner;
  }
}
class Secret {
  readonly #value = 1;
  shown = 2;
  static reveal(secret: Secret): number {
    return secret.#value;
  }
}
class HttpError extends Error {
  readonly status: number = 500;
}
class RetryError extends Error {
  retry(): void {}
}

test("what can be sent is itself again", () => {
  expectTypeOf<Send<string>>().toEqualTypeOf<string>();
  expectTypeOf<Send<1 | "a" | 5n | true | null | undefined>>().toEqualTypeOf<
    1 | "a" | 5n | true | null | undefined
  >();
  expectTypeOf<Send<boolean>>().toEqualTypeOf<boolean>();
  expectTypeOf<Send<void>>().toEqualTypeOf<void>();
  expectTypeOf<Send<never>>().toEqualTypeOf<never>();
  expectTypeOf<Send<UserId>>().toEqualTypeOf<UserId>();
  expectTypeOf<Send<Color | Word>>().toEqualTypeOf<Color | Word>();
  expectTypeOf<Send<Date | RegExp>>().toEqualTypeOf<Date | RegExp>();
  expectTypeOf<Send<Uint8Array>>().toEqualTypeOf<Uint8Array>();
  expectTypeOf<Send<Float64Array | DataView>>().toEqualTypeOf<Float64Array | DataView>();
  expectTypeOf<Send<ArrayBuffer | SharedArrayBuffer>>().toEqualTypeOf<
    ArrayBuffer | SharedArrayBuffer
  >();
  expectTypeOf<Send<MessagePort | Blob | CryptoKey>>().toEqualTypeOf<
    MessagePort | Blob | CryptoKey
  >();
  expectTypeOf<Send<ReadableStream>>().toEqualTypeOf<ReadableStream>();
  expectTypeOf<Send<Point>>().toEqualTypeOf<Point>();
  expectTypeOf<Send<[a: number, b?: string]>>().toEqualTypeOf<[a: number, b?: string]>();
  expectTypeOf<Send<readonly [number, string]>>().toEqualTypeOf<readonly [number, string]>();
  expectTypeOf<Send<readonly Point[]>>().toEqualTypeOf<readonly Point[]>();
  expectTypeOf<Send<Map<string, Set<number>>>>().toEqualTypeOf<Map<string, Set<number>>>();
  expectTypeOf<Send<Token>>().toEqualTypeOf<Token>();
});

test("any and unknown pass: they are checked when they are sent", () => {
  expectTypeOf<Send<unknown>>().toEqualTypeOf<unknown>();
  // biome-ignore lint/suspicious/noExplicitAny: that is what is tested.
  expectTypeOf<Send<any>>().toBeAny();
  expectTypeOf<Send<{ a: unknown }>>().toEqualTypeOf<{ a: unknown }>();
});

test("what cannot be sent says why, in its own place", () => {
  expectTypeOf<Send<() => void>>().toEqualTypeOf<NoFunction>();
  expectTypeOf<Send<{ a: 1; onDone: () => void }>>().toEqualTypeOf<{ a: 1; onDone: NoFunction }>();
  expectTypeOf<Send<{ onDone?: () => void }>>().toEqualTypeOf<{ onDone?: NoFunction }>();
  expectTypeOf<Send<[1, () => void]>>().toEqualTypeOf<[1, NoFunction]>();
  expectTypeOf<Send<Map<string, () => void>>>().toEqualTypeOf<Map<string, NoFunction>>();
  expectTypeOf<Send<symbol>>().toEqualTypeOf<
    NotSend<"a symbol cannot be sent to another thread">
  >();
  expectTypeOf<Send<Promise<1>>>().toEqualTypeOf<
    NotSend<"a promise cannot be sent to another thread">
  >();
  expectTypeOf<Send<WeakMap<Point, 1>>>().toEqualTypeOf<
    NotSend<"a weak collection cannot be sent to another thread">
  >();
  expectTypeOf<Send<WeakSet<Point>>>().toEqualTypeOf<
    NotSend<"a weak collection cannot be sent to another thread">
  >();
  expectTypeOf<Send<WeakRef<Point>>>().toEqualTypeOf<
    NotSend<"a weak collection cannot be sent to another thread">
  >();
  expectTypeOf<Send<typeof Account>>().toEqualTypeOf<
    NotSend<"a class cannot be sent to another thread">
  >();
  type NoCoroutine = NotSend<"a coroutine, generator or iterator cannot be sent to another thread">;
  expectTypeOf<Send<Coroutine<number>>>().toEqualTypeOf<NoCoroutine>();
  expectTypeOf<Send<AsyncGenerator<number>>>().toEqualTypeOf<NoCoroutine>();
  expectTypeOf<Send<IterableIterator<number>>>().toEqualTypeOf<NoCoroutine>();
  expectTypeOf<Send<Buffer>>().toEqualTypeOf<
    NotSend<"a Buffer arrives in another thread as a Uint8Array: declare it as one">
  >();
});

test("functions of all that can be sent, with their types", () => {
  const everything = coroutine(function* (
    user: User,
    json: Json,
    expression: Expression,
    nested: Nested,
    page: Page<User>,
    shape: Shape,
    color: Color,
    id: UserId,
    token: Token,
    error: HttpError | DOMException,
    count?: number,
    ...rest: [Blob, Uint8Array][]
  ) {
    return { user, json, expression, nested, page, shape, color, id, token, error, count, rest };
  });
  expectTypeOf(everything).parameter(0).toEqualTypeOf<User>();
  expectTypeOf(everything).parameter(2).toEqualTypeOf<Expression>();
  expectTypeOf(everything).parameter(10).toEqualTypeOf<number | undefined>();
  type Result = ReturnType<typeof everything> extends Coroutine<infer T> ? T : never;
  expectTypeOf<Result["user"]>().toEqualTypeOf<User>();
  expectTypeOf<Result["rest"]>().toEqualTypeOf<[Blob, Uint8Array][]>();
  expectTypeOf(coroutine(function* () {})).toEqualTypeOf<Started<[], void>>();
  expectTypeOf(coroutine(function* (): Coroutine<undefined> {})).toEqualTypeOf<
    Started<[], undefined>
  >();
  expectTypeOf(plain((a: number, b: readonly string[]) => [a, ...b])).toEqualTypeOf<
    (a: number, b: readonly string[]) => (string | number)[]
  >();
  coroutine(function* (anything: unknown, some: object, module: WebAssembly.Module) {
    return [anything, some, module];
  });
});

test("functions with arguments that cannot be sent do not compile", () => {
  // @ts-expect-error a function
  coroutine(function* (_onDone: () => void) {});
  // @ts-expect-error a function inside
  coroutine(function* (_options: { size: number; onDone?: () => void }) {});
  // @ts-expect-error a function in a list
  coroutine(function* (_list: { run(): void }[]) {});
  // @ts-expect-error a function in a union
  coroutine(function* (_maybe: number | (() => void)) {});
  // @ts-expect-error a function among the rest
  coroutine(function* (..._rest: (() => void)[]) {});
  // @ts-expect-error a symbol
  coroutine(function* (_key: symbol) {});
  // @ts-expect-error a promise
  coroutine(function* (_promise: Promise<number>) {});
  // @ts-expect-error a future
  coroutine(function* (_future: Future<number>) {});
  // @ts-expect-error a weak map
  coroutine(function* (_map: WeakMap<object, number>) {});
  // @ts-expect-error an instance with methods
  coroutine(function* (_account: Account) {});
  // @ts-expect-error an instance with private parts, which would not arrive
  coroutine(function* (_secret: Secret) {});
  // @ts-expect-error a signal
  coroutine(function* (_signal: AbortSignal) {});
  // @ts-expect-error an iterator
  coroutine(function* (_items: Iterator<number>) {});
  // @ts-expect-error something that can be iterated by a method of its own
  coroutine(function* (_buffer: Buffer) {});
  // @ts-expect-error an array with properties, which stay behind
  coroutine(function* (_match: RegExpMatchArray) {});
  // @ts-expect-error an error with a method
  coroutine(function* (_error: RetryError) {});
  // @ts-expect-error a map with methods of its own
  coroutine(function* (_map: Map<string, number> & { sum(): number }) {});
  // @ts-expect-error a function as a value of a map
  plain((_handlers: Map<string, () => void>) => 1);
});

test("functions with results that cannot be sent do not compile", () => {
  // biome-ignore format: the error is reported where the argument begins.
  // @ts-expect-error a function
  coroutine(function* (x: number) { return () => x; });
  // biome-ignore format: the error is reported where the argument begins.
  // @ts-expect-error a function inside
  coroutine(function* (x: number) { return { x, get: () => x }; });
  // @ts-expect-error a promise
  plain(async (x: number) => x);
  // @ts-expect-error an instance
  plain(() => new Account());
  // @ts-expect-error a symbol among others
  plain((): string | symbol => "x");
});

test("a list of arguments stays what it is", () => {
  expectTypeOf<SendArguments<[first: number, second?: string]>>().toEqualTypeOf<
    [first: number, second?: string]
  >();
  expectTypeOf<SendArguments<[]>>().toEqualTypeOf<[]>();
  expectTypeOf<SendArguments<[number, ...string[]]>>().toEqualTypeOf<[number, ...string[]]>();
});

test("transfer is of the type of its value", () => {
  const image = new Uint8Array(3);
  expectTypeOf(transfer(image, [image.buffer])).toEqualTypeOf<typeof image>();
  const anyMemory: Uint8Array = image;
  expectTypeOf(transfer(anyMemory, [anyMemory.buffer])).toEqualTypeOf<Uint8Array>();
  const { port1 } = new MessageChannel();
  expectTypeOf(transfer({ port: port1 }, [port1])).toEqualTypeOf<{ port: MessagePort }>();
  port1.close();
  const wrong = () => {
    // @ts-expect-error a view is not given away, its buffer is
    transfer(image, [image]);
    // @ts-expect-error a primitive
    transfer(5, []);
  };
  void wrong;
});
