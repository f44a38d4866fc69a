// The command line of `npm run bench`.

import { parseArgs } from "node:util";
import { IMPLEMENTATIONS } from "./implementations.mjs";
import { ROWS, rowNamed } from "./rows.mjs";

const PEERS = Object.keys(IMPLEMENTATIONS).filter((name) => name !== "tokiwa");

export const HELP = `npm run bench -- [options]

  --only ROW,ROW      these rows only: ${ROWS.map(({ name }) => name).join(", ")}
  --rounds N          rounds of each row, 2 at least; the first warms up and does not count (default 9, with --quick 3)
  --warm-up MS        how long the first round is repeated (default 500)
  --quick             fewer rounds and smaller sizes
  --without A,B       leave out peers: ${PEERS.join(", ")}
  --set KEY=N,KEY=N   sizes, for example tasks=100, for every row that has such a parameter
  --json FILE         write all figures
  --markdown FILE     write the table as Markdown
  --chart FILE        write a chart of the ratios as SVG
  --no-setup          take dist/ as it is: do not build
`;

const list = (text) => text.split(",").filter((word) => word !== "");

function wholeNumber(option, text, least = 1) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= 100_000_000) return value;
  throw new Error(`${option}: got ${text}, allowed is a whole number from ${least} to 100,000,000`);
}

function peers(text) {
  for (const name of list(text))
    if (!PEERS.includes(name)) throw new Error(`--without: unknown peer ${name}`);
  return new Set(list(text));
}

function sizes(text) {
  const pairs = list(text).map((pair) => pair.split("="));
  const known = new Set(ROWS.flatMap(({ parameters }) => Object.keys(parameters)));
  for (const [key] of pairs) if (!known.has(key)) throw new Error(`--set: unknown size ${key}`);
  return Object.fromEntries(pairs.map(([key, value]) => [key, wholeNumber(`--set ${key}`, value)]));
}

/** @throws {Error} whose message says what was given and what is allowed. */
export function parseOptions(args) {
  const text = { type: "string" };
  const flag = { type: "boolean", default: false };
  const { values } = parseArgs({
    args,
    options: {
      only: text,
      rounds: text,
      "warm-up": text,
      quick: flag,
      without: text,
      set: text,
      json: text,
      markdown: text,
      chart: text,
      "no-setup": flag,
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return {
    rows: values.only === undefined ? ROWS : list(values.only).map(rowNamed),
    rounds: wholeNumber("--rounds", values.rounds ?? (values.quick ? "3" : "9"), 2),
    warmUpMs: wholeNumber("--warm-up", values["warm-up"] ?? "500"),
    quick: values.quick,
    without: peers(values.without ?? ""),
    sizes: sizes(values.set ?? ""),
    json: values.json,
    markdown: values.markdown,
    chart: values.chart,
    setUp: !values["no-setup"],
    help: values.help,
  };
}
