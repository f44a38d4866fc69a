// Views of a memory that grows: a buffer that is too short is asked for again.

interface Memory {
  readonly buffer: ArrayBufferLike;
}

const views = new WeakMap<Memory, Uint8Array>();

/** All bytes of a memory, at least up to `end`. A shared buffer that has grown stays valid for what it covered. */
export function bytesUpTo(memory: Memory, end: number): Uint8Array {
  let view = views.get(memory);
  if (view === undefined || view.length < end) {
    view = new Uint8Array(memory.buffer);
    views.set(memory, view);
  }
  return view;
}

export function bytesAt(memory: Memory, address: number, length: number): Uint8Array {
  return bytesUpTo(memory, address + length).subarray(address, address + length);
}

/** Below this, a loop is faster than making the view that copying in one call needs. */
const SHORT = 48;

export function copyIn(memory: Memory, address: number, bytes: Uint8Array, length: number): void {
  const all = bytesUpTo(memory, address + length);
  if (length > SHORT) all.set(bytes.subarray(0, length), address);
  else for (let at = 0; at < length; at++) all[address + at] = bytes[at] as number;
}

function copyOut(memory: Memory, address: number, into: Uint8Array, length: number): void {
  const all = bytesUpTo(memory, address + length);
  if (length > SHORT) into.set(all.subarray(address, address + length));
  else for (let at = 0; at < length; at++) into[at] = all[address + at] as number;
}

/**
 * Where bytes are copied to before they are read: a memory that threads share changes under a decoder. One for each reader, since what is
 * decoded by one may be read by another meanwhile.
 */
export class CopiedBytes {
  private bytes = new Uint8Array(4096);

  /** At least `length` bytes, of which so many are those at `address`; until the next call. */
  from(memory: Memory, address: number, length: number): Uint8Array {
    if (this.bytes.length < length) this.bytes = new Uint8Array(2 * length);
    copyOut(memory, address, this.bytes, length);
    return this.bytes;
  }
}
