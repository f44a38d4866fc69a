// What a chapter writes on: words, steps, figures and claims. A page keeps it all for --json and for the end of the tour,
// and shows it as it comes unless it was asked to be quiet.

import { bold, cyan, dim, green, line, paragraph, red, WIDTH } from "./console.js";
import { Progress, silent } from "./progress.js";
import { fixed, inUnit, type Unit } from "./units.js";

/** Something measured, beside the same thing in plain Node. */
export interface Figure {
  readonly label: string;
  readonly unit: Unit;
  readonly tokiwa: number;
  /** Left out where plain Node has nothing of the kind. */
  readonly plainNode?: number;
  /** In which words the two are compared; left out where a comparison says nothing. */
  readonly compare?: "time" | "size";
}

/** Something that happened, and when. */
export interface Step {
  /** Milliseconds since the first step. */
  readonly at: number;
  readonly name: string;
  readonly text: string;
}

/** Something that the tour claims. */
export interface Check {
  readonly claim: string;
  readonly holds: boolean;
  readonly detail: string;
}

export interface ChapterReport {
  readonly name: string;
  readonly title: string;
  milliseconds: number;
  readonly notes: string[];
  readonly steps: Step[];
  readonly figures: Figure[];
  readonly checks: Check[];
}

export interface Chapter {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** What happens here, for somebody who has never seen any of it. */
  readonly intro: string;
  run(page: Page): Promise<void>;
}

const LABEL = 44;
const NUMBER = 11;
const UNIT = 4;
/** Closer than this is no difference on a machine that does other things too. */
const ALIKE = 1.1;

export class Page {
  readonly report: ChapterReport;
  private readonly quiet: boolean;
  private last: "words" | "lines" | "steps" | "figures" | "checks" = "words";

  constructor(chapter: Chapter, position: number, quiet: boolean) {
    this.quiet = quiet;
    this.report = {
      name: chapter.name,
      title: chapter.title,
      milliseconds: 0,
      notes: [],
      steps: [],
      figures: [],
      checks: [],
    };
    if (quiet) return;
    const lead = `${String(position).padStart(2)}  `;
    line();
    line(
      `${dim(lead)}${bold(chapter.title)}${dim(chapter.name.padStart(WIDTH - lead.length - chapter.title.length))}`,
    );
    paragraph("    ", chapter.intro, dim);
  }

  /** Plain words between two parts. */
  say(text: string): void {
    this.report.notes.push(text);
    if (this.quiet) return;
    this.begin("words");
    paragraph("    ", text, dim);
  }

  /** A line as it is. */
  line(text: string): void {
    this.report.notes.push(text);
    if (this.quiet) return;
    this.begin("lines");
    paragraph("    ", text, (part) => part);
  }

  /** What happened, in the order in which it did. */
  steps(steps: readonly Step[]): void {
    const first = steps[0]?.at ?? 0;
    const relative = steps.map((step) => ({ ...step, at: step.at - first }));
    this.report.steps.push(...relative);
    if (this.quiet) return;
    this.begin("steps");
    const width = Math.max(...steps.map((step) => step.name.length));
    for (const step of relative) {
      const lead = `  ${fixed(step.at, 2).padStart(9)} ms  ${step.name.padEnd(width)}  `;
      paragraph(lead, step.text, (text) => text);
    }
  }

  figures(figures: readonly Figure[]): void {
    this.report.figures.push(...figures);
    if (this.quiet) return;
    this.begin("figures");
    const heading = (text: string): string =>
      text.padStart(NUMBER + 1 + UNIT - 1).padEnd(NUMBER + 1 + UNIT);
    line(dim(`    ${" ".repeat(LABEL)}${heading("tokiwa")}${heading("plain Node").trimEnd()}`));
    for (const figure of figures) line(`    ${row(figure)}`);
  }

  /** Says something that must be so. What is not so is named at the end and makes the exit code 1. */
  check(claim: string, holds: boolean, detail = ""): void {
    // For the tour's own test: the first claim of the chapter named there is made to fail.
    const broken =
      process.env.TOKIWA_TOUR_BREAK === this.report.name && this.report.checks.length === 0;
    const check = { claim, holds: holds && !broken, detail: broken ? "broken on purpose" : detail };
    this.report.checks.push(check);
    if (this.quiet) return;
    this.begin("checks");
    if (check.holds) paragraph(`    ${green("✓")} `, claim, (text) => text);
    else paragraph(`    ${red("✗")} `, detailed(check), red);
  }

  /** Shows how far something is until it is disposed: `using _ = page.progress(…)`. */
  progress(text: () => string, fraction: () => number): Disposable {
    return this.quiet ? silent : new Progress(text, fraction);
  }

  /** A blank line before each thing, except between lines, and between claims. */
  private begin(kind: typeof this.last): void {
    const inSeries = kind === "lines" || kind === "checks";
    if (kind !== this.last || !inSeries) line();
    this.last = kind;
  }
}

export function detailed(check: Check): string {
  return check.detail === "" ? check.claim : `${check.claim} (${check.detail})`;
}

function row(figure: Figure): string {
  const { label, unit, tokiwa, plainNode, compare } = figure;
  const cells = [
    cell(tokiwa, unit),
    plainNode === undefined ? cell("-", unit) : cell(plainNode, unit),
  ];
  const words =
    plainNode === undefined || compare === undefined ? "" : inWords(tokiwa, plainNode, compare);
  return `${label.padEnd(LABEL)}${cyan(cells[0] as string)}${cells[1]}${dim(words)}`.trimEnd();
}

function cell(value: number | string, unit: Unit): string {
  const [number, suffix] = typeof value === "string" ? [value, ""] : inUnit(value, unit);
  return `${number.padStart(NUMBER)} ${suffix.padEnd(UNIT)}`;
}

function inWords(tokiwa: number, plainNode: number, compare: "time" | "size"): string {
  const [better, worse] = compare === "time" ? ["faster", "slower"] : ["smaller", "larger"];
  const ratio = plainNode / tokiwa;
  if (ratio >= ALIKE) return `  ${fixed(ratio, 1)}× ${better}`;
  if (ratio <= 1 / ALIKE) return `  ${fixed(1 / ratio, 1)}× ${worse}`;
  return "  about the same";
}
