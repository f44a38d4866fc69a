// Where and with what a run was made.

import { readFileSync } from "node:fs";
import { cpus, loadavg, platform, release, totalmem } from "node:os";

const manifest = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

/** @param versions what the children said of themselves. */
export function describeMachine(versions) {
  const processors = cpus();
  return {
    cpu: processors[0]?.model ?? "unknown",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    load: Number(loadavg()[0].toFixed(2)),
    date: new Date().toISOString().slice(0, 10),
    versions: {
      tokiwa: manifest("../../package.json").version,
      node: process.versions.node,
      ...versions,
    },
  };
}

export function machineLine(machine) {
  const versions = Object.entries(machine.versions).map(([name, version]) =>
    version.startsWith(name) ? version : `${name} ${version}`,
  );
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB`,
    machine.system,
    ...versions,
    `load ${machine.load}`,
    machine.date,
  ].join(" · ");
}
