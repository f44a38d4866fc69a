// The table, as text and as Markdown.

import { IMPLEMENTATIONS } from "./implementations.mjs";
import { machineLine } from "./machine.mjs";

const PEERS = Object.keys(IMPLEMENTATIONS).filter((name) => name !== "tokiwa");

/** Three significant digits, and no more than a tenth. */
export function formatNumber(value) {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 99.95 || Number.isInteger(value))
    return Math.round(value).toLocaleString("en-US");
  return value.toFixed(magnitude >= 9.995 ? 1 : 2);
}

function formatValue(value, unit) {
  if (unit === "ns" && value >= 99_950_000) return `${formatNumber(value / 1e6)} ms`;
  if (unit === "ns" && value >= 9_995) return `${formatNumber(value / 1e3)} µs`;
  return `${formatNumber(value)} ${unit}`;
}

export function formatRatio(ratio) {
  return `${ratio < 0.0995 ? ratio.toFixed(3) : ratio.toFixed(2)} ×`;
}

function formatGoal({ peer, atMost }, unit) {
  if (peer === undefined) return `≤ ${formatValue(atMost, unit)}`;
  return `≤ ${atMost} × ${IMPLEMENTATIONS[peer].title}`;
}

function goalText({ goals, unit }) {
  return goals.map((goal) => formatGoal(goal, unit)).join(", ");
}

/** "met"; "behind", with what it is behind of; "unknown" when nobody was there to compare with. */
function verdictText({ goals, unit, ratios, results }) {
  const texts = goals.map((goal) => {
    if (goal.verdict === "met") return "met";
    if (goal.verdict === "unknown")
      return `not known without ${goal.peer ? IMPLEMENTATIONS[goal.peer].title : "a figure"}`;
    const reached = goal.peer
      ? `${formatRatio(ratios[goal.peer])} ${IMPLEMENTATIONS[goal.peer].title}`
      : formatValue(results.tokiwa.median, unit);
    return `BEHIND (${reached})`;
  });
  return texts.every((text) => text === "met") && texts.length > 0 ? "met" : texts.filter((text) => text !== "met").join(", ");
}

const plain = (summary, unit) => formatValue(summary.median, unit);
const withSpread = (summary, unit) =>
  `${formatValue(summary.median, unit)} ±${Math.round(summary.spread * 50)} %`;

/** Rows of cells, the heading first. Peers that no row has are left out. */
function tableCells(results, format) {
  const peers = PEERS.filter((peer) =>
    results.some(({ errors, figures }) => errors[peer] || figures.some((f) => f.results[peer])),
  );
  const heading = ["row", "tokiwa", ...peers.map((peer) => IMPLEMENTATIONS[peer].title), "goal", "verdict"];
  const lines = results.flatMap(({ row, errors, figures }) =>
    figures.map((figure, index) => {
      const name = index === 0 ? row : `  ${figure.label ?? figure.field}`;
      const cell = (who) => {
        const summary = figure.results[who];
        if (summary === undefined) return errors[who] ? "failed" : "–";
        const ratio = figure.ratios[who];
        return format(summary, figure.unit) + (ratio === undefined ? "" : ` (${formatRatio(ratio)})`);
      };
      return [name, cell("tokiwa"), ...peers.map(cell), goalText(figure), verdictText(figure)];
    }),
  );
  return [heading, ...lines];
}

function alignColumns(cells) {
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  return cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd());
}

function notes({ missing, results, rounds }) {
  const lines = [];
  for (const [name, why] of Object.entries(missing))
    lines.push(`${IMPLEMENTATIONS[name].title} is missing: ${why}.`);
  for (const { row, errors } of results)
    for (const [name, error] of Object.entries(errors))
      lines.push(`${row}: ${IMPLEMENTATIONS[name].title} failed: ${error}`);
  lines.push(
    `Medians of ${rounds} rounds, the first of which warms up and does not count. A figure in brackets is tokiwa's time divided by the peer's: below 1, tokiwa is ahead.`,
  );
  return lines;
}

/** The report for a terminal. */
export function textReport(report) {
  const [heading, ...lines] = alignColumns(tableCells(report.results, plain));
  return [machineLine(report.machine), "", heading, ...lines, "", ...notes(report)].join("\n");
}

/** The same as Markdown; with the spread of the rounds, half of (p90 - p10) / median either way. */
export function markdownReport(report) {
  const cells = tableCells(report.results, withSpread);
  const line = (values) => `| ${values.map((value) => value.trim().replaceAll("|", "\\|")).join(" | ")} |`;
  const [heading, ...lines] = cells;
  return [
    `${machineLine(report.machine)}.`,
    "",
    line(heading),
    line(heading.map(() => "---")),
    ...lines.map(line),
    "",
    ...notes(report).flatMap((note) => [note, ""]),
  ].join("\n");
}
