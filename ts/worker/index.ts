// tokiwa/worker: what a thread of a multi_thread runtime begins with. Importing it makes the thread part of the runtime that
// has started it; anywhere else it does nothing. A program needs it only to bundle a worker of its own, for
// `Builder.workerEntry(url)`: a module that imports this one.

import { host } from "#host";
import { runThread } from "../runtime/scheduler/multi-thread/thread-main.js";

const own = host.threads?.own();
if (own !== undefined) void runThread(host, own);
