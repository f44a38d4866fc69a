// workerpool with a dedicated worker, as its docs use it. Bytes go over as bytes only with a fixed `workerType`.

import { fileURLToPath } from "node:url";
import workerpool from "workerpool";
import { poolRows, versionOf } from "./rows.mjs";

const FILE = fileURLToPath(new URL("./tasks/workerpool.mjs", import.meta.url));

function open(workers, task) {
  const pool = workerpool.pool(FILE, {
    minWorkers: workers,
    maxWorkers: workers,
    workerType: "thread",
  });
  return { call: (argument) => pool.exec(task, [argument]), close: () => pool.terminate() };
}

export const versions = versionOf("workerpool");
const { start_mt, ...others } = poolRows(open);
export const rows = others;
