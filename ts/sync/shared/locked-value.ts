// The value of a shared lock: encoded in shared memory between two guards, or a region of bytes that a guard exposes as it is.
//
// V1  Only who holds the lock reads or writes the value, so the reads and writes of a region need no atomics: the lock's own are
//     around them.
// V2  An encoded value that was read through a writer's guard is written back at its release, since it may have been changed in place.
// V3  A region is never copied but by `fill`: what a guard exposes is the memory itself.

import type { OnlySend } from "../../send/send.js";
import { CapacityError, RegionValueError } from "../errors.js";
import { OUTCOME_RAW, VALUE_BYTES, VALUE_LENGTH } from "./core.js";
import type { SharedHome } from "./home.js";

/** Typed arrays that a region can be seen as. */
export type RegionView =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

export interface RegionClass<A extends RegionView> {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

const VIEWS: readonly RegionClass<RegionView>[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as unknown as readonly RegionClass<RegionView>[];

/** The most bytes of a region: the largest block of the core's heap. */
const MOST_BYTES: number = 2 ** 26 - 64;

/** What `region` gives: to be passed to `Mutex.shared` or `RwLock.shared`. */
export class Region<A extends RegionView> {
  /** The typed array's class. */
  readonly view: RegionClass<A>;
  /** In elements. */
  readonly length: number;
  /** @internal */
  constructor(view: RegionClass<A>, length: number) {
    this.view = view;
    this.length = length;
  }
}

/**
 * Describes a region of shared memory for `Mutex.shared(region(Float64Array, 1024))`: a guard's `value` is then a typed array over
 * the memory itself, filled with zeros at first.
 *
 * @param view the typed array's class. @param length in elements.
 * @throws {CapacityError} when it is more than 64 megabytes.
 */
export function region<A extends RegionView>(view: RegionClass<A>, length: number): Region<A> {
  const most = Math.floor(MOST_BYTES / view.BYTES_PER_ELEMENT);
  if (!Number.isInteger(length) || length < 0 || length > most)
    throw new CapacityError(
      `region(${view.name}, length)`,
      length,
      `a whole number from 0 to ${most}`,
    );
  return new Region(view, length);
}

/** How a lock's value is stored; what travels with the lock's handle. -1: encoded; else which view a region has. */
export type ValueKind = number;
export const ENCODED: ValueKind = -1;

/** As {@link OnlySend}, for what a shared lock guards: a region too. */
export type OnlyGuardable<T> = [T] extends [Region<infer _A>] ? [] : OnlySend<T>;

/** What a guard's value is for what was passed to `shared`. */
export type Guarded<T> = T extends Region<infer A> ? A : T;

/** Writes the first value of a new lock. */
export function storeFirst(home: SharedHome, object: number, value: unknown): ValueKind {
  if (!(value instanceof Region)) {
    home.write(value, "value");
    home.core.setValue(object, home.outcome, home.number);
    home.settle();
    return ENCODED;
  }
  const bytes = value.length * value.view.BYTES_PER_ELEMENT;
  const block = home.core.newValue(bytes);
  if (block === 0)
    throw new CapacityError("region(…)", bytes, "so few bytes that shared memory has them");
  home.bytes.fill(0, block + VALUE_BYTES, block + VALUE_BYTES + bytes);
  home.core.setValue(object, OUTCOME_RAW, block);
  return VIEWS.indexOf(value.view as unknown as RegionClass<RegionView>);
}

/** The value, for who holds the lock. */
export function load(home: SharedHome, object: number, kind: ValueKind): unknown {
  const outcome = home.core.readHeld(object);
  if (kind === ENCODED) return home.read(outcome);
  const block = home.result();
  // The object keeps the block for as long as it lives, and the guard's handle keeps the object.
  home.core.unpin(block);
  const View = VIEWS[kind] as RegionClass<RegionView>;
  const bytes = new DataView(home.buffer).getUint32(block + VALUE_LENGTH, true);
  return new View(home.buffer, block + VALUE_BYTES, bytes / View.BYTES_PER_ELEMENT);
}

/** Replaces a value that is encoded by what has just been written, for a writer. */
export function store(home: SharedHome, object: number): void {
  home.core.setValue(object, home.outcome, home.number);
  home.settle();
}

/** Fills a region from an array of its kind that is no longer than it is. @throws {RegionValueError} */
export function fill(region: unknown, value: unknown): void {
  const view = region as Float64Array;
  if (value === view) return;
  const elements = value as ArrayLike<number>;
  if (!isOfKind(view, value) || elements.length > view.length)
    throw new RegionValueError(view.constructor.name, view.length, value);
  view.set(elements);
}

/** Whether the elements are what the view has: an assignment is all or nothing. */
function isOfKind(view: ArrayLike<unknown>, value: unknown): boolean {
  const type = isBig(view) ? "bigint" : "number";
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return isBig(value as unknown as ArrayLike<unknown>) === isBig(view);
  return Array.isArray(value) && value.every((element) => typeof element === type);
}

function isBig(view: ArrayLike<unknown>): boolean {
  return view instanceof BigInt64Array || view instanceof BigUint64Array;
}
