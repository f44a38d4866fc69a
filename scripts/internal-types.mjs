// Takes what is marked `@internal` out of the declarations that users get. The compiler's own `stripInternal` takes constructors
// out too, and then lets everybody call `new Handle()`; here they become protected.
//
// Every line stays where it is, so that the declaration maps hold.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const INTERNAL = /^ {4}\/\*\*(?:[^*]|\*(?!\/))*@internal(?:[^*]|\*(?!\/))*\*\/$/;

const CONSTRUCTOR = "    constructor(";

/** The line with which the comment ends that begins at `first`. */
function endOfComment(lines, first) {
  let last = first;
  while (!lines[last].endsWith("*/")) last += 1;
  return last;
}

function endOfMember(lines, first) {
  let depth = 0;
  for (let last = first; ; last++) {
    depth +=
      (lines[last].match(/[{([]/g) ?? []).length - (lines[last].match(/[})\]]/g) ?? []).length;
    if (depth === 0 && lines[last].endsWith(";")) return last;
  }
}

/** @param text declarations as the compiler writes them: four spaces before each member of a class or an interface. */
export function withoutInternals(text) {
  const lines = text.split("\n");
  for (let first = 0; first < lines.length; first++) {
    if (!lines[first].startsWith("    /**")) continue;
    const comment = endOfComment(lines, first);
    if (!INTERNAL.test(lines.slice(first, comment + 1).join("\n"))) continue;
    const last = endOfMember(lines, comment + 1);
    const isOnly = !(lines[first - 1] ?? "").startsWith(CONSTRUCTOR);
    const isConstructor = lines[comment + 1].startsWith(CONSTRUCTOR);
    lines.fill("", first, last + 1);
    // Beside an overload that is for everybody nothing is needed in its place.
    if (isConstructor && isOnly) lines[first] = "    protected constructor();";
  }
  return lines.join("\n");
}

/** Does so for every file in a folder. */
export function hideInternals(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) hideInternals(path);
    else if (path.endsWith(".d.ts"))
      writeFileSync(path, withoutInternals(readFileSync(path, "utf8")));
  }
}
