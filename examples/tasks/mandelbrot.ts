// One row of the Mandelbrot set, for any worker to compute. It takes numbers and gives bytes: both are Send.

import { sendable } from "tokiwa";

/** What is looked at: the width in the plane, around a middle; and how far a point is followed. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly middleX: number;
  readonly middleY: number;
  readonly span: number;
  readonly steps: number;
}

/** For each point of row y how long it stayed near, from 0 to 255; 0 for those that never leave. */
export function rowOf(view: View, y: number): Uint8Array {
  const { width, height, middleX, middleY, span, steps } = view;
  const row = new Uint8Array(width);
  const step = span / width;
  const ci = middleY + (y - height / 2) * step;
  for (let x = 0; x < width; x++) {
    const cr = middleX + (x - width / 2) * step;
    let zr = 0;
    let zi = 0;
    let n = 0;
    for (; n < steps && zr * zr + zi * zi < 16; n++) {
      const next = zr * zr - zi * zi + cr;
      zi = 2 * zr * zi + ci;
      zr = next;
    }
    if (n < steps) row[x] = 1 + (n % 255);
  }
  return row;
}

export const mandelbrotRow = sendable(import.meta.url, "mandelbrotRow", rowOf);
