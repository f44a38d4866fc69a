// Settings that change while the program runs: one task watches a file and publishes what is in it, others always have the latest, and
// a worker on another thread too. Who is slow sees the last of several changes and misses nothing that matters.
//
//   node examples/run.mjs config-watcher

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { interval, main, spawn } from "tokiwa";
import { watch } from "tokiwa/sync";
import { AbortOnDropHandle } from "tokiwa/task";
import { obey, type Settings } from "./tasks/settings.js";

/** Looks at the file now and then. A file that is half written or gone changes nothing. */
function* follow(file: string, settings: watch.SharedSender<Settings>) {
  using looks = interval(5);
  for (;;) {
    yield* looks.tick();
    settings.sendIfModified((slot) => {
      const found = read(file) ?? slot.value;
      const isNew = JSON.stringify(found) !== JSON.stringify(slot.value);
      slot.value = found;
      return isNew;
    });
  }
}

function read(file: string): Settings | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** On this thread, by the same channel. */
function* log(settings: watch.SharedReceiver<Settings>) {
  yield* settings.waitFor(({ level }) => level === "debug");
  console.log("here: debug is on");
}

const directory = mkdtempSync(path(tmpdir(), "tokiwa-"));
const file = path(directory, "settings.json");
writeFileSync(file, JSON.stringify({ level: "info", limit: 1 }));

await main(function* () {
  const [tx, rx] = watch.shared<Settings>(read(file) as Settings);
  const [heard, hearing] = watch.shared(-1);
  using _following = new AbortOnDropHandle(spawn(follow, file, tx));
  const logging = spawn(log, rx.clone());
  const obeying = spawn(obey, rx, heard);
  for (const settings of [
    { level: "info", limit: 1 },
    { level: "info", limit: 2 },
    { level: "debug", limit: 3 },
    { level: "debug", limit: 0 },
  ]) {
    writeFileSync(file, JSON.stringify(settings));
    // Only so that the output is always the same: nobody has to keep up.
    yield* hearing.waitFor((limit) => limit === settings.limit);
  }
  yield* logging;
  console.log(`worker: ${(yield* obeying).join(", ")}`);
});
rmSync(directory, { recursive: true });
