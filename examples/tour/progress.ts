// What is going on while something takes longer: one line rewritten in place on a terminal, plain lines elsewhere, at most
// one a second. Nothing at all before a third of a second has passed.

import { isTerminal, line, overwrite } from "./console.js";
import { fixed } from "./units.js";

const QUIET_MS = 300;
const TERMINAL_EVERY_MS = 80;
const PLAIN_EVERY_MS = 1_000;
const BAR = 24;

function bar(fraction: number): string {
  const filled = Math.round(Math.min(Math.max(fraction, 0), 1) * BAR);
  return `${"█".repeat(filled)}${"░".repeat(BAR - filled)}`;
}

/** Shows progress until it is disposed. The timer is Node's own and keeps no process alive. */
export class Progress implements Disposable {
  private readonly text: () => string;
  private readonly fraction: () => number;
  private readonly start = performance.now();
  private readonly timer: NodeJS.Timeout;
  private shown = false;

  /** @param fraction how much is done, from 0 to 1. */
  constructor(text: () => string, fraction: () => number) {
    this.text = text;
    this.fraction = fraction;
    const every = isTerminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS;
    this.timer = setInterval(() => this.show(), every).unref();
  }

  private show(): void {
    const elapsed = performance.now() - this.start;
    if (elapsed < QUIET_MS) return;
    this.shown = true;
    const time = `${fixed(elapsed / 1000, 1).padStart(4)} s`;
    if (isTerminal) overwrite(`    ${bar(this.fraction())} ${time}  ${this.text()}`);
    else line(`    ... ${time}  ${this.text()}`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer);
    if (this.shown && isTerminal) overwrite("");
  }
}

/** Progress for who reads no terminal. */
export const silent: Disposable = { [Symbol.dispose]() {} };
