// The Wasm bytes inside the JavaScript: no file to find, no bundler setting, a synchronous start. `core:single` is a module
// that build.mjs makes from the compiler's output.

import encoded from "core:single";

function decode(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/** The core without threads. */
export function singleCore(): Uint8Array<ArrayBuffer> {
  return decode(encoded);
}
