// Builds and ends runtimes one after the other; prints the operating system's count of its threads, and how the memory has grown.
import { existsSync, readdirSync } from "node:fs";
import { Builder } from "tokiwa/runtime";
import { add } from "./tasks.mjs";

const countThreads = () =>
  existsSync("/proc/self/task") ? readdirSync("/proc/self/task").length : 0;

async function round() {
  const rt = Builder.newMultiThread().enableAll().workerThreads(2).build();
  await rt.spawn(add, 1, 2);
  await rt.shutdown();
}

for (let i = 0; i < 5; i++) await round();
await new Promise((resolve) => setTimeout(resolve, 100));
const threads = countThreads();
const memory = process.memoryUsage().rss;
for (let i = 0; i < 20; i++) await round();
for (let wait = 0; wait < 1_500 && countThreads() > threads; wait++)
  await new Promise((resolve) => setTimeout(resolve, 20));
const growth = (process.memoryUsage().rss - memory) / 1024 ** 2;
console.log(JSON.stringify({ threads: [threads, countThreads()], growth }));
