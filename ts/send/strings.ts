// Short texts from bytes. Keys repeat from message to message, so the last ones are kept, by what they look like.

const KEPT = 256;
const LONGEST_KEPT = 32;

const kept: string[] = new Array(KEPT).fill("");

/** From here on the host's decoder is quicker than a loop. */
const LONG = 20;

const ascii = new TextDecoder();
/** Keeps a leading byte order mark, which is a character like others. */
const utf16 = new TextDecoder("utf-16le", { ignoreBOM: true });

/** A text of ASCII characters, one byte each. */
export function asciiText(bytes: Uint8Array, start: number, length: number): string {
  if (length > LONG) return ascii.decode(bytes.subarray(start, start + length));
  let text = "";
  let at = start;
  const end = start + length;
  for (; at + 4 <= end; at += 4)
    text += String.fromCharCode(
      bytes[at] as number,
      bytes[at + 1] as number,
      bytes[at + 2] as number,
      bytes[at + 3] as number,
    );
  for (; at < end; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}

/** A text of 2 bytes a unit. Only a well-formed one may be given to the host's decoder. */
export function unitsText(
  bytes: Uint8Array,
  start: number,
  length: number,
  isWellFormed: boolean,
): string {
  const end = start + length * 2;
  if (length > LONG && isWellFormed) return utf16.decode(bytes.subarray(start, end));
  let text = "";
  for (let at = start; at < end; at += 2)
    text += String.fromCharCode((bytes[at] as number) | ((bytes[at + 1] as number) << 8));
  return text;
}

/** A property's name: ASCII characters, one byte each. */
export function keyAt(bytes: Uint8Array, start: number, length: number): string {
  if (length === 0 || length > LONGEST_KEPT) return asciiText(bytes, start, length);
  const first = bytes[start] as number;
  const middle = bytes[start + (length >> 1)] as number;
  const last = bytes[start + length - 1] as number;
  const place = (first * 31 + middle * 7 + last * 131 + length * 17) & (KEPT - 1);
  const candidate = kept[place] as string;
  if (isSame(candidate, bytes, start, length)) return candidate;
  const text = asciiText(bytes, start, length);
  kept[place] = text;
  return text;
}

function isSame(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
