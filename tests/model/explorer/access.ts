// What a virtual thread is about to do to shared memory, as one number: where, how, and how wide.
//
// A1  An access is `address << 4 | wide << 3 | kind`. It fits a double's integers.
// A2  Two accesses are dependent if they overlap and one of them may change something. Only the order of dependent accesses
//     can make a difference; everything that is left out of the search rests on this.

export const READ = 0;
export const WRITE = 1;
export const UPDATE = 2;
/** Looks at the word and goes to sleep on it in one step. */
export const WAIT = 3;
/** Wakes those who sleep on the word. */
export const NOTIFY = 4;
/** Not one word: a condition over all of memory, or the return from a sleep. Dependent on everything. */
export const ANYTHING = 5;

const WIDE = 8;
const SHIFT = 16;

export const KIND_NAMES: readonly string[] = [
  "read",
  "write",
  "update",
  "wait on",
  "notify",
  "look at everything",
];

export function access(address: number, kind: number, wide = false): number {
  return address * SHIFT + kind + (wide ? WIDE : 0);
}

/** From the argument of the hook in sync.ts: bit 2 says that the access is 64 bits wide. */
export function hookedAccess(address: number, kind: number): number {
  return address * SHIFT + (kind & 3) + ((kind & 4) << 1);
}

export function addressOf(access: number): number {
  return Math.floor(access / SHIFT);
}

export function kindOf(access: number): number {
  return access & 7;
}

export function isWide(access: number): boolean {
  return (access & WIDE) !== 0;
}

/** May change what others see. */
export function changes(access: number): boolean {
  return kindOf(access) !== READ;
}

export function areDependent(a: number, b: number): boolean {
  if (kindOf(a) === ANYTHING || kindOf(b) === ANYTHING) return true;
  if (!changes(a) && !changes(b)) return false;
  const from = addressOf(a);
  const other = addressOf(b);
  return from < other + (isWide(b) ? 8 : 4) && other < from + (isWide(a) ? 8 : 4);
}
