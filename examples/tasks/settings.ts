// A worker that does what the settings say, whenever they say something else.

import { sendable } from "tokiwa";
import type { watch } from "tokiwa/sync";

export interface Settings {
  readonly level: "info" | "debug";
  readonly limit: number;
}

/** Ends at a limit of 0. @returns what it has been told. */
export const obey = sendable(
  import.meta.url,
  "obey",
  function* (settings: watch.SharedReceiver<Settings>, heard: watch.SharedSender<number>) {
    const limits: string[] = [];
    for (;;) {
      const { limit } = settings.borrowAndUpdate();
      limits.push(limit === 0 ? "told to end" : `limit ${limit}`);
      heard.sendReplace(limit);
      if (limit === 0) return limits;
      yield* settings.changed();
    }
  },
);
