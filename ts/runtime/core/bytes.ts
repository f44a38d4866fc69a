// The Wasm bytes inside the JavaScript: no file to find, no bundler setting, a synchronous start. `core:…` are modules
// that build.mjs makes from the compiler's output.

import single from "core:single";
import threads from "core:threads";

/** By hand: in Node `atob` loads a module of several milliseconds, and a runtime is to start in five. */
function decode(text: string): Uint8Array<ArrayBuffer> {
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const values = new Uint8Array(128);
  for (let value = 0; value < 64; value++) values[digits.charCodeAt(value)] = value;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let from = 0, to = 0; from < text.length; from += 4, to += 3) {
    const at = (offset: number): number => values[text.charCodeAt(from + offset)] ?? 0;
    const word = (at(0) << 18) | (at(1) << 12) | (at(2) << 6) | at(3);
    // Writing past the end of the array, for the padding, does nothing.
    bytes[to] = word >> 16;
    bytes[to + 1] = word >> 8;
    bytes[to + 2] = word;
  }
  return bytes;
}

/** The core without threads. */
export function singleCore(): Uint8Array<ArrayBuffer> {
  return decode(single);
}

/** The core with threads. */
export function threadsCore(): Uint8Array<ArrayBuffer> {
  return decode(threads);
}
