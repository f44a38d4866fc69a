// The table, as text and as Markdown.

import { IMPLEMENTATIONS } from "./implementations.mjs";
import { machineLine } from "./machine.mjs";
import { ROWS } from "./rows.mjs";

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
  if (unit === "B" && value >= 10 * 2 ** 20) return `${formatNumber(value / 2 ** 20)} MiB`;
  if (unit === "B" && value >= 10 * 2 ** 10) return `${formatNumber(value / 2 ** 10)} KiB`;
  if (unit === "ns" && value >= 99_950_000) return `${formatNumber(value / 1e6)} ms`;
  if (unit === "ns" && value >= 9_995) return `${formatNumber(value / 1e3)} µs`;
  if (unit === "×") return `${value.toFixed(2)} ×`;
  return `${formatNumber(value)} ${unit}`;
}

export function formatRatio(ratio) {
  return `${ratio < 0.0995 ? ratio.toFixed(3) : ratio.toFixed(2)} ×`;
}

function formatGoal({ peer, atMost, atLeast }, unit) {
  if (atLeast !== undefined) return `≥ ${formatValue(atLeast, unit)}`;
  if (peer === undefined) return `≤ ${formatValue(atMost, unit)}`;
  return `≤ ${atMost} × ${IMPLEMENTATIONS[peer].title}`;
}

function goalText({ goals, unit }) {
  return goals.map((goal) => formatGoal(goal, unit)).join(", ");
}

/** One goal: "met"; BEHIND, with what was reached; "not known" when nobody was there to compare with. */
function goalVerdict({ peer, verdict }, { unit, ratios, results }) {
  if (verdict === "met") return "met";
  if (results.tokiwa === undefined) return "FAILED";
  if (verdict === "unknown") return `not known without ${IMPLEMENTATIONS[peer].title}`;
  const reached = peer
    ? `${formatRatio(ratios[peer])} ${IMPLEMENTATIONS[peer].title}`
    : formatValue(results.tokiwa.median, unit);
  return `BEHIND (${reached})`;
}

function verdictText(figure) {
  const verdicts = new Set(figure.goals.map((goal) => goalVerdict(goal, figure)));
  // Several goals: what is met goes without saying beside what is not.
  if (verdicts.size > 1) verdicts.delete("met");
  return [...verdicts].join(", ");
}

const plain = (summary, { unit }) => formatValue(summary.median, unit);

/** Half of (p90 - p10) / median either way, and the best round. */
function withSpread({ median, min, max, spread, rounds }, { unit, more }) {
  const value = formatValue(median, unit);
  if (rounds === 1 || spread === 0) return value;
  const best = more ? `max ${formatValue(max, unit)}` : `min ${formatValue(min, unit)}`;
  return `${value} ±${Math.round(spread * 50)} %, ${best}`;
}

function valueCell(who, figure, errors, format) {
  const { results, ratios } = figure;
  const summary = results[who];
  if (summary === undefined) return errors[who] ? "failed" : "–";
  const ratio = ratios[who] === undefined ? "" : ` (${formatRatio(ratios[who])})`;
  return `${format(summary, figure)}${ratio}`;
}

function nameCell(row, { label }, index) {
  if (index > 0) return `  ${label}`;
  return label === undefined ? row : `${row}: ${label}`;
}

/** The tables: one for each kind of row there is, since the peers are others. */
function tablesOf(results) {
  const kinds = [
    ["On one thread", results.filter(({ threads }) => !threads)],
    ["On several threads", results.filter(({ threads }) => threads)],
  ];
  return kinds.filter(([, ofKind]) => ofKind.length > 0);
}

/** Lines of cells, the heading first. Peers that nothing was measured of are left out. */
function tableCells(results, format) {
  const figures = results.flatMap((result) => result.figures);
  const peers = PEERS.filter((peer) =>
    [...figures.map((figure) => figure.results), ...results.map(({ errors }) => errors)].some(
      (found) => peer in found,
    ),
  );
  const titles = peers.map((peer) => IMPLEMENTATIONS[peer].title);
  const lines = results.flatMap((result) =>
    result.figures.map((figure, index) => [
      nameCell(result.row, figure, index),
      ...["tokiwa", ...peers].map((who) => valueCell(who, figure, result.errors, format)),
      goalText(figure),
      verdictText(figure),
    ]),
  );
  return [["row", "tokiwa", ...titles, "goal", "verdict"], ...lines];
}

function alignColumns(cells) {
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  return cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
}

/** The stack of an error is in the JSON. */
function withoutStack(error) {
  return error.split(/\n\s+at /)[0];
}

function notes({ missing, results, rounds }) {
  const fresh = ROWS.filter((row) => row.fresh)
    .map(({ name }) => name)
    .join(", ");
  const lines = [];
  for (const [name, why] of Object.entries(missing))
    lines.push(`${IMPLEMENTATIONS[name].title} is missing: ${why}.`);
  for (const { row, errors } of results)
    for (const [name, error] of Object.entries(errors))
      lines.push(`${row}: ${IMPLEMENTATIONS[name].title} failed: ${withoutStack(error)}`);
  lines.push(
    `Medians of at most ${rounds} rounds each; ${fresh} take a new process every round, elsewhere the first round warms up and does not count.`,
    "In brackets: tokiwa's figure divided by the peer's, and where more is better the peer's by tokiwa's. Below 1, tokiwa is ahead.",
  );
  return lines;
}

/** The report for a terminal. */
export function textReport(report) {
  const tables = tablesOf(report.results).flatMap(([title, results]) => [
    `${title}:`,
    ...alignColumns(tableCells(results, plain)),
    "",
  ]);
  return [machineLine(report.machine), "", ...tables, ...notes(report)].join("\n");
}

/** The same as Markdown, with the spread and the least of the rounds. */
export function markdownReport(report) {
  return [
    `${machineLine(report.machine)}.`,
    "",
    ...tablesOf(report.results).flatMap(markdownTable),
    ...notes(report).flatMap((note) => [note, ""]),
  ].join("\n");
}

function markdownTable([title, results]) {
  const line = (values) =>
    `| ${values.map((value) => value.trim().replaceAll("|", "\\|")).join(" | ")} |`;
  const [heading, ...lines] = tableCells(results, withSpread);
  return [`${title}:`, "", line(heading), line(heading.map(() => "---")), ...lines.map(line), ""];
}
