// blockOn of one runtime, for a task on the workers of another.
import { Builder } from "tokiwa/runtime";
import { addSteps } from "./tasks.mjs";

const builder =
  process.argv[2] === "multi"
    ? Builder.newMultiThread().workerThreads(1)
    : Builder.newCurrentThread();
const first = builder.enableAll().build();
const second = Builder.newMultiThread().enableAll().workerThreads(1).build();
console.log(
  first.blockOn(function* () {
    return yield* second.spawn(addSteps, 20, 22);
  }),
);
await Promise.all([first.shutdown(), second.shutdown()]);
