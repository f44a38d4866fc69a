// How many connections this process may hold: each end of one is an open file, and both ends are here.

import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import type { Page } from "./page.js";
import { count } from "./units.js";

/** Left for everything else that the process opens. */
const SPARE = 64;

/** As many files as can be opened now, up to `wanted`: found by opening them. */
function filesToSpare(wanted: number): number {
  const files: number[] = [];
  try {
    while (files.length < wanted) files.push(openSync(devNull, "r"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EMFILE" && code !== "ENFILE") throw error;
  } finally {
    for (const file of files) closeSync(file);
  }
  return files.length;
}

/** `wanted` connections, or as many as the system allows; says so on the page if these are fewer. */
export function affordableConnections(page: Page, wanted: number): number {
  const files = filesToSpare(2 * wanted + SPARE);
  const connections = Math.max(1, Math.min(wanted, Math.floor((files - SPARE) / 2)));
  if (connections < wanted)
    page.say(
      `This system lets the process open ${count(files)} more files only, so there are ${count(connections)} ` +
        `connections instead of ${count(wanted)}. (\`ulimit -n\` shows and sets the limit.)`,
    );
  return connections;
}
