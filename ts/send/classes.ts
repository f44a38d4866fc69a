// What the encoder knows about classes: one table from prototype to what is done with its instances, and the registries by
// which the runtime's own handles and errors enter it. A prototype that is in no table is looked at once, in `classify`.

import { SendError } from "./errors.js";
import { VIEW_CLASSES } from "./format.js";

/** What is done with the instances of a prototype. A number below the first of these is a type of view. */
export const Kind = {
  Buffer: 32,
  Date: 33,
  RegExp: 34,
  Map: 35,
  Set: 36,
  Error: 37,
  Boxed: 38,
  Plain: 39,
  Array: 40,
  /** A class given to `registerSendable`. */
  Sendable: 41,
  /** Travels beside the bytes. */
  Attached: 42,
  /** Travels beside the bytes, and only if it is given away. */
  Transferred: 43,
  /** A Proxy's target, a class of the program: whatever nobody knows. */
  Unknown: 44,
} as const;

/** How the instances of a registered class are sent. */
export interface Registration {
  readonly tag: string;
  readonly encode: (value: unknown) => unknown;
  readonly decode: (plain: unknown) => unknown;
}

const kinds = new Map<object | null, number>();
/** What `classify` has found out. Weak: a realm may be gone some day. */
const found = new WeakMap<object, number>();
const byPrototype = new Map<object, Registration>();
const byTag = new Map<string, Registration>();

VIEW_CLASSES.forEach((viewClass, type) => {
  kinds.set(viewClass.prototype, type);
});
kinds.set(ArrayBuffer.prototype, Kind.Buffer);
kinds.set(Date.prototype, Kind.Date);
kinds.set(RegExp.prototype, Kind.RegExp);
kinds.set(Map.prototype, Kind.Map);
kinds.set(Set.prototype, Kind.Set);
for (const boxed of [Boolean, Number, String, BigInt]) kinds.set(boxed.prototype, Kind.Boxed);

/** Classes of platforms whose instances only the host can clone, by the name of the global. */
const ATTACHED_GLOBALS = [
  "SharedArrayBuffer",
  "Blob",
  "File",
  "FileList",
  "CryptoKey",
  "ImageData",
  "ImageBitmap",
  "VideoFrame",
  "AudioData",
  "EncodedVideoChunk",
  "EncodedAudioChunk",
  "DOMPoint",
  "DOMPointReadOnly",
  "DOMRect",
  "DOMRectReadOnly",
  "DOMQuad",
  "DOMMatrix",
  "DOMMatrixReadOnly",
  "FileSystemHandle",
  "FileSystemFileHandle",
  "FileSystemDirectoryHandle",
  "RTCCertificate",
  "GPUCompilationInfo",
  "CropTarget",
];
/** Those that nobody can clone, only give away. */
const TRANSFERRED_GLOBALS = [
  "MessagePort",
  "ReadableStream",
  "WritableStream",
  "TransformStream",
  "OffscreenCanvas",
  "RTCDataChannel",
  "MediaSourceHandle",
  "MIDIAccess",
];
const WASM_CLASSES = ["Module", "Memory"];

/**
 * Makes the instances of a class sendable. Both threads must have called it, with the same tag, before anything is sent.
 *
 * @param tag what stands for the class in the bytes. @param itsClass the class; instances of subclasses are refused.
 * @param encode gives the state of an instance, a value that can be sent. @param decode makes an instance from the state.
 * @throws {SendError} when the tag or the class is taken.
 */
export function registerSendable<T extends object>(
  tag: string,
  itsClass: abstract new (...args: never[]) => T,
  encode: (value: T) => unknown,
  decode: (plain: unknown) => T,
): void {
  const prototype: object = itsClass.prototype;
  if (byTag.has(tag) || kinds.has(prototype)) throw taken(tag, itsClass);
  const registration = { tag, encode: encode as (value: unknown) => unknown, decode };
  byPrototype.set(prototype, registration);
  byTag.set(tag, registration);
  kinds.set(prototype, Kind.Sendable);
}

let functions: Registration | undefined;

/**
 * Makes some functions sendable: those that the other thread can find again by what stands for them.
 *
 * @param tag as for {@link registerSendable}. @param encode gives what stands for a function, a value that can be sent, or
 * undefined for a function that stays where it is. @param decode finds the function.
 */
export function registerFunctions(
  tag: string,
  encode: (value: object) => unknown,
  decode: (plain: unknown) => object,
): void {
  if (byTag.has(tag)) throw taken(tag, encode);
  functions = { tag, encode: encode as (value: unknown) => unknown, decode };
  byTag.set(tag, functions);
}

export function functionRegistration(): Registration | undefined {
  return functions;
}

function taken(tag: string, given: unknown): SendError {
  return new SendError(`the tag ${JSON.stringify(tag)}`, given, "or its class is taken");
}

/**
 * Lets a class of the host through whose instances structured clone knows, and nobody else.
 *
 * @param itsClass the class, `KeyObject` for example. @param mustBeTransferred whether an instance cannot be cloned.
 */
export function registerPlatformClass(
  itsClass: abstract new (...args: never[]) => object,
  mustBeTransferred: boolean,
): void {
  kinds.set(itsClass.prototype, mustBeTransferred ? Kind.Transferred : Kind.Attached);
}

export function registrationOf(prototype: object): Registration | undefined {
  return byPrototype.get(prototype);
}

export function registrationNamed(tag: string): Registration | undefined {
  return byTag.get(tag);
}

/** What is done with this value, by its prototype. Kind.Unknown: it cannot be sent. */
export function kindOf(value: object, prototype: object | null): number {
  return kinds.get(prototype) ?? (prototype === null ? Kind.Plain : classify(value, prototype));
}

function classify(value: object, prototype: object): number {
  const earlier = found.get(prototype);
  if (earlier !== undefined) return earlier;
  const kind =
    kindOfPlatform(prototype) ?? kindOfNode(value, prototype) ?? kindOfForeign(value, prototype);
  if (kind === undefined) return isError(value) ? Kind.Error : Kind.Unknown;
  found.set(prototype, kind);
  return kind;
}

function isError(value: object): boolean {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** The name of the class that a prototype belongs to. Looks at data only: nothing of the program runs. */
export function classNameOf(prototype: object): string {
  const itsClass = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof itsClass !== "function") return "";
  const name = Object.getOwnPropertyDescriptor(itsClass, "name")?.value;
  return typeof name === "string" ? name : "";
}

function globalPrototype(name: string, holder: object = globalThis): unknown {
  return (Reflect.get(holder, name) as { prototype?: unknown } | undefined)?.prototype;
}

/** By name first: merely reading some globals makes the host load what they stand for. */
function kindOfPlatform(prototype: object): number | undefined {
  const name = classNameOf(prototype);
  if (WASM_CLASSES.includes(name) && typeof WebAssembly === "object")
    return globalPrototype(name, WebAssembly) === prototype ? Kind.Attached : undefined;
  if (ATTACHED_GLOBALS.includes(name) && globalPrototype(name) === prototype) return Kind.Attached;
  if (TRANSFERRED_GLOBALS.includes(name) && globalPrototype(name) === prototype)
    return Kind.Transferred;
  // Node's Buffer is a Uint8Array with more methods: its bytes are sent, as structured clone sends them.
  return name === "Buffer" && globalPrototype(name) === prototype ? 0 : undefined;
}

/** Node's own classes say by symbols what can be done with them. */
function kindOfNode(value: object, prototype: object): number | undefined {
  let kind: number | undefined;
  // It has the symbols of what can be given away, but only some of its instances can.
  if (typeof AbortSignal === "function" && value instanceof AbortSignal) return undefined;
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    const symbols = Object.getOwnPropertySymbols(at).map((symbol) => symbol.description);
    if (symbols.includes("messaging_clone_symbol")) return Kind.Attached;
    if (symbols.includes("messaging_transfer_symbol")) kind = Kind.Transferred;
    if (classNameOf(at) === "KeyObject" && hasSymbol(value, "kHandle")) return Kind.Attached;
  }
  return kind;
}

function hasSymbol(value: object, description: string): boolean {
  return Object.getOwnPropertySymbols(value).some((symbol) => symbol.description === description);
}

/** What the classes of another realm (an iframe, a `vm` context) are called, and what proves an instance. */
const FOREIGN: Readonly<Record<string, readonly [kind: number, proof: (value: never) => unknown]>> =
  {
    Date: [Kind.Date, (value) => Date.prototype.getTime.call(value)],
    RegExp: [Kind.RegExp, (value) => RegExp.prototype.test.call(value, "")],
    Map: [Kind.Map, (value) => Map.prototype.has.call(value, 0)],
    Set: [Kind.Set, (value) => Set.prototype.has.call(value, 0)],
    ArrayBuffer: [Kind.Buffer, (value) => new Uint8Array(value)],
  };

/** A class of another realm's builtins. Never one of the program's: those stand a step further from the root. */
function kindOfForeign(value: object, prototype: object): number | undefined {
  const root = Object.getPrototypeOf(prototype);
  const name = classNameOf(prototype);
  if (root === null) return name === "Object" ? Kind.Plain : undefined;
  if (name === "Array" && Array.isArray(value) && Object.getPrototypeOf(root) === null)
    return Kind.Array;
  if (ArrayBuffer.isView(value)) return kindOfForeignView(root, name);
  const found = Object.hasOwn(FOREIGN, name) ? FOREIGN[name] : undefined;
  if (found === undefined || Object.getPrototypeOf(root) !== null) return undefined;
  return proves(found[1], value) ? found[0] : undefined;
}

function kindOfForeignView(root: object, name: string): number | undefined {
  const steps = name === "DataView" ? root : Object.getPrototypeOf(root);
  if (steps === null || Object.getPrototypeOf(steps) !== null) return undefined;
  const type = VIEW_CLASSES.findIndex((viewClass) => viewClass.name === name);
  return type < 0 ? undefined : type;
}

function proves(proof: (value: never) => unknown, value: object): boolean {
  try {
    proof(value as never);
    return true;
  } catch {
    return false;
  }
}
