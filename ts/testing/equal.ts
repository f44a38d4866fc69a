// Whether two values are equal as far as a test can tell: by what they hold.

/** Pairs that are being compared, so that circles come to an end. */
type Open = [unknown, unknown][];

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  if (a.byteLength !== b.byteLength) return false;
  const [left, right] = [a, b].map(
    (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
  );
  return (left as Uint8Array).every((byte, index) => byte === (right as Uint8Array)[index]);
}

function sameFields(a: object, b: object, open: Open): boolean {
  const keys = Reflect.ownKeys(a);
  if (keys.length !== Reflect.ownKeys(b).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(b, key) &&
      equal(
        (a as Record<PropertyKey, unknown>)[key],
        (b as Record<PropertyKey, unknown>)[key],
        open,
      ),
  );
}

function sameItems(a: Iterable<unknown>, b: Iterable<unknown>, open: Open): boolean {
  const [left, right] = [[...a], [...b]];
  return (
    left.length === right.length && left.every((item, index) => equal(item, right[index], open))
  );
}

function equalObjects(a: object, b: object, open: Open): boolean {
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (ArrayBuffer.isView(a)) return sameBytes(a, b as ArrayBufferView);
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  if (a instanceof Error && a.message !== (b as Error).message) return false;
  if (a instanceof Map || a instanceof Set) return sameItems(a, b as Map<unknown, unknown>, open);
  // The stack says where an error was made, not what it is.
  return a instanceof Error || sameFields(a, b, open);
}

function equal(a: unknown, b: unknown, open: Open): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (open.some(([left, right]) => left === a && right === b)) return true;
  open.push([a, b]);
  const same = equalObjects(a, b, open);
  open.pop();
  return same;
}

/**
 * Compares by what values hold: fields, items, bytes; maps and sets in the order of their insertion. Values of different classes
 * differ; functions are equal only to themselves.
 */
export function isEqual(a: unknown, b: unknown): boolean {
  return equal(a, b, []);
}
