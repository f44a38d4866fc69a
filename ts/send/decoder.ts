// From bytes (format.ts) to a value.
//
// D1. Nothing is read behind the end (reader.ts).
// D2. Work and memory are bounded by the bytes: no count is believed before as many bytes are there.
// D3. Whatever is wrong with the bytes is a MalformedError.

import { type Registration, registrationNamed } from "./classes.js";
import { SendError } from "./errors.js";
import { DOM_EXCEPTION, newDomException, newError, REGISTERED_ERROR } from "./errors-codec.js";
import * as format from "./format.js";
import { isBuffer } from "./memory.js";
import { malformed, NO_BYTES, Reader } from "./reader.js";
import { textOf } from "./refusals.js";
import { asciiText, keyAt } from "./strings.js";

const DEEPEST = format.MAX_DEPTH + format.MAX_STATE_DEPTH + 8;
const MOST_ELEMENTS = 2 ** 32 - 1;
const NO_ATTACHMENTS: readonly unknown[] = [];

/** Stands for an object whose handle is still being made. */
const UNFINISHED: unique symbol = Symbol("unfinished");

export class Decoder extends Reader {
  private attachments: readonly unknown[] = NO_ATTACHMENTS;
  private depth = 0;
  private hasReferences = false;
  private objects: unknown[] = [];
  private later: { tag: number; container: object }[] = [];

  /** Reads one value. @throws {MalformedError} @throws {SendError} when a handle cannot be made here. */
  read(bytes: Uint8Array, length: number, attachments: readonly unknown[]): unknown {
    this.bytes = bytes;
    this.end = length;
    this.at = 0;
    this.attachments = attachments;
    const value = this.readWhole();
    this.bytes = NO_BYTES;
    this.attachments = NO_ATTACHMENTS;
    return value;
  }

  /** Forgets a value that was not read to its end. */
  reset(): void {
    this.bytes = NO_BYTES;
    this.attachments = NO_ATTACHMENTS;
    this.depth = 0;
    this.objects = [];
    this.later = [];
  }

  private readWhole(): unknown {
    if (this.end > this.bytes.length) malformed("fewer bytes than were announced");
    const flags = this.byte();
    this.hasReferences = flags === (format.FLAGS_MARK | format.HAS_REFERENCES);
    if (!this.hasReferences && flags !== format.FLAGS_MARK) malformed("it has no beginning");
    const value = this.readValue();
    if (this.later.length > 0) this.readLater();
    if (this.at !== this.end) malformed("it goes on behind its end");
    if (this.hasReferences) this.objects = [];
    return value;
  }

  // Values.

  private readValue(): unknown {
    if (this.at >= this.end) malformed("it ends too early");
    const tag = this.bytes[this.at++] as number;
    if (tag >= format.SMALL_INT) return tag - format.SMALL_INT;
    if (tag >= format.SHORT_STRING) return this.readShort(tag - format.SHORT_STRING);
    if (tag >= format.OBJECT) return this.readContainer(tag);
    return this.readOther(tag);
  }

  private readShort(length: number): string {
    return asciiText(this.bytes, this.take(length), length);
  }

  private readOther(tag: number): unknown {
    switch (tag) {
      case format.UNDEFINED:
        return undefined;
      case format.NULL:
        return null;
      case format.TRUE:
        return true;
      case format.FALSE:
        return false;
      case format.INT32:
        return this.int32();
      case format.DOUBLE:
        return this.double();
      case format.BIGINT_64:
        return this.bigInt64();
      case format.BIGINT_TEXT:
        return this.readBigInt();
      case format.STRING_ASCII:
        return this.readAscii();
      case format.STRING_UTF16:
      case format.STRING_UNITS:
        return this.readUnits(tag === format.STRING_UTF16);
      case format.REFERENCE:
        return this.readReference();
      default:
        return this.readLeaf(tag);
    }
  }

  private readString(): string {
    const tag = this.byte();
    switch (tag) {
      case format.STRING_ASCII:
        return this.readAscii();
      case format.STRING_UTF16:
      case format.STRING_UNITS:
        return this.readUnits(tag === format.STRING_UTF16);
      default:
        if (tag < format.SHORT_STRING || tag >= format.SMALL_INT) malformed("a text is missing");
        return this.readShort(tag - format.SHORT_STRING);
    }
  }

  private readBigInt(): bigint {
    const text = this.readString();
    if (!/^-?[0-9a-f]+$/.test(text)) malformed("a number is not one");
    return text.startsWith("-") ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
  }

  private readKey(): string | undefined {
    const length = this.byte();
    if (length === format.END_OF_KEYS) return undefined;
    if (length === format.LONG_KEY) return this.readString();
    return keyAt(this.bytes, this.take(length), length);
  }

  // Objects.

  private readReference(): unknown {
    const number = this.varint();
    if (!this.hasReferences || number >= this.objects.length) malformed("it refers to nothing");
    const value = this.objects[number];
    return value === UNFINISHED ? malformed("a handle contains itself") : value;
  }

  private enter<T extends object>(value: T): T {
    if (this.hasReferences) this.objects.push(value);
    return value;
  }

  /** The place of an object that is made only after what it contains. */
  private promise(): number {
    return this.hasReferences ? this.objects.push(UNFINISHED) - 1 : 0;
  }

  private keep<T>(place: number, value: T): T {
    if (this.hasReferences) this.objects[place] = value;
    return value;
  }

  private readLeaf(tag: number): unknown {
    switch (tag) {
      case format.DATE:
        return this.enter(new Date(this.double()));
      case format.REGEXP:
        return this.readRegExp();
      case format.BYTES:
        return this.enter(this.readBytes());
      case format.VIEW:
        return this.readView();
      case format.BOXED:
        return this.readBoxed();
      case format.SENDABLE:
        return this.readSendable();
      case format.ATTACHMENT:
        return this.enter(this.readAttachment());
      default:
        return malformed(`it has an unknown part, ${tag}`);
    }
  }

  private readRegExp(): RegExp {
    const source = this.readString();
    return this.enter(new RegExp(source, this.readString()));
  }

  private readBytes(): object {
    const type = this.byte();
    const size = this.varint();
    const start = this.take(size);
    const copy = new Uint8Array(size);
    copy.set(this.bytes.subarray(start, start + size));
    if (type === 0) return copy;
    if (type === format.BUFFER_TYPE) return copy.buffer;
    const viewClass = format.VIEW_CLASSES[type];
    return viewClass === undefined ? malformed("a view has no type") : new viewClass(copy.buffer);
  }

  private readView(): object {
    const place = this.promise();
    const viewClass = format.VIEW_CLASSES[this.byte()];
    const offset = this.double();
    const length = this.double();
    this.descend();
    const buffer = this.readValue();
    this.depth -= 1;
    if (viewClass === undefined) malformed("a view has no type");
    if (!isBuffer(buffer)) malformed("a view has no memory");
    return this.keep(place, new viewClass(buffer as ArrayBuffer, offset, length));
  }

  private readBoxed(): object {
    const place = this.promise();
    this.descend();
    const value = this.readValue();
    this.depth -= 1;
    if (typeof value === "object" || value === undefined)
      malformed("a boxed value is no primitive");
    return this.keep(place, Object(value));
  }

  private readAttachment(): object {
    const value = this.attachments[this.varint()];
    return typeof value === "object" && value !== null ? value : malformed("a part is missing");
  }

  private readSendable(): unknown {
    const place = this.promise();
    const tag = this.readKey() ?? malformed("a handle has no class");
    const registration = registrationNamed(tag);
    if (registration === undefined)
      throw notRestored(tag, "the module that registers the class is not loaded here");
    this.descend();
    const plain = this.readValue();
    this.depth -= 1;
    return this.keep(place, restored(registration, plain));
  }

  // Containers.

  private descend(): void {
    this.depth += 1;
    if (this.depth > DEEPEST) malformed("it is nested too deeply");
  }

  private readContainer(tag: number): object {
    const kind = tag & ~format.LATER;
    const container = this.enter(this.newContainer(kind));
    if (kind === tag) this.readBody(kind, container);
    else this.later.push({ tag: kind, container });
    return container;
  }

  private newContainer(kind: number): object {
    switch (kind) {
      case format.OBJECT:
        return {};
      case format.ARRAY:
      case format.SPARSE_ARRAY:
        return [];
      case format.BARE_OBJECT:
        return Object.create(null);
      case format.MAP:
        return new Map();
      case format.SET:
        return new Set();
      case format.ERROR:
        return this.readErrorClass();
      default:
        return malformed(`it has an unknown part, ${kind}`);
    }
  }

  private readLater(): void {
    for (let i = 0; i < this.later.length; i++) {
      const { tag, container } = this.later[i] as (typeof this.later)[number];
      this.readBody(tag, container);
    }
    this.later = [];
  }

  private readBody(kind: number, container: object): void {
    this.descend();
    switch (kind) {
      case format.ARRAY:
        this.readElements(container as unknown[]);
        break;
      case format.SPARSE_ARRAY:
        this.readSparse(container as unknown[]);
        break;
      case format.MAP:
        this.readEntries(container as Map<unknown, unknown>);
        break;
      case format.SET:
        this.readMembers(container as Set<unknown>);
        break;
      case format.ERROR:
        this.readErrorProperties(container, false);
        this.readErrorProperties(container, true);
        break;
      default:
        this.readProperties(container as Record<string, unknown>);
    }
    this.depth -= 1;
  }

  private readProperties(container: Record<string, unknown>): void {
    for (;;) {
      const key = this.readKey();
      if (key === undefined) return;
      const value = this.readValue();
      // Assigned, it would change the prototype.
      if (key === "__proto__") define(container, key, value, true);
      else container[key] = value;
    }
  }

  private readElements(container: unknown[]): void {
    const length = this.varint();
    for (let i = 0; i < length; i++) {
      if (this.bytes[this.at] === format.HOLE && this.at < this.end) {
        this.at += 1;
        container.length += 1;
      } else container.push(this.readValue());
    }
  }

  private readSparse(container: unknown[]): void {
    const length = this.varint();
    const count = this.varint();
    if (length === 0 || length > MOST_ELEMENTS) malformed("an array is longer than arrays can be");
    // An element far behind makes the engine keep a table; a length alone would make it take memory for all of them.
    container[length - 1] = undefined;
    delete container[length - 1];
    for (let i = 0; i < count; i++) {
      const index = this.varint();
      if (index >= length) malformed("an array is longer than it says");
      container[index] = this.readValue();
    }
  }

  private isAtEnd(): boolean {
    if (this.at >= this.end) malformed("it ends too early");
    if (this.bytes[this.at] !== format.END) return false;
    this.at += 1;
    return true;
  }

  private readEntries(container: Map<unknown, unknown>): void {
    while (!this.isAtEnd()) {
      const key = this.readValue();
      container.set(key, this.readValue());
    }
  }

  private readMembers(container: Set<unknown>): void {
    while (!this.isAtEnd()) container.add(this.readValue());
  }

  // Errors of the program.

  private readErrorClass(): Error {
    let base = this.byte();
    let tag = "";
    if (base === REGISTERED_ERROR) {
      tag = this.readKey() ?? malformed("an error has no class");
      base = this.byte();
    }
    if (base !== DOM_EXCEPTION) return newError(base, tag) ?? malformed("an error has no class");
    const message = this.readString();
    return newDomException(message, this.readString());
  }

  /** Defined, not assigned: the class may have a setter or a getter of this name. */
  private readErrorProperties(error: object, enumerable: boolean): void {
    for (;;) {
      const key = this.readKey();
      if (key === undefined) return;
      const value = this.readValue();
      // Where the engine has given it one, this is much quicker, and as hidden as before.
      if (!enumerable && key === "stack" && Object.hasOwn(error, key))
        Reflect.set(error, key, value);
      else define(error, key, value, enumerable);
    }
  }
}

function notRestored(tag: string, why: string, options?: ErrorOptions): SendError {
  const what = `a value of the class registered as ${JSON.stringify(tag)}`;
  return new SendError(what, undefined, `cannot be made in this thread: ${why}`, options);
}

function restored({ tag, decode }: Registration, plain: unknown): unknown {
  try {
    return decode(plain);
  } catch (error) {
    if (error instanceof SendError) throw error;
    throw notRestored(tag, textOf(error), { cause: error });
  }
}

function define(target: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}
