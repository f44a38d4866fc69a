// Prints the titles of its threads as a debugger sees them.
import { Session } from "node:inspector";
import { Builder } from "tokiwa/runtime";
import { spawnBlocking } from "tokiwa/task";
import { add } from "./tasks.mjs";

const session = new Session();
session.connect();
const titles = [];
session.on("NodeWorker.attachedToWorker", ({ params }) => titles.push(params.workerInfo.title));
await new Promise((resolve) =>
  session.post("NodeWorker.enable", { waitForDebuggerOnStart: false }, resolve),
);
const rt = Builder.newMultiThread().enableAll().workerThreads(2).threadName("resizer").build();
await rt.run(function* () {
  yield* spawnBlocking(add, 1, 2);
});
while (titles.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
console.log(JSON.stringify(titles));
session.disconnect();
await rt.shutdown();
