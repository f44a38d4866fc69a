// Writing to a person's terminal: a few colours where they are wanted, lines of at most 100 columns.

const out = process.stdout;

/** https://no-color.org: any value but the empty one. */
const coloured = out.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";

export const isTerminal: boolean = out.isTTY === true && process.env.TERM !== "dumb";

function paint(code: number): (text: string) => string {
  return (text) => (coloured && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text);
}

export const bold: (text: string) => string = paint(1);
export const dim: (text: string) => string = paint(2);
export const red: (text: string) => string = paint(31);
export const green: (text: string) => string = paint(32);
export const cyan: (text: string) => string = paint(36);

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a colour is made of.
const COLOUR = /\x1b\[\d+m/g;

export const WIDTH = 96;

export function line(text = ""): void {
  out.write(`${text}\n`);
}

/** Replaces what stands on the terminal's last line. */
export function overwrite(text: string): void {
  out.write(`\r\x1b[K${text.slice(0, Math.max(20, (out.columns ?? 100) - 1))}`);
}

/** What stays on one line: code between backticks, and a number with its unit. */
const TOGETHER = /`[^`]*`|\d (?:ms|s|h|KiB|bytes)\b/g;
const JOINT = "\u00a0";

/** Breaks text between words, so that each line with its indent fits. */
export function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of text.replace(TOGETHER, (part) => part.replaceAll(" ", JOINT)).split(" ")) {
    if (current !== "" && indent + current.length + 1 + word.length > WIDTH) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  if (current !== "") lines.push(current);
  return lines.map((each) => each.replaceAll(JOINT, " "));
}

/** Text in lines with the first one starting after `lead`, the others below it. */
export function paragraph(lead: string, text: string, paintText: (text: string) => string): void {
  const indent = lead.replace(COLOUR, "").length;
  wrap(text, indent).forEach((part, index) => {
    line(`${index === 0 ? lead : " ".repeat(indent)}${paintText(part)}`);
  });
}
