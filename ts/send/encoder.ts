// From a value to bytes (format.ts). An encoder is used for one value at a time and reads every property once.
//
// E1. Whatever happens, `finish` leaves no reference to anything of the program in the encoder.
// E2. Code of the program may run at every property that is read (getters, proxies, `encode` of a handle). Nothing that was
//     read before is relied on after, and nothing but this encoder's own state is: codec.ts takes another for a call inside.
// E3. `keys[0 … depth - 1]` say where the value is that is being written, also at the moment when something throws.

import { classNameOf, functionRegistration, Kind, kindOf, registrationOf } from "./classes.js";
import { SendError } from "./errors.js";
import {
  DOM_EXCEPTION,
  errorKindOf,
  hasHidden,
  REGISTERED_ERROR,
  substituteFor,
} from "./errors-codec.js";
import * as format from "./format.js";
import { isDetached, isShared } from "./memory.js";
import { Numbering } from "./numbering.js";
import { type Origin, Step, textOfPath } from "./path.js";
import { refusalOf, textOf } from "./refusals.js";
import { transferListFor } from "./transfer.js";
import { Writer } from "./writer.js";

/** What may travel besides the bytes. */
export const Beside = {
  /** Nothing: what cannot be bytes throws {@link NEEDS_PORT}. */
  Never: 0,
  /** Everything that structured clone takes. */
  Allowed: 1,
  /** Nothing, and what cannot be bytes is refused like a function. */
  Refused: 2,
} as const;

/** Thrown when the value is fine so far, but not all of it can be bytes. */
export const NEEDS_PORT: object = { needs: "a port" };

/** Arrays longer than this are probed for holes at so many places. */
const SPARSE_LENGTH = 4096;
const PROBES = 64;
const HIDDEN_KEYS = ["name", "message", "stack", "cause", "errors", "error", "suppressed"];
/** A longer key of a Map is not kept for the path. */
const LONGEST_STEP = 64;

const MANY = format.MAX_DEPTH + format.MAX_STATE_DEPTH + 8;

export class Encoder extends Writer {
  /** What travels beside the bytes, and where it was found. */
  attachments: object[] = [];
  attachmentPaths: string[] = [];
  /** What `transfer` was told to give away. */
  transfers: object[] = [];

  private beside: number = Beside.Never;
  private root = "";

  private readonly numbering: Numbering = new Numbering();
  private isReferring = false;

  private readonly keys: unknown[] = new Array(MANY).fill(undefined);
  private readonly steps: Uint8Array = new Uint8Array(MANY);
  private depth = 0;
  /** How deep in the state of sendable handles, which is never put off. */
  private stateDepth = 0;
  /** The handles whose state is being written. */
  private unfinished: object[] = [];
  private origin: Origin | undefined;
  private later: { tag: number; value: object; origin: Origin }[] = [];

  /**
   * Writes a value into {@link bytes}, {@link length} bytes long.
   *
   * @throws {SendError} with the path of what cannot be sent. @throws {NEEDS_PORT} when it does not fit `limit` or `beside`.
   */
  write(value: unknown, root: string, limit: number, beside: number): void {
    this.root = root;
    this.beside = beside;
    this.start(limit);
    try {
      this.writeValue(value);
      if (this.later.length > 0) this.writeLater();
      if (this.length > limit) this.tooLarge();
      this.bytes[0] = format.FLAGS_MARK | (this.isReferring ? format.HAS_REFERENCES : 0);
    } catch (error) {
      throw this.explained(error);
    }
  }

  /** Forgets the value: nothing of it stays alive because of this encoder. */
  finish(): void {
    this.numbering.clear();
    this.isReferring = false;
    this.depth = 0;
  }

  /** Forgets everything that only unusual values leave behind. */
  finishUnusual(): void {
    this.finish();
    this.stateDepth = 0;
    this.unfinished = [];
    this.origin = undefined;
    this.later = [];
    this.attachments = [];
    this.attachmentPaths = [];
    this.transfers = [];
  }

  // Errors.

  private explained(error: unknown): unknown {
    if (error === NEEDS_PORT || error instanceof SendError) return error;
    return new SendError(
      this.path(),
      undefined,
      `cannot be read: ${textOf(error)}. Every property is read once when a value is sent`,
      { cause: error },
    );
  }

  private path(): string {
    return textOfPath(this.root, this.here());
  }

  private here(): Origin {
    return {
      keys: this.keys.slice(0, this.depth),
      steps: Array.from(this.steps.subarray(0, this.depth)),
      before: this.origin,
    };
  }

  private refuse(value: unknown, reason: string = refusalOf(value)): never {
    throw new SendError(this.path(), value, reason);
  }

  protected override tooLarge(): never {
    if (this.beside === Beside.Allowed)
      throw new SendError(this.root, undefined, `is larger than ${this.limit} bytes`);
    throw NEEDS_PORT;
  }

  // Values.

  private writeValue(value: unknown): void {
    this.reserve(0);
    switch (typeof value) {
      case "string":
        this.writeString(value);
        return;
      case "number":
        this.writeNumber(value);
        return;
      case "object":
        if (value === null) this.byte(format.NULL);
        else this.writeObject(value);
        return;
      case "boolean":
        this.byte(value ? format.TRUE : format.FALSE);
        return;
      case "undefined":
        this.byte(format.UNDEFINED);
        return;
      case "bigint":
        this.writeBigInt(value);
        return;
      default:
        this.writeFunction(value);
    }
  }

  // Objects.

  /** Writes a reference and says true when the object has been entered before; otherwise enters it. */
  private isKnown(value: object): boolean {
    const number = this.numbering.numberOf(value);
    if (number < 0) {
      this.numbering.add(value);
      return false;
    }
    if (this.stateDepth > 0 && this.unfinished.includes(value))
      this.refuse(value, "contains itself in its own state");
    this.isReferring = true;
    this.byte(format.REFERENCE);
    this.varint(number);
    return true;
  }

  private writeObject(value: object): void {
    if (this.isKnown(value)) return;
    const list = transferListFor(value);
    if (list !== undefined) this.giveAway(list);
    if (Array.isArray(value)) {
      this.writeArrayHead(value);
      return;
    }
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) this.writeContainer(format.OBJECT, value);
    else this.writeInstance(value, prototype);
  }

  private writeArrayHead(value: readonly unknown[]): void {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Array.prototype && kindOf(value, prototype) !== Kind.Array)
      this.refuse(value);
    const tag =
      value.length > SPARSE_LENGTH && isSparse(value) ? format.SPARSE_ARRAY : format.ARRAY;
    this.writeContainer(tag, value);
  }

  private writeInstance(value: object, prototype: object | null): void {
    const kind = kindOf(value, prototype);
    switch (kind) {
      case Kind.Plain:
        this.writeContainer(prototype === null ? format.BARE_OBJECT : format.OBJECT, value);
        return;
      case Kind.Map:
        this.writeContainer(format.MAP, value);
        return;
      case Kind.Set:
        this.writeContainer(format.SET, value);
        return;
      case Kind.Error:
        this.writeContainer(format.ERROR, value);
        return;
      case Kind.Buffer:
        this.writeBuffer(value as ArrayBuffer);
        return;
      case Kind.Date:
        this.byte(format.DATE);
        this.double(Date.prototype.getTime.call(value));
        return;
      case Kind.RegExp:
        this.byte(format.REGEXP);
        this.writeString((value as RegExp).source);
        this.writeString((value as RegExp).flags);
        return;
      case Kind.Boxed:
        this.byte(format.BOXED);
        this.writeValue(primitiveOf(value));
        return;
      case Kind.Sendable:
        this.writeSendable(value, prototype as object);
        return;
      case Kind.Attached:
      case Kind.Transferred:
        this.attach(value, kind === Kind.Transferred);
        return;
      case Kind.Unknown:
      case Kind.Array:
        this.refuse(value);
        return;
      default:
        this.writeView(kind, value as Uint8Array);
    }
  }

  // Containers.

  private writeContainer(tag: number, value: object): void {
    const isDeep = this.depth >= format.MAX_DEPTH;
    if (isDeep && this.stateDepth === 0) {
      this.byte(tag | format.LATER);
      if (tag === format.ERROR) this.writeErrorClass(value);
      this.later.push({ tag, value, origin: this.here() });
      return;
    }
    if (isDeep && this.depth >= format.MAX_DEPTH + format.MAX_STATE_DEPTH)
      this.refuse(value, "is nested too deeply in the state of a handle");
    this.byte(tag);
    if (tag === format.ERROR) this.writeErrorClass(value);
    this.writeBody(tag, value);
  }

  private writeBody(tag: number, value: object): void {
    this.depth += 1;
    switch (tag) {
      case format.ARRAY:
        this.writeElements(value as unknown[]);
        break;
      case format.SPARSE_ARRAY:
        this.writeSparse(value as unknown[]);
        break;
      case format.MAP:
        this.writeEntries(value as Map<unknown, unknown>);
        break;
      case format.SET:
        this.writeMembers(value as Set<unknown>);
        break;
      case format.ERROR:
        this.writeErrorBody(value as Error);
        break;
      default:
        this.writeProperties(value as Record<string, unknown>);
    }
    this.depth -= 1;
  }

  private writeLater(): void {
    for (let i = 0; i < this.later.length; i++) {
      const { tag, value, origin } = this.later[i] as (typeof this.later)[number];
      this.origin = origin;
      this.reserve(0);
      this.writeBody(tag, value);
    }
    this.later = [];
    this.origin = undefined;
  }

  private writeProperties(value: Record<string, unknown>): void {
    const at = this.depth - 1;
    this.steps[at] = Step.Property;
    const keys = Object.keys(value);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      this.keys[at] = key;
      const property = value[key];
      // A getter may have removed what came after it.
      if (property === undefined && !Object.hasOwn(value, key)) continue;
      this.writeKey(key);
      this.writeValue(property);
    }
    this.reserve(0);
    this.byte(format.END_OF_KEYS);
  }

  private writeElements(value: readonly unknown[]): void {
    const at = this.depth - 1;
    this.steps[at] = Step.Element;
    const length = value.length;
    this.varint(length);
    for (let i = 0; i < length; i++) {
      this.keys[at] = i;
      const element = value[i];
      if (element === undefined && !(i in value)) {
        this.reserve(0);
        this.byte(format.HOLE);
      } else this.writeValue(element);
    }
  }

  private writeSparse(value: readonly unknown[]): void {
    const at = this.depth - 1;
    this.steps[at] = Step.Element;
    this.varint(value.length);
    const indices = Object.keys(value).filter(isIndex);
    this.varint(indices.length);
    for (const key of indices) {
      this.keys[at] = key;
      this.reserve(0);
      this.varint(Number(key));
      this.writeValue(value[Number(key)]);
    }
  }

  private writeEntries(value: Map<unknown, unknown>): void {
    const at = this.depth - 1;
    const entries = [...Map.prototype.entries.call(value)];
    for (let i = 0; i < entries.length; i++) {
      const [key, item] = entries[i] as [unknown, unknown];
      this.steps[at] = Step.MapKey;
      this.keys[at] = i;
      this.writeValue(key);
      this.steps[at] = Step.MapValue;
      this.keys[at] = typeof key === "string" && key.length < LONGEST_STEP ? key : i;
      this.writeValue(item);
    }
    this.reserve(0);
    this.byte(format.END);
  }

  private writeMembers(value: Set<unknown>): void {
    const at = this.depth - 1;
    this.steps[at] = Step.SetValue;
    const members = [...Set.prototype.values.call(value)];
    for (let i = 0; i < members.length; i++) {
      this.keys[at] = i;
      this.writeValue(members[i]);
    }
    this.reserve(0);
    this.byte(format.END);
  }

  // Bytes of the program.

  private writeView(type: number, value: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = value;
    if (isShared(buffer) || this.transfers.includes(buffer)) {
      this.byte(format.VIEW);
      this.byte(type);
      this.double(byteOffset);
      this.double(value.length ?? byteLength);
      this.writeObject(buffer);
      return;
    }
    if (byteLength === 0 && isDetached(buffer)) this.refuse(value, DETACHED);
    this.writeBytes(type, type === 0 ? value : new Uint8Array(buffer, byteOffset, byteLength));
  }

  private writeBuffer(value: ArrayBuffer): void {
    if (this.transfers.includes(value)) {
      this.attach(value, false);
      return;
    }
    if (isDetached(value)) this.refuse(value, DETACHED);
    this.writeBytes(format.BUFFER_TYPE, new Uint8Array(value));
  }

  private writeBytes(type: number, content: Uint8Array): void {
    const size = content.byteLength;
    if (this.length + size > this.limit) this.tooLarge();
    this.reserve(size);
    this.byte(format.BYTES);
    this.byte(type);
    this.varint(size);
    this.bytes.set(content, this.length);
    this.length += size;
  }

  // What travels beside the bytes.

  private attach(value: object, mustBeGivenAway: boolean): void {
    if (this.beside === Beside.Never) throw NEEDS_PORT;
    if (this.beside === Beside.Refused)
      this.refuse(value, "cannot be part of an error that crosses threads");
    if (mustBeGivenAway && !this.transfers.includes(value)) this.refuse(value, notGivenAway(value));
    this.byte(format.ATTACHMENT);
    this.varint(this.attachments.length);
    this.attachments.push(value);
    this.attachmentPaths.push(this.path());
  }

  private giveAway(list: readonly object[]): void {
    if (this.beside === Beside.Never) throw NEEDS_PORT;
    if (this.beside === Beside.Refused) return;
    for (const item of list) {
      if (item instanceof ArrayBuffer && isDetached(item)) this.refuse(item, DETACHED);
      if (!this.transfers.includes(item)) this.transfers.push(item);
    }
  }

  // Handles.

  private writeSendable(value: object, prototype: object): void {
    const registration = registrationOf(prototype);
    if (registration === undefined) this.refuse(value);
    this.writeState(value, registration.tag, registration.encode(value));
  }

  /** A function or a symbol: refused, unless the function is one that can be found again in the other thread. */
  private writeFunction(value: unknown): void {
    if (typeof value !== "function") this.refuse(value);
    if (this.isKnown(value)) return;
    const registration = functionRegistration();
    const state = registration?.encode(value);
    if (registration === undefined || state === undefined) this.refuse(value);
    this.writeState(value, registration.tag, state);
  }

  private writeState(value: object, tag: string, state: unknown): void {
    this.byte(format.SENDABLE);
    this.writeKey(tag);
    this.steps[this.depth] = Step.State;
    this.keys[this.depth] = undefined;
    this.depth += 1;
    this.stateDepth += 1;
    this.unfinished.push(value);
    if (this.depth >= MANY - 1) this.refuse(value, "is nested too deeply in other handles");
    this.writeValue(state);
    this.unfinished.pop();
    this.stateDepth -= 1;
    this.depth -= 1;
  }

  // Errors of the program. What they carry and cannot be sent is left out: an error must arrive.

  private writeErrorClass(value: object): void {
    const kind = errorKindOf(value);
    this.byte(kind.number);
    if (kind.number === REGISTERED_ERROR) {
      this.writeKey(kind.tag);
      this.byte(kind.base);
    }
    if (kind.base !== DOM_EXCEPTION) return;
    this.writeString(textOf(Reflect.get(value, "message")));
    this.writeString(textOf(Reflect.get(value, "name")));
  }

  private writeErrorBody(error: Error): void {
    for (const key of HIDDEN_KEYS) this.writeErrorProperty(error, key, true);
    this.reserve(0);
    this.byte(format.END_OF_KEYS);
    for (const key of Object.keys(error)) this.writeErrorProperty(error, key, false);
    this.reserve(0);
    this.byte(format.END_OF_KEYS);
  }

  private writeErrorProperty(error: Error, key: string, isHidden: boolean): void {
    const at = this.depth - 1;
    this.steps[at] = Step.Property;
    this.keys[at] = key;
    const mark = this.mark();
    try {
      if (isHidden && !hasHidden(error, key)) return;
      const property = Reflect.get(error, key);
      this.reserve(0);
      this.writeKey(key);
      if (key === "cause") this.writeOrText(property);
      else if (key === "errors" && Array.isArray(property)) this.writeErrors(property);
      else this.writeValue(property);
    } catch (failure) {
      if (failure === NEEDS_PORT) throw failure;
      this.rollBack(mark);
    }
  }

  private writeErrors(errors: readonly unknown[]): void {
    if (this.isKnown(errors)) return;
    this.byte(format.ARRAY);
    this.varint(errors.length);
    const at = this.depth;
    this.steps[at] = Step.Element;
    this.depth += 1;
    for (let i = 0; i < errors.length; i++) {
      this.keys[at] = i;
      this.writeOrText(errors[i]);
    }
    this.depth -= 1;
  }

  private writeOrText(value: unknown): void {
    const mark = this.mark();
    try {
      this.writeValue(value);
    } catch (failure) {
      if (failure === NEEDS_PORT) throw failure;
      this.rollBack(mark);
      this.writeValue(substituteFor(value, failure));
    }
  }

  private mark(): Mark {
    return {
      length: this.length,
      count: this.numbering.count,
      unfinished: this.unfinished.length,
      depth: this.depth,
      stateDepth: this.stateDepth,
      later: this.later.length,
      attachments: this.attachments.length,
      transfers: this.transfers.length,
    };
  }

  private rollBack(mark: Mark): void {
    this.numbering.takeBack(mark.count);
    this.unfinished.length = mark.unfinished;
    this.length = mark.length;
    this.depth = mark.depth;
    this.stateDepth = mark.stateDepth;
    this.later.length = mark.later;
    this.attachments.length = mark.attachments;
    this.attachmentPaths.length = mark.attachments;
    this.transfers.length = mark.transfers;
  }
}

interface Mark {
  readonly length: number;
  readonly count: number;
  readonly unfinished: number;
  readonly depth: number;
  readonly stateDepth: number;
  readonly later: number;
  readonly attachments: number;
  readonly transfers: number;
}

const DETACHED = "has been transferred already: its memory belongs to another thread";

function notGivenAway(value: object): string {
  const name = classNameOf(Object.getPrototypeOf(value)) || "object";
  return `is a ${name}, which cannot be copied, only given away: write \`transfer(value, [it])\` around the argument or the result`;
}

function isIndex(key: string): boolean {
  const number = Number(key);
  return number >= 0 && number < 2 ** 32 - 1 && String(number) === key;
}

/** Whether few of the places that are looked at hold an element. A wrong guess costs time, nothing else. */
function isSparse(value: readonly unknown[]): boolean {
  let found = 0;
  for (let i = 0; i < PROBES; i++)
    if (Math.floor((i * (value.length - 1)) / (PROBES - 1)) in value) found += 1;
  return found < PROBES / 4;
}

const BOXED_CLASSES: readonly { readonly prototype: { valueOf: (this: never) => unknown } }[] = [
  Boolean,
  Number,
  String,
  BigInt,
];

function primitiveOf(value: object): unknown {
  for (const { prototype } of BOXED_CLASSES) {
    try {
      return prototype.valueOf.call(value as never);
    } catch {
      // Not of this class.
    }
  }
  throw new TypeError("an object that only looks like a boxed value");
}
