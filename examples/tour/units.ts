// Numbers as people read them. A figure keeps the unit that its chapter chose, so that rows line up.

export type Unit = "ms" | "µs" | "bytes" | "MiB" | "count" | "hours" | "per second";

const DIGITS: Record<Unit, number> = {
  ms: 1,
  µs: 1,
  bytes: 0,
  MiB: 1,
  count: 0,
  hours: 1,
  "per second": 0,
};

const SUFFIX: Record<Unit, string> = {
  ms: "ms",
  µs: "µs",
  bytes: "B",
  MiB: "MiB",
  count: "",
  hours: "h",
  "per second": "/s",
};

/** With thousands separated, and always so many digits after the point. */
export function fixed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\B(?=(?:\d{3})+(?!\d))(?<!\.\d*)/g, ",");
}

export function count(value: number): string {
  return fixed(value, 0);
}

/** The number and its unit apart, for two columns. */
export function inUnit(value: number, unit: Unit): [string, string] {
  return [fixed(value, DIGITS[unit]), SUFFIX[unit]];
}

export function seconds(ms: number): string {
  return `${fixed(ms / 1000, 1)} s`;
}

export const MIB: number = 1024 * 1024;
