// `main` and a sendable function in one file, without any precaution: workers import it too, and `main` does nothing there.

import { main, sendable, spawn } from "tokiwa";

export const double = sendable(import.meta.url, "double", (number) => 2 * number);

await main({ workerThreads: 2 }, function* () {
  const handles = [1, 2, 3, 4].map((number) => spawn(double, number));
  for (const handle of handles) console.log(yield* handle);
});
