// Takes a while to import, and leaves a mark on its thread.
import { setTimeout as wait } from "node:timers/promises";

await wait(20);
globalThis.tokiwaMarks ??= [];
globalThis.tokiwaMarks.push("preloaded");
