// A PNG file of a picture with one byte a pixel, coloured by a table.

import { deflateSync } from "node:zlib";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function checksum(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(checksum(body), body.length + 4);
  return framed;
}

/** Black for 0; then from blue over white and amber into the dark, again and again. */
function palette(): Uint8Array {
  const colours = new Uint8Array(3 * 256);
  for (let n = 1; n < 256; n++)
    for (const [channel, phase] of [2.6, 3.1, 3.7].entries())
      colours[3 * n + channel] = 127.5 * (1 - Math.cos(phase + 2 * Math.PI * Math.sqrt(n / 40)));
  return colours;
}

/** @param rows each a byte a pixel, all of one length. */
export function png(rows: readonly Uint8Array[]): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(rows[0]?.length ?? 0, 0);
  header.writeUInt32BE(rows.length, 4);
  // 8 bits a pixel, an index into the palette.
  header.set([8, 3, 0, 0, 0], 8);
  // Each row begins with its filter: none.
  const lines = Buffer.concat(rows.flatMap((row) => [Uint8Array.of(0), row]));
  return Buffer.concat([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", header),
    chunk("PLTE", palette()),
    chunk("IDAT", deflateSync(lines)),
    chunk("IEND", new Uint8Array()),
  ]);
}
