// Runs a task on threads with a stack of so many kilobytes.
import { Builder } from "tokiwa/runtime";
import { add } from "./tasks.mjs";

const rt = Builder.newMultiThread()
  .workerThreads(1)
  .threadStackSize(Number(process.argv[2]) * 1024)
  .build();
console.log(await rt.spawn(add, 1, 2));
await rt.shutdown();
