// A chart of the ratios: a bar for each peer of each row, from 1 to the left where tokiwa is ahead and to the right where it
// is behind, on a logarithmic scale. Time, except where the row says bytes. SVG without scripts or fonts of its own, so that it shows in a README, light and dark.

import { IMPLEMENTATIONS } from "./implementations.mjs";
import { formatRatio } from "./report.mjs";

const BAR = 14;
const BAR_GAP = 3;
const ROW_GAP = 14;
const TOP = 74;
const BOTTOM = 34;
const LEFT = 130;
const WIDTH = 640;
const RIGHT = 150;

const COLORS = {
  tokio: "#c2571a",
  promises: "#3a7bd5",
  node: "#3c873a",
  counter: "#7f8c8d",
  effect: "#8a63d2",
  "async-mutex": "#4b6584",
  piscina: "#d35d8f",
  tinypool: "#b8860b",
  workerpool: "#2a9d8f",
  poolifier: "#a0522d",
};

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 15px; font-weight: 600 }
  .dim { fill: #6e7781 }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .one { stroke: #24292f; stroke-width: 1.5 }
  .goal { stroke: #24292f; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .dim { fill: #8b949e } .grid { stroke: #30363d }
    .one, .goal { stroke: #e6edf3 }
  }`;

/** The first figure of each row that was compared with anybody. */
function groupsOf(results) {
  return results
    .map(({ row, figures: [figure] }) => ({
      row: figure.unit === "B" ? `${row} (bytes)` : row,
      bars: Object.entries(figure.ratios).map(([peer, ratio]) => ({
        peer,
        ratio,
        goal: figure.goals.find((goal) => goal.peer === peer)?.atMost,
      })),
    }))
    .filter(({ bars }) => bars.length > 0);
}

/** Powers of ten, and 2 and 5 times them, from below the least to above the largest value; 1 is always inside. */
function ticksAround(values) {
  const [least, largest] = [Math.min(...values, 0.5), Math.max(...values, 2)];
  const steps = [];
  for (let power = -6; power <= 6; power++)
    for (const digit of [1, 2, 5]) steps.push(Number(`${digit}e${power}`));
  const first = steps.findLastIndex((step) => step <= least);
  const last = steps.findIndex((step) => step >= largest);
  return steps.slice(Math.max(first, 0), last < 0 ? undefined : last + 1);
}

function escapeText(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function text(x, y, content, attributes = "") {
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escapeText(content)}</text>`;
}

function line(x1, y1, x2, y2, name) {
  return `<line x1="${x1.toFixed(1)}" y1="${y1}" x2="${x2.toFixed(1)}" y2="${y2}" class="${name}"/>`;
}

function drawBar({ peer, ratio, goal }, y, x) {
  const [from, to] = [Math.min(x(1), x(ratio)), Math.max(x(1), x(ratio))];
  const width = Math.max(to - from, 1).toFixed(1);
  const label = `${formatRatio(ratio)} ${IMPLEMENTATIONS[peer].title}`;
  const parts = [
    `<rect x="${from.toFixed(1)}" y="${y}" width="${width}" height="${BAR}" rx="2" fill="${COLORS[peer]}"/>`,
    text(x(Math.max(1, ratio, goal ?? 1)) + 6, y + BAR - 3, label, 'class="dim"'),
  ];
  if (goal !== undefined) parts.push(line(x(goal), y - 2, x(goal), y + BAR + 2, "goal"));
  return parts.join("\n");
}

function drawGroup({ row, bars }, top, x) {
  const height = bars.length * (BAR + BAR_GAP);
  return [
    text(LEFT - 12, top + height / 2 + 3, row, 'text-anchor="end"'),
    ...bars.map((bar, index) => drawBar(bar, top + index * (BAR + BAR_GAP), x)),
  ].join("\n");
}

function drawScale(ticks, bottom, x) {
  return ticks.flatMap((tick) => [
    line(x(tick), TOP - 8, x(tick), bottom, tick === 1 ? "one" : "grid"),
    text(x(tick), bottom + 18, `${tick} ×`, 'class="dim" text-anchor="middle"'),
  ]);
}

/** @returns the chart as SVG. */
export function chart({ machine, results }) {
  const groups = groupsOf(results);
  const values = groups.flatMap(({ bars }) =>
    bars.flatMap(({ ratio, goal }) => (goal === undefined ? [ratio] : [ratio, goal])),
  );
  const ticks = ticksAround(values);
  const [low, high] = [Math.log(ticks[0]), Math.log(ticks.at(-1))];
  const x = (value) => LEFT + ((Math.log(value) - low) / (high - low)) * WIDTH;
  const tops = [];
  let bottom = TOP;
  for (const { bars } of groups) {
    tops.push(bottom);
    bottom += bars.length * (BAR + BAR_GAP) + ROW_GAP;
  }
  const size = { width: LEFT + WIDTH + RIGHT, height: bottom + BOTTOM };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img">`,
    `<title>tokiwa divided by each peer</title>`,
    `<style>${STYLE}\n</style>`,
    text(16, 24, "tokiwa divided by each peer: time, or bytes where it says so", 'class="title"'),
    text(16, 42, "Left of 1 × tokiwa is ahead. An upright mark is the goal.", 'class="dim"'),
    text(16, 58, `${machine.cpu}, node ${machine.versions.node}, ${machine.date}`, 'class="dim"'),
    ...drawScale(ticks, bottom, x),
    ...groups.map((group, index) => drawGroup(group, tops[index], x)),
    "</svg>",
    "",
  ].join("\n");
}
