// In place of threads.ts where the library has no threads, a browser today: who asks for one is refused, and nothing of what they need
// (the core with threads, the codec) is in a program's bundle.

import { host } from "#host";
import { NoThreadsError } from "../runtime/errors.js";
import type * as threads from "./threads.js";

function refuse(): never {
  throw new NoThreadsError(host.name);
}

export const makeBlockingPool: typeof threads.makeBlockingPool = refuse;
export const newMultiThread: typeof threads.newMultiThread = refuse;

export const installSending: typeof threads.installSending = () => {};
