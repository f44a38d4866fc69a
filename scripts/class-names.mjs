// Gives classes back the names of their sources. esbuild writes a top-level class as `var Sender2 = class _Sender { … }`: without a name
// where the body does not use it, with an underscore where it does, and with a number where two modules have one of that name.
// Users read these names in `console.log`, in stacks and in error messages.

const CLASS = /^var (\w+) = class(?: (_\w+))?(?= (?:extends .*)?\{)/;

const STRINGS = /"(?:[^"\\]|\\.)*"/g;

function mentions(name) {
  return new RegExp(`(?<![\\w$.#])${name}(?![\\w$])`, "g");
}

/** The text with the class in it that begins at line `first`, by the name that its source gives it. */
function rename(lines, first, last, file) {
  const [, variable, inner] = CLASS.exec(lines[first]);
  const name = inner?.slice(1) ?? variable.replace(/\d+$/, "");
  // The engine gives a class without a name that of its variable.
  if (inner === undefined && name === variable) return;
  for (let line = first; line <= last; line++) {
    const text = line === first ? lines[line].slice(lines[line].indexOf("=")) : lines[line];
    if (name !== variable && mentions(name).test(text.replace(STRINGS, "")))
      throw new Error(`${file}: class ${name} uses another ${name}: name one of them otherwise`);
  }
  lines[first] = lines[first].replace(CLASS, `var ${variable} = class ${name}`);
  if (inner === undefined) return;
  // As long as what was there, so that the source map holds.
  for (let line = first; line <= last; line++)
    lines[line] = lines[line].replace(mentions(inner), ` ${name}`);
}

/**
 * @param text a file that esbuild has written, not minified.
 * @param file its name, for errors.
 */
export function restoreClassNames(text, file) {
  const lines = text.split("\n");
  for (let first = 0; first < lines.length; first++) {
    if (!CLASS.test(lines[first])) continue;
    const last = lines[first].endsWith("};") ? first : lines.indexOf("};", first);
    if (last < first) throw new Error(`${file}: the class in line ${first + 1} has no end`);
    rename(lines, first, last, file);
  }
  return lines.join("\n");
}
