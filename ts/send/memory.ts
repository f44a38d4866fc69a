// What kinds of memory a buffer can be.

/** Whether the memory is shared between threads already. */
export function isShared(value: unknown): value is SharedArrayBuffer {
  return typeof SharedArrayBuffer === "function" && value instanceof SharedArrayBuffer;
}

/** Whether the memory was given away, so that this thread cannot use it any more. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

export function isBuffer(value: unknown): value is ArrayBufferLike {
  return value instanceof ArrayBuffer || isShared(value);
}
